"""When a commit came to the branch: with the merge that brought it, not when it was written; pure.

A commit that is delivered by a pull request may lie for days before somebody merges it. What is
true between is no effect of it, and its deadlines have not begun. The forge dates the merge.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gitops_canary.model.commits import Commit
from gitops_canary.model.names import Revision


@dataclass(slots=True)
class Arrivals:
    """Dates commits, told one after the other: from a tip on, children before parents, each one.

    The tip's first parents are the branch. What heads a merged branch came with its merge, also
    where somebody merged the branch the wrong way round since. Merges of the branch into such a one
    ("update branch") are passed over: the move lies behind them.
    """

    line: Revision | None
    """The tip at first, then the next commit of the branch."""
    _due: dict[Revision, int] = field(default_factory=dict)

    def date_ms(self, revision: Revision, parents: Sequence[Revision], written_ms: int) -> int:
        """Say since when the branch has a commit; of others when they were written."""
        came_ms = self._due.pop(revision, None)
        if revision == self.line:
            self.line = parents[0] if parents else None
            self._due |= dict.fromkeys(parents[1:], written_ms)
            return written_ms
        if len(parents) > 1 and came_ms is not None:
            self._due.setdefault(parents[0], came_ms)
        for brought in parents[1:]:
            self._due.setdefault(brought, written_ms)
        return max(came_ms or 0, written_ms)


def landed(commits: Iterable[Commit], tip: Revision) -> Iterator[Commit]:
    """Give commits dated by when the branch came to have them; in the order `Arrivals` needs."""
    arrivals = Arrivals(tip)
    for commit in commits:
        date_ms = arrivals.date_ms(commit.revision, commit.parents, commit.date_ms)
        yield commit if date_ms == commit.date_ms else replace(commit, date_ms=date_ms)
