"""When a move is dated: at its decision, or near its push where the two are far apart.

A decision's time is a function of what it rests on, so that replicas write the same commit. After
an outage it lies far back, though, and what was true between then and the push is no effect of the
commit: a deadline would be over before it began, and traffic from before would prove it live.

It lies far ahead where the commit that it rests on was dated by a clock that is ahead, or a gate
opened by ours. Then nothing could prove the move live before that time.
"""

from dataclasses import dataclass

FRESH_MS = 20_000
"""How old a decision may be without being dated anew."""
_GRID_MS = 10_000
"""Replicas that push the same old decision within this time still write the same commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time as moves are dated by it; ours alone dates nothing."""

    own_ms: int
    told_ms: int | None = None
    """What a metric source said; None where none told it."""
    silent: bool = False
    """Whether that is because none answered, not because it never tells the time."""

    @property
    def now_ms(self) -> int:
        """The time, by ours where nobody told it: no later date is believed."""
        return self.own_ms if self.told_ms is None else self.told_ms


def dated(decided_ms: int, opened_ms: int, clock: Clock) -> int:
    """Give a commit's date from its decision's time and from when, by us, its last gate opened.

    >>> now = Clock(own_ms=94_999, told_ms=94_999)
    >>> dated(85_000, 0, now), dated(5_000, 0, now), dated(5_000, 88_000, now)
    (85000, 85000, 88000)
    >>> dated(900_000, 0, now), dated(5_000, 900_000, now)
    (90000, 90000)
    >>> dated(5_000, 900_000, Clock(own_ms=900_000)), dated(5_000, 1, Clock(own_ms=1, silent=True))
    (900000, 5000)
    >>> dated(900_000, 0, Clock(own_ms=1_000, silent=True))
    0
    """
    at_ms = decided_ms if clock.silent else max(decided_ms, opened_ms)
    if at_ms - clock.now_ms > FRESH_MS:
        return clock.now_ms - clock.now_ms % _GRID_MS
    if clock.told_ms is None:
        return at_ms
    old_ms = min(clock.own_ms, clock.told_ms) - at_ms
    return at_ms if old_ms < FRESH_MS else at_ms + old_ms - old_ms % _GRID_MS
