"""Every kind of routing object through whole rollouts: promoted, then condemned, line by line."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from first_canary import after, initialised, plain
from first_routes import ROUTES
from ledger import Ledger
from routes import CASES
from telling import EPOCH_MS, Telling

from gitops_canary.core.plan import Plan
from gitops_canary.model.names import Path
from gitops_canary.model.rollout import Action

Texts = Mapping[str, str]
CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: {app}, namespace: prod}}
spec:
  provider: {provider}
{more}  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: {app}}}
  analysis:
    interval: 60s
    threshold: 1
    judge: {{type: threshold}}
    {ladder}
    metrics: [{{name: errors, query: errors, thresholdRange: {{max: 1}}, interval: 60s}}]
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: prod}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: "acme/web:1.0.0"}}]}}
"""
FIELDS = "traffic:\n  canary: 0 # a few\n  primary: 100\n"
ROUTING = (
    "  routing: {weight: {file: ./route.yaml, field: traffic.canary}, "
    "rest: {file: ./route.yaml, field: traffic.primary}}\n"
)
WEIGHTS = re.compile(
    r"weight|shop-primary\"|percent|balance|app: (shop|web)|traffic|canary: |primary: ",
    re.IGNORECASE,
)
"""The lines of routing objects that moves may change."""
CANDIDATE = "apps/deploy.yaml"
WORKLOADS = {CANDIDATE, "apps/primary.yaml", "apps/deploy-primary.yaml"}
HANDWRITTEN = {name: case.provider for name, case in CASES.items()} | {"field": "field"}


def written(name: str) -> dict[str, str]:
    """Give a repository with an object as people write it by hand, at rest."""
    return {
        CANDIDATE: WORKLOAD.format(name="shop"),
        "apps/primary.yaml": WORKLOAD.format(name="shop-primary"),
        "apps/route.yaml": FIELDS if name == "field" else CASES[name].text,
    }


@dataclass
class Played:
    """One repository, and what became of it move by move."""

    texts: Texts
    telling: Telling = field(default_factory=lambda: Telling(ledger=Ledger(), now_ms=EPOCH_MS))

    def __post_init__(self) -> None:
        self.commit(self.texts)

    @property
    def files(self) -> dict[str, str]:
        assert self.telling.ledger.tip is not None
        tree = self.telling.ledger.tree(self.telling.ledger.tip)
        return {str(path): body.decode() for path, body in tree.items()}

    def commit(self, texts: Texts) -> None:
        bodies = {Path(path): text.encode() for path, text in texts.items()}
        self.telling.ledger.record(bodies, "a person's", self.telling.now_ms)

    def bump(self, tag: str) -> None:
        old = self.files[CANDIDATE]
        self.commit({CANDIDATE: re.sub(r"(?<=acme/web:)[\w.]+", tag, old)})

    def moves(self, *, bad: bool = False) -> list[tuple[Plan, dict[str, str]]]:
        """Let everything that is pushed go live, until nothing happens; files before each move."""
        found = []
        for _ in range(12):
            self.telling.now_ms += 61_000
            before = self.files
            report = asyncio.run(self.telling.station.tick(write=True))
            assert report.error is None
            for plan in report.pushed:
                found.append((plan, before))
                self.telling._happens("synced")
                if bad and plan.record.action is Action.ADVANCE:
                    self.telling._happens("checks bad")
            if not report.pushed and found and found[-1][0].record.action in ENDS:
                break
        return found


ENDS = {Action.FINISH, Action.ABORT, Action.IDLE}
REST = [Action.IDLE]
"""What follows where the canary sleeps at rest: `init` lets it."""


def held(moves: Sequence[tuple[Plan, Texts]], end: Texts) -> None:
    """Hold each move against what it may change."""
    thens = [*(before for _, before in moves[1:]), end]
    for (plan, before), then in zip(moves, thens, strict=True):
        changed = {path for path in {*before, *then} if before.get(path) != then.get(path)}
        routes = changed - WORKLOADS
        if plan.record.action is Action.ADVANCE:
            assert changed == routes
        for path in routes - {".gitops-canary/quarantine"}:
            pairs = zip(before[path].splitlines(), then[path].splitlines(), strict=True)
            lines = [old for old, new in pairs if old != new]
            assert lines
            assert all(WEIGHTS.search(one) for one in lines), lines


def whole_way(texts: Texts, app: str, provider: str) -> None:
    steps = 1 if provider == "kubernetes" else 2
    ladder = "iterations: 1" if provider == "kubernetes" else "stepWeights: [10, 50]"
    more = ROUTING if provider == "field" else ""
    canary = CANARY.format(app=app, provider=provider, ladder=ladder, more=more)
    played = Played({**texts, "apps/canary.yaml": canary})
    rest = played.files
    played.bump("2.0.0")
    up = played.moves()
    actions = [plan.record.action for plan, _ in up]
    climbs = [Action.START, *[Action.ADVANCE] * steps, Action.PROMOTE, Action.FINISH]
    assert actions in (climbs, climbs + REST)
    held(up, played.files)
    assert {path: text.replace("2.0.0", "1.0.0") for path, text in played.files.items()} == rest

    rest = played.files
    played.bump("3.0.0")
    down = played.moves(bad=True)
    actions = [plan.record.action for plan, _ in down]
    assert actions[:3] == [Action.START, Action.ADVANCE, Action.ABORT]
    assert actions[3:] in ([], REST)
    held(down, played.files)
    assert {p: t for p, t in played.files.items() if "quarantine" not in p} == rest
    played.telling.station.close()


@pytest.mark.parametrize("name", HANDWRITTEN)
def test_what_people_write_is_promoted_and_taken_back_by_its_weights_alone(name: str) -> None:
    whole_way(written(name), "shop", HANDWRITTEN[name])


@pytest.mark.parametrize("case", [*ROUTES, "kubernetes", "smi:v1alpha1", "smi:v1alpha4"])
def test_what_init_writes_is_promoted_and_taken_back_by_its_weights_alone(case: str) -> None:
    texts = plain(case)
    whole_way(after(texts, initialised(texts, router=case)), "web", case.partition(" ")[0])
