"""Our own Canary judged on exact counts, by a stand-in source whose split follows the commits."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recorded_world import EVIDENCE, World, git

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, parse_trusted
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.model.rollout import Action

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
      {type: sequential, dwell: 6s, minSoak: 4s, maxHold: 5s, warmup: 1s, shadows: [mannwhitney]}
    interval: 2s
    threshold: 2
    stepWeights: [5, 25]
    metrics:
      - {name: request-success-rate, thresholdRange: {min: 99}}
      - {name: request-duration, thresholdRange: {max: 250}}
"""
REQUESTS_PER_S = 2000


def judged_by(text: str, judge: str) -> str:
    """Let another judge decide, which has no options."""
    return re.sub(r"\{type: sequential[^}]*\}", f"{{type: {judge}}}", text)


@dataclass
class Counters:
    """A stand-in for a metric source: raw counters of a split that follows the commits."""

    bad_per_mille: int = 0
    silent: bool = False
    late_ms: int | None = None
    """When the late one begins to fail one request in five; None for never."""
    late: str = "checkout-primary"
    uneven: bool = False
    """Whether two pods count for themselves, of which `pod-a` alone fails: of the primary's 2 %."""
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
        sides = [{"reporter": "source"}]
        if self.uneven:
            sides = [{"reporter": "destination", "pod": pod} for pod in ("pod-a", "pod-b")]
        return Answer(
            series=tuple(
                Series(
                    labels={"destination_workload": workload, **side, **labels},
                    samples=tuple(
                        Sample(at, self._half(workload, at, labels, side["pod"]))
                        if "pod" in side and part is not None
                        else Sample(at, self._value(workload, at, part))
                        for at in times
                    ),
                )
                for workload in ("checkout", "checkout-primary")
                for side in sides
                for labels, part in rows
            )
        )

    def _half(self, workload: str, at_ms: int, labels: Mapping[str, str], pod: str) -> str:
        mine = workload == "checkout"
        bad = (2 * self.bad_per_mille if mine else 20) if pod == "pod-a" else 0
        part = {"503": bad, "200": 1000 - bad}.get(labels.get("response_code", ""), 1000)
        return str(self._requests(at_ms, mine=mine) * part // 2000)

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
        self.commit("Judge by evidence")

    def rewrite(self, canary: str) -> None:
        git(self.person, "pull", "-q", "--rebase")
        (self.person / "apps/checkout/canary.yaml").write_text(canary)
        self.commit("Judge otherwise")

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


def examined(world: World) -> Verified:
    """Verify everything, as `gitops-canary verify` does in a clone."""
    clone = PlainClone(world.origin)
    try:
        ownership = Ownership(
            identity=Identity(name="nobody", email="nobody@example.com"),
            trusted=parse_trusted(world.keys.read_text()),
        )
        evidence = clone.refs.get(f"refs/heads/{EVIDENCE}")
        found = verify(clone, ownership, Scope(tip=clone.resolve("main"), evidence=evidence))
        assert found.verdicts
        return found
    finally:
        clone.close()


def verified(world: World) -> list[str]:
    return [one.problem for one in examined(world).findings]
