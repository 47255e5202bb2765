"""The sums behind the sequential judge's evidence: history, spared incidents, splits, scatter."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from test_judge_sequential import FAIL, METRIC, block, run

from gitops_canary.core.judges import eprocess, share
from gitops_canary.core.judges.sequential import Config
from gitops_canary.model.judging import Counts, Reading

LATENCY = replace(METRIC, name="latency")


def test_a_history_of_failures_makes_more_of_them_usual() -> None:
    blocks = [block(i, (1500, 45, 13500, 13)) for i in range(2)]

    def steady(history: float | None) -> float:
        config = Config(metrics=(replace(METRIC, history=history),))
        return run(config, blocks)[0][-1].weighed["success"].steady.log

    assert steady(None) == steady(0.001) == steady(0.0025) > steady(0.003) > steady(0.02)


def test_a_spared_incident_weighs_as_one_bad_request() -> None:
    unknown = Config(metrics=(replace(METRIC, known=False),))
    burst, single = (
        run(unknown, [block(0, counts)])[0][-1].weighed["success"]
        for counts in ((150, 60, 1350, 0), (91, 1, 1350, 0))
    )

    assert [one.log for one in burst.spared] == [
        one.log for one in (single.worse, single.floor, single.steady, single.sole)
    ]


def test_the_split_is_read_from_the_metric_that_saw_the_most() -> None:
    config = Config(metrics=(METRIC, LATENCY))
    few = Counts(canary=9, primary=1)
    one = block(0, (10, 0, 90, 0))
    two = replace(one, readings=(*one.readings, Reading(metric="latency", counts=few)))

    (state,), _ = run(config, [two])
    assert (state.shares.canary, state.shares.total) == (10, 100)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.99])
def test_evidence_on_the_split_is_fair_and_names_the_odds(part: float) -> None:
    assert [math.log2(odds) for odds in share.ODDS] == [-3, -2, -1, 1, 2, 3]
    for odds, (mine, other) in zip(share.ODDS, share._tilts(part), strict=True):
        to_canary, to_primary = part * math.exp(mine), (1 - part) * math.exp(other)
        assert to_canary + to_primary == pytest.approx(1)
        assert to_canary / to_primary == pytest.approx(odds * part / (1 - part))


@pytest.mark.parametrize(("weight", "seen"), [("0", 0), ("100", 0), ("99.5", 9), ("0.5", 9)])
def test_the_split_is_looked_at_between_nobody_and_everybody(weight: str, seen: int) -> None:
    after = share.step(share.State(), Counts(canary=4, primary=5), Decimal(weight))

    assert after.total == seen
    assert share.step(share.State(), Counts(), Decimal(50)) == share.State()


def test_evidence_too_large_for_a_double_goes_on_as_before() -> None:
    ratios = [[0.5 * n - 1 for n in range(8)], [-2.0] * 8, [1.0, -3.0] * 4]
    plain = logs = eprocess.Mixture.over(8)
    for one in ratios:
        plain, logs = plain.times(one), logs._by_logs(one)
        assert logs.log == pytest.approx(plain.log)


def test_overdispersion_is_pearson_s_over_pods_that_had_requests() -> None:
    silent, single = [[(10, 0), (30, 4), (0, 0)]], [[(1, 1), (3, 0)]]

    assert eprocess.overdispersion([[(10, 0), (30, 4)]])[0] == pytest.approx(4 / 3)
    assert eprocess.overdispersion(silent)[1] == 1
    assert eprocess.overdispersion(single)[0] == pytest.approx(3.0)
    assert eprocess.overdispersion([[(10, 4), (0, 0)], [(10, 0), (10, 0)]]) == (1.0, 0)


def test_a_share_beyond_all_bounds_speaks_for_no_worse_one() -> None:
    assert eprocess.absolute(10, 10, 0.999, eprocess.BAD, eta=1.0) == (0.0,) * 8


def test_nobody_to_compare_with_says_exactly_nothing() -> None:
    # Nor what is left of rounding, which here is some of it.
    assert eprocess.relative(237_194, 3, 0, 0, rho=1.2, eta=1.0) == (0.0,) * 8
    assert eprocess.relative(0, 0, 9, 4, rho=1.5, eta=1.0) == (0.0,) * 8


def test_ways_that_just_reach_their_bounds_add_up_to_just_the_limit() -> None:
    cold = replace(METRIC, warmup_ms=999_999)
    config = Config(metrics=(cold,), alpha=1.0, common=1.0)
    assert config.limit == 2
    [found] = run(config, [block(0, (150, 0, 1350, 1))])[1]
    assert found.outcome is FAIL
    assert "worse than 1.5x the primary" in found.reason, "of two that are as large the first"


def test_of_two_bad_requests_in_a_block_one_is_spared() -> None:
    unknown = Config(metrics=(replace(METRIC, known=False),))
    two, one = (
        run(unknown, [block(0, counts)])[0][-1].weighed["success"]
        for counts in ((150, 2, 1350, 0), (149, 1, 1350, 0))
    )
    assert [way.log for way in two.spared] == [
        way.log for way in (one.worse, one.floor, one.steady, one.sole)
    ]


def split(*canary: int, both: int = 100) -> share.State:
    """Take blocks in of so many requests each, so many of them the canary's, at 10 %."""
    state = share.State()
    for mine in canary:
        state = share.step(state, Counts(canary=mine, primary=both - mine), Decimal(10))
    return state


def test_how_clumped_the_canary_s_requests_come_is_pearson_s_chi_squared_over_blocks() -> None:
    seen = (10, 40, 25, 45)
    part = sum(seen) / 400
    chi = sum((k - 100 * part) ** 2 / (100 * part * (1 - part)) for k in seen)

    assert split(*seen).overdispersion == pytest.approx(chi / 3)
    assert split(10, 11, 10).overdispersion == split(10, 11, 10).bunched == 1, "three blocks tell"
    assert split(10, 11).overdispersion == split(10, 11).bunched == share.MOST, "two do not"


def test_evidence_on_the_split_is_the_mean_over_the_odds() -> None:
    even = split(30, 30, 30)
    plain = sum(math.exp(one) for one in even.logs) / len(share.ODDS)

    assert even.overdispersion == 1
    assert even.clumped(0.1) == pytest.approx(math.log(plain))


def test_of_the_fifth_clump_that_is_due_the_canary_s_own_share_tells() -> None:
    """Blocks of 90 and 110 differ by twice as much as by chance, so 1,000 are 500 decisions."""
    state = share.State()
    for both in (90, 110) * 5:
        state = share.step(state, Counts(canary=1, primary=both - 1), Decimal(1))

    assert (state.total, state.bunched) == (1000, 2)
    assert state.clumped(0.01) == state.clumped(0.01, sums=False)
    assert state.clumped(0.0099) != state.clumped(0.0099, sums=False)


def test_a_share_is_told_in_parts_of_its_weight_to_two_digits() -> None:
    told = share.State(canary=1145, total=10_000).words(Decimal(10))
    assert told == "1,145 of 10,000 requests reached the canary, 1.1 times its weight"
