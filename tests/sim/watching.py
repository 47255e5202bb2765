"""Commits of controllers as they reach the server, for the invariants to look at."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_canary.core.message import parse
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Action, Record

from .arrival import Arrival
from .manifests import Facts, Shape
from .remote import CONFIG, EVIDENCE

if TYPE_CHECKING:
    from .simulation import Simulation

AFTERMATH_MS = 90_000
"""How long after a spell its effects may still be felt: a killed process comes back late."""
_NUMBER = re.compile(r"[a-z]\d+(?=_)")
ALWAYS = frozenset({"I3", "I12", "I15"})
"""Promises about moves that people merged, or that met with another branch than was looked at."""
JUDGED = frozenset({Action.ADVANCE, Action.PROMOTE})


class Broken(AssertionError):  # noqa: N818 - a promise is broken, not an error made
    """A promise does not hold."""


def need(holds: object, otherwise: str) -> None:
    """Raise Broken unless something holds."""
    if not holds:
        raise Broken(otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A controller's commit as it reached the server."""

    revision: Revision
    tip: Revision
    """What the branch has with it: a merge that brought it, or the commit itself."""
    parent: Revision
    """What it is held against: of a request what the branch had when it was merged."""
    base: Revision | None
    """Where the branch stood before the push."""
    record: Record
    shape: Shape
    before: Facts
    after: Facts
    previous: "Landed | None"
    """The move that it names as its previous one."""
    at_ms: int
    """True time."""
    by: str
    decided: bool = True
    """Whether a controller brought it on what it had looked at; not if people merged it."""

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
    noted: list[Callable[[Landed], None]]
    """Are told of every move."""
    landed: dict[Revision, Landed] = field(default_factory=dict)
    _order: list[Revision] = field(default_factory=list)
    _own: dict[str, list[Landed]] = field(default_factory=dict)
    _same: dict[tuple[str, Revision | None], list[Landed]] = field(default_factory=dict)
    _whole: tuple[Revision | None, int] = (None, 0)
    """A revision from which so many of the moves, the oldest, can be reached."""
    seen: set[Revision] = field(default_factory=set)
    proof: Revision | None = None
    """Where the evidence branch stood before the newest push."""
    overwritten: str = ""
    """Who took commits off the evidence branch, of the controllers."""
    waiting: list[Arrival] = field(default_factory=list)

    def moved(self, branch: str, old: Revision | None, new: Revision | None) -> None:
        """Note what reached the server; it is looked at once both branches have moved."""
        actor = self.world.actor
        if branch == EVIDENCE:
            self.proof = old
            kept = new is None or old is None or self.world.remote.contains(new, old)
            if not kept and actor.startswith("controller"):
                self.overwritten = actor
        if branch != CONFIG or new is None:
            return
        fresh = self.world.remote.reachable(new, known=self.seen)
        for revision in self.oldest_first(new, fresh):
            self.seen.add(revision)
            if actor.startswith("controller") and self.world.requested is None:
                self.waiting.append(Arrival(revision=revision, base=old, by=actor))

    def after_event(self) -> None:
        """Check every new commit against every promise."""
        if not self.waiting:
            return
        fresh, self.waiting = self.waiting, []
        for arrival in fresh:
            move = self.land(arrival)
            self._remember(move)
            for one in self.noted:
                one(move)
            for name, promise in self.promises():
                if not move.decided and name not in ALWAYS:
                    continue
                try:
                    promise(move)
                except Broken as broken:
                    raise Broken(f"{name}: {broken}") from broken

    def _remember(self, move: Landed) -> None:
        self.landed[move.revision] = move
        self._order.append(move.revision)
        self._own.setdefault(move.shape.id, []).append(move)
        self._same.setdefault((move.record.rollout, move.record.previous), []).append(move)

    def promises(self) -> Iterator[tuple[str, Callable[[Landed], None]]]:
        """List the promises by number, in the order they are written."""
        for name in dict.fromkeys(name for kind in type(self).__mro__ for name in vars(kind)):
            if number := _NUMBER.match(name):
                yield number[0].upper(), getattr(self, name)

    def calm_since_ms(self) -> int:
        """Say since when nothing was wrong with the world, and its effects are over."""
        world = self.world
        return world.now_ms if world.spells else world.disturbed_ms + AFTERMATH_MS

    def hidden_ms(self) -> int:
        """Say until when Git may not have told what was live: rewritten, or gone back behind."""
        world = self.world
        back_ms = world.now_ms if world.engine == "older" else world.back_ms
        return max(world.rewound_ms, back_ms)

    def blind(self, since_ms: int) -> bool:
        """Whether the old version may have been measured since then, because nobody looked.

        `none` proves nothing about pods: it is told so, and waits no longer for them.
        """
        return not self.world.sees_live and self.calm_since_ms() > since_ms

    def alone(self, move: Landed) -> bool:
        """Whether nobody else touched anything of this canary since the move before."""
        before, revision = move.previous, move.parent
        if self.world.requested:
            return before is not None and before.tip == move.base
        while before is not None and revision != before.revision:
            if revision not in self.landed:
                return False
            [revision] = self.world.remote.parents(revision)
        return before is not None

    def land(self, arrival: Arrival) -> Landed:
        revision, actor = arrival.revision, arrival.by
        message = self.world.message(revision)
        record = parse(message, revision)
        need(record is not None, f"I3: a controller pushed {message[:60]!r}")
        assert record is not None
        shape = self.world.shapes[record.canary]
        [parent] = self.world.remote.parents(revision)
        tip = arrival.tip or revision
        if arrival.tip and arrival.base:
            parent = arrival.base
        before, after = self.world.facts(parent, shape), self.world.facts(tip, shape)
        if not arrival.decided and not (before and after):
            # Somebody broke the files between the look and the merge: it is held to no values.
            planned = arrival.planned or revision
            [own] = self.world.remote.parents(planned)
            before, after = self.world.facts(own, shape), self.world.facts(planned, shape)
        need(before is not None and after is not None, "I7: it moves what cannot be read")
        assert before is not None
        assert after is not None
        self.world.tell(f"{actor} landed {message.splitlines()[0]}")
        return Landed(
            revision=revision,
            tip=tip,
            parent=parent,
            base=arrival.base,
            record=record,
            shape=shape,
            before=before,
            after=after,
            previous=self.landed.get(record.previous) if record.previous else None,
            at_ms=self.world.now_ms,
            by=actor,
            decided=arrival.decided,
        )

    def dated_ms(self, revision: Revision) -> int:
        """Date a move as a controller does: with what brought it to the branch."""
        move = self.landed.get(revision)
        dates = {revision, move.tip if move else revision}
        return max(self.world.remote.raw(one).date_s for one in dates) * 1000

    def condemns(self, move: Landed) -> bool:
        """Whether it takes a version out for good; what was stable only leaves the traffic."""
        stable = self.world.facts(move.record.stable, move.shape)
        same = stable is not None and stable.candidate == move.before.candidate
        return move.record.action is (Action.RETREAT if same else Action.ABORT)

    def failing_inside(self, move: Landed) -> bool:
        """Whether a version fails by its own counter: the candidate, or what `none` took for it."""
        app, window = self.world.cluster.apps[move.shape.name], move.record.window
        tags: set[str | None] = {move.before.candidate}
        if move.previous is not None and move.previous.record.action is Action.FINISH:
            return self.world.quality(move.shape.name, move.before.primary).bad
        if window is not None and not self.world.sees_live:
            tags |= app.serving(window.start_ms, window.end_ms)
        return any(tag and self.world.quality(move.shape.name, tag).inner for tag in tags)

    def started(self, move: Landed) -> Facts:
        """What the files said when the attempt began: at its own commit, whenever it was merged."""
        start = next(m for m in self.chain(move) if m.record.action is Action.START)
        return self.world.facts(start.revision, start.shape) or start.after

    def chain(self, move: Landed) -> Iterator[Landed]:
        one: Landed | None = move
        while one is not None:
            yield one
            one = one.previous

    def last_move(self, move: Landed) -> Landed | None:
        """Find this canary's newest move that the commit was made on top of."""
        return self.newest(move.parent, move.shape.id)

    def newest(self, tip: Revision, canary: str) -> Landed | None:
        """Find a canary's move that landed last, of those that a revision has."""
        mine = reversed(self._own.get(canary, []))
        return next((o for o in mine if self.world.remote.contains(tip, o.revision)), None)

    def renewed(self, last: Landed, move: Landed) -> bool:
        """Whether people changed the candidate after weight and primary, though it is the same."""
        known = frozenset(self.world.remote.reachable(last.revision))
        fresh = self.world.remote.reachable(move.parent, known=known)
        newest, changed = "", False
        for revision in self.oldest_first(move.parent, fresh):
            now = self.world.facts(revision, move.shape)
            was = self.world.facts(self.world.remote.parents(revision)[0], move.shape)
            if now is None or was is None:
                # Who mends what nobody could read counts as who changed all of it last.
                newest = "candidate" if changed and now else newest
                continue
            changed |= now.candidate != was.candidate
            if now.candidate != was.candidate:  # also with a weight: a squash, the revert of ours
                newest = "candidate"
            elif (now.weight, now.primary) != (was.weight, was.primary):
                newest = "override"
        return newest == "candidate"

    def landed_as(self, record: Record) -> Sequence[Landed]:
        """List the moves that landed as the same step of the same rollout."""
        return self._same.get((record.rollout, record.previous), [])

    def gone(self, revision: Revision) -> Revision | None:
        """Name the newest move that cannot be reached from a revision; None where all can."""
        contains = self.world.remote.contains
        known, count = self._whole
        count = count if known and contains(revision, known) else 0
        newest = (o for o in reversed(self._order[count:]) if not contains(revision, o))
        found = next(newest, None)
        if found is None:
            self._whole = revision, len(self._order)
        return found

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
