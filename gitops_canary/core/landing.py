"""When a commit came to the branch: with the merge that brought it, not when it was written; pure.

A commit that is delivered by a pull request may lie for days before somebody merges it. What is
true between is no effect of it, and its deadlines have not begun. The forge dates the merge.

Where the forge writes the commit itself, squashed or rebased, it does so as it merges: that commit
is as old as it says, whoever merges the branch the wrong way round later.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gitops_canary.core.message import MARK
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import Revision


@dataclass(slots=True)
class Arrivals:
    """Dates commits, told one after the other: from a tip on, children before parents, each one.

    The tip's first parents are the branch. The newest move of a merged branch came with its merge,
    also where somebody merged the branch the wrong way round since. What has been put on top of it,
    merges of the branch into such a one ("update branch") and commits of people, is passed over.
    """

    line: Revision | None
    """The tip at first, then the next commit of the branch."""
    _due: dict[Revision, int] = field(default_factory=dict)

    def date_ms(
        self, revision: Revision, parents: Sequence[Revision], written_ms: int, message: str
    ) -> int:
        """Say since when the branch has a commit; of others when they were written."""
        came_ms = self._due.pop(revision, None)
        if revision == self.line:
            self.line = parents[0] if parents else None
            self._bring(parents[1:], written_ms)
            return written_ms
        if came_ms is not None and MARK not in message:
            self._bring(parents[:1], came_ms)
        self._bring(parents[1:], written_ms)
        return max(came_ms or 0, written_ms)

    def _bring(self, commits: Sequence[Revision], came_ms: int) -> None:
        for one in commits:
            self._due[one] = min(came_ms, self._due.get(one, came_ms))


def landed(commits: Iterable[Commit], tip: Revision) -> Iterator[Commit]:
    """Give commits dated by when the branch came to have ours; in the order `Arrivals` needs.

    Others keep their dates: of those the moves alone count that a forge wrote.
    """
    arrivals = Arrivals(tip)
    for commit in commits:
        written_ms = commit.date_ms
        date_ms = arrivals.date_ms(commit.revision, commit.parents, written_ms, commit.message)
        same = date_ms == written_ms or not commit.ours
        yield commit if same else replace(commit, date_ms=date_ms)
