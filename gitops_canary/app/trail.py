"""The commits behind a tip in order, and the next one at which a value can have changed.

Many canaries look through the same commits, and hardly any of these concerns more than one of them.
So each commit is held against its parent once, for all of them, and whoever looks for a change of
its own goes from one that concerns it straight to the next.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from gitops_canary.model.names import Revision

UNKNOWN = ""
"""The key of a step of which nothing is known: it concerns everybody."""


class Link(Protocol):
    """A commit, as far as a trail has to know it."""

    @property
    def revision(self) -> Revision:
        """Its name."""

    @property
    def parents(self) -> tuple[Revision, ...]:
        """Its parents, the first one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stirred:
    """What one commit concerns: ids of canaries, paths, and those of the labels that it names."""

    keys: frozenset[str]
    labels: frozenset[str]
    """The labels that were looked for; of others nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What a value of one revision hangs on: as long as none of it is stirred, it stays."""

    labels: frozenset[str]
    others: frozenset[str]


Stirring = Callable[[Revision, Revision], Stirred | None]
"""Tells what a commit concerns; takes it and its only parent. None: nothing is known of it."""


def unknown(child: Revision, parent: Revision) -> Stirred | None:
    """Know nothing, so that every value is read at every commit."""
    del child, parent
    return None


@dataclass(frozen=True, slots=True)
class Value:
    """Something that each revision has, and what it hangs on there; None where nobody knows."""

    at: Callable[[Revision], Hashable | None]
    bearing: Callable[[Revision], Bearing | None]


@dataclass(slots=True)
class _Run:
    """Commits one after the other, each the only parent of the one before it."""

    start: int
    known: int
    """The steps before this one are known; a step has the place of its child."""
    changes: dict[str, list[int]] = field(default_factory=dict)
    """Key to the steps that concern it, in order."""
    labels: frozenset[str] | None = None
    """The labels that were looked for in every known step; None while none is known."""

    def add(self, stirred: Stirred | None) -> frozenset[str]:
        """Note what the next step concerns; its keys."""
        keys = frozenset({UNKNOWN}) if stirred is None else stirred.keys
        if stirred and stirred.labels is not self.labels:
            self.labels = stirred.labels & (self.labels or stirred.labels)
        for key in keys:
            self.changes.setdefault(key, []).append(self.known)
        self.known += 1
        return keys

    def covers(self, bearing: Bearing) -> bool:
        """Tell whether the known steps tell of everything a value hangs on."""
        return self.labels is None or bearing.labels <= self.labels

    def after(self, place: int, keys: frozenset[str]) -> int | None:
        """Find the first known step from a place on that concerns one of some keys."""
        found = (self.changes[key] for key in keys if key in self.changes)
        hits = ((steps, bisect_left(steps, place)) for steps in found)
        return min((steps[n] for steps, n in hits if n < len(steps)), default=None)


class Trail:
    """Everything reachable from a tip, children before parents; read as far as anybody asks."""

    def __init__(self, stream: Iterator[Link], stirring: Stirring) -> None:
        self._stream = stream
        self._stirring = stirring
        self._order: list[Revision] = []
        self._places: dict[Revision, int] = {}
        self._runs: list[_Run] = []
        self._starts: list[int] = []
        self._parents: dict[int, tuple[Revision, ...]] = {}
        """Of the last commit of every run."""

    def origin(self, value: Value) -> Revision:
        """Find the newest commit that gave a value its form at the tip.

        A merge is passed over towards a parent that already had the value, so the commit found is
        the one whose author wrote it (git's own history simplification).
        """
        place = 0
        wanted = value.at(self._at(0))
        while True:
            place = self._steady(place, value, None)
            kept = next((p for p in self._behind(place) if value.at(p) == wanted), None)
            if kept is None:
                return self._at(place)
            place = self._place(kept)

    def kept(self, value: Value, since: Revision) -> bool:
        """Tell whether a value stayed as it is at the tip on some way down to a revision.

        A revision without the value (None) is passed over: what cannot be read was not changed.
        """
        last = self._find(since)
        if last is None:
            return False
        wanted = value.at(self._at(0))
        todo, met = [0], {0}
        while todo:
            place = self._steady(todo.pop(), value, last)
            if place == last:
                return True
            # Children come before parents, so nothing that comes after `since` descends from it.
            for parent in self._behind(place):
                below = self._places.get(parent, last + 1)
                if below <= last and below not in met:
                    met.add(below)
                    todo += [below] if value.at(parent) in {wanted, None} else []
        return False

    def first(self, value: Value) -> Revision | None:
        """Find the first revision, in this order, where a value is true; None where there is none.

        It hangs on what bears on the value, and on nothing else.
        """
        place = 0
        while self._reaches(place):
            if value.at(self._at(place)):
                return self._at(place)
            place = self._steady(place, value, None) + 1
        return None

    def _steady(self, place: int, value: Value, stop: int | None) -> int:
        """Go down from a place as long as a value cannot have changed: the last place reached.

        Never past a merge, a fork, or `stop`, which lies at or below the place.
        """
        bearing = None if place == stop else value.bearing(self._at(place))
        if bearing is None:
            return place
        run = self._runs[bisect_right(self._starts, place) - 1]
        keys = bearing.labels | bearing.others | {UNKNOWN}
        found = run.after(place, keys)
        while found is None and (stop is None or run.known < stop) and self._goes_on(run):
            step = run.known
            stirred = self._stirring(self._at(step), self._at(step + 1))
            if not keys.isdisjoint(run.add(stirred)) and step >= place:
                found = step
        if not run.covers(bearing):
            return place
        found = max(run.known, place) if found is None else found
        return found if stop is None else min(found, stop)

    def _goes_on(self, run: _Run) -> bool:
        """Tell whether a run has another step after those that are known."""
        following = run.known + 1
        if not self._reaches(following):
            return False
        return self._runs[bisect_right(self._starts, following) - 1] is run

    def _behind(self, place: int) -> tuple[Revision, ...]:
        """Name the parents of the commit at a place."""
        known = self._parents.get(place)
        return (self._order[place + 1],) if known is None else known

    def _at(self, place: int) -> Revision:
        assert self._reaches(place), "a tip is there, and so is what was found before"
        return self._order[place]

    def _place(self, revision: Revision) -> int:
        found = self._find(revision)
        assert found is not None, "a parent of a reachable commit is reachable"
        return found

    def _find(self, revision: Revision) -> int | None:
        while revision not in self._places:
            if not self._more():
                return None
        return self._places[revision]

    def _reaches(self, place: int) -> bool:
        while place >= len(self._order):
            if not self._more():
                return False
        return True

    def _more(self) -> bool:
        commit = next(self._stream, None)
        if commit is None:
            return False
        place = len(self._order)
        before = self._parents.get(place - 1)
        if before == (commit.revision,):
            del self._parents[place - 1]
        else:
            self._runs.append(_Run(place, place))
            self._starts.append(place)
        self._parents[place] = commit.parents
        self._order.append(commit.revision)
        self._places[commit.revision] = place
        return True
