"""Webhooks: who answers them, what was said to whom, and the people who open gates."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from gitops_canary.model.names import RolloutId
from gitops_canary.model.webhooks import Call, HookType, Reply

if TYPE_CHECKING:
    from .simulation import Simulation

_STATES = ("open", "open", "open", "shut", "silent", "late", "broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer, as it reached a controller."""

    to: str
    type: HookType
    canary: str
    rollout: RolloutId
    since_ms: int
    """Date of the move it followed."""
    passed: bool | None
    at_ms: int


@dataclass(slots=True)
class Switchboard:
    """Every webhook of a world: one state for each canary and type, changed by people."""

    world: "Simulation"
    said: list[Said] = field(default_factory=list)
    _states: dict[tuple[str, str], str] = field(default_factory=dict)

    def begin(self) -> None:
        """Let people, and the services behind the webhooks, change their minds now and then."""
        rng = self.world.more
        every = [(s.id, hook) for s in self.world.shapes.values() for hook in s.hooks]
        if every:
            self._turns(every, rng)

    def _turns(self, every: list[tuple[str, str]], rng: Random) -> None:
        if self.world.calm:
            return
        self.turn(*rng.choice(every), rng.choice(_STATES))
        self.world.later(rng.randrange(10_000, 80_000), lambda: self._turns(every, rng))

    def turn(self, canary: str, hook: str, state: str) -> None:
        """Let a webhook answer in another way from now on."""
        self._states[canary, hook] = state
        self.world.tell(f"the webhook {hook} of {canary} is {state}")

    def state(self, canary: str, hook: str) -> str:
        """Say how a webhook answers now; in the end all are open, and nobody asks to go back."""
        quiet = "shut" if hook == "rollback" else "open"
        return quiet if self.world.calm else self._states.get((canary, hook), quiet)


@dataclass(frozen=True, slots=True)
class Phone:
    """One controller's way to the webhooks (`ports.Hooks`)."""

    board: Switchboard
    name: str

    async def ask(self, call: Call, body: Mapping[str, object]) -> Reply:
        del body
        asked_ms = self.board.world.now_ms
        state = self.board.state(call.canary, call.hook.type.value)
        await asyncio.sleep({"late": 9.0, "silent": 10.0}.get(state, 0.2))
        said = {"open": True, "late": True, "shut": False}.get(state)
        if said is None:
            status = 500 if state == "broken" else None
            reply = Reply(passed=None, status=status, why="no answer")
        else:
            status = 200 if said else 403
            reply = Reply(passed=said, status=status, why=f"HTTP {status}")
        caller = self.board.world.controllers[self.name]
        if caller.station is None or caller.born_ms > asked_ms:
            return reply  # who asked has died meanwhile
        self.board.said.append(
            Said(
                to=self.name,
                type=call.hook.type,
                canary=call.canary,
                rollout=call.rollout,
                since_ms=call.since_ms,
                passed=reply.passed,
                at_ms=self.board.world.now_ms,
            )
        )
        return reply
