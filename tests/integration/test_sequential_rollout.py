"""Our own Canary, judged on exact counts, by the real controller over real Git; then verified."""

import asyncio
import json
import pathlib
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from recorded_world import EVIDENCE, Table, World, git

from gitops_canary.app.controller import Controller, Round
from gitops_canary.app.figures import Figures
from gitops_canary.app.outage import Outage
from gitops_canary.app.telling import Teller
from gitops_canary.app.tick import Report
from gitops_canary.app.verifying import Scope, verify
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, parse_trusted
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.routing import ROUTERS
from gitops_canary.sync.none import Nothing

CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {name: checkout, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
  progressDeadlineSeconds: 10
  analysis:
    judge:
      {type: sequential, dwell: 2s, minSoak: 4s, maxHold: 5s, warmup: 1s, shadows: [mannwhitney]}
    interval: 2s
    threshold: 2
    stepWeights: [5, 25]
    metrics:
      - {name: request-success-rate, thresholdRange: {min: 99}}
      - {name: request-duration, thresholdRange: {max: 250}}
"""
REQUESTS_PER_S = 2000


@dataclass
class Counters:
    """A stand-in for a metric source: raw counters of a split that follows the commits."""

    bad_per_mille: int = 0
    silent: bool = False
    late_ms: int | None = None
    """When the late one begins to fail one request in five; None for never."""
    late: str = "checkout-primary"
    moves: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    """(since, weight) of every move."""
    began_ms: int = 1_769_990_000_000

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        return {question: self._answer(question) for question in questions}

    def _answer(self, question: Question) -> Answer:
        if self.silent:
            return Answer()
        rows: list[tuple[dict[str, str], int | None]]
        if question.expression.startswith("count by (le)"):
            rows = [({"le": le}, None) for le in ("100", "250", "+Inf")]
        elif "_bucket" in question.expression:
            rows = [({"le": le}, 1000) for le in ("250", "+Inf")]
        else:
            bad = self.bad_per_mille
            rows = [({"response_code": "200"}, 1000 - bad), ({"response_code": "503"}, bad)]
        times = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
        return Answer(
            series=tuple(
                Series(
                    labels={"destination_workload": workload, "reporter": "source", **labels},
                    samples=tuple(Sample(at, self._value(workload, at, part)) for at in times),
                )
                for workload in ("checkout", "checkout-primary")
                for labels, part in rows
            )
        )

    def _value(self, workload: str, at_ms: int, per_mille: int | None) -> str:
        if per_mille is None:
            return "1"
        mine = workload == "checkout"
        turned = self.late_ms is not None and at_ms > self.late_ms
        if workload == self.late and turned and per_mille in {0, 1000}:
            assert self.late_ms is not None, "it turned"
            every = self._requests(at_ms, mine=mine)
            bad = (every - self._requests(self.late_ms, mine=mine)) // 5
            return str(bad if per_mille == 0 else every - bad)
        if not mine:
            per_mille = 1000 if per_mille >= 1000 - self.bad_per_mille else 0
        return str(self._requests(at_ms, mine=mine) * per_mille // 1000)

    def _requests(self, at_ms: int, *, mine: bool) -> int:
        total, ends = 0, [since for since, _ in self.moves[1:]] + [max(at_ms, self.moves[-1][0])]
        for (since, weight), end in zip(self.moves, ends, strict=True):
            span = max(min(end, at_ms) - max(since, self.began_ms), 0)
            total += span * REQUESTS_PER_S // 1000 * (weight if mine else 100 - weight) // 100
        return total


class Rollout(World):
    """The world of the record, with our own Canary and exact counts."""

    counters: Counters

    def begin(self) -> None:
        self.counters = Counters()
        object.__setattr__(self.station.measuring, "metrics", self.counters)
        file = self.person / "apps/checkout/canary.yaml"
        file.write_text(CANARY)
        self._commit("Judge by evidence")

    def rewrite(self, canary: str) -> None:
        git(self.person, "pull", "-q", "--rebase")
        (self.person / "apps/checkout/canary.yaml").write_text(canary)
        self._commit("Judge otherwise")

    def run(self, most: int = 80, until: Action | None = None) -> list[Act]:
        acts: list[Act] = []
        for _ in range(most):
            report = asyncio.run(self.station.tick(write=True))
            assert report.error is None, report.error
            [decision] = report.decisions.values()
            if isinstance(decision, Act):
                acts.append(decision)
                if int(decision.weight) != self.counters.moves[-1][1]:
                    self.counters.moves.append((decision.at_ms + 1000, int(decision.weight)))
                if decision.action is until:
                    return acts
            elif decision.wait in {Wait.IDLE, Wait.QUARANTINED, Wait.PERSON}:
                return acts
            else:
                assert isinstance(decision, Hold)
                assert decision.wait is not Wait.ERROR, decision
            self.now_ms += 700
        return acts

    def decisions(self) -> list[dict[str, object]]:
        listed = git(self.origin, "ls-tree", "-r", "--name-only", EVIDENCE).splitlines()
        names = [name for name in listed if name.endswith(".json")]
        return [json.loads(git(self.origin, "show", f"{EVIDENCE}:{name}")) for name in names]


@pytest.fixture
def world(tmp_path: pathlib.Path) -> Iterator[Rollout]:
    made = Rollout(tmp_path)
    made.begin()
    yield made
    made.close()


def verified(world: Rollout) -> list[str]:
    clone = PlainClone(world.origin)
    try:
        ownership = Ownership(
            identity=Identity(name="nobody", email="nobody@example.com"),
            trusted=parse_trusted(world.keys.read_text()),
        )
        evidence = clone.refs.get(f"refs/heads/{EVIDENCE}")
        found = verify(clone, ownership, Scope(tip=clone.resolve("main"), evidence=evidence))
        assert found.verdicts
        return [one.problem for one in found.findings]
    finally:
        clone.close()


def test_good_version_is_promoted_and_the_record_verifies(world: Rollout) -> None:
    world.release("1.1.0")
    acts = world.run()

    actions = [act.action for act in acts]
    assert actions[:4] == [Action.START, Action.ADVANCE, Action.ADVANCE, Action.PROMOTE]
    assert verified(world) == []
    judged = acts[3].verdicts[-1]
    assert judged.judge == "sequential"
    assert judged.reason == "every metric is proven good"
    # The evidence of the first weight counts on: more requests than this weight alone has had.
    assert int(judged.measurements[0].numbers["canary"]) > 0
    assert [shadow.judge for shadow in judged.shadows] == ["mannwhitney"]


def test_bad_version_is_condemned_by_its_counts_and_the_record_verifies(world: Rollout) -> None:
    world.counters.bad_per_mille = 200
    world.release("1.2.0")
    acts = world.run()

    abort = next(act for act in acts if act.action is Action.ABORT)
    assert abort.verdicts[-1].final
    assert "canary requests failed" in abort.reason
    assert "against a limit of 400" in abort.reason
    assert verified(world) == []


@pytest.mark.parametrize("judge", ["sequential", "threshold", "conditions"])
def test_fault_after_the_promotion_takes_the_rollout_back(world: Rollout, judge: str) -> None:
    watched = CANARY.replace("interval: 2s", "interval: 2s\n    watch: {duration: 20s}")
    watched = watched.replace(", shadows: [mannwhitney]", "")
    world.rewrite(watched)
    table = Table()
    if judge != "sequential":
        object.__setattr__(world.station.measuring, "metrics", table)
        windows = watched.replace("thresholdRange", "interval: 2s, thresholdRange")
        windows = windows.replace("250}}", "250}, count: 2}") if judge == "conditions" else windows
        world.rewrite(windows.replace("type: sequential", f"type: {judge}"))
    before = git(world.origin, "rev-parse", "main:apps/checkout")
    world.release("1.4.0")
    world.counters.late_ms = world.now_ms + 10**9
    finish = next(act for act in world.run(until=Action.FINISH) if act.action is Action.FINISH)
    world.counters.late_ms = finish.at_ms + 8000
    table.failed = {"checkout-primary": 20}
    acts = world.run()

    [abort] = [act for act in acts if act.action is Action.ABORT]
    assert abort.window is not None
    assert finish.at_ms < abort.window.end_ms <= finish.at_ms + 25_000
    assert git(world.origin, "rev-parse", "main:apps/checkout") == before
    if judge == "sequential":
        assert "requests failed since the promotion, beyond its limit" in abort.reason
    told = world.decisions()[-1]
    assert told["measured"]["workload"] == "checkout-primary"  # type: ignore[index]  # an object
    assert verified(world) == []


def test_a_person_s_promotion_is_told_as_an_override_and_verifies(world: Rollout) -> None:
    gated = CANARY.replace("  progressDeadlineSeconds: 10\n", "  gates: {approval: [1]}\n")
    world.rewrite(gated)
    world.release("1.5.0")
    rollout = world.run(until=Action.ADVANCE)[-1].rollout
    word = f"  control: {{approve: [{rollout}/7], promote: '{rollout}'}}\n  gates"
    world.rewrite(gated.replace("  gates", word))
    acts = world.run()

    assert [act.action for act in acts] == [Action.PROMOTE, Action.FINISH], acts[0].reason
    assert (acts[0].override, acts[0].verdict) == (True, Outcome.NONE)
    [told] = [one for one in world.decisions() if one.get("action") == "promote"]
    assert told["override"] is True
    log = git(world.origin, "log", "--format=%B", "main")
    assert "promote 1.5.0 by override" in log
    assert verified(world) == []


@pytest.mark.parametrize("weight", [5, 25])
def test_version_that_turns_bad_while_a_weight_is_on_its_way_is_condemned(
    world: Rollout, weight: int
) -> None:
    world.release("1.6.0")
    second = world.run(until=Action.ADVANCE)[-1]
    while second.weight != weight:
        second = world.run(until=Action.ADVANCE)[-1]
    if weight > 5:
        # The sync engine is stuck: 5 % is still what people meet.
        world.counters.moves.pop()
    object.__setattr__(world.station.measuring, "sync", [Nothing(source="default", delay_ms=10**9)])
    world.counters.late, world.counters.late_ms = "checkout", second.at_ms + 2000
    [abort] = world.run(until=Action.ABORT)

    assert abort.live is not None
    assert abort.live.live_ms is None
    assert abort.window is not None
    # Long before the deadline of ten seconds at which what is not live is taken back.
    assert second.at_ms + 2000 < abort.window.end_ms <= second.at_ms + 4000
    assert "canary requests failed" in abort.reason
    assert verified(world) == []


def test_controller_looks_when_there_is_more_to_judge_not_only_when_it_polls(
    world: Rollout,
) -> None:
    world.release("1.7.0")
    world.run(until=Action.ADVANCE)
    world.now_ms += 700
    began_s, began_ms = time.monotonic(), world.now_ms
    object.__setattr__(
        world.station, "clock", lambda: began_ms + round(1000 * (time.monotonic() - began_s))
    )
    pushed: list[Action] = []

    class Stop(Teller):
        def tell(self, report: Report) -> None:
            pushed.extend(plan.act.action for plan in report.pushed)
            if pushed or time.monotonic() > began_s + 30:
                signal.raise_signal(signal.SIGTERM)

    outage = Outage(router=lambda _: ROUTERS["istio"])
    one = Round(station=world.station, outage=outage, poll_ms=3_600_000)
    figures = Figures("0", ["config"])
    asyncio.run(Controller(rounds=[one], teller=Stop(), figures=figures, early_s=0.1).run())
    assert pushed == [Action.ADVANCE]


def test_silence_retreats_and_never_condemns(world: Rollout) -> None:
    world.counters.silent = True
    world.release("1.3.0")
    acts = world.run()

    assert Action.RETREAT in {act.action for act in acts}
    assert Action.ABORT not in {act.action for act in acts}
    assert verified(world) == []
