"""What ranks are taken to mean: classes of a metric, and the score of several."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from gitops_canary.core.judges import mannwhitney, ranks
from gitops_canary.core.judges.classify import Class, Found, Rule, classify
from gitops_canary.model.judging import Block, Reading, Trouble
from gitops_canary.model.rollout import Outcome

PASS, HIGH, LOW, NOTHING, ERROR = (
    Class.PASS, Class.HIGH, Class.LOW, Class.NO_DATA, Class.ERROR,
)  # fmt: skip
BASE = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]
ABOVE, BELOW = [v + 30 for v in BASE], [v - 9 for v in BASE]
NAN = math.nan


def kind(control: Sequence[float], experiment: Sequence[float], **rule: Any) -> Class:
    return classify(Rule(**rule), control, experiment).kind


@pytest.mark.parametrize(
    ("direction", "above", "below"),
    [("either", HIGH, LOW), ("increase", HIGH, PASS), ("decrease", PASS, LOW)],
)
def test_only_the_way_that_is_bad_is_found(direction: str, above: Class, below: Class) -> None:
    assert kind(BASE, ABOVE, direction=direction) is above
    assert kind(BASE, BELOW, direction=direction) is below
    assert kind([5.0] * 8, [7.0] * 8, direction=direction) is above
    assert kind([5.0] * 8, [3.0] * 8, direction=direction) is below


def test_an_effect_within_what_is_allowed_is_fine() -> None:
    ratio = ranks.mean_ratio(BASE, ABOVE)

    assert kind(BASE, ABOVE, allowed=(0.5, ratio + 0.01)) is PASS
    assert kind(BASE, ABOVE, allowed=(0.5, ratio)) is HIGH, "what is just reached counts"
    assert kind(BASE, BELOW, allowed=(ranks.mean_ratio(BASE, BELOW), 1.5)) is LOW
    assert kind(BASE, BELOW, allowed=(0.1, 1.5)) is PASS


def test_superiority_is_neutral_at_one_half() -> None:
    assert Rule(effect="cles").neutral == (0.5, 0.5)
    assert Rule().neutral == (1.0, 1.0)
    assert kind(BASE, ABOVE, effect="cles") is HIGH
    assert kind(BASE, BELOW, effect="cles") is LOW


def test_sides_that_are_the_same_pass_however_few_points_they_have() -> None:
    assert kind(BASE, BASE[::-1]) is PASS
    assert kind([3.0], [3.0, 3.0]) is PASS
    assert kind([5.0] * 8, [5.0] * 8) is PASS
    assert kind([1.0, 2.0], [2.0, 1.0]) is PASS


def test_in_a_canary_few_points_say_nothing_though_they_are_the_same() -> None:
    rule = Rule(alike_too=True)
    assert classify(rule, [0.0], [0.0]).kind is ERROR
    assert classify(rule, [0.0] * 5, [0.0] * 5).kind is PASS


def test_five_points_a_side_are_the_least() -> None:
    assert kind(BASE[:4], ABOVE) is ERROR
    assert kind(BASE, ABOVE[:4]) is ERROR
    assert kind(BASE[:5], ABOVE[:5]) is HIGH
    assert kind([5.0], [7.0], least_points=1) is HIGH, "unless the policy takes fewer"


@pytest.mark.parametrize(
    ("control", "experiment", "rule", "found", "why"),
    [
        (BASE, [], {}, NOTHING, "the canary"),
        ([], BASE, {}, NOTHING, "the primary"),
        ([], [], {}, NOTHING, "either side"),
        ([NAN], BASE, {}, NOTHING, "the primary"),
        (BASE, [], {"must_have_data": True}, Class.NO_DATA_FAIL, "the canary"),
        (BASE, [], {"must_have_data": True, "critical": True}, NOTHING, "the canary"),
        (BASE, [], {"replace_nan": True}, PASS, "count as 0"),
    ],
)
def test_a_side_without_points_is_told(
    control: list[float], experiment: list[float], rule: dict[str, Any], found: Class, why: str
) -> None:
    one = classify(Rule(**rule), control, experiment)

    assert one.kind is found
    assert why in one.why
    assert one.critical is bool(rule.get("critical"))


def test_nan_is_left_out_or_taken_for_zero() -> None:
    assert kind(BASE, [*BASE, NAN, NAN]) is PASS
    assert classify(Rule(), BASE, [*BASE, NAN]).ratio == 1.0
    assert classify(Rule(replace_nan=True), [8.0] * 8, [8.0, NAN] * 4).ratio == 0.5


PART = [1.0] * 5 + [9.0] * 7


def test_a_fault_of_a_part_of_the_points_counts_from_a_ratio_on() -> None:
    low, ratio = [1.0] * 12, ranks.mean_ratio([1.0] * 12, PART)

    assert kind(low, PART, tolerance=99) is HIGH
    assert kind(low, PART, tolerance=99, partial=ratio) is HIGH
    assert kind(low, PART, tolerance=99, partial=ratio + 0.1) is PASS
    assert kind(low, PART, tolerance=99, partial=0) is PASS
    assert kind(PART, low, tolerance=99) is LOW
    assert kind(PART, low, tolerance=99, partial=ratio + 0.1) is PASS
    assert kind(low, PART, tolerance=99, direction="decrease") is PASS
    assert kind(PART, low, tolerance=99, direction="increase") is PASS
    half = [1.0] * 6 + [3.0] * 6
    assert kind(half, low, tolerance=99, partial=2.0) is LOW, "what is just reached counts here too"
    # z is 2.42: beyond the 2.33 of 98 %, both ends, not the 2.58 of 99 %.
    five = [1.0] * 7 + [9.0] * 5
    assert kind(low, five, tolerance=99) is HIGH
    assert kind(low, five, tolerance=99, confidence=0.99) is PASS
    few = [1.0] * 10 + [30.0] * 2
    assert kind(low, few, tolerance=99) is PASS, "two points may be chance"


@pytest.mark.parametrize(
    ("experiment", "at", "critical"),
    [
        (ABOVE, None, True),
        (BELOW, None, True),
        (ABOVE, (0.1, 9.0), False),
        (BELOW, (0.1, 9.0), False),
        (ABOVE, (0.1, ranks.mean_ratio(BASE, ABOVE)), True),
        (BELOW, (ranks.mean_ratio(BASE, BELOW), 9.0), True),
        (BASE, (0.1, 0.2), False),
    ],
)
def test_a_critical_metric_decides_beyond_its_own_bounds(
    experiment: list[float], at: tuple[float, float] | None, *, critical: bool
) -> None:
    assert classify(Rule(critical=True, critical_at=at), BASE, experiment).critical is critical
    assert not classify(Rule(critical_at=at), BASE, experiment).critical


def test_all_points_tied_tell_nothing() -> None:
    with pytest.raises(ranks.Tied):
        ranks.rank_z([2.0, 2.0], [2.0])
    assert ranks.rank_z([1.0], [2.0]) == 0.0
    assert ranks.rank_z([1.0, 2.0], [3.0]) == pytest.approx(-0.5 / math.sqrt(2 / 3))


def test_means_of_nothing_have_no_ratio() -> None:
    assert math.isnan(ranks.mean_ratio([], [1.0]))
    assert math.isnan(ranks.mean_ratio([1.0], []))
    assert math.isnan(ranks.mean_ratio([0.0, 0.0], [1.0]))
    assert ranks.mean_ratio([0.0], [0.0]) == 1.0


def test_outliers_lie_beyond_the_fences_not_on_them() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 7.0, 7.1]

    assert ranks.iqr_outliers([0.0, 1.0, 2.0, 3.0, 4.0, 6.0], 1.0, reduce=False)[-1] is False
    assert ranks.iqr_outliers(values, 0.0, reduce=False) == [
        True, True, False, False, True, True,
    ]  # fmt: skip
    assert ranks.iqr_outliers(values, 0.0, reduce=True) == [True, *[False] * 4, True]
    assert ranks.percentile([], 50) == 0.0
    every = [float(n) for n in range(101)]
    within = [
        ranks.iqr_outliers(every, 0.0, reduce=reduce).count(False) for reduce in (False, True)
    ]
    assert within == [51, 99], "from the 25th percentile to the 75th, from the 1st to the 99th"
    assert [ranks.percentile([1.0, 2.0, 4.0], p) for p in (0, 25, 75, 100)] == [1, 1.5, 3, 4]


def score(*found: tuple[Class, str], critical: int | None = None, **weights: float) -> float:
    every = [
        (Found(one, "", critical=index == critical), groups.split())
        for index, (one, groups) in enumerate(found)
    ]
    return mannwhitney.score(every, weights)


def test_the_score_is_the_share_that_passes_by_weighted_groups() -> None:
    assert score((PASS, "a"), (HIGH, "a"), (PASS, "a")) == 66.67
    assert score((PASS, "a"), (HIGH, "b"), a=30.0, b=70.0) == 30.0
    assert score((PASS, "a"), (HIGH, "b"), a=30.0) == 30.0, "the others share the rest"
    assert score((PASS, "a"), (PASS, "b"), (HIGH, "c"), a=50.0) == 75.0
    assert score((PASS, "a b"), (HIGH, "b")) == 75.0
    assert score((PASS, "a"), (ERROR, "b")) == 100.0, "errors hold elsewhere"
    assert score((PASS, "a"), (PASS, "a"), (NOTHING, "a")) == 100.0


def test_critical_or_missing_metrics_leave_no_score() -> None:
    assert score((PASS, "a"), (PASS, "a"), (HIGH, "a"), critical=2) == 0.0
    assert score((PASS, "a"), (PASS, "a"), critical=0) == 100.0
    assert score((PASS, "a"), (NOTHING, "a")) == 0.0
    assert score() == 0.0


def judged(config: mannwhitney.Config, *blocks: Block) -> list[Any]:
    state, found = mannwhitney.begin(config), []
    for one in blocks:
        state, verdict = mannwhitney.step(config, state, one)
        found.append(verdict)
    return found


def block(experiment: Sequence[float], doubt: str = "", trouble: Trouble | None = None) -> Block:
    reading = Reading(
        metric="m", primary=tuple(map(str, BASE)), canary=tuple(map(str, experiment)),
        trouble=trouble, why="it is down" if trouble else "",
    )  # fmt: skip
    return Block(start_ms=0, end_ms=1, weight=Decimal(10), readings=(reading,), doubt=doubt)


def config(**more: Any) -> mannwhitney.Config:
    return mannwhitney.Config(metrics=(mannwhitney.Metric(name="m"),), **more)


def test_judging_every_second_block_holds_in_between() -> None:
    found = judged(config(every=2), *[block(ABOVE)] * 4)

    assert [one.outcome.value for one in found] == ["inconclusive", "fail"] * 2
    assert found[0].reason == "judged every 2 blocks"
    assert [one.final for one in found] == [False, True] * 2


def test_points_of_a_doubtful_block_or_a_failing_source_are_left_out() -> None:
    doubtful, down = block(ABOVE, doubt="half"), block(ABOVE, trouble=Trouble.ERROR)

    for odd in (doubtful, down):
        assert judged(config(), block(BASE), odd)[1].measurements[0].samples == "8 points"
    assert judged(config(), block(BASE), doubtful)[1].reason == "half"
    assert not judged(config(), block(BASE), doubtful)[1].heard


@pytest.mark.parametrize(
    ("bounds", "outcome"),
    [
        ({"passing": 50.0, "marginal": 50.0}, Outcome.PASS),
        ({"passing": 50.1, "marginal": 50.0}, Outcome.INCONCLUSIVE),
        ({"passing": 95.0, "marginal": 50.1}, Outcome.FAIL),
    ],
)
def test_a_score_that_just_reaches_a_bound_has_reached_it(bounds: Any, outcome: Outcome) -> None:
    two = mannwhitney.Config(
        metrics=(mannwhitney.Metric(name="m"), mannwhitney.Metric(name="n")), **bounds
    )
    one = block(ABOVE)
    same = Reading(metric="n", primary=("1",) * 5, canary=("1",) * 5)
    (found,) = judged(
        two, Block(start_ms=0, end_ms=1, weight=Decimal(1), readings=(*one.readings, same))
    )

    assert found.outcome is outcome


def test_a_muted_metric_is_told_and_decides_nothing() -> None:
    muted = mannwhitney.Config(metrics=(mannwhitney.Metric(name="m", muted=True),))
    (found,) = judged(muted, block(ABOVE))

    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, "no metric: none is configured")
    assert found.measurements[0].numbers["class"] == "High"


def test_as_many_blocks_go_by_between_two_looks_whatever_the_number() -> None:
    found = judged(config(every=3), *[block(ABOVE)] * 7)

    assert [one.outcome is Outcome.FAIL for one in found] == [False, False, True] * 2 + [False]


def test_of_a_long_rollout_the_newest_thousand_points_are_kept() -> None:
    """A day of scrapes would else be ranked anew with each."""
    many = Reading(metric="m", primary=("1",) * 1001, canary=("2", *("1",) * 1000))
    one = Block(start_ms=0, end_ms=1, weight=Decimal(10), readings=(many,))
    [found] = judged(config(), one)[0].measurements

    assert (found.samples, found.value) == ("1000 points", "1"), "the oldest is gone"


@pytest.mark.parametrize("odd", [{"muted": True}, {"rule": Rule(replace_nan=True)}])
def test_who_says_nothing_holds_unless_muted_or_counted_as_0(odd: dict[str, Any]) -> None:
    def passes(**more: Any) -> bool:
        metrics = mannwhitney.Metric(name="m"), mannwhitney.Metric(name="n", **more)
        [found] = judged(mannwhitney.Config(metrics=metrics), block(BASE))
        return found.outcome is Outcome.PASS

    assert (passes(), passes(**odd)) == (False, True)
