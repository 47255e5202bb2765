"""The commits next to a tip, found without a process: most looks need no others."""

from collections.abc import Iterable

from gitops_canary.git.objects import Kind, ObjectId, RawCommit, parse_commit
from gitops_canary.git.reader import Reader

_UNREAD_MAX = 16
"""More commits that are still to be read, one by one, cost as much as a process that lists them."""
_FAR = 1000
_KEPT_MAX = 50_000
_COMMIT = Kind.COMMIT.value.decode()
Parents = tuple[ObjectId, ...]


class Lineage:
    """Remembers the parents of commits; those never change."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._parents: dict[ObjectId, Parents] = {}

    def remember(self, commits: Iterable[tuple[ObjectId, RawCommit]]) -> None:
        """Keep what somebody has read."""
        if len(self._parents) > _KEPT_MAX:
            self._parents.clear()
        self._parents |= {name: raw.parents for name, raw in commits}

    def chain(
        self, tip: ObjectId, since: ObjectId | None
    ) -> tuple[list[ObjectId], ObjectId | None]:
        """List commits from a tip up to `since`, or to where they merge or it is too far.

        Gives too from where everything else is still to be listed, None where nothing is. With
        `since`, either all is listed or nothing: what does not reach it may lie behind it.
        """
        if self._of(tip) is None:
            return [], tip
        found: list[ObjectId] = []
        budget = _UNREAD_MAX
        here: ObjectId | None = tip
        while here is not None and here != since:
            budget -= here not in self._parents
            parents = self._of(here) if budget >= 0 and len(found) < _FAR else None
            ends = parents is None or len(parents) > 1 or (since and not parents)
            if parents is None or ends:
                return ([], tip) if since else (found, here)
            found.append(here)
            here = parents[0] if parents else None
        return found, None

    def reaches(self, tip: ObjectId, ancestor: ObjectId) -> bool | None:
        """Tell whether a commit is another or reachable from it; None where that is too far."""
        if self._of(tip) is None:
            return None
        budget = _UNREAD_MAX
        seen = {tip}
        level = [tip]
        while level:
            if ancestor in seen:
                return True
            below: dict[ObjectId, None] = {}
            for name in level:
                budget -= name not in self._parents
                parents = self._of(name) if budget >= 0 and len(seen) < _FAR else None
                if parents is None:
                    return None
                below |= dict.fromkeys(parents)
            level = [name for name in below if name not in seen]
            seen.update(level)
        return False

    def _of(self, name: ObjectId) -> Parents | None:
        """Read the parents of a commit; None where there is no such commit."""
        known = self._parents.get(name)
        if known is None and [kind for _, kind, _ in self._reader.info([name])] == [_COMMIT]:
            [(_, body)] = self._reader.read([name], _COMMIT)
            known = parse_commit(body).parents
            self._parents[name] = known
        return known
