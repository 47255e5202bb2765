"""Whether a past rollout was stopped for its warm-up alone: a longer `warmup` lets it through."""

from collections.abc import Sequence
from dataclasses import replace

from gitops_canary.core.course import Course
from gitops_canary.core.judges import sequential
from gitops_canary.core.sides import Answers
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome

TIMES = 2
"""How many times as long a warm-up is tried."""


def stops(verdicts: Sequence[Verdict]) -> bool:
    """Whether any of them condemns."""
    return any(one.outcome is Outcome.FAIL and one.final for one in verdicts)


def spared(course: Course, answers: Answers, verdicts: Sequence[Verdict]) -> bool:
    """Say whether twice the warm-up would have let through what was stopped.

    Only of canaries whose start is seen: of others nobody knows how long they had run. One that
    stays slow is stopped all the same; of one that was taken back before nobody knows.
    """
    judge = course.policy.judge
    if judge.type != sequential.NAME or course.alone or not judge.warmup_ms or not stops(verdicts):
        return False
    if verdicts[0].heard:
        return False
    longer = replace(judge, warmup_ms=TIMES * judge.warmup_ms)
    again = replace(course, policy=replace(course.policy, judge=longer)).verdicts(answers)
    return not stops(again) and all(
        int(one.numbers.get("canary", judge.min_requests)) >= judge.min_requests
        for one in again[-1].measurements
    )
