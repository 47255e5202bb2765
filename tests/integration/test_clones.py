"""Two controllers on real git: the same decision is the same commit, and Git alone is the state."""

import asyncio
import pathlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.core.plan import Plan
from gitops_canary.git.repository import Repository
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import EVIDENCE_BRANCH, Revision
from gitops_canary.model.observation import Answer, Expectation, Liveness, Question, Sample, Series
from gitops_canary.model.rollout import Action
from gitops_canary.ports import Metrics
from gitops_canary.routing import ROUTERS

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "manifests" / "example" / "apps"
CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {name: checkout, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
  analysis:
    interval: 60s
    threshold: 2
    judge: {type: threshold}
    stepWeights: [10, 50]
    metrics: [{name: errors, query: errors, interval: 60s, thresholdRange: {max: 1}}]
"""
DEPLOYMENT = "apps/checkout/deployment.yaml"


@dataclass
class Healthy:
    """A metric source that always answers 0."""

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        return {question: self._answer(question) for question in questions}

    def _answer(self, question: Question) -> Answer:
        times = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
        return Answer(series=(Series(labels={}, samples=tuple(Sample(t, "0") for t in times)),))


class Prompt:
    """A sync source in whose world every commit is applied after ten seconds."""

    async def observe(
        self, expected: Sequence[Expectation], metrics: Metrics, now_ms: int
    ) -> Mapping[Expectation, Liveness]:
        del metrics
        return {one: self._live(one.since_ms + 10_000, now_ms) for one in expected}

    def _live(self, at_ms: int, now_ms: int) -> Liveness:
        if now_ms < at_ms:
            return Liveness(live_ms=None, proof=(), waiting="ten seconds")
        return Liveness(live_ms=at_ms, proof=("Ten seconds are over.",), waiting="")


@dataclass
class Replica:
    """One controller with a clone of its own."""

    repository: Repository
    now_ms: int = 0

    def __post_init__(self) -> None:
        timing = Timing(scrape_ms=1000, lag_ms=0)
        self.station = Station(
            name="clone",
            git=self.repository,
            reader=Reader(self.repository, Rules(paths=(), default_provider=None), ROUTERS),
            measuring=Measuring(
                metrics=Healthy(), sync=[Prompt()], timing=timing,
                settle_ms=30_000,
            ),
            budget=Budget(1000),
            time=Timekeeper.of(lambda: self.now_ms),
        )  # fmt: skip

    def tick(self, now_ms: int, *, write: bool) -> Report:
        self.now_ms = now_ms
        report = asyncio.run(self.station.tick(write=write))
        assert report.error is None
        return report

    def pushes(self, plan: Plan) -> tuple[Revision, ...]:
        """Push a plan made on the tips of the last look, whoever may have pushed meanwhile."""
        tip, evidence = self.station._known()
        assert plan.evidence is not None
        return self.repository.push(
            onto=tip, commits=[plan.commit], evidence_onto=evidence, evidence=[plan.evidence]
        )


@pytest.fixture
def released_ms(origin: Origin) -> int:
    """When a new version of checkout was committed to a settled repository on the server."""
    files = {f"apps/{p.relative_to(EXAMPLE)}": p.read_bytes() for p in EXAMPLE.rglob("*.yaml")}
    files["apps/checkout/canary.yaml"] = CANARY.encode()
    origin.commit(files, "Begin\n")
    bumped = files[DEPLOYMENT].replace(b"checkout:1.0.0", b"checkout:1.1.0")
    assert bumped != files[DEPLOYMENT]
    origin.commit({DEPLOYMENT: bumped}, "Release 1.1.0\n")
    return int(origin.git("log", "-1", "--format=%ct", "main")) * 1000


def test_the_same_decision_is_the_same_commit_and_is_made_again_from_fresh_clones(
    origin: Origin, released_ms: int, open_repository: Callable[..., Repository]
) -> None:
    first, second = Replica(open_repository()), Replica(open_repository())
    log: list[tuple[str, str | None, int, str]] = []
    now_ms = released_ms
    for seconds in (1, 20, 90, 90, 20):
        now_ms += seconds * 1000
        onto, proof = origin.tip() or "", origin.tip(EVIDENCE_BRANCH)
        late = second.tick(now_ms + 3000, write=False)
        (plan,) = first.tick(now_ms, write=True).pushed
        log.append((onto, proof, now_ms, plan.commit.message))
        (same,) = late.planned
        assert second.pushes(same) == (origin.tip(),)
    for onto, proof, at_ms, message in log:
        # A server that went back to each tip, and a controller that has never seen it.
        origin.git("update-ref", "refs/heads/main", onto)
        away = [proof] if proof else []
        origin.git("update-ref", *([] if proof else ["-d"]), f"refs/heads/{EVIDENCE_BRANCH}", *away)
        (again,) = Replica(open_repository()).tick(at_ms + 3000, write=False).planned
        assert again.commit.message == message

    moves = [re.search(r"^Canary-Action: (.*)$", m, re.MULTILINE) for *_, m in log]
    told = [found[1] for found in moves if found]
    assert told == ["start", "advance", "advance", "promote", "finish"]


def merge(origin: Origin) -> None:
    """Let a person merge a branch of two commits that began behind the newest one."""
    head = "commit refs/heads/side\ncommitter Ada <ada@example.com> 1 +0000\ndata 1\nx\n"
    origin.git("update-ref", "refs/heads/side", "main~1")
    both = f"{head}from refs/heads/side^0\n\n{head}\n"
    last = f"{head.replace('side', 'main')}from refs/heads/main^0\nmerge refs/heads/side\n\n"
    origin.git("fast-import", "--quiet", stdin=(both + last).encode())


def spent(origin: Origin, repository: Repository) -> Counter[str]:
    """Count the processes that were started and the requests that the server answered."""
    return Counter(processes=repository._runner.started, requests=len(origin.requests))


@pytest.mark.parametrize("lean", [False, True])
def test_a_step_takes_few_processes_and_requests_and_an_idle_look_one_request(
    origin: Origin, released_ms: int, open_repository: Callable[..., Repository], lean: bool
) -> None:
    repository = open_repository(lean=lean)
    replica = Replica(repository)
    actions: list[Action] = []
    steps: list[Counter[str]] = []
    idle: list[Counter[str]] = []
    now_ms = released_ms
    while Action.FINISH not in actions:
        now_ms += 20_000
        foreign = len(actions) == 2
        if foreign:
            origin.commit({"README": b"%d" % now_ms}, "By hand\n")
            merge(origin)
        before = spent(origin, repository)
        pushed = replica.tick(now_ms, write=True).pushed
        actions += [plan.act.action for plan in pushed]
        (steps if pushed or foreign else idle).append(spent(origin, repository) - before)
    begun, *rest = steps
    assert begun["processes"] <= (6 if lean else 4)
    assert max(step["processes"] for step in rest) == 2  # one fetch and one push
    assert max(step["requests"] for step in rest) == 6
    assert idle
    assert all(look == {"requests": 1} for look in idle)
    assert origin.git("fsck", "--strict", "--no-dangling") == ""
