"""Deciding with webhooks: what they said is remembered, the rest is waited for a while.

Nothing here is state that counts: a new process asks anew, which only delays.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gitops_canary.core import hooks
from gitops_canary.core.answering import underway
from gitops_canary.core.decide import decide
from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Act, Decision, Hold
from gitops_canary.model.names import CanaryId
from gitops_canary.model.webhooks import Call, HookType, Reply
from gitops_canary.ports import Hooks

log = logging.getLogger("gitops_canary")
WAIT_S = 2.0
"""How long a look waits for webhooks; one that takes longer is heard at a look of its own."""
ROUNDS_MAX = 4
"""How often one look asks: a check first, then a gate that stands behind it."""
Body = Callable[[Call], Mapping[str, object]]
Situations = Mapping[CanaryId, Situation]


@dataclass(slots=True, kw_only=True)
class Hooking:
    """Asks the webhooks of one repository's canaries and decides with what they say."""

    hooks: Hooks | None = None
    wait_s: float | None = WAIT_S
    """None waits as long as it takes: a process that looks once cannot hear later."""
    late: Callable[[], None] | None = None
    """Called when a webhook answered after its look."""
    _looking: bool = False
    _since_ms: int | None = None
    """When the first look was taken."""
    _told: dict[CanaryId, dict[Call, Reply]] = field(default_factory=dict)
    _running: dict[Call, asyncio.Task[Reply]] = field(default_factory=dict)

    async def decide(
        self, situations: Situations, body: Body, *, asks: bool
    ) -> dict[CanaryId, Decision]:
        """Decide about every canary; calls nobody unless `asks`. `body` writes what is sent.

        A move that is urgent waits for nobody's webhook.
        """
        self._prune(situations)
        found = self._decided(situations)
        for _ in range(ROUNDS_MAX):
            calls = self._wanted(found) if asks else []
            if not calls or self.hooks is None:
                break
            tasks = [self._begin(self.hooks, call, body(call)) for call in calls]
            urgent = any(isinstance(one, Act) and one.urgent for _, one in found.values())
            self._looking = True
            try:
                await asyncio.wait(tasks, timeout=0 if urgent else self.wait_s)
            finally:
                self._looking = False
            self._collect()
            found |= self._decided({call.canary: situations[call.canary] for call in calls})
        return {
            canary: underway(decision, (one for one in self._running if one.canary == canary))
            for canary, (_, decision) in found.items()
        }

    async def aclose(self) -> None:
        """Give up on whoever has not answered."""
        self.late = None
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()

    def _begin(self, phone: Hooks, call: Call, body: Mapping[str, object]) -> asyncio.Task[Reply]:
        self._running[call] = task = asyncio.create_task(_asked(phone, call, body))
        task.add_done_callback(lambda _: self._answered())
        return task

    def _answered(self) -> None:
        if self.late and not self._looking:
            self.late()

    def _decided(self, situations: Situations) -> dict[CanaryId, tuple[Situation, Decision]]:
        found = {}
        for canary, plain in situations.items():
            if not plain.policy.webhooks:
                found[canary] = plain, decide(plain)
                continue
            told = {
                (call.hook, call.at_ms): reply for call, reply in self._told.get(canary, {}).items()
            }
            known = replace(plain, told=told, listening_ms=self._listening_ms(plain))
            found[canary] = known, decide(hooks.judged(known))
        return found

    def _listening_ms(self, situation: Situation) -> int:
        if self.wait_s is None:
            return 0
        if self._since_ms is None:
            self._since_ms = situation.now_ms
        return self._since_ms

    def _wanted(self, found: Mapping[CanaryId, tuple[Situation, Decision]]) -> list[Call]:
        """List what has to be asked now: checks that are due, and gates that hold.

        A webhook that still works on an earlier question gets no other one meanwhile.
        """
        busy = {(call.canary, call.hook) for call in self._running}
        calls: dict[Call, None] = {}
        for situation, decision in found.values():
            for call in hooks.due(situation):
                calls[call] = None
            for call in decision.asks if isinstance(decision, Hold) else ():
                calls[call] = None
        return [
            call
            for call in calls
            if call not in self._told.get(call.canary, {}) and (call.canary, call.hook) not in busy
        ]

    def _collect(self) -> None:
        for call, task in list(self._running.items()):
            if task.done():
                del self._running[call]
                self._told.setdefault(call.canary, {})[call] = task.result()

    def _prune(self, situations: Situations) -> None:
        """Forget what was said before the newest move, or about another rollout.

        What is still asked of then is given up, so that no later attempt begins a migration for a
        rollout that was aborted meanwhile. A load that is under way goes on: it only is not heard.
        """
        self._collect()
        for call, task in list(self._running.items()):
            one = situations.get(call.canary)
            if one and not _counts(call, one) and call.hook.type is not HookType.ROLLOUT:
                del self._running[call]
                task.cancel()
        # Who cannot be read at this tip is looked at again: what it was told still counts.
        self._told = {
            canary: {
                call: reply
                for call, reply in told.items()
                if (one := situations.get(canary)) is None or _counts(call, one)
            }
            for canary, told in self._told.items()
        }


def _counts(call: Call, one: Situation) -> bool:
    """Whether an answer still counts: it is about this rollout, as its newest move left it.

    Who let one candidate begin has not let the next one begin.
    """
    current = {one.candidate_id}
    if one.rollout and call.hook.type is not HookType.CONFIRM_ROLLOUT:
        current.add(one.rollout.id)
    return call.since_ms == one.since_ms and call.rollout in current


async def _asked(phone: Hooks, call: Call, body: Mapping[str, object]) -> Reply:
    try:
        return await phone.ask(call, body)
    except Exception:
        # A bug here must be heard, and may end neither this look nor the next ones.
        log.exception("%s: a bug kept the webhook %s from being asked", call.canary, call.hook.name)
        return Reply(passed=None, status=None, why="a bug kept it from being asked; see the log")
