"""What must hold where others are asked: webhooks, and the watch after a finish."""

from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.webhooks import HookType

from .exposing import Exposing
from .phones import Said
from .watching import JUDGED, Landed, need

EARLY_MS = 30_000
"""How long before it is on the server a weight may be live at the most, by its date."""
HEARD_MS = 60_000
"""How long a move may be on its way that was decided before an answer came."""


class Asked(Exposing):
    """The promises about webhooks (G), about silence (S) and about the watch (W)."""

    def g1_no_move_passes_a_closed_gate(self, move: Landed) -> None:
        """Each gate in the way has confirmed this very move to who made it."""
        action, override = move.record.action, "override" in self.world.message(move.revision)
        gates = {
            Action.START: (HookType.CONFIRM_ROLLOUT,),
            Action.ADVANCE: (HookType.CONFIRM_TRAFFIC_INCREASE,),
            Action.PROMOTE: (HookType.CONFIRM_TRAFFIC_INCREASE, HookType.CONFIRM_PROMOTION),
        }.get(action, ())
        if move.adopted or override:
            return
        for gate in set(gates) & self.types(move):
            need(self.passed(move, gate), f"{action} although {gate.value} never confirmed it")

    def g2_a_test_that_did_not_pass_lets_nothing_through(self, move: Landed) -> None:
        """Where a Canary has a test of its own, a weight needs its pass."""
        kind = HookType.ROLLOUT if move.judged else HookType.PRE_ROLLOUT
        tested = move.judged or (move.record.action is Action.ADVANCE and not move.adopted)
        if tested and kind in self.types(move):
            need(self.passed(move, kind), f"{kind.value} never passed")

    def g3_who_is_called_back_goes_no_further(self, move: Landed) -> None:
        """Once a rollback webhook has been heard, the rollout ends instead of going on."""
        if move.record.action in JUDGED and not move.adopted:
            # Who forces an abort away, and accepts that, asks the webhook anew.
            since_ms, until_ms = self.world.rewound_ms, move.at_ms - HEARD_MS
            said = self._said(move, HookType.ROLLBACK)
            heard = any(one.passed and since_ms < one.at_ms < until_ms for one in said)
            need(not heard, f"{move.record.action} after a rollback webhook asked for its end")

    def s1_silence_takes_nothing_back_before_its_deadline(self, move: Landed) -> None:
        """Who hears nothing waits for it, and for another replica that may hear more."""
        window, before = move.record.window, move.previous
        silent = move.record.verdict is Outcome.INCONCLUSIVE and window is not None
        if move.record.action is Action.RETREAT and silent and window and before:
            since_ms = min(before.at_ms, self.dated_ms(before.revision))
            waited_ms = window.end_ms - since_ms
            least_ms = move.shape.deadline_s * 1000 - EARLY_MS
            need(waited_ms >= least_ms, f"it was given up after {waited_ms} ms of silence")

    def w1_a_finished_version_is_taken_back_by_its_watch_alone(self, move: Landed) -> None:
        """What was finished goes back whole where its watch, or a person, condemns it."""
        before = move.previous
        if move.record.action is not Action.ABORT or before is None:
            return
        if before.record.action is Action.FINISH and before.after.weight == 0:
            need(move.shape.watch_s, "nobody watched it")
            if move.record.verdict is Outcome.FAIL:
                bad = self.world.quality(move.shape.name, move.before.primary).bad
                need(bad, "what it condemned after the finish is well")

    def types(self, move: Landed) -> set[HookType]:
        """List the webhooks that the canary of a move has."""
        return {HookType(name) for name in move.shape.hooks}

    def refused(self, move: Landed) -> bool:
        """Whether a test of its own failed since the move before."""
        kinds = (HookType.ROLLOUT, HookType.PRE_ROLLOUT)
        return any(one.passed is False for kind in kinds for one in self._said(move, kind))

    def called_back(self, move: Landed) -> bool:
        """Whether a rollback webhook asked for its end."""
        return self.passed(move, HookType.ROLLBACK)

    def passed(self, move: Landed, kind: HookType) -> bool:
        """Whether a webhook passed or confirmed since the move before, to the move's maker."""
        return any(one.passed for one in self._said(move, kind))

    def _said(self, move: Landed, kind: HookType) -> list[Said]:
        since_ms, later = 0, self.world.requested is not None
        # Whoever merges the branch the wrong way round dates its newest move anew.
        if move.record.action is not Action.START and move.record.previous:
            since_ms = self.dated_ms(move.record.previous)
        return [
            one
            for one in self.world.board.said
            if (one.to, one.type, one.canary) == (move.by, kind, move.shape.id)
            and one.rollout == move.record.rollout
            and one.at_ms >= self.world.controllers[move.by].born_ms
            and (since_ms in {0, one.since_ms} or (later and since_ms < one.since_ms))
        ]
