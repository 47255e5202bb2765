"""Whose clock is believed while no metric source tells the time; pure.

Ours may be wrong by any span. The Git server's `Date` header is a second witness that costs no
question, and what a metric source said a while ago, with what has passed since, a third one.
"""

from gitops_canary.core.dating import FRESH_MS
from gitops_canary.core.text import duration, iso

NEAR_MS, APART_MS = 5_000, 60_000
"""How far apart clocks may be without mattering, and from where on one of them is wrong."""


def believed(own_ms: int, others_ms: tuple[int | None, ...], made_ms: int) -> int:
    """Give the time; `made_ms` is the date of our newest move, which has been.

    Who lies before that is behind, and is not heard. Of three the middle one counts, so that one
    alone may be wrong; of two the earlier one, which only delays.

    >>> believed(100_000, (None,), 0), believed(100_000, (98_000,), 0)
    (100000, 100000)
    >>> believed(900_000, (98_000,), 0), believed(100_000, (900_000,), 0)
    (98000, 100000)
    >>> believed(100_000, (900_000, 901_000), 0), believed(10_000, (900_000,), 800_000)
    (900000, 900000)
    >>> believed(10_000, (20_000,), 800_000)
    20000
    """
    told = sorted(at_ms for at_ms in (own_ms, *others_ms) if at_ms is not None)
    heard = [at_ms for at_ms in told if at_ms + FRESH_MS >= made_ms] or told[-1:]
    chosen = heard[(len(heard) - 1) // 2]
    return own_ms if abs(chosen - own_ms) <= NEAR_MS else chosen


def agreed(own_ms: int, others_ms: tuple[int | None, ...], now_ms: int) -> bool:
    """Whether at least two witnesses say that it is so late.

    >>> agreed(100_000, (None, None), 100_000), agreed(100_000, (98_000, None), 100_000)
    (False, True)
    >>> agreed(100_000, (900_000, None), 100_000)
    False
    """
    told = [at_ms for at_ms in (own_ms, *others_ms) if at_ms is not None]
    return sum(abs(at_ms - now_ms) <= NEAR_MS for at_ms in told) > 1


def apart(own_ms: int, whose: str, other_ms: int | None) -> str:
    """Say how another clock differs from ours; empty where that is no matter.

    >>> apart(0, "the Git server", 59_000)
    ''
    """
    if other_ms is None or abs(other_ms - own_ms) < APART_MS:
        return ""
    span = duration(round(abs(other_ms - own_ms) / 60_000) * 60_000)
    return f"our clock says {iso(own_ms)}, that of {whose} {iso(other_ms)}, {span} apart"
