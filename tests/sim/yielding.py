"""What must hold where people want something else: their word and their commit win."""

from gitops_canary.app.tick import Report
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.rollout import Action, Outcome

from .watching import JUDGED, Broken, Landed, Watcher, need

FORWARD = JUDGED | {Action.START}
REWOUND_MS = 120_000
"""For so long after somebody rewrote history nobody can say when a move was really made."""


class Yielding(Watcher):
    """The promise that a person wins (I10)."""

    def i10_a_person_s_word_is_heeded(self, move: Landed) -> None:
        """Paused or suspended means hands off until a person says otherwise."""
        before = move.before
        need(not before.suspended or not before.present, "the canary is suspended")
        if before.paused and before.present:
            need(move.record.action not in FORWARD, f"{move.record.action} while paused")

    def overridden(self, report: Report) -> None:
        """Hold a look against the promise that nobody is held for what befell a neighbour.

        A neighbour is one whose weight stands in the same object.

        Raises:
            Broken: a canary waits for a person who touched nothing of its own.
        """
        for canary, decision in report.decisions.items():
            if (
                report.tip is None
                or not isinstance(decision, Hold)
                or decision.wait is not Wait.OVERRIDE
            ):
                continue
            shape = self.world.shapes[canary]
            now = self.world.facts(report.tip, shape)
            last = self.newest(report.tip, shape.id)
            if not shape.joined or now is None or last is None:
                continue
            # A request may be merged over what a person did since it was decided.
            decided = self.world.facts(last.revision, shape)
            sides = {(one.weight, one.primary) for one in (now, last.after, decided) if one}
            if len(sides) == 1:
                raise Broken(f"I10: {canary} is held, and nobody touched its weight or primary")

    def i10_what_a_person_set_stays(self, move: Landed) -> None:
        """Nobody moves a weight or a primary that a person moved, until they say or renew it."""
        before, last = move.before, self.last_move(move)
        asked = move.record.action is Action.ABORT and move.record.verdict is Outcome.NONE
        over = before.settled and before.weight == 0
        if last is None or asked or over or move.adopted:  # I5 holds them to what they asked for
            return
        # As it landed or, where a person's hand was in what it met, as it was written.
        ours = (last.after, self.world.facts(last.revision, last.shape))
        if (before.weight, before.primary) in {(o.weight, o.primary) for o in ours if o}:
            return
        newer = last.after.candidate != before.candidate or self.renewed(last, move)
        # A candidate that is newer than our newest move, though it may look the same.
        newer |= not self.world.remote.contains(last.revision, move.record.source)
        resume = before.control.get("resume", "")
        said = resume.startswith((f"{move.record.rollout}/", f"{last.record.rollout}/"))
        # What was a move of ours before a rewrite may be a person's now.
        rewritten = self.world.rewound_ms > move.at_ms - REWOUND_MS
        need(
            newer or said or rewritten,
            f"a person had set {before.weight} %, primary {before.primary}",
        )
