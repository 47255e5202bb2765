"""Any story at all with webhooks that change their minds: what must hold after each look.

A controller that knows of no answer never goes further, no move is made that a webhook has to
allow and did not, and every decision follows again from its record.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from scene import beginning
from telling import EPOCH_MS, WEB, Telling

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.app.tick import Report
from gitops_canary.core.evidence import decision_path
from gitops_canary.core.recompute import recompute
from gitops_canary.core.replay import by_canary, moves
from gitops_canary.model.decision import Act
from gitops_canary.model.rollout import Action

HOOKS = {
    "open": "confirm-rollout", "smoke": "pre-rollout", "load": "rollout",
    "more": "confirm-traffic-increase", "done": "confirm-promotion", "panic": "rollback",
}  # fmt: skip
SETTING = ", ".join(f"{{name: {n}, type: {t}, webhook: {n}}}" for n, t in HOOKS.items())
ALLOWING = {
    Action.START: {"open"},
    Action.ADVANCE: {"more"},
    Action.PROMOTE: {"more", "done"},
}
"""Which gates have to be open for a move."""
WORDS = ("says 200", "says 200", "says 403", "says 500", "is away")
WORLD = ("synced", "synced", "synced", "checks good", "checks bad", "checks silent", "restarts")
PEOPLE = ("candidate v2", "candidate v3", "candidate v1", "weight 33", "control paused: true",
          "control paused: false")  # fmt: skip
EVENT = st.one_of(
    st.just("tick"),
    st.just("tick"),
    st.sampled_from(WORLD),
    st.sampled_from(PEOPLE).map(lambda what: f"commits {what}"),
    st.builds(
        lambda n, w: f"webhook {n} {w}", st.sampled_from(sorted(HOOKS)), st.sampled_from(WORDS)
    ),
)
STORY = st.lists(st.tuples(st.integers(1, 70), EVENT), min_size=20, max_size=60)
OPENING = (
    "webhook panic says 403", "commits candidate v2", "tick", "synced", "tick", "synced", "tick",
)  # fmt: skip


@dataclass
class Chronicle:
    """A story being made up."""

    telling: Telling = field(default_factory=Telling)

    def looks(self) -> None:
        afresh = self._afresh().decisions.get(WEB)
        report = asyncio.run(self.telling.station.tick(write=True))
        assert report.error is None
        for plan in report.pushed:
            self._allowed(plan.act)
        rises = {Action.START, Action.ADVANCE, Action.PROMOTE}
        if isinstance(afresh, Act) and afresh.action in rises:
            assert afresh.action in {plan.act.action for plan in report.pushed}

    def _allowed(self, act: Act) -> None:
        passed = {hook.name for (hook, _), reply in act.told.items() if reply.passed}
        assert ALLOWING.get(act.action, set()) <= passed
        checks = {"load"} if act.step > 1 or act.action is Action.PROMOTE else {"smoke"}
        if act.action in {Action.ADVANCE, Action.PROMOTE}:
            said = {m.check: m.outcome.value for m in act.verdicts[-1].measurements}
            assert all(said[f"webhook {name}"] == "pass" for name in checks)
        taken_back = act.action is Action.ABORT and not act.verdicts and "person" not in act.reason
        assert not taken_back or "panic" in passed

    def _afresh(self) -> Report:
        """Look with a controller that has just started and calls nobody."""
        other = Telling(ledger=self.telling.ledger, now_ms=self.telling.now_ms)
        other.world.synced, other.world.checks = (
            self.telling.world.synced,
            self.telling.world.checks,
        )
        report = asyncio.run(other.station.tick(write=False))
        other.station.close()
        return report

    def recomputed(self) -> list[str]:
        """Decide everything again from its record; what comes out otherwise."""
        ledger = self.telling.ledger
        assert ledger.tip is not None
        rollout = by_canary(moves(ledger.history(ledger.tip))).rollout(WEB)
        wrong: list[str] = []
        for number, move in enumerate(rollout.moves if rollout else (), 1):
            assert rollout is not None
            assert ledger.proof is not None
            path = decision_path(move.record, number)
            document: dict[str, Any] = read_decision(ledger.tree(ledger.proof)[path], name=path)
            wrong += recompute(document, rollout.moves[: number - 1])
        return wrong


@settings(max_examples=15, deadline=None)
@given(STORY, st.sampled_from([[], ["unmeasured"]]))
def test_any_story_with_webhooks_keeps_every_promise(
    events: Sequence[tuple[int, str]], setting: list[str]
) -> None:
    chronicle = Chronicle()
    told = chronicle.telling
    told.ledger.record(
        beginning([f"analysis webhooks: [{SETTING}]", *setting]), "begin", EPOCH_MS - 3_600_000
    )
    for seconds, what in (*((1, one) for one in OPENING), *events):
        told.now_ms += seconds * 1000
        if what == "tick":
            chronicle.looks()
        else:
            told._happens(what)
    assert chronicle.recomputed() == []
    told.station.close()
