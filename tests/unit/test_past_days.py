"""What a policy would have said of past days, by hand."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import check, spec
from past import policy, the_range, valued
from situations import LIVE_MS, looks

from gitops_canary.cli.backtest_page import page
from gitops_canary.core.backtest import (
    backtest,
    span_ms,
)
from gitops_canary.core.suggesting import bounded, suggested, tight_words
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Criteria, JudgePolicy, Strategy

PASS, FAIL, SILENT = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def test_a_rollout_begins_at_every_look_and_a_failed_one_holds_its_weight() -> None:
    found = backtest(policy(check(), threshold=2), looks(PASS, FAIL, FAIL, PASS, FAIL, PASS, PASS))

    # From the first on two fail before the second pass; the fourth has passed two by the sixth,
    # and nobody knows how one ends that begins with the last.
    assert found.begun == 6
    assert found.stopped == tuple(LIVE_MS + n * 30_000 for n in (1, 2, 3))
    assert backtest(policy(check(), steps=3), looks(PASS, PASS)).begun == 0


@pytest.mark.parametrize(
    ("changes", "bad", "stopped"),
    [
        # Flagger's own default: five failed looks, and steps that pass in three.
        ({"threshold": 5, "steps": 3}, 5, 3),
        ({"threshold": 5, "steps": 3}, 4, 0),
        # The one step of an A/B test needs as many looks as it has iterations.
        ({"threshold": 2, "steps": 1, "strategy": Strategy.AB_TEST, "iterations": 5}, 2, 5),
        ({"threshold": 2, "steps": 1}, 2, 1),
    ],
)
def test_more_failures_than_steps_stop_a_rollout_too(
    changes: dict[str, Any], bad: int, stopped: int
) -> None:
    every = [PASS] * 20 + [FAIL] * bad + [PASS] * 20
    found = backtest(policy(check(), **changes), looks(*every))

    assert len(found.stopped) == stopped


def test_rollouts_in_which_nothing_was_measured_are_told_apart() -> None:
    """After one look a failed one would have added, and two of the deadline, the weight is back."""
    own = policy(check(), threshold=2, progress_deadline_ms=30_000)
    found = backtest(own, looks(PASS, *[SILENT] * 7, PASS, PASS))

    assert (found.begun, found.silent, found.stopped) == (9, 3, ())


def test_no_line_is_drawn_where_nothing_was_measured() -> None:
    timed = [
        replace(one, measurements=(replace(one.measurements[0], at_ms=60_000 * i),))
        for i, one in enumerate(valued("99", "98", None, None, "97", "99"))
    ]
    found = backtest(policy(check()), timed)
    [line] = re.findall(r'class="canary" d="([^"]*)"', page("prod/shop", "", found))

    assert (line.count("M"), line.count("L")) == (2, 2)
    assert found.ranges[0].span == (0, 300_000)


def test_the_looks_of_a_check_are_counted_by_how_they_ended() -> None:
    (found,) = backtest(policy(check()), looks(PASS, PASS, FAIL, SILENT, SILENT)).ranges

    assert (found.looks, found.failed, found.silent) == (5, 1, 2)


def test_middle_and_worst_are_of_the_numbers_alone() -> None:
    found = the_range(check(maximum="500", minimum=None), ["3", None, "NaN", "1", "2"])

    assert (found.middle, found.worst, found.looks) == (Decimal(2), Decimal(3), 5)
    assert found.least is None
    assert [value for _, value in found.values] == [3, 1, 2]


def test_the_worst_is_low_where_a_limit_is_a_minimum() -> None:
    every = [str(n) for n in range(1, 201)]

    assert the_range(check(minimum="0"), every).worst == 3
    assert the_range(check(minimum=None, maximum="999"), every).worst == 199


@pytest.mark.parametrize(
    ("minimum", "maximum", "value", "says"),
    [
        ("99", None, "99", None),
        ("99", None, "98", ">= 97.8"),
        ("99.999", None, "99.95", ">= 99.94"),
        ("100", None, "100", None),
        ("101", None, "100", ">= 99.99"),
        ("300", None, "200", ">= 180"),
        ("200", None, "100.5", ">= 90.45"),
        (None, "500", "500", None),
        (None, "500", "600", "<= 660"),
        (None, "-5", "-4.5", "<= -4.05"),
        (None, "0.001", "0.0011", "<= 0.01"),
        (None, None, "7", None),
    ],
)
def test_a_limit_that_was_not_kept_is_widened_by_a_tenth(
    minimum: str | None, maximum: str | None, value: str, says: str | None
) -> None:
    found = the_range(check(minimum=minimum, maximum=maximum), [value])

    assert found.suggested == says
    assert suggested(found) == (says or "keep it")


def test_one_bad_look_in_two_thousand_widens_no_limit() -> None:
    most = the_range(check(minimum=None, maximum="1"), ["1"] * 1999 + ["9"])
    least = the_range(check(minimum="99"), ["99"] * 1999 + ["1"])

    assert (most.suggested, least.suggested) == (None, None)


def test_a_widened_limit_would_have_kept_nearly_every_look() -> None:
    every = [str(n) for n in range(1001, 2001)]

    assert the_range(check(minimum=None, maximum="1"), every).suggested == "<= 2200"
    assert the_range(check(minimum="9999"), every).suggested == ">= 901.8"


def test_nothing_measured_suggests_nothing() -> None:
    found = the_range(check(), [None])

    assert (found.middle, found.worst) == (None, None)
    assert suggested(found) == "nothing was measured"
    assert "worse than -" in tight_words(found)


def test_a_limit_that_is_too_tight_is_told_with_its_share() -> None:
    found = backtest(policy(check(), check(minimum=None)), [])
    tight = replace(found.ranges[0], suggested=">= 98", looks=3, failed=1, worst=Decimal("98.50"))

    assert "1 of 3 looks at what served everyone (33.33 %)" in tight_words(tight)
    assert tight_words(tight).endswith("one in a hundred was worse than 98.5")


def test_a_suggestion_that_is_a_bound_is_kept_and_the_largest_is_none() -> None:
    slow = check("request-duration", minimum=None, maximum="500")
    told = {}
    for judge in ("sequential", "threshold"):
        one = spec(slow)
        one = replace(one, policy=replace(one.policy, judge=JudgePolicy(type=judge)))
        bounds = (Decimal(500), Decimal(660), *([Decimal(900)] if judge == "sequential" else []))
        told[judge] = bounded(the_range(slow, ["600"]), slow, one, bounds).suggested
    assert told["sequential"] == "<= 660"
    assert told["threshold"] == "buckets beyond 660, and then <= 660"


@pytest.mark.parametrize(
    ("changes", "span"),
    [
        ({}, 2 * 15_000 + 5_000),
        ({"judge": JudgePolicy(type="sequential")}, 300_000 + 5_000),
        ({"judge": JudgePolicy(type="sequential", dwell_ms=400_000)}, 800_000 + 5_000),
        ({"judge": JudgePolicy(type="conditions")}, 60_000),
        (
            {
                "judge": JudgePolicy(type="sequential"),
                "strategy": Strategy.AB_TEST,
                "iterations": 30,
            },
            30 * 15_000 + 5_000,
        ),
        ({"judge": JudgePolicy(type="conditions"), "interval_ms": 90_000}, 90_000),
    ],
)
def test_a_past_rollout_lasts_as_long_as_the_quickest_real_one(
    changes: dict[str, Any], span: int
) -> None:
    assert span_ms(policy(check(), **changes), 5_000) == span


def test_measurements_wanted_at_a_weight_make_its_past_longer() -> None:
    wanted = replace(check(), criteria=Criteria(count=4))
    conditions = JudgePolicy(type="conditions")

    assert span_ms(policy(wanted, judge=conditions), 5_000) == 60_000 + 3 * 15_000
    one = replace(check(), criteria=Criteria())
    assert span_ms(policy(one, judge=conditions), 5_000) == 60_000


BOUNDS = (Decimal(100), Decimal(500), Decimal(1000))


@pytest.mark.parametrize(
    ("judge", "limit", "normal", "says", "misfit"),
    [
        # What counts needs a bound: 660 would never pass.
        ("sequential", "500", "600", "<= 1000", ""),
        ("sequential", "400", "300", None, "is no bound of the buckets that default has"),
        ("sequential", "500", "2000", "<= 1000", ""),
        ("threshold", "500", "600", "<= 660", ""),
        ("threshold", "500", "990", "buckets beyond 1000, and then <= 1089", ""),
        ("threshold", "1000", "990", None, "so no look ever fails"),
    ],
)
def test_what_is_suggested_for_a_latency_is_what_its_buckets_can_tell(
    judge: str, limit: str, normal: str, says: str | None, misfit: str
) -> None:
    slow = check("request-duration", minimum=None, maximum=limit)
    one = spec(slow)
    one = replace(one, policy=replace(one.policy, judge=JudgePolicy(type=judge)))
    found = bounded(the_range(slow, [normal]), slow, one, BOUNDS)
    assert found.suggested == says
    assert misfit in found.misfit
    assert bool(misfit) == bool(found.misfit)
    assert bounded(the_range(slow, [normal]), slow, one, ()).misfit == ""


def test_a_latency_with_a_least_value_too_is_held_against_no_bucket_below() -> None:
    slow = check("request-duration", minimum="50", maximum="500")
    found = bounded(the_range(slow, ["20"]), slow, spec(slow), BOUNDS)
    assert found.suggested is not None
    assert found.suggested.startswith(">= ")
