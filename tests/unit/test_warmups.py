"""Past rollouts that were stopped for their warm-up alone."""

from dataclasses import replace
from typing import Any

import pytest
from checks import check
from test_course import LIVE, course

from gitops_canary.core.course import Course
from gitops_canary.core.warmups import spared, stops
from gitops_canary.model.observation import Answer, Question, Sample, Series

BEGUN = LIVE + 35_000
SLOW = check("request-duration", minimum=None, maximum="500")


def answer(question: Question, slow: range, life_s: int = 3600) -> Answer:
    """Count twenty requests a second to the primary, and five to the canary, from `BEGUN` on.

    In the seconds `slow` after its first request two in five of the canary's are slow.
    """
    bounds = ("500", "+Inf") if "_bucket" in question.expression else (None,)
    times = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
    rows = []
    for workload, each, since in (("shop", 5, BEGUN), ("shop-primary", 20, LIVE - 3_900_000)):
        for le in bounds:
            total, samples = 0.0, []
            for at in range(LIVE - 3_900_000, question.end_ms + 1, 1000):
                if at > since and (workload != "shop" or at <= since + life_s * 1000):
                    late = workload == "shop" and (at - since) // 1000 in slow
                    total += each * (60 if late and le == "500" else 100)
                if at in times:
                    samples.append(Sample(at, str(int(total // 100))))
            labels = {"destination_workload": workload, "reporter": "source"}
            rows.append(
                Series(labels={**labels, **({"le": le} if le else {})}, samples=tuple(samples))
            )
    return Answer(series=tuple(rows))


def past(slow: range, **judge: Any) -> tuple[Course, dict[Question, Answer]]:
    own = {"warmup_ms": 60_000, "min_soak_ms": 300_000, **judge}
    one = course(SLOW, blocks=20, judge=own)
    one = replace(one, asked_ms=LIVE)
    return one, {question: answer(question, slow) for question in one.questions()}


@pytest.mark.parametrize(
    ("slow", "stopped", "let_through"),
    [
        (range(90), True, True),
        (range(900), True, False),
        (range(0), False, False),
        (range(30), False, False),
        (range(150, 900), True, False),
    ],
    ids=["90 s", "for good", "never", "within its warm-up", "later"],
)
def test_only_what_was_slow_at_first_alone_is_let_through_by_a_longer_warm_up(
    slow: range, stopped: bool, let_through: bool
) -> None:
    one, answers = past(slow)
    verdicts = one.verdicts(answers)
    assert stops(verdicts) == stopped
    assert spared(one, answers, verdicts) == let_through


def test_nothing_is_said_of_a_canary_whose_start_is_not_seen() -> None:
    one, answers = past(range(90))
    cold = replace(one, policy=replace(one.policy, judge=replace(one.policy.judge, warmup_ms=0)))
    later = replace(one, live_ms=LIVE + 60_000, asked_ms=LIVE + 60_000)
    told = {question: answer(question, range(160)) for question in later.questions()}
    for course_, given in ((cold, answers), (later, told)):
        verdicts = course_.verdicts(given)
        assert stops(verdicts)
        assert not spared(course_, given, verdicts)


def test_nothing_is_said_of_a_canary_that_was_taken_back_before_anybody_knew() -> None:
    one, _ = past(range(900))
    told = {question: answer(question, range(900), 110) for question in one.questions()}
    verdicts = one.verdicts(told)
    assert stops(verdicts)
    assert not spared(one, told, verdicts)
