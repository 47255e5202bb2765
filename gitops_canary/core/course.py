"""Everything that is asked and judged while a rollout stays at a weight.

`threshold` looks at windows that end at the policy's intervals, as Flagger does. Every other judge
looks at blocks of exact counts, one a scrape, over the whole rollout: earlier weights are known
from the windows that our own commits carry, so a restarted controller, a second replica and an
auditor ask the same and get the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import pairwise

from gitops_canary.core import configs, counting, hour_before
from gitops_canary.core import questions as asking
from gitops_canary.core.judge import judge_all, results_at, value_at
from gitops_canary.core.judges import (
    WINDOWED,
    Config,
    conditions,
    judged,
    mannwhitney,
    sequential,
    threshold,
)
from gitops_canary.core.judges.sequential_types import RULE, SEEN_MS, SHADOWED
from gitops_canary.core.pace import through
from gitops_canary.core.shadows import beside
from gitops_canary.core.sides import Answers
from gitops_canary.core.stays import Stay, swapped
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Block, Reading, Trouble
from gitops_canary.model.observation import Question, Verdict
from gitops_canary.model.rollout import Window
from gitops_canary.model.spec import CanarySpec, Check, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One canary at one weight, since that weight was live."""

    policy: Policy
    spec: CanarySpec
    live_ms: int
    now_ms: int
    scrape_ms: int
    delay_ms: int
    weight: Decimal
    last: bool
    begun_ms: int | None = None
    """When the first block at the weight begins: not before it is live; None at that instant."""
    earlier: tuple[Stay, ...] = ()
    alone: bool = False
    """Whether the primary is judged after a promotion, with nobody beside it."""
    seen_ms: int = SEEN_MS
    """How much of a weight has to be seen once it was live; more in records before decision 23."""
    rule: int = RULE
    """Which decision on the weighing of evidence holds; records keep the one of their time."""
    left_ms: int | None = None
    """When the next weight was committed, which is not live yet: what is seen since then may
    condemn, and passes nothing. None where this weight is the newest."""
    asked_ms: int | None = None
    """When the weight was committed. None is the rule before decision 18, for old records: the
    first scrape is left out, the pace counts from there, and a burst counts whole."""

    @property
    def workload(self) -> str:
        """Name who is judged."""
        return f"{self.spec.target.name}-primary" if self.alone else self.spec.target.name

    @property
    def instants(self) -> tuple[int, ...]:
        """Evaluation times of windows and of queries that give one value."""
        return asking.instants(
            live_ms=self.live_ms,
            interval_ms=self.policy.interval_ms,
            window_ms=asking.longest_window_ms(self.policy),
            now_ms=self.now_ms,
            delay_ms=self.delay_ms,
        )

    @property
    def times(self) -> tuple[int, ...]:
        """Ends of the blocks at this weight, the start of the first one before them."""
        ends = asking.instants(
            live_ms=self._start_ms,
            interval_ms=self.scrape_ms,
            window_ms=self.scrape_ms,
            now_ms=self.now_ms,
            delay_ms=self.delay_ms,
        )
        return (self._start_ms, *ends) if ends and self.asked_ms is not None else ends

    @property
    def _start_ms(self) -> int:
        return self.live_ms if self.begun_ms is None else self.begun_ms

    @property
    def due_ms(self) -> int:
        """When there is more to judge: the next look before then says nothing new."""
        windowed = self.policy.judge.type in WINDOWED
        return asking.due_ms(
            live_ms=self.live_ms if windowed else self._start_ms,
            interval_ms=self.policy.interval_ms if windowed else self.scrape_ms,
            window_ms=asking.longest_window_ms(self.policy) if windowed else self.scrape_ms,
            now_ms=self.now_ms,
            delay_ms=self.delay_ms,
        )

    def questions(self) -> tuple[Question, ...]:
        """List all questions, each once; what cannot be asked is told by the verdict."""
        found: dict[Question, None] = {}
        for kind in (self.policy.judge.type, *self._beside):
            found.update(dict.fromkeys(self._questions(kind)))
        return tuple(found)

    def verdicts(self, answers: Answers) -> tuple[Verdict, ...]:
        """Judge all answers, oldest first, each with what the shadows say by then."""
        return self.shadowed(self._verdicts(self.policy.judge.type, answers), answers)

    def shadowed(self, deciding: Sequence[Verdict], answers: Answers) -> tuple[Verdict, ...]:
        """Add to verdicts what the shadows say by then."""
        runs = [self._verdicts(kind, answers) for kind in self._beside]
        return beside(deciding, runs, early=self.rule < SHADOWED)

    @property
    def _beside(self) -> tuple[str, ...]:
        """List the shadows; ranks of one side alone say nothing."""
        every = self.policy.judge.shadows if self.left_ms is None else ()
        return tuple(one for one in every if not (self.alone and one == mannwhitney.NAME))

    def _questions(self, kind: str) -> Iterator[Question]:
        if kind in WINDOWED:
            if self.instants:
                ask = partial(asking.questions, scrape_ms=self.scrape_ms, rule=self.rule)
                yield from ask(self.policy, self.spec, self.instants, workload=self.workload)
            return
        if len(self.times) < 2:  # noqa: PLR2004 - a block has two ends
            return
        for check in self.policy.checks:
            try:
                yield from self._asked(check)
            except SpecError:
                # Not swallowed: the verdict meets the same error and reports it as its reason.
                continue

    def _asked(self, check: Check) -> Iterator[Question]:
        if check.builtin is None:
            if self.instants and self.left_ms is None:
                for own in self._values(check).values():
                    yield from own
            return
        for times in self._stretches():
            for own in self._counts(check, times).values():
                yield from own
        yield self._past(check)

    def _values(self, check: Check) -> asking.Roles:
        ask = partial(asking.asked, scrape_ms=self.scrape_ms, workload=self.workload)
        return ask(check, self.policy, self.spec, self.instants)

    def _counts(self, check: Check, times: Sequence[int]) -> counting.Asked:
        ask = partial(counting.asked, scrape_ms=self.scrape_ms, step_ms=self.scrape_ms)
        return ask(check, self.spec, times, rule=self.rule)

    def _past(self, check: Check) -> Question:
        ask = partial(hour_before.asked, scrape_ms=self.scrape_ms, rule=self.rule)
        return ask(check, self.spec, self._begun_ms)

    @property
    def _begun_ms(self) -> int:
        """When the first weight was live; in old records its first block begins a scrape later."""
        if not self.earlier:
            return self.live_ms
        return self.earlier[0].start_ms - (self.scrape_ms if self.asked_ms is None else 0)

    def _stretches(self) -> Iterator[tuple[int, ...]]:
        """Give the block ends of every weight, oldest first; a watch begins anew."""
        for stay in () if self.alone else self.earlier:
            yield self._ends(stay)
        yield self.times

    def _ends(self, stay: Stay) -> tuple[int, ...]:
        """Give the block ends of an earlier weight, the start of the first one before them."""
        until_ms = max(stay.end_ms, stay.until_ms)
        return asking.spaced(through(stay.start_ms, until_ms, self.scrape_ms))

    def _verdicts(self, kind: str, answers: Answers) -> tuple[Verdict, ...]:
        if kind == threshold.NAME:
            every = self.instants
            ask = partial(judge_all, workload=self.workload, rule=self.rule)
            return ask(self.policy, self.spec, answers, every, every, scrape_ms=self.scrape_ms)
        if kind == conditions.NAME:
            found = judged(self._config(kind, answers), self._looks(answers))
            return tuple(_since(self.live_ms, one) for one in found)
        if len(self.times) < 2:  # noqa: PLR2004 - a block has two ends
            return ()
        here_ms = self.times[0]
        blocks = self._blocks(answers)
        if kind != sequential.NAME:
            # Ranks compare points of one share; those from underway may be of two.
            blocks = (one for one in blocks if not one.underway)
        found = judged(self._config(kind, answers), blocks, self.left_ms or here_ms)
        return tuple(_since(here_ms, one) for one in found)

    def _looks(self, answers: Answers) -> Iterator[Block]:
        """Read every check at every instant; each weight is a run of its own."""
        ask = partial(
            results_at,
            scrape_ms=self.scrape_ms,
            workload=self.workload,
            rule=self.rule,
        )
        for start, end in pairwise((self.live_ms, *self.instants)):
            read = (
                ask(check, self.policy, self.spec, answers, self.instants, end)
                for check in self.policy.checks
            )
            yield Block(
                start_ms=start,
                end_ms=end,
                weight=self.weight,
                last=self.last,
                readings=tuple(read),
            )

    def _blocks(self, answers: Answers) -> Iterator[Block]:
        """Count every weight's blocks; values are read at this one alone."""
        for stay in () if self.alone else self.earlier:
            for block in self._stretch(self._ends(stay), stay.weight, answers, here=False):
                yield replace(block, underway=block.end_ms > stay.end_ms)
        for block in self._stretch(self.times, self.weight, answers, here=True):
            yield replace(block, underway=self.left_ms is not None and block.end_ms > self.left_ms)

    def _stretch(
        self, times: Sequence[int], weight: Decimal, answers: Answers, *, here: bool
    ) -> Iterator[Block]:
        columns = [
            self._counted(check, times, answers) for check in self.policy.checks if check.builtin
        ]
        valued = here and self.left_ms is None
        values = [check for check in self.policy.checks if not check.builtin] if valued else []
        instants = self.instants if values else ()
        for index, (start, end) in enumerate(pairwise(times)):
            due = [at for at in instants if start < at <= end]
            read = [self._value(check, due[-1], answers) for check in values if due]
            yield Block(
                start_ms=start,
                end_ms=end,
                weight=weight,
                last=here and self.last,
                since_ms=self.asked_ms if here else None,
                readings=(*(column[index] for column in columns), *read),
            )

    def _counted(self, check: Check, times: Sequence[int], answers: Answers) -> list[Reading]:
        try:
            roles = self._counts(check, times)
        except SpecError as error:
            why = f"{error.problem} To go on: {error.remedy}"
            wrong = Reading(metric=check.name, trouble=Trouble.ERROR, why=why)
            return [wrong for _ in pairwise(times)]
        found = counting.readings(check, self.spec, roles, answers, times, rule=self.rule)
        return [swapped(one) for one in found] if self.alone else found

    def _value(self, check: Check, at_ms: int, answers: Answers) -> Reading:
        ask = partial(value_at, scrape_ms=self.scrape_ms, workload=self.workload)
        return ask(check, self.policy, self.spec, answers, self.instants, at_ms)

    def _config(self, kind: str, answers: Answers) -> Config:
        """Give the judge's configuration; what the past says of the primary is part of it."""
        if kind == conditions.NAME:
            return configs.conditioned(self.policy, self.spec, endless=self.alone, rule=self.rule)
        if kind == mannwhitney.NAME:
            return configs.ranked(self.policy, self.rule)
        metrics = tuple(self._metric(c, answers) for c in self.policy.checks if c.builtin)
        return configs.counted(
            self.policy, metrics,
            weight=self.weight, alone=self.alone, seen_ms=self.seen_ms, rule=self.rule,
        )  # fmt: skip

    def _metric(self, check: Check, answers: Answers) -> sequential.Metric:
        try:
            found = hour_before.measured(
                check, self.spec, self._past(check), answers, rule=self.rule
            )
        except SpecError:
            # Not swallowed: every reading of this check tells the same error.
            found = hour_before.Past()
        metric = configs.metric(check, self.policy.judge, found, self.rule)
        return replace(metric, known=True) if self.asked_ms is None else metric


def _since(start_ms: int, one: Verdict) -> Verdict:
    """Say that a verdict rests on everything since an instant."""
    return replace(one, window=Window(start_ms=start_ms, end_ms=one.window.end_ms))
