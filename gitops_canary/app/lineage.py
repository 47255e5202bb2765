"""Everything reachable from one tip of a clone, parents before children."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from gitops_canary.core.landing import Arrivals
from gitops_canary.git.objects import RawCommit
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.names import Revision


class Lineage:
    """The commits of one tip; parents are believed from the commits alone.

    Raises:
        VerificationError: an object was changed under its name.
    """

    def __init__(self, clone: PlainClone, tip: Revision) -> None:
        self._commits: dict[Revision, RawCommit] = {}
        self.missing: set[Revision] = set()
        """Parents this clone does not have: it is shallow, or damaged."""
        clone.read_history(tip)
        todo = [tip]
        while todo:
            found = clone.commits(todo)
            self._commits |= {name: raw for name, raw in found.items() if raw}
            self.missing |= {name for name, raw in found.items() if raw is None}
            parents = dict.fromkeys(p for raw in found.values() if raw for p in parents_of(raw))
            todo = [p for p in parents if p not in self._commits and p not in self.missing]
        self._order = list(self._sorted(tip))
        self._rank = {name: rank for rank, name in enumerate(self._order)}
        self._line = dict(self._lines())

    @property
    def shallow(self) -> bool:
        """Whether the history ends before its beginning."""
        return bool(self.missing)

    def __contains__(self, revision: object) -> bool:
        """Tell whether a commit is part of this history."""
        return revision in self._commits

    def raw(self, revision: Revision) -> RawCommit:
        """Give a commit of this history; KeyError where it is none."""
        return self._commits[revision]

    def commits(self) -> Iterator[tuple[Revision, RawCommit]]:
        """Walk parents before children."""
        return ((name, self._commits[name]) for name in self._order)

    @cached_property
    def landings(self) -> Mapping[Revision, int]:
        """Tell of commits that a merge brought when that was; milliseconds since the epoch."""
        arrivals = Arrivals(self._order[-1] if self._order else None)
        found: dict[Revision, int] = {}
        for name in reversed(self._order):
            raw = self._commits[name]
            written_ms = raw.date_s * 1000
            date_ms = arrivals.date_ms(name, parents_of(raw), written_ms, raw.message)
            if date_ms != written_ms:
                found[name] = date_ms
        return found

    def ancestors(self, revision: Revision) -> frozenset[Revision]:
        """Give a commit and everything reachable from it, as far as it is part of this history."""
        found: set[Revision] = set()
        todo = [revision]
        while todo:
            name = todo.pop()
            if name in self._commits and name not in found:
                found.add(name)
                todo.extend(parents_of(self._commits[name]))
        return frozenset(found)

    def descends(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `revision` or reachable from it."""
        if ancestor not in self._rank or revision not in self._rank:
            return False
        line, place = self._line[revision]
        if self._line[ancestor][0] == line and self._line[ancestor][1] <= place:
            return True
        floor, todo, seen = self._rank[ancestor], [revision], {revision}
        while todo:
            name = todo.pop()
            if name == ancestor:
                return True
            # A commit ranks above all its ancestors, so nothing below the floor leads there.
            above = (p for p in parents_of(self._commits[name]) if self._rank.get(p, -1) >= floor)
            fresh = [p for p in above if p not in seen]
            seen.update(fresh)
            todo.extend(fresh)
        return False

    def _lines(self) -> Iterator[tuple[Revision, tuple[int, int]]]:
        """Number lines of first parents, and the places on each: there, order alone decides."""
        ends: dict[Revision, tuple[int, int]] = {}
        for number, name in enumerate(self._order):
            first = next(iter(parents_of(self._commits[name])), None)
            line, place = ends.pop(first, (number, 0)) if first else (number, 0)
            ends[name] = line, place + 1
            yield name, ends[name]

    def _sorted(self, tip: Revision) -> Iterator[Revision]:
        """Order by depth-first descent along the first parent last, without recursion."""
        done: set[Revision] = set()
        stack = [(tip, False)]
        while stack:
            name, ready = stack.pop()
            if name in done or name not in self._commits:
                continue
            if ready:
                done.add(name)
                yield name
                continue
            stack.append((name, True))
            stack.extend((p, False) for p in reversed(parents_of(self._commits[name])))


def parents_of(raw: RawCommit) -> tuple[Revision, ...]:
    """Give the parents as revisions."""
    return tuple(Revision(parent) for parent in raw.parents)
