"""Which revision made an owned value what it is, by following the commits that kept it."""

from collections.abc import Callable, Hashable, Iterator
from itertools import islice

from gitops_canary.errors import HistoryError
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import Revision
from gitops_canary.ports import Git

WALK_MAX = 5000
"""Commits looked at before a search is given up; a tip older than that needs a person."""


class Graph:
    """The commits reachable from one tip, read as far as anybody asked."""

    def __init__(self, git: Git, tip: Revision) -> None:
        self.tip = tip
        self.contains = git.contains
        self._stream = islice(git.history(tip), WALK_MAX)
        self._known: dict[Revision, Commit] = {}
        self._order: list[Commit] = []

    def commits(self) -> Iterator[Commit]:
        """Walk newest first, children before parents."""
        index = 0
        while index < len(self._order) or self._more():
            yield self._order[index]
            index += 1

    def commit(self, revision: Revision) -> Commit:
        """Find one reachable commit.

        Raises:
            HistoryError: it lies deeper than WALK_MAX commits.
        """
        while revision not in self._known:
            if not self._more():
                raise HistoryError(
                    f"Commit {revision[:12]} is not among the {WALK_MAX} newest reachable ones.",
                    remedy="commit the candidate again on the tip of the branch",
                )
        return self._known[revision]

    def origin(self, value: Callable[[Revision], Hashable]) -> Commit:
        """Find the newest commit that gave a value its form at the tip.

        A merge is passed over towards a parent that already had the value, so the commit found is
        the one whose author wrote it (git's own history simplification).
        """
        commit = self.commit(self.tip)
        wanted = value(commit.revision)
        while True:
            kept = next((p for p in commit.parents if value(p) == wanted), None)
            if kept is None:
                return commit
            commit = self.commit(kept)

    def _more(self) -> bool:
        commit = next(self._stream, None)
        if commit is None:
            return False
        self._known[commit.revision] = commit
        self._order.append(commit)
        return True
