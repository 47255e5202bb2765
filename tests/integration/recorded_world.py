"""A repository with a good and a bad rollout, written by the real controller over real Git.

Metrics are a stand-in that answers the builtin questions from a table, so that a rollout takes as
long as its commits do.
"""

import asyncio
import os
import pathlib
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.git.repository import Repository
from gitops_canary.git.signing import SigningKey, generate_key
from gitops_canary.lab.world import example
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.routing import ROUTERS
from gitops_canary.sync.none import Nothing

START_S = 1_770_000_000
CANARY = "prod/checkout"
EVIDENCE = "gitops-canary/evidence"
_ASKED = re.compile(r'destination_workload=~"([^"]+)"')


@dataclass
class Table:
    """A metric source: so many requests a window, so many of them failed, by workload."""

    failed: Mapping[str, int] = field(default_factory=dict)

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        return {question: self._answer(question) for question in questions}

    def _answer(self, question: Question) -> Answer:
        rows = []
        times = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
        asked = _ASKED.search(question.expression)
        for workload in asked[1].split("|") if asked else ("",):
            labels = {"destination_workload": workload, "reporter": "source"}
            for more, value in self._values(question.expression, workload):
                samples = tuple(Sample(at, value or f"{at / 1000:.3f}") for at in times)
                rows.append(Series(labels=labels | more, samples=samples))
        return Answer(series=tuple(rows))

    def _values(self, expression: str, workload: str) -> list[tuple[dict[str, str], str]]:
        if "timestamp(" in expression:
            return [({}, "")]
        if "histogram_quantile" in expression:
            return [({}, "20.5")]
        if "response_code" in expression:
            bad = self.failed.get(workload, 0)
            return [
                ({"response_code": "200"}, f"{100 - bad}"),
                ({"response_code": "500"}, f"{bad}"),
            ]
        return [({}, "100")]


@dataclass
class World:
    """One bare repository, a person's clone of it and a controller; `now_ms` is its clock.

    Each name is one application with a canary of its own; all do the same at the same time.
    """

    directory: pathlib.Path
    names: Sequence[str] = ("checkout",)
    table: Table = field(default_factory=Table)
    now_ms: int = START_S * 1000
    signing_key: pathlib.Path | None = None
    """Another key than one of its own."""
    forge_commits: bool = False

    def __post_init__(self) -> None:
        self.origin = self.directory / "origin.git"
        self.person = self.directory / "person"
        self.key: SigningKey = generate_key(self.directory / "key")
        self.keys = self.directory / "allowed_signers"
        self.keys.write_text(f"gitops-canary {self.key.public_line}\n")
        git(self.directory, "init", "-q", "--bare", "-b", "main", str(self.origin))
        git(self.directory, "clone", "-q", str(self.origin), str(self.person))
        git(self.person, "checkout", "-q", "-b", "main")
        for name in self.names:
            folder = self.person / "apps" / name
            folder.mkdir(parents=True)
            for source in (example() / "apps" / "checkout").glob("*.yaml"):
                (folder / source.name).write_text(source.read_text().replace("checkout", name))
        self.commit("Begin")
        self.start("controller")

    def start(self, name: str) -> None:
        """Start a controller with a disk of its own."""
        self.repository = Repository(
            url=f"file://{self.origin}",
            branch="main",
            directory=self.directory / name,
            name="gitops-canary",
            email="canary@example.com",
            signing_key=self.signing_key or self.directory / "key",
            allow_file=True,
        )
        self.station = Station(
            name="config",
            git=self.repository,
            reader=Reader(
                self.repository, Rules(paths=("apps/",), default_provider="istio"), ROUTERS
            ),
            measuring=Measuring(
                metrics=self.table,
                sync=[Nothing(source="default", delay_ms=1000)],
                timing=Timing(scrape_ms=500, lag_ms=300),
                settle_ms=1000,
            ),
            budget=Budget(10_000),
            time=Timekeeper.of(lambda: self.now_ms),
            witness=self.repository.witness if self.forge_commits else None,
        )

    def release(self, version: str) -> None:
        """Commit a new candidate, as a person."""
        git(self.person, "pull", "-q", "--rebase")
        for name in self.names:
            file = self.person / "apps" / name / "deployment.yaml"
            old = file.read_text()
            start = old.index(f"{name}:") + len(f"{name}:")
            file.write_text(old[:start] + version + old[old.index(" ", start) :])
        self.commit(f"Release {', '.join(self.names)[:40]} {version}")

    def roll(self, most: int = 80) -> Report:
        """Tick until nothing rolls any more."""
        for _ in range(most):
            report = asyncio.run(self.station.tick(write=True))
            assert report.error is None, report.error
            if all(_rests(decision) for decision in report.decisions.values()):
                return report
            self.now_ms += 1300
        raise AssertionError(f"it still rolls: {report.decisions}")

    def close(self) -> None:
        self.station.close()

    def commit(self, message: str) -> None:
        """Commit and push what a person changed in their clone."""
        self.now_ms += 60_000
        git(self.person, "add", "-A")
        git(self.person, "commit", "-q", "-m", message, date_s=self.now_ms // 1000)
        git(self.person, "push", "-q", "origin", "main")


def two_rollouts(directory: pathlib.Path) -> World:
    """Roll 1.1.0 out and 1.2.0 back."""
    world = World(directory)
    world.release("1.1.0")
    world.roll()
    world.table.failed = {"checkout": 7}
    world.release("1.2.0")
    world.roll()
    return world


def _rests(decision: Act | Hold) -> bool:
    if isinstance(decision, Act):
        return False
    assert decision.wait is not Wait.ERROR, decision
    return decision.wait in {Wait.IDLE, Wait.QUARANTINED}


def git(
    directory: pathlib.Path, *argv: str, date_s: int = START_S, stdin: bytes | None = None
) -> str:
    """Run git as Ada, at a fixed date, with nobody's settings."""
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (
            ("NAME", "Ada"),
            ("EMAIL", "ada@example.com"),
            ("DATE", f"{date_s} +0000"),
        )
    }
    environment = {
        **os.environ,
        **who,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    finished = subprocess.run(
        ["git", *argv], cwd=directory, check=True, capture_output=True, input=stdin, env=environment
    )
    return finished.stdout.decode().strip()
