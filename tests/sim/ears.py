"""Who is told: an alert's receiver beside every controller, and what it must have heard."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitops_canary.app.tick import Report
from gitops_canary.core.announce import PEOPLE_HEAR
from gitops_canary.core.text import percent
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.names import Revision
from gitops_canary.model.webhooks import HookType, Webhook

from .manifests import WORD
from .pieces import REQUESTS, mark
from .remote import CONFIG
from .watching import Broken, Landed

if TYPE_CHECKING:
    from .simulation import Simulation

SHARE = 0.2
"""The share of the worlds in which somebody listens."""
ASKED = 0.6
"""The same of the worlds in which moves are asked for by pull requests."""
HOOKED = 0.5
"""In which share of those webhooks are told too."""
TOLD = (HookType.EVENT, HookType.POST_ROLLOUT)
TAKES_S = 0.3
_YOUNG_MS = 540_000
"""Nearly as old as a move may be that a new process still tells of."""
_DELIVERED_MS = 30_000
_MOVES = frozenset({"start", "advance", "promote", "finish", "retreat", "abort"})
IDLE = "idle"
"""Names a move and a wait."""
Process = tuple[str, int]
"""A controller and which of its lives."""


def listeners(seed: int) -> dict[str, Any]:
    """Say who is told in a world: people and, in half of those, services by webhooks too."""
    alerts = mark(seed, "alerts") < (ASKED if mark(seed, "requests") < REQUESTS else SHARE)
    told = tuple(one.value for one in TOLD) if alerts and mark(seed, "told") < HOOKED else ()
    return {"alerts": alerts, "told": told}


def heard(seed: int) -> bool:
    """Tell whether somebody listens in a seed's world."""
    return bool(listeners(seed)["alerts"])


@dataclass(slots=True)
class Ears:
    """Everything that was told, by whom, and every move that had to be."""

    world: "Simulation"
    heard: list[tuple[Process, Announcement]] = field(default_factory=list)
    moves: list[tuple[Process, Landed]] = field(default_factory=list)
    called: list[tuple[Process, HookType, Mapping[str, object]]] = field(default_factory=list)
    """What webhooks were told."""
    keys: dict[str, Mapping[str, object]] = field(default_factory=dict)
    first_ms: dict[Process, int] = field(default_factory=dict)
    """When each process looked for the first time."""
    twice: str = ""
    secret: str = ""
    wrong: str = ""

    def note(self, move: Landed) -> None:
        """Remember a move with the process that made it."""
        if move.shape.alerts:
            by = self.world.controllers.get(move.by)
            self.moves.append(((move.by, by.life if by else 0), move))

    def looked(self, process: Process, report: Report) -> None:
        """Note the first look of a process that saw something."""
        if report.error is None:
            self.first_ms.setdefault(process, self.world.now_ms)

    def called_by(
        self, process: Process, kind: HookType, key: str, body: Mapping[str, object]
    ) -> None:
        """Let a webhook be told something by a process that lives."""
        what = {one: body[one] for one in ("canary", "rollout", "event", "weight")}
        if self.keys.setdefault(f"{kind}/{key}", what) != what:
            self.twice = f"{process[0]} told {what} by the key of something else"
        self.called.append((process, kind, body))

    def take(self, process: Process, told: Announcement) -> None:
        """Hear something from a process that lives."""
        name, _ = process
        if WORD in told.sentence:
            self.secret = f"{name} told people a secret"
        own = [one for by, one in self.heard if by == process and one.canary == told.canary]
        again = bool(own) and _said(own[-1]) == _said(told)
        if told.event in _MOVES:
            # Where history was rewritten the same move is made, and told, once more.
            made = self._made(told)
            again = len(self._told(process, told)) >= len(made)
            if made and told.version not in {move.record.version for move in made}:
                self.wrong = f"{name} told {told.event} of {told.canary} as of {told.version}"
        if again and told.event != IDLE:
            self.twice = f"{name} said {told.event} of {told.canary} twice"
        self.heard.append((process, told))

    def _told(self, process: Process, move: Announcement) -> list[Announcement]:
        what = (move.event, move.rollout, move.weight)
        return [
            one
            for by, one in self.heard
            if by == process and (one.event, one.rollout, one.weight) == what
        ]

    def _made(self, told: Announcement) -> list[Landed]:
        """List the moves it can be about: replicas may make the same one at once, and tell it."""
        what = (told.event, told.rollout, told.weight)
        return [
            move
            for _, move in self.moves
            # What it says of the weight, where a merge brought it onto another one.
            if (move.record.action.value, move.record.rollout, percent(move.record.weight_to))
            == what
        ]

    def check(self) -> None:
        """Hold what was told against the promises: never the same twice, too much, or wrongly.

        Raises:
            Broken: somebody was.
        """
        if self.twice:
            raise Broken(f"N1: {self.twice}")
        if self.wrong:
            raise Broken(f"N3: {self.wrong}")
        if self.secret:
            raise Broken(f"I12: {self.secret}")

    def settled(self) -> None:
        """Hold all that was told against what had to be, once everything has come to an end.

        Raises:
            Broken: somebody who must be told was not.
        """
        end_ms = self.world.now_ms + _DELIVERED_MS
        while missing := [
            *self._untold_moves(),
            *self._untold_holds(),
            *self._uncalled(),
            *self._forgotten(),
        ]:
            if self.world.now_ms > end_ms:
                raise Broken(f"N2: nobody was told that {missing[0]}")
            self.world.event()

    def _untold_moves(self) -> list[str]:
        """List moves that nobody was told of; one that was forced away may be seen by nobody."""
        tip = self.world.remote.refs[CONFIG]
        living = {(name, one.life) for name, one in self.world.controllers.items()}
        return [
            f"{by[0]} made {move.record.action.value} of {move.shape.id}"
            for by, move in self.moves
            if by in living
            and not self._superseded(by, move)
            and self.world.remote.contains(tip, move.revision)
            and not any(
                # Of a request each controller that saw it open tells, who merged it or another.
                process == by
                and (told.event, told.rollout) == (move.record.action.value, move.record.rollout)
                for process, told in self.heard
            )
        ]

    def _superseded(self, by: Process, move: Landed) -> bool:
        """Whether somebody else began another rollout since.

        A process that never heard that it made this one then finds it no more: checkpoints here
        leave out at once what ended, where real ones keep it for months.
        """
        later = (one for one in self.moves if one[1].shape == move.shape)
        return any(
            other != by and one.at_ms > move.at_ms and one.record.rollout != move.record.rollout
            for other, one in later
        )

    def _uncalled(self) -> list[str]:
        """List what people heard and a webhook did not, of each process that lives, in order."""
        found = []
        for name, one in self.world.controllers.items():
            for shape in self.world.shapes.values():
                process = (name, one.life)
                own = [t for by, t in self.heard if by == process and t.canary == shape.id]
                for kind in map(HookType, shape.told):
                    due = [t for t in own if kind is HookType.EVENT or t.ended]
                    bodies = [
                        body
                        for by, called, body in self.called
                        if (by, called, body["canary"]) == (process, kind, shape.id)
                    ]
                    heard = [(body["event"], body["rollout"], body["weight"]) for body in bodies]
                    if heard != [(t.event, t.rollout, t.weight) for t in due]:
                        found.append(f"{kind.value} of {shape.id} by {name} as people were")
        return found

    def _forgotten(self) -> list[str]:
        """List rollbacks whose process died, that the next one looked at and did not tell.

        Of a Canary that somebody deleted it knows nobody to tell.
        """
        tip, newest = self.world.remote.refs[CONFIG], dict[str, Landed]()
        for _, move in self.moves:
            back = move.record.action in PEOPLE_HEAR
            if back and self.world.remote.contains(tip, move.revision):
                newest[move.shape.id] = move
        return [
            f"{move.record.action.value} of {move.shape.id} was made by one that died"
            for move in newest.values()
            if self._there(tip, move)
            and not self._over(move)
            and any(0 < at - move.at_ms < _YOUNG_MS for at in self.first_ms.values())
            and not any(
                (told.event, told.rollout) == (move.record.action.value, move.record.rollout)
                for _, told in self.heard
            )
        ]

    def _over(self, move: Landed) -> bool:
        """Whether another rollout began before any other process looked: see `_superseded`."""
        next_ms = min((at for at in self.first_ms.values() if at > move.at_ms), default=0)
        return any(
            one.shape == move.shape
            and move.at_ms < one.at_ms < next_ms
            and one.record.rollout != move.record.rollout
            for _, one in self.moves
        )

    def _there(self, tip: Revision, move: Landed) -> bool:
        now = self.world.facts(tip, move.shape)
        return now is None or now.present

    def _untold_holds(self) -> list[str]:
        found = []
        for name, report in self.world.reports.items():
            process = (name, self.world.controllers[name].life)
            for canary, decision in report.decisions.items():
                if not isinstance(decision, Hold) or not decision.alert:
                    continue
                if not self.world.shapes[canary].alerts or decision.wait is Wait.ERROR:
                    continue
                own = [one for by, one in self.heard if by == process and one.canary == canary]
                warned = bool(own) and own[-1].severity >= Severity.WARN
                if not warned or own[-1].event != decision.wait.value:
                    found.append(f"{canary} {decision.wait.value} for {name}")
        return found


def _said(told: Announcement) -> tuple[str, str, str]:
    return told.event, told.rollout, told.sentence


@dataclass(frozen=True, slots=True)
class Ear:
    """One process' way to whoever listens (`ports.Listeners`)."""

    ears: Ears
    process: Process

    async def hear(self, hook: Webhook, key: str, body: Mapping[str, object]) -> str:
        await self._takes(TAKES_S * (1 + len(key) % 7))
        self.ears.called_by(self.process, hook.type, key, body)
        return ""

    async def notify(self, notifier: str, told: Announcement) -> str:
        assert notifier == "people"
        await self._takes(TAKES_S)
        self.ears.take(self.process, told)
        return ""

    async def _takes(self, span_s: float) -> None:
        """Take a while; of a process that died meanwhile nothing goes on, ever."""
        await asyncio.sleep(span_s)
        name, life = self.process
        if self.ears.world.controllers[name].life != life:
            await asyncio.get_running_loop().create_future()
