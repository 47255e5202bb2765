"""What must hold of limits that people change under way: those at the start count."""

from gitops_canary.model.rollout import Action, Outcome

from .cluster import Quality
from .families import LOOSE
from .watching import Landed, need
from .weighing import Weighing

MEDIOCRE = Quality(errors=0.2)
"""Well by the loose limit, and bad by the usual one."""


class Pinned(Weighing):
    """The promise about limits that change under way; I1 and I5 hold what passes to those, too."""

    def t1_no_limit_of_later_condemns(self, move: Landed) -> None:
        """What its own limits let pass is not taken back by those of a later commit."""
        window = move.record.window
        if window is None or not self.condemned(move) or self.untrue(window.start_ms):
            return
        quality = self.world.quality(move.shape.name, move.before.candidate)
        passes = quality == MEDIOCRE and self.limit(move) == LOOSE and self.world.sees_live
        need(not passes or self.refused(move), "it was condemned by limits of later")

    def condemned(self, move: Landed) -> bool:
        """Whether checks have taken a version back."""
        return move.record.action is Action.ABORT and move.record.verdict is Outcome.FAIL
