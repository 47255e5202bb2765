"""When a move is dated: at its decision, or near its push where that comes much later.

A decision's time is a function of what it rests on, so that replicas write the same commit. After
an outage it lies far back, though, and what was true between then and the push is no effect of the
commit: a deadline would be over before it began, and traffic from before would prove it live.
"""

from gitops_canary.model.decision import Act

FRESH_MS = 20_000
"""How old a decision may be without being dated anew."""
_GRID_MS = 10_000
"""Replicas that push the same old decision within this time still write the same commit."""


def stale(act: Act, now_ms: int) -> bool:
    """Tell whether a move was decided long ago."""
    return now_ms - act.at_ms >= FRESH_MS


def dated(decided_ms: int, clock_ms: int | None) -> int:
    """Give a commit's date; `clock_ms` is the time now, None where nobody trustworthy told it.

    >>> dated(5_000, 24_999), dated(5_000, 94_999), dated(5_000, None)
    (5000, 85000, 5000)
    """
    if clock_ms is None or clock_ms - decided_ms < FRESH_MS:
        return decided_ms
    return clock_ms - (clock_ms - decided_ms) % _GRID_MS
