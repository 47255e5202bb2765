"""How slow past versions were in the minutes after their first request: what `warmup` leaves out.

Of a version that stayed slow the first minutes say nothing about warming up, so only those count
that were well later. Those that were taken back in their first minutes were never well, and do not
count either.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gitops_canary.core.judges.pods import tail
from gitops_canary.core.text import duration

MINUTE_MS = 60_000
FIRST = 4
"""Minutes in which a version may warm up: one that takes longer is slow for most of a rollout."""
SPAN_MS = 10 * MINUTE_MS
"""How much of a version is looked at."""
_LATER = 30
"""Requests after those minutes, without which nobody knows how it was later."""
_LEAST_BAD = 3
_CHANCE = 0.01
"""How rarely a minute that keeps the budget may be taken for one that breaks it."""

Seen = tuple[int, int]
"""Requests, and slow ones among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warming:
    """What versions that were well later did at first, all of them together."""

    starts: int
    minutes: tuple[Seen, ...]
    later: Seen
    takes_ms: int
    """When the last minute that broke the budget was over; 0 where none did."""

    @property
    def words(self) -> str:
        """Say how slow they were, minute by minute, and later."""
        took = self.minutes[: self.takes_ms // MINUTE_MS]
        each = ", ".join(f"{_share(one)} in minute {n}" for n, one in enumerate(took, 1))
        many = f"last {self.starts} versions were" if self.starts > 1 else "last version was"
        return f"its {many} slow at first alone: {each}, {_share(self.later)} later"

    @property
    def setting(self) -> str:
        """Write the warm-up that leaves those minutes out."""
        return f"warmup: {duration(self.takes_ms)}"


def begun(requests: Sequence[int | None]) -> Iterator[int]:
    """Give the blocks in which requests come after a block that had none; None is an unknown.

    >>> list(begun([5, 0, 0, 7, 9, None, 4, 0, 1]))
    [3, 8]
    """
    for index, (before, here) in enumerate(pairwise(requests), 1):
        if before == 0 and here:
            yield index


def warming(starts: Sequence[Sequence[Seen]], block_ms: int, budget: float) -> Warming | None:
    """Add up what versions did since their first block with requests; None where none was well.

    >>> slow = [(60, 18), (60, 9), (60, 0), (60, 0), (60, 1), (120, 0)]
    >>> found = warming([slow, slow], 60_000, 0.01)
    >>> found.setting, found.words[-31:]
    ('warmup: 2m', ' 15 % in minute 2, 0.56 % later')
    >>> warming([slow[:4]], 60_000, 0.01), warming([[*slow, (60, 60)]], 60_000, 0.01)
    (None, None)

    Args:
        starts: requests and slow ones of each version's blocks, oldest first.
        block_ms: how long a block is.
        budget: share of slow requests that is fine, above 0.
    """
    every = [_minutes(blocks, block_ms) for blocks in starts]
    well = [minutes for minutes in every if _kept(_sum(minutes[FIRST:]), budget)]
    if not well:
        return None
    first = tuple(_sum(of_one[n : n + 1][0] for of_one in well) for n in range(FIRST))
    slow = [n for n, one in enumerate(first, 1) if _broken(one, budget)]
    return Warming(
        starts=len(well),
        minutes=first,
        later=_sum(_sum(minutes[FIRST:]) for minutes in well),
        takes_ms=MINUTE_MS * max(slow, default=0),
    )


def _minutes(blocks: Sequence[Seen], block_ms: int) -> list[Seen]:
    """Add blocks up to minutes of age; a block belongs to the minute in which it begins."""
    found = [(0, 0)] * (SPAN_MS // MINUTE_MS)
    for index, one in enumerate(blocks):
        minute = index * block_ms // MINUTE_MS
        if minute < len(found):
            found[minute] = _sum((found[minute], one))
    return found


def _sum(every: Sequence[Seen] | Iterator[Seen]) -> Seen:
    requests, slow = 0, 0
    for n, k in every:
        requests, slow = requests + n, slow + k
    return requests, slow


def _kept(seen: Seen, budget: float) -> bool:
    requests, slow = seen
    return requests >= _LATER and slow <= budget * requests


def _broken(seen: Seen, budget: float) -> bool:
    requests, slow = seen
    return slow >= _LEAST_BAD and tail(slow, requests, budget) <= _CHANCE


def _share(seen: Seen) -> str:
    requests, slow = seen
    return f"{100 * slow / requests:.2g} %" if requests else "none"
