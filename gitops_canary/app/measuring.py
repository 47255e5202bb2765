"""Asking the world: what is live, and what the checks say, for all canaries at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_canary.app.expecting import expectation
from gitops_canary.app.looking import Seen
from gitops_canary.core import watch
from gitops_canary.core.course import Course
from gitops_canary.core.initialising import Beginning, expected
from gitops_canary.core.situation import Situation
from gitops_canary.core.stays import stays
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Answer, Expectation, Liveness, Question, Verdict
from gitops_canary.model.rollout import Action
from gitops_canary.ports import Metrics, SyncSource

Answers = Mapping[Question, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How late the numbers of the metric sources are: the largest of all sources counts."""

    scrape_ms: int
    lag_ms: int

    @property
    def delay_ms(self) -> int:
        """How long after an instant its samples are complete."""
        return self.scrape_ms + self.lag_ms


@dataclass(slots=True)
class _Clocked:
    """Passes questions on and notes the sources' own clocks; the slowest of them counts."""

    metrics: Metrics
    now_ms: int | None = None
    silence: bool = False
    """Whether a source did not answer."""

    async def ask(self, questions: Sequence[Question]) -> Answers:
        """Ask, and look at the clocks."""
        answers = await self.metrics.ask(questions)
        clocks = [a.clock_ms for a in answers.values() if a.clock_ms is not None]
        self.now_ms = min(clocks, default=self.now_ms)
        self.silence |= any(answer.silent for answer in answers.values())
        return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """The metric sources and the sync sources of one repository."""

    metrics: Metrics
    sync: Sequence[SyncSource]
    timing: Timing
    settle_ms: int
    clock: str = "default"
    """The metric source that is asked for the time by itself."""

    async def clock_ms(self, now_ms: int) -> int | None:
        """Ask a metric source for the time, never later than ours; None where it does not tell."""
        question = Question(
            source=self.clock, expression="vector(1)", start_ms=now_ms, end_ms=now_ms
        )
        told_ms = (await self.metrics.ask([question]))[question].clock_ms
        return None if told_ms is None else min(now_ms, told_ms)

    async def measure(
        self, seen: Mapping[CanaryId, Seen], now_ms: int
    ) -> tuple[dict[CanaryId, Situation], dict[CanaryId, Answers], bool]:
        """Complete every situation with what is live and measured; the answers are evidence.

        As soon as a source has told the time, its clock counts and `now_ms` no longer: ours may be
        wrong, and must neither shorten a look nor bring a deadline forward. The last value tells
        whether a metric source kept silent.
        """
        metrics = _Clocked(self.metrics)
        lives = await self._liveness(seen, metrics, now_ms)
        now_ms = now_ms if metrics.now_ms is None else metrics.now_ms
        courses = {
            canary: self._course(seen[canary], live.live_ms, now_ms)
            for canary, live in lives.items()
            if live.live_ms is not None and _measured(seen[canary])
        }
        asked = {canary: course.questions() for canary, course in courses.items()}
        every = tuple(dict.fromkeys(q for own in asked.values() for q in own))
        answers = await metrics.ask(every) if every else {}
        now_ms = now_ms if metrics.now_ms is None else metrics.now_ms
        situations: dict[CanaryId, Situation] = {}
        evidence: dict[CanaryId, Answers] = {}
        for canary, live in lives.items():
            evidence[canary] = {question: answers[question] for question in asked.get(canary, ())}
            every_verdict = courses[canary].verdicts(evidence[canary]) if canary in courses else ()
            situations[canary] = replace(
                seen[canary].situation,
                live=live,
                verdicts=self._complete(every_verdict, now_ms),
                now_ms=now_ms,
                complete_ms=now_ms - self.timing.delay_ms,
            )
        return situations, evidence, metrics.silence

    async def _liveness(
        self, seen: Mapping[CanaryId, Seen], metrics: Metrics, now_ms: int
    ) -> dict[CanaryId, Liveness]:
        """Ask every sync source about every newest move that somebody still waits for."""
        awaited: dict[CanaryId, Expectation] = {}
        for canary, one in seen.items():
            if not _waits(one):
                continue
            wanted = expectation(one, delay_ms=self.timing.delay_ms, settle_ms=self.settle_ms)
            if wanted:
                awaited[canary] = wanted
        if not awaited:
            return {}
        return await self._observed(awaited, metrics, now_ms)

    async def begun(
        self, beginnings: Mapping[CanaryId, Beginning], now_ms: int
    ) -> Mapping[CanaryId, Liveness]:
        """Ask every sync source whether the step before the due one is live."""
        timing = {"delay_ms": self.timing.delay_ms, "settle_ms": self.settle_ms}
        wanted = {
            canary: found
            for canary, one in beginnings.items()
            if (found := expected(one, **timing)) is not None
        }
        return await self._observed(wanted, self.metrics, now_ms) if wanted else {}

    async def _observed(
        self, awaited: Mapping[CanaryId, Expectation], metrics: Metrics, now_ms: int
    ) -> dict[CanaryId, Liveness]:
        found = [
            await source.observe(tuple(awaited.values()), metrics, now_ms) for source in self.sync
        ]
        return {canary: _agreed([f[e] for f in found]) for canary, e in awaited.items()}

    def _course(self, one: Seen, live_ms: int | None, now_ms: int) -> Course:
        assert live_ms is not None, "only what is live is measured"
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
        return Course(
            policy=one.policy,
            spec=one.spec,
            live_ms=live_ms,
            now_ms=now_ms,
            scrape_ms=self.timing.scrape_ms,
            delay_ms=self.timing.delay_ms,
            weight=one.situation.tip.weight,
            last=one.rollout.last.record.step >= len(one.policy.steps),
            earlier=earlier,
            asked_ms=one.rollout.last.date_ms,
        )

    def _complete(self, verdicts: Sequence[Verdict], now_ms: int) -> tuple[Verdict, ...]:
        """Keep the verdicts whose samples are complete by now."""
        return tuple(one for one in verdicts if one.window.end_ms + self.timing.delay_ms <= now_ms)


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
        detail={key: value for live in found for key, value in live.detail.items()},
    )
