"""Commits of controllers as they reach the server, for the invariants to look at."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_canary.core.message import parse
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Action, Record

from .manifests import Facts, Shape

if TYPE_CHECKING:
    from .simulation import Simulation

JUDGED = frozenset({Action.ADVANCE, Action.PROMOTE})
WAITS_FOR_A_PERSON = frozenset(Wait) - {Wait.IDLE, Wait.LIVE, Wait.READY, Wait.WINDOW, Wait.DATA}


class Broken(AssertionError):  # noqa: N818 - a promise is broken, not an error made
    """A promise does not hold."""


def need(holds: object, otherwise: str) -> None:
    """Raise Broken unless something holds."""
    if not holds:
        raise Broken(otherwise)


def still_open(now: Facts | None, decision: object) -> str:
    """Say what a canary still waits for besides people; empty where it has come to an end."""
    if now is None or not now.present:
        return ""
    if not isinstance(decision, Hold):
        return f"a move is due: {decision}"
    if now.settled and now.weight == 0 and decision.wait is Wait.IDLE:
        return ""
    asks = decision.alert or decision.wait in {Wait.PAUSED, Wait.SUSPENDED}
    if decision.wait in WAITS_FOR_A_PERSON and asks:
        return ""
    return f"{decision.wait.value}: {decision.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A controller's commit as it reached the server."""

    revision: Revision
    parent: Revision
    record: Record
    shape: Shape
    before: Facts
    after: Facts
    previous: "Landed | None"
    """The move that it names as its previous one."""
    at_ms: int
    """True time."""
    by: str

    @property
    def judged(self) -> bool:
        """Whether it claims that the checks allowed it."""
        started = self.previous is not None and self.previous.record.action is Action.START
        return self.record.action in JUDGED and not started and not self.adopted

    @property
    def adopted(self) -> bool:
        """Whether a person asked to go on from a weight of their own."""
        resume = self.before.control.get("resume", "")
        return resume == f"{self.record.rollout}/{self.before.weight:f}"


@dataclass(slots=True)
class Watcher:
    """Remembers every commit of a controller."""

    world: "Simulation"
    landed: dict[Revision, Landed] = field(default_factory=dict)
    seen: set[Revision] = field(default_factory=set)
    waiting: list[tuple[Revision, str]] = field(default_factory=list)

    def land(self, revision: Revision, actor: str) -> Landed:
        message = self.world.message(revision)
        record = parse(message, revision)
        need(record is not None, f"I3: a controller pushed {message[:60]!r}")
        assert record is not None
        shape = self.world.shapes[record.canary]
        [parent] = self.world.remote.parents(revision)
        before, after = self.world.facts(parent, shape), self.world.facts(revision, shape)
        need(before is not None and after is not None, "I7: it moves what cannot be read")
        assert before is not None
        assert after is not None
        self.world.tell(f"{actor} landed {message.splitlines()[0]}")
        return Landed(
            revision=revision,
            parent=parent,
            record=record,
            shape=shape,
            before=before,
            after=after,
            previous=self.landed.get(record.previous) if record.previous else None,
            at_ms=self.world.now_ms,
            by=actor,
        )

    def started(self, move: Landed) -> Facts:
        """What the files said when the attempt began."""
        return next(m.after for m in self.chain(move) if m.record.action is Action.START)

    def chain(self, move: Landed) -> Iterator[Landed]:
        one: Landed | None = move
        while one is not None:
            yield one
            one = one.previous

    def last_move(self, move: Landed) -> Landed | None:
        """Find this canary's newest move that the commit was made on top of."""
        reachable = self.world.remote.reachable(move.parent)
        mine = [
            other
            for other in self.landed.values()
            if other.revision in reachable and other.shape.id == move.shape.id
        ]
        return mine[-1] if mine else None

    def oldest_first(self, tip: Revision, fresh: set[Revision]) -> list[Revision]:
        order: list[Revision] = []
        todo: list[tuple[Revision, bool]] = [(tip, False)]
        done: set[Revision] = set()
        while todo:
            revision, expanded = todo.pop()
            if expanded:
                order.append(revision)
            elif revision in fresh and revision not in done:
                done.add(revision)
                todo.append((revision, True))
                todo += [(parent, False) for parent in self.world.remote.parents(revision)]
        return order
