"""Config repositories whose versions lie in fields, and a controller over a real Git server."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from git_plans import OpenRepository

from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.lab.origin import Origin
from gitops_canary.metrics import METRICS, Opening, Sources
from gitops_canary.model.observation import Answer, Question
from gitops_canary.ports import Metrics
from gitops_canary.routing import ROUTERS
from gitops_canary.sync import SYNC, Options

BEGIN_S = 1_760_000_000
BAD_S = BEGIN_S + 100_000
"""From this instant on the check of every canary fails."""
MINUTE_S = 60
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: prod}
spec:
  hosts: [web]
  http:
    - route:
        - destination: {host: web-primary}
          weight: 100
        - destination: {host: web-canary}
          weight: 0
"""


def canary(fields: str, *, checks: str = f"vector((time() < bool {BAD_S}) * 100)") -> str:
    """Write a Canary with two steps whose versions lie in the given pairs."""
    return f"""\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: web, namespace: prod}}
spec:
  provider: istio
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  source:
    fields:
{fields}
  progressDeadlineSeconds: 600
  analysis:
    interval: 30s
    threshold: 1
    judge: {{type: threshold}}
    stepWeights: [10, 50]
    metrics:
      - name: works
        query: {checks}
        interval: 30s
        thresholdRange: {{min: 99}}
"""


@dataclass(frozen=True)
class _OurTime:
    """Prometheus without its clock, which does not move as this world's does."""

    metrics: Metrics

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        answers = await self.metrics.ask(questions)
        return {question: replace(one, clock_ms=None) for question, one in answers.items()}


@dataclass
class World:
    """One controller, one repository, and a clock that only moves when told."""

    origin: Origin
    station: Station
    runner: asyncio.Runner
    now_s: int = BEGIN_S

    def tick(self) -> Report:
        self.now_s += MINUTE_S
        return self.runner.run(self.station.tick(write=True))

    def until_idle(self) -> list[str]:
        """Tick until nothing moves any more; the subjects of the controller's commits."""
        before = self.origin.tip()
        for _ in range(30):
            report = self.tick()
            assert report.error is None, report.error
            last = next(iter(report.seen.values()), None)
            if last and not last.running and not report.pushed and last.tip.owned.weight == 0:
                break
        log = self.origin.git("log", "--reverse", "--format=%s", f"{before}..main")
        return log.splitlines()

    def commit(self, files: Mapping[str, str]) -> str:
        """Commit as a person, now."""
        named = {path: text.encode() for path, text in files.items()}
        return self.origin.commit(named, "Release\n", at=self.now_s)

    def text(self, path: str) -> str:
        return self.origin.show(path).decode()

    def diff(self, since: str) -> list[str]:
        lines = self.origin.git("diff", "-U0", since, "main", "--", ".", ":!.gitops-canary")
        return [x for x in lines.split("\n") if x[:1] in {"+", "-"} and x[:3] not in {"+++", "---"}]


@contextlib.contextmanager
def world(origin: Origin, open_repository: OpenRepository, prometheus: str) -> Iterator[World]:
    """Start a controller whose commits are live one minute after they were made."""
    git = open_repository()
    client = METRICS["prometheus"](Opening(url=prometheus, timeout_ms=10_000))
    sync = SYNC["none"](Options(delay_ms=MINUTE_S))
    made: World
    station = Station(
        name="config",
        git=git,
        reader=Reader(git, Rules(paths=(), default_provider=None), ROUTERS),
        measuring=Measuring(
            metrics=_OurTime(Sources({"default": client})),
            sync=[sync],
            timing=Timing(scrape_ms=1_000, lag_ms=1_000),
            settle_ms=1_000,
        ),
        budget=Budget(100),
        time=Timekeeper.of(lambda: made.now_s * 1000),
    )
    with asyncio.Runner() as runner:
        made = World(origin, station, runner)
        yield made
        runner.run(client.aclose())
