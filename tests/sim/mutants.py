"""Bugs that are planted: the simulation must find every one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from gitops_canary.app import (
    announcing,
    looking,
    lost,
    measuring,
    pushing,
    retelling,
    tick,
    timekeeping,
)
from gitops_canary.core import (
    announce,
    edits,
    evidence,
    hooks,
    numbers,
    plan,
    questions,
    situation,
    watch,
)
from gitops_canary.core import decide as deciding
from gitops_canary.core.course import Course
from gitops_canary.errors import Conflict
from gitops_canary.git.ownership import Ownership
from gitops_canary.model.decision import Act, Decision, Hold
from gitops_canary.model.observation import Liveness, Verdict
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.sync.none import Nothing
from gitops_canary.sync.traffic import Traffic, _Look

from .blind_mutants import BLIND
from .ears import heard
from .exposing_mutants import EXPOSING
from .joined_mutants import JOINED
from .leaving_mutants import LEAVING
from .memory import MemoryGit
from .mixing_mutants import MIXING
from .pinned_mutants import PINNED
from .planting import Mutant, Swap
from .remote import Remote
from .requested_mutants import REQUESTED
from .rotating_mutants import ROTATING
from .weighing_mutants import WEIGHING


def _decided(change: Callable[[situation.Situation, Decision], Decision]) -> Sequence[Swap]:
    real = deciding.decide

    def decide(s: situation.Situation) -> Decision:
        return change(s, real(s))

    return [(deciding, "decide", decide)]


def _situated(**changes: Any) -> Sequence[Swap]:
    """Decide as if some of the situation were different."""
    real = deciding.decide
    return [(deciding, "decide", lambda s: real(replace(s, **changes)))]


def _judged(change: Callable[[Verdict], Verdict]) -> Sequence[Swap]:
    real = Course.verdicts
    return [(Course, "verdicts", lambda self, a: tuple(change(v) for v in real(self, a)))]


def _outcome(old: Outcome, new: Outcome) -> Callable[[Verdict], Verdict]:
    return lambda v: replace(v, outcome=new) if v.outcome is old else v


def _unpaused() -> Sequence[Swap]:
    real = deciding.decide
    return [
        (deciding, "decide", lambda s: real(replace(s, control=replace(s.control, paused=False)))),
    ]  # fmt: skip


def _nan() -> Sequence[Swap]:
    real = numbers.number
    return [(numbers, "number", lambda t: Decimal(0) if t.lower() == "nan" else real(t))]


def _from_push() -> Sequence[Swap]:
    async def observe(_self: Traffic, expected: Any, _metrics: Any, _now_ms: int) -> Any:
        return {e: Liveness(live_ms=e.since_ms, proof=("pushed",), waiting="") for e in expected}

    return [(Traffic, "observe", observe)]


def _by_date() -> Sequence[Swap]:
    def look(self: Nothing, e: Any, now_ms: int) -> Liveness:
        live_ms = e.since_ms + self.delay_ms
        return Liveness(live_ms=live_ms if now_ms >= live_ms else None, proof=("",), waiting="")

    return [(Nothing, "_look", look)]


def _forced() -> Sequence[Swap]:
    def push(self: Remote, updates: Any) -> bool:
        for update in updates:
            self.point(update.branch, update.new)
        return True

    return [(Remote, "push", push)]


def _rebased() -> Sequence[Swap]:
    """A lost race, or a lost answer, is met by the same commits on the new tip."""
    real = MemoryGit.push

    def push(self: MemoryGit, **given: Any) -> Any:
        try:
            return real(self, **given)
        except Conflict:
            onto, proof = self.fetch()
            return real(self, **{**given, "onto": onto, "evidence_onto": proof})

    return [(MemoryGit, "push", push)]


def _skipping(s: situation.Situation, decision: Decision) -> Decision:
    """Go two steps at once."""
    steps = s.policy.steps
    if (
        isinstance(decision, Act)
        and decision.action is Action.ADVANCE
        and decision.step < len(steps)
    ):
        return replace(decision, step=decision.step + 1, weight=steps[decision.step])
    return decision


def _written(change: Callable[[Any, str], str]) -> Sequence[Swap]:
    """Write something else than was decided, and look away."""
    real = edits.edits

    def edit(act: Act, **given: Any) -> Any:
        return {path: change(act, text) for path, text in real(act, **given).items()}

    return [(edits, "edits", edit), (edits, "confirm", lambda *_a, **_k: None)]


def _half_abort() -> Sequence[Swap]:
    return [
        (edits._Desk, "restore", lambda self, _stable: self.weigh(Decimal(0))),
        (edits, "confirm", lambda *_a, **_k: None),
    ]


def _unrecorded() -> Sequence[Swap]:
    real = pushing.Pusher._send

    def send(self: pushing.Pusher, batch: Any, tips: Any, now_ms: int) -> None:
        real(replace(self, evidence=False), batch, tips, now_ms)

    return [(pushing.Pusher, "_send", send)]


def _no_quarantine(_s: situation.Situation, decision: Decision) -> Decision:
    return replace(decision, quarantine=False) if isinstance(decision, Act) else decision


def _early(action: Action) -> Sequence[Swap]:
    """Take one kind of move as live at once."""
    real = measuring.Measuring.measure

    async def measure(self: Any, seen: Any, now_ms: int, begun: Any) -> Any:
        found = await real(self, seen, now_ms, begun)
        live = Liveness(live_ms=now_ms, proof=("",), waiting="")
        changed = {
            c: replace(s, live=live) if s.last is action else s for c, s in found.situations.items()
        }
        return replace(found, situations=changed)

    return [(measuring.Measuring, "measure", measure)]


def _eager() -> Sequence[Swap]:
    real = questions.instants
    return [(questions, "instants", lambda **k: real(**{**k, "live_ms": k["live_ms"] - 60_000}))]


async def _unclocked(self: Any, asked: Any) -> Any:
    return await self.metrics.ask(asked)


def _silent_for_ever(_s: situation.Situation, decision: Decision) -> Decision:
    """Alert nobody."""
    return replace(decision, alert=False) if isinstance(decision, Hold) else decision


def _repeated() -> Sequence[Swap]:
    real = announcing.Announcer.take

    def take(self: announcing.Announcer, report: tick.Report, now_ms: int) -> None:
        real(self, report, now_ms)
        self._said = dict.fromkeys(self._said, "")

    return [(announcing.Announcer, "take", take)]


async def _unasked(
    self: measuring.Measuring, metrics: measuring._Clocked, now_ms: int, been: Sequence[int]
) -> int:
    del self, been
    return now_ms if metrics.now_ms is None else metrics.now_ms


def _endless() -> Sequence[Swap]:
    real = announce.listeners
    return [(announce, "listeners", lambda spec, told: () if told.ended else real(spec, told))]


def _never(*_a: object, **_k: object) -> None:
    return None


MUTANTS: Sequence[Mutant] = (
    Mutant("NaN is a number", _nan),
    Mutant("silence passes", lambda: _judged(_outcome(Outcome.INCONCLUSIVE, Outcome.PASS))),
    Mutant("silence condemns", lambda: _judged(_outcome(Outcome.INCONCLUSIVE, Outcome.FAIL))),
    Mutant("a failure passes", lambda: _judged(_outcome(Outcome.FAIL, Outcome.PASS))),
    Mutant("the window reaches back before live", _eager),
    Mutant("the window begins at the push", _from_push),
    Mutant("a fixed delay counts from the date", _by_date),
    Mutant("a clock ahead is trusted", lambda: [(measuring._Clocked, "ask", _unclocked)]),
    Mutant("our own clock is believed", lambda: [
        (measuring.Measuring, "_now", _unasked),
        (timekeeping.Timekeeper, "now_ms", lambda self, _made_ms: self.clock()),
    ]),
    Mutant("no compare-and-swap", _forced),
    Mutant("a lost race is rebased", _rebased),
    Mutant("a person's trailers are obeyed", lambda: [
        (Ownership, "ours", lambda _self, c: "\nCanary-Format: 1\n" in c.message),
    ]),
    Mutant("quarantine is ignored", lambda: _situated(quarantined=None)),
    Mutant("an abort is not quarantined", lambda: _decided(_no_quarantine)),
    Mutant("an abort keeps the version", _half_abort),
    Mutant("an override is fought", lambda: [
        (situation.Situation, "moved", property(lambda _self: False)),
    ]),
    Mutant("pause is ignored", _unpaused),
    Mutant("suspend is ignored", lambda: _situated(suspend=False)),
    Mutant("a step is skipped", lambda: _decided(_skipping)),
    Mutant("a foreign byte changes", lambda: _written(lambda _act, text: text + "# ours\n")),
    Mutant("another weight is written", lambda: _written(
        lambda _act, text: text.replace("weight: 10\n", "weight: 11\n"),
    )),
    Mutant("evidence is left out", _unrecorded),
    Mutant("the digest is another's", lambda: [
        (evidence, "digest", lambda _data: "sha256:" + "0" * 64),
    ]),
    Mutant("an unready canary takes traffic", lambda: _early(Action.START)),
    Mutant("an unready primary takes all traffic", lambda: _early(Action.PROMOTE)),
    Mutant("the settle time always stands in", lambda: [
        (_Look, "_stands_in", lambda self, _answers: self._settled_ms <= self.until_ms),
    ]),
    Mutant("a broken canary counts as deleted", lambda: [(looking, "_unread", _never)]),
    Mutant("a failed tick is not forgotten", lambda: [(tick.Station, "_forget", _never)]),
    Mutant("nothing has a deadline", lambda: [
        (situation.Situation, "deadline_ms", lambda _self: 1 << 60),
    ]),
    Mutant("a closed gate is passed", lambda: [(hooks, "gate", _never)]),
    Mutant("a failing test of its own is overheard", lambda: [
        (hooks, "joined", lambda _policy, _last, _live_ms, verdicts, _told: tuple(verdicts)),
    ]),
    Mutant("a rollback webhook is overheard", lambda: [(hooks, "taken_back", _never)]),
    Mutant("a watch condemns nothing", lambda: [(watch, "watching", _never)]),
    Mutant("what was lost on its way is not told", lambda: [
        (lost.Lost, "arrived", lambda _self: ()),
    ], heard),
    Mutant("the same is told at every look", _repeated),
    Mutant("nobody is told", lambda: _decided(_silent_for_ever)),
    Mutant("a webhook is told of no end", _endless),
    Mutant("what one that died did is not told", lambda: [
        (retelling.Retelling, "missed", lambda _self, _report, _own, _now_ms: ()),
    ], heard),
    *BLIND,
    *LEAVING,
    *EXPOSING,
    *JOINED,
    *MIXING,
    *PINNED,
    *REQUESTED,
    *ROTATING,
    *WEIGHING,
)  # fmt: skip

assert plan  # its module must be loaded before functions are swapped
