"""Telling webhooks and notifiers what was decided, beside the decisions and never in their way."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from gitops_canary.app.looking import Seen
from gitops_canary.app.retelling import Retelling
from gitops_canary.app.tick import Report
from gitops_canary.core.announce import (
    announcement,
    concerned,
    listeners,
    named,
    severity,
    told_body,
)
from gitops_canary.core.text import percent
from gitops_canary.memory_file import remember, remembered
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Move
from gitops_canary.model.webhooks import Webhook
from gitops_canary.ports import Listeners

log = logging.getLogger("gitops_canary")
DRAIN_S = 20
"""How long an ending program waits for what is still to be told."""
KEPT_MS = 86_400_000
"""How long word of what was told counts, where no process looked since."""
DUE_MAX = 100
"""Most messages that wait for one receiver; the oldest are dropped, which is logged."""
Deliver = Callable[[], Awaitable[str]]
Send = Callable[[Announcement], Awaitable[str]]


@dataclass(slots=True)
class Announcer:
    """Tells every receiver one thing after the other; a silent one holds up nobody else.

    What it remembers only spares messages: a new process may tell once more what it finds.
    """

    listeners: Listeners
    retelling: Retelling | None = None
    """Finds what an earlier process did not get to tell; None: nothing is told for it."""
    kept: Path | None = None
    """Where a process that looks once leaves word of what it told: the next one would tell each
    hold that needs somebody again, every minute. None where it looks on."""
    _said: dict[CanaryId, str] = field(default_factory=dict)
    _seen: dict[CanaryId, Seen] = field(default_factory=dict)
    _due: dict[str, deque[Deliver]] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _failing: set[str] = field(default_factory=set)
    _now_ms: int = 0

    def take(self, report: Report, now_ms: int) -> None:
        """Take in what a look decided; returns at once."""
        self._recall(now_ms)
        news = list(self._news(report, now_ms))
        own = (told for _, told in news)
        missed = self.retelling.missed(report, own, now_ms) if self.retelling else ()
        for one, told, move in (*missed, *((*pair, None) for pair in news)):
            for receiver, deliver in self._deliveries(one, told, move):
                self._put(receiver, deliver)
        self._start()

    def _put(self, receiver: str, deliver: Deliver) -> None:
        waiting = self._due.setdefault(receiver, deque())
        if len(waiting) >= DUE_MAX:
            waiting.popleft()
            log.warning("%s: too many messages wait; the oldest was dropped", receiver)
        waiting.append(deliver)

    def _start(self) -> None:
        for receiver in self._due:
            task = self._tasks.get(receiver)
            if self._due[receiver] and (task is None or task.done()):
                self._tasks[receiver] = asyncio.create_task(self._tell(receiver))

    def alarm(self, text: str, now_ms: int) -> None:
        """Tell every notifier that a canary named, once each, that a repository is stuck."""
        told: set[str] = set()
        for one in self._seen.values():
            for alert in one.spec.alerts:
                if alert.notifier not in told:
                    told.add(alert.notifier)
                    deliver = partial(
                        self.listeners.notify, alert.notifier, _stuck(one, text, now_ms)
                    )
                    self._put(f"notifier {alert.notifier}", deliver)
        self._start()

    async def drain(self) -> None:
        """Wait for what is still to be told, for 20 s at the most."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=DRAIN_S)
            for task in self._tasks.values():
                task.cancel()
            self._tasks.clear()
        untold = self._failing or any(self._due.values())
        if self.kept and self._now_ms and not untold:
            marks = {str(canary): [mark, self._now_ms] for canary, mark in self._said.items()}
            remember(self.kept, marks)

    def _recall(self, now_ms: int) -> None:
        """Know what the last process told, as far as its word is from the last day."""
        if self.kept and not self._now_ms:
            for canary, found in remembered(self.kept).items():
                match found:
                    case [str(mark), int(at_ms)] if now_ms - at_ms <= KEPT_MS:
                        self._said[CanaryId(canary)] = mark
                    case _:
                        continue  # too old, or not our word: it is told again
        self._now_ms = now_ms

    def _news(self, report: Report, now_ms: int) -> Iterator[tuple[Seen, Announcement]]:
        """Find what changed: every push, and every hold that is another than before."""
        for plan in report.pushed:
            if one := report.seen.get(plan.act.canary, self._seen.get(plan.act.canary)):
                self._said[plan.act.canary] = plan.act.action.value
                told = _announced(one, plan.act, now_ms)
                # A merge, or a push whose answer was lost, is seen at a look that has the move
                # already: after an abort the candidate is another version there.
                move, version = named(plan.record.previous), plan.record.version
                yield one, replace(told, move=move, version=version)
        self._seen |= report.seen
        for canary, decision in report.decisions.items():
            # One that cannot be read any more is told to those it named before.
            one, known = self._seen.get(canary), canary in self._said
            if one is None or not isinstance(decision, Hold):
                continue
            bypass = one.situation.bypass
            # Where nothing rolls the rollout is named by the tip, whoever moved that: no news.
            rests = one.rollout is None and one.tip.owned.settled
            name = concerned(decision, one.rollout, one.situation.candidate_id)
            about = "" if rests else name
            level = max(severity(decision), Severity.WARN) if bypass else severity(decision)
            mark = f"{decision.wait.value}/{about}/{level}/{bypass}"
            if self._said.get(canary) != mark:
                self._said[canary] = mark
                told = _announced(one, decision, now_ms)
                told = _warned(told, one.situation.unjudged) if bypass else told
                # What a new process finds is news only where somebody has to do something.
                if known or decision.alert or bypass:
                    yield one, told

    def _deliveries(
        self, one: Seen, told: Announcement, move: Move | None = None
    ) -> Iterator[tuple[str, Deliver]]:
        """List who hears of it and how; of another process' move only who has not heard."""
        for hook in listeners(one.spec, told):
            yield from self._noted(
                f"webhook {hook.name}", one, told, move, partial(self._hook, hook)
            )
        for alert in one.spec.alerts:
            if told.severity >= alert.severity:
                notify = partial(self.listeners.notify, alert.notifier)
                yield from self._noted(f"notifier {alert.notifier}", one, told, move, notify)

    def _noted(
        self, receiver: str, one: Seen, told: Announcement, move: Move | None, send: Send
    ) -> Iterator[tuple[str, Deliver]]:
        retelling = self.retelling
        if retelling is None or not told.move or told.severity is not Severity.ERROR:
            yield receiver, partial(send, told)
            return
        if move is not None and retelling.heard.holds(receiver, told):
            return

        async def deliver() -> str:
            whole = told if move is None else await retelling.worded(move, told, one)
            trouble = await send(whole)
            if not trouble:
                retelling.heard.add(receiver, told)
            return trouble

        yield receiver, deliver

    async def _hook(self, hook: Webhook, told: Announcement) -> str:
        key = f"{told.key}/{hook.type.value}/{hook.name}"
        return await self.listeners.hear(hook, key, told_body(told, hook))

    async def _tell(self, receiver: str) -> None:
        waiting = self._due[receiver]
        while waiting:
            deliver = waiting.popleft()
            try:
                trouble = await deliver()
            except Exception:
                # A bug here must be heard, and may not end the telling of the others.
                log.exception("%s: a bug kept it from being told", receiver)
                continue
            if trouble and receiver not in self._failing:
                log.warning("%s was not told: %s", receiver, trouble)
            (self._failing.add if trouble else self._failing.discard)(receiver)


def _warned(told: Announcement, why: str) -> Announcement:
    """Warn of what everyone has unjudged, whatever the canary waits for."""
    said = told.sentence if why in told.sentence else f"{told.sentence}{why}"
    return replace(told, sentence=said, severity=max(told.severity, Severity.WARN))


def _stuck(one: Seen, text: str, now_ms: int) -> Announcement:
    """Say in one sentence that nothing can be done through Git; what to type is in the log."""
    first = text.partition("\n")[0].rstrip(".")
    rollout = one.rollout.id if one.rollout else one.situation.candidate_id
    return Announcement(
        canary=one.spec.id,
        namespace=one.spec.namespace,
        name=one.spec.name,
        rollout=rollout,
        event="outage",
        severity=Severity.ERROR,
        sentence=f"{first} while canaries take traffic; the log says what can be typed.",
        phase="Progressing",
        weight=percent(one.tip.owned.weight),
        version=one.tip.owned.candidate.version,
        at_ms=now_ms,
        ended=False,
    )


def _announced(one: Seen, decision: Decision, now_ms: int) -> Announcement:
    return announcement(
        decision,
        one.spec,
        one.tip.owned,
        one.rollout,
        candidate=one.situation.candidate_id,
        now_ms=now_ms,
    )
