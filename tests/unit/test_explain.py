"""What a person reads of each judge's sum."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import spec
from grounds import act

from gitops_canary.core.explain import arithmetic, ladder, sentence
from gitops_canary.core.judges import (
    Config,
    conditions,
    expression,
    judged,
    mannwhitney,
    sequential,
    threshold,
)
from gitops_canary.core.judges.classify import Rule
from gitops_canary.core.units import Units
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.judging import Block, Counts, Reading, Trouble
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import Limits, Strategy

BUILTIN = Units("", {"m": "request-success-rate"})
COUNTS = Counts(canary=150, canary_bad=9, primary=1350, primary_bad=1)
CASES: list[tuple[Config, str]] = [
    (
        threshold.Config(limits={"m": Limits(minimum=Decimal(99))}),
        "m: 94 % on 150 requests against >= 99 %, 99.9 % on the primary: below the limit",
    ),
    (
        conditions.Config(
            metrics=(
                conditions.Metric(
                    name="m",
                    success=expression.read("result[0] >= 99"),
                    failure_limit=1,
                    interval_ms=15_000,
                ),
            )
        ),
        (
            "m: result 94 % (>= 99 %): the successCondition does not hold; "
            "2 failed, 0 inconclusive, 0 errors of 2 measurements: phase Failed"
        ),
    ),
    (
        mannwhitney.Config(metrics=(mannwhitney.Metric(name="m", rule=Rule(critical=True)),)),
        (
            "m: 6 % on average of 6 points, 0.07407 % on the primary (81x): higher than the "
            "primary, always 6, and 0.07407 on the primary"
        ),
    ),
    (
        sequential.Config(metrics=(sequential.Metric(name="m", budget=0.01, known=False),)),
        (
            "m: 54 of 900 canary requests failed, 6 of 8,100 on the primary: 81x, worse than 1.5x "
            "the primary, and by more than a quarter of what the limit lets fail: evidence 1e30 "
            "against a limit of 200 (the worst few seconds count as one failure: how bursts come "
            "here is not known yet)"
        ),
    ),
]


@pytest.mark.parametrize(("config", "words"), CASES, ids=lambda one: type(one).__module__[-11:])
def test_the_sum_is_told_in_words(config: Config, words: str) -> None:
    reading = Reading(
        metric="m", counts=COUNTS, value="94", baseline="99.9", samples="150 requests"
    )
    blocks = [
        Block(start_ms=i * 15_000, end_ms=(i + 1) * 15_000, weight=Decimal(10), readings=(reading,))
        for i in range(6)
    ]
    *_, last = judged(config, blocks)

    assert list(arithmetic(last, BUILTIN)) == [words]


SUCCESS = expression.read("result[0] >= 99")
ODD: list[tuple[Config, Reading, str]] = [
    (
        CASES[2][0],
        Reading(metric="m", canary=("5",) * 5, primary=("0",) * 5),
        (
            "m: 5 % on average of 5 points, 0 % on the primary: higher than the primary, always 5, "
            "and 0 on the primary"
        ),
    ),
    (
        conditions.Config(metrics=(conditions.Metric(name="m", success=SUCCESS),)),
        Reading(metric="m", trouble=Trouble.NO_DATA, why="no series"),
        "m had no result: no series (phase Running)",
    ),
    (
        sequential.Config(
            metrics=(sequential.Metric(name="m", budget=0.01, known=False),), mismatch=None
        ),
        Reading(metric="m", counts=Counts(canary=150, canary_bad=60)),
        "m is beyond its limit: 60 of 150 requests failed in the last minute",
    ),
]


@pytest.mark.parametrize(("config", "reading", "words"), ODD, ids=["ratio", "result", "alone"])
def test_no_sentence_is_empty_or_says_what_is_not(
    config: Config, reading: Reading, words: str
) -> None:
    weight = Decimal(100 if reading.counts else 10)
    block = Block(start_ms=0, end_ms=15_000, weight=weight, readings=(reading,))
    [verdict] = judged(config, [block])
    assert words in (*arithmetic(verdict, BUILTIN), verdict.reason)


def test_what_has_no_number_is_told_by_its_reason() -> None:
    config = threshold.Config(limits={"m": Limits(maximum=Decimal(1))})
    silent = Block(start_ms=0, end_ms=1, weight=Decimal(10))
    [verdict] = judged(config, [silent])

    assert list(arithmetic(verdict, BUILTIN)) == ["m: nothing was measured"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": (Decimal(5), Decimal("12.5"))}, "5% -> 12.5%"),
        ({"mirror": Decimal(50)}, "50% mirrored -> 10%"),
        ({"strategy": Strategy.AB_TEST}, "all matching requests for 1 passing look"),
        (
            {"strategy": Strategy.BLUE_GREEN, "iterations": 3},
            "3 passing looks before any traffic -> 100%",
        ),
    ],
)
def test_a_ladder_is_told_in_a_few_words(changes: dict[str, Any], words: str) -> None:
    assert ladder(replace(spec().policy, **changes)) == words


def test_a_hold_is_told_with_the_next_command_where_there_is_one() -> None:
    hold = Hold(canary=CanaryId("prod/shop"), wait=Wait.PAUSED, reason="Somebody paused it.")

    assert sentence(hold) == "prod/shop: paused. Somebody paused it."
    assert sentence(replace(hold, remedy="resume it")).endswith("paused it. Try: resume it.")
    assert sentence(act(Action.ADVANCE, "12.50")) == ("prod/shop: advance, weight 12.5 %. Because.")
