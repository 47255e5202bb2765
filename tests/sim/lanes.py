"""Which commits are reachable from which, told without walking what lies between."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gitops_canary.model.names import Revision


@dataclass(slots=True)
class _Lane:
    """Commits, each the first parent of the next."""

    length: int = 0
    places: list[int] = field(default_factory=list)
    """Where other lanes come in, rising; one place for each of `behind`."""
    behind: list[Revision] = field(default_factory=list)


@dataclass(slots=True)
class Lanes:
    """Every commit has a place in one lane; a lane is entered from below by forks and merges."""

    parents: Callable[[Revision], Sequence[Revision]]
    _lanes: list[_Lane] = field(default_factory=list)
    _places: dict[Revision, tuple[int, int]] = field(default_factory=dict)

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `revision` or reachable from it."""
        lane, wanted = self._place(ancestor)
        best: dict[int, int] = {}
        todo = [revision]
        while todo:
            number, place = self._place(todo.pop())
            if number == lane and place >= wanted:
                return True
            own, known = self._lanes[number], best.get(number, -1)
            if place > known:
                best[number] = place
                low, high = (bisect_right(own.places, at) for at in (known, place))
                todo += own.behind[low:high]
        return False

    def _place(self, revision: Revision) -> tuple[int, int]:
        todo = [revision]
        while todo:
            one = todo[-1]
            lacking = [p for p in self.parents(one) if p not in self._places]
            if lacking:
                todo += lacking
            else:
                self._add(todo.pop())
        return self._places[revision]

    def _add(self, revision: Revision) -> None:
        if revision in self._places:
            return
        joining = [*self.parents(revision)]
        number, place = self._places[joining[0]] if joining else (-1, -1)
        if joining and self._lanes[number].length == place + 1:
            del joining[0]
        else:
            self._lanes.append(_Lane())
            number, place = len(self._lanes) - 1, -1
        lane = self._lanes[number]
        lane.length = place + 2
        self._places[revision] = number, place + 1
        lane.places += [place + 1] * len(joining)
        lane.behind += joining
