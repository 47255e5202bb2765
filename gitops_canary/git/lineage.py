"""The commits next to a tip, found without a process: most looks need no others."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

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
        """List commits from a tip up to `since`, or to where it is too far, in git's topo order.

        Gives too from where everything else is still to be listed, None where nothing is. With
        `since`, either all is listed or nothing: what does not reach it may lie behind it.
        """
        if self._of(tip) is None:
            return [], tip
        found: list[ObjectId] = []
        near = _Near(self._of, self._parents)
        here: ObjectId | None = tip
        while here is not None and here != since:
            parents = near.parents(here)
            if parents is None or (since and not parents):
                return ([], tip) if since else (found, here)
            if len(parents) < 2:  # noqa: PLR2004 - a merge has two or more
                found.append(here)
                here = parents[0] if parents else None
                continue
            knot = _knot(here, near)
            if knot is None or (since and knot[1] is None and since not in knot[0]):
                return ([], tip) if since else (found, here)
            between, here = knot
            if since and since in between:
                old = _behind(since, between)
                return [*found, *(name for name in _ordered(between) if name not in old)], None
            found += _ordered(between)
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


class _Near:
    """Reads parents as long as that costs no more than a process."""

    def __init__(
        self, read: Callable[[ObjectId], Parents | None], known: Mapping[ObjectId, Parents]
    ) -> None:
        self._read = read
        self._known = known
        self._unread = _UNREAD_MAX
        self._left = _FAR

    def parents(self, name: ObjectId) -> Parents | None:
        """Give a commit's parents; None where that is too far."""
        self._left -= 1
        self._unread -= name not in self._known
        return self._read(name) if self._left >= 0 and self._unread >= 0 else None


Between = Mapping[ObjectId, Parents]
"""Some commits with their parents, children before parents."""


def _knot(merge: ObjectId, near: _Near) -> tuple[Between, ObjectId | None] | None:
    """Find what lies between a merge and one commit behind which all the rest is; None: too far.

    Every line is followed a step at a time, until one edge is left. None of what was passed is
    behind that edge: whatever is behind it and was passed would have to lead to it again, or to a
    beginning of history. Where one was met everything is followed to the end, and no edge is left.
    """
    passed: dict[ObjectId, Parents] = {}
    edge = [merge]
    rooted = False
    while edge and (rooted or len(edge) > 1 or not passed):
        fresh: dict[ObjectId, None] = {}
        for name in edge:
            parents = near.parents(name)
            if parents is None:
                return None
            passed[name] = parents
            rooted = rooted or not parents
            fresh |= dict.fromkeys(parents)
        edge = [name for name in fresh if name not in passed]
    return passed, edge[0] if edge else None


def _behind(name: ObjectId, between: Between) -> set[ObjectId]:
    """List a commit, and those of some that are reachable from it."""
    seen: set[ObjectId] = set()
    todo = [name]
    while todo:
        one = todo.pop()
        if one in between and one not in seen:
            seen.add(one)
            todo += between[one]
    return seen


def _ordered(between: Between) -> Iterator[ObjectId]:
    """Order commits as `git rev-list --topo-order` does: no line is mixed with another."""
    children = Counter(parent for parents in between.values() for parent in set(parents))
    stack = [next(iter(between))]
    while stack:
        name = stack.pop()
        yield name
        for parent in dict.fromkeys(between[name]):
            children[parent] -= 1
            if not children[parent] and parent in between:
                stack.append(parent)
