"""A real controller's station on a virtual clock: run call by call, killed at any of them."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.announcing import Announcer
from gitops_canary.app.beginnings import Beginner
from gitops_canary.app.checkpointing import Checkpoint
from gitops_canary.app.hooking import Hooking
from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.retelling import Heard, Retelling
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.app.worker import Worker
from gitops_canary.core.condensing import Past
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.git.ownership import TrustedKey
from gitops_canary.git.signing import SigningKey
from gitops_canary.model.announcement import Announcement
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Answer, Question
from gitops_canary.ports import Git, Hooks, Listeners, SyncSource
from gitops_canary.routing import ROUTERS
from gitops_canary.sync import SYNC, Options

from .branching import MemoryBranches
from .cluster import SCRAPE_MS
from .looping import VirtualLoop
from .remote import Disk, Remote

T = TypeVar("T")
LAG_MS = 1_000
SETTLE_MS = 10_000
TIMING = Timing(scrape_ms=SCRAPE_MS, lag_ms=LAG_MS)
RULES = Rules(paths=["apps/"], default_provider=None)


def keep() -> None:
    """Keep what was found in texts: dozens of processes, of many worlds, live in this one."""


class Killed(BaseException):
    """The process is gone: nothing below may catch this."""


class Pause:
    """Something takes time; the simulation goes on meanwhile."""

    def __init__(self, span_ms: int) -> None:
        self.span_ms = span_ms

    def __await__(self) -> Generator["Pause", None, None]:
        yield self


class Line(Worker):
    """Runs calls at once, each after and before some virtual time."""

    def __init__(self, latency: Callable[[], int]) -> None:
        self._latency = latency

    async def do(self, call: Callable[[], T]) -> T:
        await Pause(self._latency())
        result = call()
        await Pause(self._latency())
        return result

    def end(self, last: Callable[[], None]) -> None:
        last()


class Proven(Checkpoint):
    """A checkpoint that leaves out all it may, held against the whole history at each start."""

    def restore(self, git: Git, tip: Revision) -> Past | None:
        """Restore, and compare what is seen with it and without."""
        past = super().restore(git, tip)
        if past is not None:
            seen, whole = Graph(git, tip, past).history, Graph(git, tip).history
            assert set(seen.misfits) == set(whole.misfits)
            for canary in seen.moves.keys() | whole.moves.keys():
                assert seen.rollout(canary) == whole.rollout(canary)
                assert seen.beginning(canary) == whole.beginning(canary)
        return past


@dataclass(slots=True)
class Kept(Heard):
    """What was told lately, on a disk in memory."""

    memory: dict[str, int] = field(default_factory=dict)

    def holds(self, receiver: str, told: Announcement) -> bool:
        return f"{told.key}/{receiver}" in self.memory

    def add(self, receiver: str, told: Announcement) -> None:
        self.memory[f"{told.key}/{receiver}"] = told.at_ms


@dataclass(slots=True)
class SimMetrics:
    """One controller's way to Prometheus."""

    answer: Callable[[Question], Answer]
    latency: Callable[[], int]
    boundary: Callable[[str], None]

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        self.boundary("ask")
        await Pause(self.latency())
        answers = {question: self.answer(question) for question in questions}
        self.boundary("asked")
        return answers


@dataclass(slots=True, kw_only=True)
class Controller:
    """One process: alive with a station, or dead with what lies on its disk."""

    name: str
    remote: Remote
    key: SigningKey | None
    trusted: tuple[TrustedKey, ...] = ()
    """Keys whose commits are ours; by default its own."""
    clock: Callable[[], int]
    """What it takes for the time; milliseconds."""
    steady: Callable[[], int]
    answer: Callable[[Question], Answer]
    latency: Callable[[str], int]
    boundary: Callable[[str], None]
    network: Callable[[str], None]
    hooks: Hooks
    listeners: Callable[[int], Listeners]
    """Whom a life tells, by its number."""
    loop: VirtualLoop
    sync: str = "traffic"
    poll_ms: int = 10_000
    equip: Callable[[Station, MemoryBranches], None] = lambda _station, _git: None
    """Changes how a new life delivers."""
    initialises: bool = False
    forget: Callable[[], None] = keep
    pushes: int = 60
    rule: int = RULE
    """By which it judges, as its version does."""
    disk: Disk = field(default_factory=Disk)
    station: Station | None = None
    announcer: Announcer | None = None
    running: Coroutine[Any, Any, Report] | None = None
    born_ms: int = 0
    """When this life began; what it was told before is lost."""
    life: int = 0
    """Counts its starts: what was scheduled for an earlier life means nothing."""

    def start(self) -> None:
        """Begin anew with whatever is on the disk."""
        git = MemoryBranches(
            self.remote,
            self.disk,
            self.key,
            self.trusted,
            boundary=self.boundary,
            network=self.network,
        )
        metrics = SimMetrics(self.answer, lambda: self.latency("ask"), self.boundary)
        self.life += 1
        heard = Kept(memory=self.disk.heard)
        self.announcer = Announcer(self.listeners(self.life), Retelling(self._message, heard))
        self.station = Station(
            name="config",
            git=git,
            reader=Reader(git, RULES, ROUTERS, sift=git),
            measuring=Measuring(
                metrics=metrics,
                sync=[source(self.sync, self.steady)],
                timing=replace(TIMING, rule=self.rule),
                settle_ms=SETTLE_MS,
            ),
            budget=Budget(self.pushes),
            hooking=Hooking(hooks=self.hooks),
            beginner=Beginner(store=git, rules=RULES) if self.initialises else None,
            time=Timekeeper(self.clock, steady=self.steady, server=self.remote.says),
            worker=Line(lambda: self.latency("git")),
            checkpoint=Proven(self.disk, "sim", kept_ms=0, every_ms=20_000),
        )
        self.station.reader.forget = self.forget
        self.equip(self.station, git)

    async def _message(self, revision: Revision) -> str:
        return self.remote.raw(revision).message

    def kill(self, *, wipe: bool) -> None:
        """End the process wherever it is."""
        if self.running is not None:
            self.running.close()
        self.running = self.station = self.announcer = None
        self.life += 1
        if wipe:
            self.disk = Disk()

    def step(self) -> Report | int | asyncio.Future[Any]:
        """Run until it waits (milliseconds, or for webhooks) or its tick is over (the report)."""
        assert self.station is not None
        if self.running is None:
            self.running = self.station.tick(write=True)
        try:
            pause = self.loop.run(self.running.send, None)
        except StopIteration as done:
            self.running = None
            report: Report = done.value
            assert self.announcer is not None, "as above"
            self.loop.run(self.announcer.take, report, self.station.time.since_look_ms())
            return report
        if isinstance(pause, asyncio.Future):
            return pause
        assert isinstance(pause, Pause)
        return int(pause.span_ms)


def source(kind: str, steady: Callable[[], int]) -> SyncSource:
    """Make a sync source as every controller here has it."""
    return SYNC[kind](Options(scrape_ms=SCRAPE_MS, lag_ms=LAG_MS, delay_ms=20_000, steady=steady))
