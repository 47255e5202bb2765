"""Whose clock is believed while no metric source tells the time; pure.

Ours may be wrong by any span. The Git server's `Date` header is a second witness that costs no
question, and what a metric source said a while ago, with what has passed since, a third one. All
that is measured carries that source's time, so nobody is believed who says that it is later.
"""

from dataclasses import dataclass

from gitops_canary.core.dating import FRESH_MS
from gitops_canary.core.text import duration, iso

NEAR_MS, APART_MS = 5_000, 60_000
"""How far apart clocks may be without mattering, and from where on one of them is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """Who says at one instant how late it is; None says nothing."""

    own_ms: int
    server_ms: int | None = None
    """The Git server."""
    source_ms: int | None = None
    """What a metric source said last, and what has passed since."""

    @property
    def told(self) -> list[int]:
        """What they say, the earliest first."""
        every = (self.own_ms, self.server_ms, self.source_ms)
        return sorted(at_ms for at_ms in every if at_ms is not None)


def believed(who: Witnesses, made_ms: int) -> int:
    """Give the time; `made_ms` is the date of our newest move, which has been.

    Who lies before that is behind, and is not heard. Of three the middle one counts, so that one
    alone may be wrong; of two the earlier one, which only delays. Where all lie before it, that
    date is ahead, or most of them are behind: of three the middle one, of two the later one.

    >>> def told(own, server=None, source=None):
    ...     return Witnesses(own_ms=own, server_ms=server, source_ms=source)
    >>> believed(told(100_000), 0), believed(told(100_000, 98_000), 0)
    (100000, 100000)
    >>> believed(told(900_000, 98_000), 0), believed(told(100_000, 900_000), 0)
    (98000, 100000)
    >>> believed(told(100_000, 900_000, 901_000), 0), believed(told(10_000, 900_000), 800_000)
    (900000, 900000)
    >>> believed(told(900_000, 900_000, 100_000), 0), believed(told(9, 900_000, 9), 800_000)
    (100000, 900000)
    >>> believed(told(10_000, 20_000), 800_000), believed(told(99_000, 20_000, 20_000), 800_000)
    (20000, 20000)
    """
    told = who.told
    if heard := [at_ms for at_ms in told if at_ms + FRESH_MS >= made_ms]:
        chosen = heard[(len(heard) - 1) // 2]
        if who.source_ms in heard:
            chosen = min(chosen, who.source_ms)
    else:
        chosen = told[len(told) // 2]
    return who.own_ms if abs(chosen - who.own_ms) <= NEAR_MS else chosen


def agreed(who: Witnesses, now_ms: int) -> bool:
    """Whether at least two witnesses say that it is so late.

    >>> one, two = Witnesses(own_ms=100_000), Witnesses(own_ms=100_000, server_ms=98_000)
    >>> agreed(one, 100_000), agreed(two, 100_000), agreed(two, 900_000)
    (False, True, False)
    """
    return sum(abs(at_ms - now_ms) <= NEAR_MS for at_ms in who.told) > 1


def apart(own_ms: int, whose: str, other_ms: int | None) -> str:
    """Say how another clock differs from ours; empty where that is no matter.

    >>> apart(0, "the Git server", 59_000)
    ''
    """
    if other_ms is None or abs(other_ms - own_ms) < APART_MS:
        return ""
    span = duration(round(abs(other_ms - own_ms) / 60_000) * 60_000)
    return f"our clock says {iso(own_ms)}, that of {whose} {iso(other_ms)}, {span} apart"
