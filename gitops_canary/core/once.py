"""Requests that several sides see, each counted once, also where one side missed a scrape.

A counter catches up with a gap at its end. What others were counted for meanwhile is part of that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gitops_canary.core.increments import Row
from gitops_canary.core.judges.pod_faults import left
from gitops_canary.core.judges.sequential_types import CLEAR, ONCE
from gitops_canary.model.judging import Counts


@dataclass(slots=True)
class Once:
    """Chooses the side that saw the most of each block, told one after the other."""

    late: set[str] = field(default_factory=set)
    """Sides that were silent when the first block began, and others not: nobody knows which part of
    what they saw when they are heard again is from before."""
    until: dict[str, int | None] = field(default_factory=dict)
    """The same since decision 57: up to which block they say nothing; None: all of them."""
    forgetful: bool = False
    """As before decision 52: a gap is counted by the other sides, and when it is caught up with."""
    _ahead: dict[str, Counts] = field(default_factory=dict)
    """What others were counted for since a side saw anything."""

    @classmethod
    def among(cls, rows: Sequence[Row], *, rule: int) -> "Once":
        """Begin with what is known of the first instant."""
        timely = {row.side for row in rows if row.timely}
        late = {row.side for row in rows if row.timely is False} - timely
        if rule >= CLEAR:
            return cls(until={side: _heard(rows, side) for side in late})
        return cls(late=late if timely else set(), forgetful=rule < ONCE)

    def speaks(self, side: str, index: int) -> bool:
        """Tell whether a side has anything to say of a block."""
        last = self.until.get(side, -1)
        return last is not None and index > last

    def take(self, seen: Iterable[tuple[str, Counts]]) -> tuple[str, Counts]:
        """Give the side that saw the most, and what nobody has counted of that.

        >>> once, both = Once(), Counts(canary=10, primary=90)
        >>> once.take([("source", both), ("destination", Counts())])
        ('source', Counts(canary=10, canary_bad=0, primary=90, primary_bad=0))
        >>> once.take([("source", both), ("destination", Counts(canary=20, primary=180))])
        ('source', Counts(canary=10, canary_bad=0, primary=90, primary_bad=0))
        """
        best, best_side, silent = Counts(), "", []
        for side, counts in seen:
            if not _total(counts):
                silent.append(side)
                continue
            if side in self.late and not self.forgetful:
                self.late.remove(side)
                continue
            fresh = _less(counts, self._ahead.pop(side, Counts()))
            if _total(fresh) > _total(best):
                best, best_side = fresh, side
        if not self.forgetful:
            for side in silent:
                self._ahead[side] = self._ahead.get(side, Counts()) + best
        return best_side, best


def _heard(rows: Sequence[Row], side: str) -> int | None:
    """Name the block in which a side is heard first; None where it is in none."""
    return min((r.heard for r in rows if r.side == side and r.heard is not None), default=None)


def _total(counts: Counts) -> int:
    return counts.canary + counts.primary


def _less(every: Counts, known: Counts) -> Counts:
    """Take known requests off; sides may differ by a few."""
    mine, mine_bad = left(every.canary, every.canary_bad, (known.canary, known.canary_bad))
    other, other_bad = left(every.primary, every.primary_bad, (known.primary, known.primary_bad))
    return Counts(canary=mine, canary_bad=mine_bad, primary=other, primary_bad=other_bad)
