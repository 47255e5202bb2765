"""Versions of last week that were slow at first alone, and the warm-up that leaves that out."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from checks import check, spec

from gitops_canary.app.doctor import Finding, Health
from gitops_canary.app.doctor_warmups import warmups
from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.model.spec import CanarySpec, JudgePolicy

NOW, MINUTE = 1_770_000_000_000, 60_000
SLOW = check("request-duration", minimum=None, maximum="500")
LIFE = 9
"""Minutes of traffic that a version has as canary."""
RATE = 120
"""Its requests a minute."""
WARMS = (30, 15)
"""Percent that are slow, minute by minute; none later."""


@dataclass
class Week:
    """Counters of canaries of the last week: (minutes ago, slow percent by minute, minutes)."""

    versions: Sequence[tuple[int, Sequence[int], int]] = ()
    error: str | None = None
    asked: int = 0

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        self.asked += len(questions)
        return {one: self._answer(one) for one in questions}

    def _answer(self, question: Question) -> Answer:
        if self.error:
            return Answer(error=self.error)
        times = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
        bounds = ("500", "+Inf")
        if question.expression.startswith("count by (le)"):
            return Answer(series=tuple(_series(le=le, samples=[(NOW, 1)]) for le in bounds))
        return Answer(
            series=tuple(
                _series(le=le, samples=[(at, self._count(at, le)) for at in times]) for le in bounds
            )
        )

    def _count(self, at_ms: int, le: str) -> int:
        total = 0.0
        for ago, slow, life in self.versions:
            age = min(max((at_ms - NOW) / MINUTE + ago, 0), life)
            for minute in range(life):
                late = slow[minute] if minute < len(slow) and le == "500" else 0
                total += RATE * min(max(age - minute, 0), 1) * (100 - late) / 100
        return int(total)


def _series(le: str, samples: Sequence[tuple[int, int]]) -> Series:
    labels = {"destination_workload": "shop", "reporter": "source", "le": le}
    return Series(labels=labels, samples=tuple(Sample(at, str(n)) for at, n in samples))


def asked(week: Week, one: CanarySpec | None = None, **judge: Any) -> list[Finding]:
    measuring = Measuring(
        metrics=week, sync=[], timing=Timing(scrape_ms=15_000, lag_ms=5_000), settle_ms=0
    )
    one = one or spec(SLOW)
    said = JudgePolicy(**{"type": "sequential", **judge})
    one = replace(one, policy=replace(one.policy, judge=said))
    return asyncio.run(warmups(one, measuring, NOW))


def test_the_warm_up_that_last_weeks_versions_needed_is_named() -> None:
    week = Week([(ago, WARMS, LIFE) for ago in (9000, 5003, 2001, 77)])
    [found] = asked(week)
    assert found.health is Health.HINT
    assert found.subject == "prod/shop request-duration, first minutes"
    assert found.what.startswith("its last 4 versions were slow at first alone: ")
    assert " in minute 2, " in found.what
    assert " in minute 3" not in found.what
    assert found.remedy == (
        "write `warmup: 2m` into spec.analysis.judge of the Canary in canary.yaml:1:1"
    )
    assert asked(week, warmup_ms=2 * MINUTE) == []
    assert asked(week, type="threshold") == []
    assert len(asked(week, type="threshold", shadows=("sequential",))) == 1


@pytest.mark.parametrize(
    ("slow", "life", "why"),
    [
        ((), LIFE, "never slow"),
        ((30,), LIFE, "slow within the warm-up of a minute alone"),
        ((30,) * LIFE, LIFE, "slow for good, so that a warm-up is no remedy"),
        (WARMS, 2, "taken back at once: nobody knows how it would have been"),
    ],
)
def test_nothing_is_said_of_what_no_warm_up_helps(slow: Sequence[int], life: int, why: str) -> None:
    assert asked(Week([(2001, slow, life), (900, slow, life)])) == [], why


def test_a_version_that_stayed_slow_hides_no_other_and_is_not_counted() -> None:
    week = Week(
        [(9000, WARMS, LIFE), (5000, (30,) * 9, LIFE), (2000, WARMS, LIFE), (900, (40,), 2)]
    )
    [found] = asked(week)
    assert found.what.startswith("its last 2 versions were slow")


def test_no_history_and_no_answer_say_nothing_and_cost_little() -> None:
    quiet, away = Week(), Week(error="connection refused")
    assert asked(quiet) == asked(away) == []
    assert quiet.asked < 30
    assert asked(Week(), spec(check())) == []
    unknown = spec(SLOW, provider="none")
    assert asked(Week([(2000, WARMS, LIFE)]), unknown) == []
