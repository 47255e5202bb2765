"""What must hold of verdicts that rest on evidence: of the judge `sequential`."""

import json

from gitops_canary.core import recorded
from gitops_canary.core.recompute import recompute
from gitops_canary.model.rollout import Action, Move, Outcome, Window

from .asking import Asked
from .cluster import SCRAPE_MS
from .remote import EVIDENCE
from .watching import Landed, need

SEEN_MS = 15_000
CLEAR = 45
"""Requests of which enough fail that no check can miss it."""
LATELY_MS = 60_000
"""What of a window that passed was quick at the least, whether its warm-up was over or not."""
UNSEEN_MS = 4 * SCRAPE_MS
"""How much of a window that passed may be of a version that had turned bad: what a scrape, or the
three failures that hold it, may leave unseen."""


class Weighing(Asked):
    """The promises about evidence (Q); a third one is where versions turn bad."""

    def q1_its_record_decides_the_same(self, move: Landed) -> None:
        """Who has the record alone comes to the same verdicts and numbers, to the last byte."""
        verdict, tip = move.record.verdict, self.world.remote.refs.get(EVIDENCE)
        if not move.shape.weighs or verdict not in {Outcome.PASS, Outcome.FAIL} or tip is None:
            return
        found = self.decision(move, self.world.files(tip))
        if found is None or self.world.requested:
            return  # I3 says where that may be; what a forge merged is dated by its merge
        before = tuple(self._move(one) for one in self.chain(move))[:0:-1]
        document = json.loads(found)
        if recorded.newer(document):
            return  # a version of after this one decided it, which `verify` says
        wrong = next(recompute(document, before), "")
        need(not wrong, f"decided again: {wrong}")

    def q2_what_turned_bad_with_all_traffic_is_not_promoted(self, move: Landed) -> None:
        """No pass is measured on what a version did after it had turned bad."""
        window, late = move.record.window, self.late(move)
        if move.record.action is not Action.PROMOTE or not late or window is None or move.adopted:
            return
        if not self.untrue(window.start_ms) and not self.blind(window.start_ms):
            over_ms = window.end_ms - late
            need(over_ms <= UNSEEN_MS, f"it passed {over_ms} ms after it had turned bad")

    def q4_what_is_well_is_not_condemned(self, move: Landed) -> None:
        """Where all was measured as it was, evidence condemns nothing that was well."""
        window = move.record.window
        failed = move.record.action is Action.ABORT and move.record.verdict is Outcome.FAIL
        if not (failed and move.shape.weighs) or window is None or self.refused(move):
            return
        app, tag = self.world.cluster.apps[move.shape.name], move.before.candidate
        if move.previous is not None and move.previous.record.action is Action.FINISH:
            return  # W1 says so of a watch
        began = next((o for o in self.chain(move) if o.record.action is Action.START), move)
        served = app.serving(began.at_ms, window.end_ms) <= {tag}
        quality = self.world.quality(move.shape.name, tag)
        well = not quality.bad and not quality.slow
        if served and self.world.sees_live and not self.untrue(began.at_ms):
            need(not well, f"{tag} is well, and was condemned")

    def well_in(self, move: Landed, window: Window) -> float:
        """Count the requests in a window that passed.

        Raises:
            Broken: there were none, or too many failed or were slow.
        """
        truth = self.world.cluster.apps[move.shape.name].truth
        requests, failures, _ = truth.within(window.start_ms, window.end_ms)
        need(requests > 0, "nobody used the canary in the window that passed")
        if move.shape.weighs and requests <= CLEAR:
            return requests  # nothing speaks against more traffic; a promotion needs a hundred
        most = max(0.1, (100 - self.limit(move)) * 0.015)
        need(failures <= requests * most, f"{failures:.0f} of {requests:.0f} requests failed")
        if move.shape.latency:
            late_ms = window.end_ms - LATELY_MS if move.shape.weighs else 0
            lately, _, slow = truth.within(max(window.start_ms, late_ms), window.end_ms)
            need(slow <= lately / 10, f"{slow:.0f} of {lately:.0f} requests were slow")
        return requests

    def limit(self, move: Landed) -> int:
        """Say which share of good requests is asked for, in percent: what was when it started."""
        starts = (one for one in self.chain(move) if one.record.action is Action.START)
        start = next(starts, None)
        facts = start and self.world.facts(start.revision, start.shape)
        return facts.least if facts else move.before.least

    def least_ms(self, move: Landed) -> int:
        """Say what of a weight has to be seen at the least before a pass."""
        return SEEN_MS if move.shape.weighs else move.shape.interval_s * 1000

    def weighed_ms(self, move: Landed) -> int:
        """Say since when what a failure rests on was counted: evidence adds up over all weights.

        A side that is heard again after a gap may have in its window what was before (decision 52).
        """
        window, began = move.record.window, self.began(move)
        assert window is not None
        if not move.shape.weighs or began is None:
            from_ms, to_ms = self.world.cluster.unheard
            return min(from_ms, window.start_ms) if to_ms > window.start_ms else window.start_ms
        return min(began.at_ms, window.start_ms)

    def late(self, move: Landed) -> int:
        """Say when its candidate turned bad that had all traffic; 0 where it did not."""
        return self.world.cluster.apps[move.shape.name].turned.get(move.before.candidate, 0)

    def _move(self, move: Landed) -> Move:
        date_ms = self.world.remote.raw(move.revision).date_s * 1000
        return Move(record=move.record, revision=move.revision, date_ms=date_ms)
