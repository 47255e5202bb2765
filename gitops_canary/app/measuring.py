"""Asking the world: what is live, and what the checks say, for all canaries at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_canary.app.expecting import expectation
from gitops_canary.app.looking import Seen
from gitops_canary.app.sooner import sooner
from gitops_canary.core import watch
from gitops_canary.core.course import Course
from gitops_canary.core.dating import Clock
from gitops_canary.core.initialising import Beginning, expected
from gitops_canary.core.judges import sequential
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.questions import ask_delay_ms
from gitops_canary.core.situation import Situation
from gitops_canary.core.stays import stays
from gitops_canary.core.underway import settled, underway
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Answer, Liveness, Question, Verdict
from gitops_canary.model.rollout import Action
from gitops_canary.ports import Metrics, SyncSource

Answers = Mapping[Question, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How late the numbers of the metric sources are: the largest of all sources counts."""

    scrape_ms: int
    lag_ms: int
    scrape_timeout_ms: int | None = None
    """How long a scrape may take; None: its interval, longer than which none may."""
    landed: bool = False
    """Whether moves come by pull requests, so that they are dated by the merges."""
    rule: int = RULE
    """By which rule on judging is decided: this version's; the worlds run others beside it."""

    @property
    def delay_ms(self) -> int:
        """How long after an instant its samples are complete."""
        return ask_delay_ms(self.scrape_ms, self.lag_ms, self.scrape_timeout_ms)


@dataclass(slots=True)
class _Clocked:
    """Passes questions on and notes the sources' own clocks; the slowest of them counts."""

    metrics: Metrics
    now_ms: int | None = None
    silence: tuple[str, ...] = ()
    """The errors of the sources that did not answer, each once; empty where every one did."""

    async def ask(self, questions: Sequence[Question]) -> Answers:
        """Ask, and look at the clocks."""
        answers = await self.metrics.ask(questions)
        clocks = [a.clock_ms for a in answers.values() if a.clock_ms is not None]
        self.now_ms = min(clocks, default=self.now_ms)
        silent = [a.error or "A metric source did not answer" for a in answers.values() if a.silent]
        self.silence = tuple(dict.fromkeys((*self.silence, *silent)))
        return answers

    async def look(self, source: str, now_ms: int) -> None:
        """Ask for the time alone; what was told before is older."""
        asked = Question(source=source, expression="vector(1)", start_ms=now_ms, end_ms=now_ms)
        await self.ask([asked])


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was found out at one tick."""

    situations: Mapping[CanaryId, Situation]
    """Those that somebody waits for, complete, or that depend on the time."""
    answers: Mapping[CanaryId, Answers]
    """The evidence."""
    silence: tuple[str, ...]
    """The errors of the metric sources that kept silent, each once; empty where none did."""
    clock_ms: int | None
    """The time as metric sources told it; None where none did."""
    steps: Mapping[CanaryId, Liveness]
    """Of canaries that are initialised: whether the step before the due one is live."""
    due_ms: int | None
    """How long after this there is more to judge; None where nothing is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """The metric sources and the sync sources of one repository."""

    metrics: Metrics
    sync: Sequence[SyncSource]
    timing: Timing
    settle_ms: int
    source: str = "default"
    """The metric source that is asked for the time by itself; empty where none tells it."""

    async def clock(self, measured: "Measured", now_ms: int) -> Clock:
        """Ask a metric source for the time; nobody is asked where one kept silent at this look."""
        told = _Clocked(self.metrics, measured.clock_ms, silence=measured.silence)
        if self.source and not told.silence:
            await told.look(self.source, now_ms)
        return Clock(
            own_ms=now_ms, told_ms=told.now_ms, silent=bool(told.silence) and told.now_ms is None
        )

    async def measure(
        self,
        seen: Mapping[CanaryId, Seen],
        now_ms: int,
        begun: Mapping[CanaryId, Beginning],
    ) -> Measured:
        """Complete every situation with what is live and measured.

        As soon as a source has told the time, its clock counts and `now_ms` no longer: ours may be
        wrong, and must neither shorten a look nor bring a deadline forward.
        """
        metrics = _Clocked(self.metrics)
        if self.source and any(one.situation.let_in for one in seen.values()):
            await metrics.look(self.source, now_ms)
        now_ms = await self._now(metrics, now_ms, _made(seen, begun))
        lives, steps = await self._liveness(seen, begun, metrics, now_ms)
        now_ms = await self._now(metrics, now_ms, [one.live_ms or 0 for one in lives.values()])
        courses = self._courses(seen, lives, now_ms)
        soonest = await sooner(courses, metrics, now_ms, least_ms=self.timing.lag_ms)
        asked = {canary: one.course.questions() for canary, one in soonest.items()}
        every = tuple(dict.fromkeys(q for own in asked.values() for q in own))
        answers = await metrics.ask(every) if every else {}
        now_ms = now_ms if metrics.now_ms is None else metrics.now_ms
        situations = _let_in(seen, now_ms, timed=not metrics.silence)
        evidence: dict[CanaryId, Answers] = {}
        for canary, live in lives.items():
            evidence[canary] = {question: answers[question] for question in asked.get(canary, ())}
            one = soonest.get(canary)
            situations[canary] = replace(
                situations.get(canary, seen[canary].situation),
                live=live,
                verdicts=_complete(one.course, evidence[canary], now_ms) if one else (),
                now_ms=now_ms,
                due_ms=one.due_ms if one else None,
                complete_ms=now_ms - (one.course if one else self.timing).delay_ms,
            )
        return Measured(
            situations=situations,
            answers=evidence,
            silence=metrics.silence,
            clock_ms=metrics.now_ms,
            steps=steps,
            due_ms=min((one.due_ms - now_ms for one in soonest.values()), default=None),
        )

    async def _now(self, metrics: _Clocked, now_ms: int, been: Sequence[int]) -> int:
        """Give the time as it was told, asking for it where ours lies before what has been.

        Such a clock is behind: nothing would be asked of an instant that has not come yet, so
        nobody would tell the time, and what a weight does would be looked at late or never.
        """
        if metrics.now_ms is None and self.source and any(at_ms > now_ms for at_ms in been):
            await metrics.look(self.source, now_ms)
        return now_ms if metrics.now_ms is None else metrics.now_ms

    async def _liveness(
        self,
        seen: Mapping[CanaryId, Seen],
        begun: Mapping[CanaryId, Beginning],
        metrics: Metrics,
        now_ms: int,
    ) -> tuple[dict[CanaryId, Liveness], dict[CanaryId, Liveness]]:
        """Ask every sync source, once, about every move and step that somebody still waits for."""
        timing = {"delay_ms": self.timing.delay_ms, "settle_ms": self.settle_ms}
        awaited = {
            canary: wanted
            for canary, one in seen.items()
            if _waits(one) and (wanted := expectation(one, **timing))
        }
        steps = {
            canary: wanted for canary, one in begun.items() if (wanted := expected(one, **timing))
        }
        every = (*awaited.values(), *steps.values())
        found = [await one.observe(every, metrics, now_ms) for one in self.sync] if every else []
        agreed = {wanted: _agreed([one[wanted] for one in found]) for wanted in every}
        return (
            {canary: agreed[wanted] for canary, wanted in awaited.items()},
            {canary: agreed[wanted] for canary, wanted in steps.items()},
        )

    def _courses(
        self, seen: Mapping[CanaryId, Seen], lives: Mapping[CanaryId, Liveness], now_ms: int
    ) -> Mapping[CanaryId, Course]:
        """Say what is judged of each canary, live or on its way."""
        found = {
            canary: self._underway(seen[canary], now_ms)
            if live.live_ms is None
            else self._course(seen[canary], live.live_ms, now_ms)
            for canary, live in lives.items()
            if live.live_ms is None or _measured(seen[canary])
        }
        rule = self.timing.rule
        return {canary: replace(course, rule=rule) for canary, course in found.items() if course}

    def _underway(self, one: Seen, now_ms: int) -> Course | None:
        """Keep judging the weight that the canary has until the next one is live.

        None where nobody meets it yet, where a person moved it, or where a judge that looks at one
        weight at a time decides.
        """
        if not one.running or one.situation.moved or one.policy.judge.type != sequential.NAME:
            return None
        assert one.rollout is not None, "it is running"
        return underway(
            one.spec,
            one.policy,
            one.rollout.moves,
            now_ms=now_ms,
            scrape_ms=self.timing.scrape_ms,
            delay_ms=self.timing.delay_ms,
        )

    def _course(self, one: Seen, live_ms: int, now_ms: int) -> Course:
        assert one.rollout is not None, "as above"
        earlier = stays(one.rollout.moves)
        if one.situation.watched:
            return watch.course(
                one.spec,
                one.policy,
                earlier,
                live_ms=live_ms,
                now_ms=now_ms,
                scrape_ms=self.timing.scrape_ms,
                delay_ms=self.timing.delay_ms,
                asked_ms=one.rollout.last.date_ms,
            )
        return settled(
            one.spec,
            one.policy,
            one.rollout.moves,
            weight=one.situation.tip.weight,
            live_ms=live_ms,
            now_ms=now_ms,
            scrape_ms=self.timing.scrape_ms,
            delay_ms=self.timing.delay_ms,
        )


def _complete(course: Course, answers: Answers, now_ms: int) -> tuple[Verdict, ...]:
    """Judge, and keep the verdicts whose samples are complete by now: clocks may have told less."""
    every = course.verdicts(answers)
    return tuple(one for one in every if one.window.end_ms + course.delay_ms <= now_ms)


def _made(seen: Mapping[CanaryId, Seen], begun: Mapping[CanaryId, Beginning]) -> list[int]:
    """List when the newest moves were made."""
    made = [one.situation.since_ms for one in seen.values()]
    return made + [move.date_ms for one in begun.values() for move in one.moves[-1:]]


def _let_in(
    seen: Mapping[CanaryId, Seen], now_ms: int, *, timed: bool
) -> dict[CanaryId, Situation]:
    """Tell those the time whose quarantine is over by our own clock."""
    return {
        canary: replace(one.situation, now_ms=now_ms, timed=timed)
        for canary, one in seen.items()
        if one.situation.let_in
    }


def _measured(one: Seen) -> bool:
    """Whether there is anything to judge: a weight, a person's too, or a start on trial."""
    situation = one.situation
    if situation.watched:
        return True
    if situation.moved:
        return one.running and situation.tip.exposed
    last = situation.last
    return last is Action.ADVANCE or (last is Action.START and one.policy.trial > 0)


def _waits(one: Seen) -> bool:
    """Whether the newest move still has to become live for anything to happen."""
    situation = one.situation
    awaited = one.running or situation.watched or situation.idles_at_zero
    return awaited or not situation.tip.settled


def _agreed(found: Sequence[Liveness]) -> Liveness:
    """Join the sync sources: live once all say so, since the latest of their instants."""
    if len(found) == 1:
        return found[0]
    instants = [live.live_ms for live in found]
    return Liveness(
        live_ms=max(i for i in instants if i is not None) if None not in instants else None,
        proof=tuple(fact for live in found for fact in live.proof),
        waiting="; ".join(live.waiting for live in found if live.waiting),
        remedy="; ".join(dict.fromkeys(live.remedy for live in found if live.remedy)),
        detail={key: value for live in found for key, value in live.detail.items()},
        assumed=all(live.assumed for live in found),
    )
