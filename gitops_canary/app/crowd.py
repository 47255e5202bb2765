"""Whose turn it is among more branches than a look may cost; a part of delivery by pull request."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from gitops_canary.core import crowding
from gitops_canary.core.crowding import Last, Likely
from gitops_canary.core.delivery import Proposal
from gitops_canary.core.replay import History


@dataclass(slots=True, kw_only=True)
class Crowd:
    """Chooses at each look; what it remembers may be lost at any time."""

    target: str
    branches_max: int = crowding.BRANCHES_MAX
    strangers_max: int = crowding.STRANGERS_MAX
    _ours: Collection[str] = ()
    """Branches of moves at the last look."""
    _looked: Last = crowding.NOBODY
    _asked: Last = crowding.NOBODY

    def looking(
        self, own: Collection[str], history: History, now_ms: int
    ) -> Callable[[Collection[str]], Collection[str]]:
        """Give what chooses the branches to look at; `own` are those of what was decided here."""

        def chosen(names: Collection[str]) -> Collection[str]:
            likely, most = self._likely(history), self.branches_max
            turn, self._looked = crowding.choose(names, own, likely, self._looked, most, now_ms)
            return turn

        return chosen

    def asking(
        self, there: Mapping[str, Proposal], own: Collection[str], history: History, now_ms: int
    ) -> tuple[str, ...]:
        """Name the branches there that the forge is asked about."""
        strange = {branch for branch, one in there.items() if one.strange}.difference(own)
        self._ours = [branch for branch in there if branch not in strange]
        likely, most = self._likely(history), self.strangers_max
        turn, self._asked = crowding.choose(strange, (), likely, self._asked, most, now_ms)
        return (*self._ours, *turn)

    def _likely(self, history: History) -> Likely:
        ours, after = frozenset(self._ours), crowding.after_moves(self.target, history)
        return lambda branch: branch in ours or after(branch)
