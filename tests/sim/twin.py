"""A replica without a past: what it makes of a tip and of the samples that somebody moved on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from gitops_canary.app.measuring import Measuring
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.app.worker import Worker
from gitops_canary.core.delivery import same
from gitops_canary.core.message import parse
from gitops_canary.model.observation import Answer, Question
from gitops_canary.routing import ROUTERS

from .branching import MemoryBranches, Way, equipped
from .controllers import RULES, SETTLE_MS, TIMING, keep, source
from .forge import Forge
from .promql import measure
from .remote import CONFIG, EVIDENCE, Remote
from .series import Database

if TYPE_CHECKING:
    from .simulation import Simulation
    from .watching import Landed

T = TypeVar("T")
DELIVERED = 0.25
"""The share of moves that a pull request brought and a replica makes again: what it was opened for
may be over by then."""


class _AtOnce(Worker):
    """Runs calls without taking time."""

    def __init__(self) -> None:
        """Need no thread."""

    async def do(self, call: Callable[[], T]) -> T:
        return call()

    def end(self, last: Callable[[], None]) -> None:
        last()


@dataclass(frozen=True, slots=True)
class _Then:
    """Prometheus as it was at an instant, or when it was asked the same."""

    db: Database
    at_ms: int
    asked_ms: Mapping[Question, int]

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        at = {q: self.asked_ms.get(q, self.at_ms) for q in questions}
        return {q: measure(self.db, q, at[q] // 1000 * 1000) for q in questions}


def share(world: "Simulation") -> float:
    """Say which share of the moves is made again."""
    return (DELIVERED if world.requested else world.setting.twins) / len(world.shapes)


async def _at_once() -> None:
    """Take no time."""


def agrees(world: "Simulation", move: "Landed") -> bool:
    """Whether a fresh replica makes the same move; of a request whatever was measured since."""
    messages = decided_again(world, move)
    if world.requested is None:
        return world.message(move.revision) in messages
    records = (parse(one, move.revision) for one in messages)
    return any(record and same(record, move.record) for record in records)


def decided_again(world: "Simulation", move: "Landed") -> list[str]:
    """List the messages of the moves that a fresh replica makes where one was made."""
    assert move.base is not None, "a controller makes no branch"
    remote = Remote(objects=world.remote.objects)
    remote.refs = {CONFIG: move.base}
    if world.watch.proof:
        remote.refs[EVIDENCE] = world.watch.proof
    git = MemoryBranches(remote, key=world.setting.key, trusted=world.setting.trusted)
    looked_ms = world.looked_ms[move.by]
    station = Station(
        name="config",
        git=git,
        reader=Reader(git, RULES, ROUTERS),
        measuring=Measuring(
            metrics=_Then(world.cluster.db, looked_ms, world.asked_ms[move.by]),
            sync=[source(world.setting.sync, lambda: looked_ms)],
            timing=replace(TIMING, rule=world.controllers[move.by].rule),
            settle_ms=SETTLE_MS,
        ),
        budget=Budget(60),
        time=Timekeeper.of(lambda: world.began_ms[move.by]),
        worker=_AtOnce(),
    )
    station.reader.forget = keep
    if world.requested:
        forge = Forge(remote=remote, now_ms=lambda: looked_ms)
        way = Way(forge=forge, pause=_at_once)
        equipped(station, git, way, world.requested.delivery)
    try:
        station.tick(write=True).send(None)
    except StopIteration as done:
        report: Report = done.value
        # What it brings is not merged at the look that opens a request, unless it is urgent.
        return [plan.commit.message for plan in (*report.pushed, *report.planned)]
    raise AssertionError("nothing here takes time")
