"""What of a policy each judge is told."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import DURATION, check, spec

from gitops_canary.core import configs
from gitops_canary.core.hour_before import Past
from gitops_canary.core.judges.sequential import Metric
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.errors import SpecError
from gitops_canary.model.spec import Affinity, CanarySpec, Check, Criteria, JudgePolicy, Strategy

SLOW = check(DURATION, minimum=None, maximum="500")


def metric(one: Check, past: Past | None = None, **said: Any) -> Metric:
    return configs.metric(one, JudgePolicy(**said), past or Past())


@pytest.mark.parametrize(
    ("minimum", "budget"), [("99", 0.01), ("99.9", 0.001), ("0", 1.0), (None, 1.0)]
)
def test_the_budget_is_what_a_limit_leaves(minimum: str | None, budget: float) -> None:
    assert configs.budget(check(minimum=minimum)) == pytest.approx(budget)
    assert configs.budget(SLOW) == 0.01


def test_who_stays_with_the_candidate_is_no_mismatch() -> None:
    own = spec(check()).policy
    kept = replace(own, affinity=Affinity(cookie="shop", max_age_s=60))
    found = {
        (policy is kept, rule): configs.counted(
            policy, (), weight=Decimal(10), alone=False, seen_ms=0, rule=rule
        )
        for policy in (own, kept)
        for rule in (37, 38)
    }
    guarded = {key for key, config in found.items() if config.mismatch is not None}
    assert guarded == {(False, 37), (False, 38), (True, 37)}


def test_a_policy_can_let_the_split_be() -> None:
    own = spec(check()).policy
    for guard in (True, False):
        said = replace(own, judge=JudgePolicy(type="sequential", share_guard=guard))
        found = configs.counted(said, (), weight=Decimal(10), alone=False, seen_ms=0, rule=RULE)
        assert (found.mismatch is not None) == guard


def test_a_latency_counts_slow_requests_once_it_is_warm() -> None:
    slow, plain = (metric(one, warmup_ms=7) for one in (SLOW, check()))

    assert (slow.what, slow.limit, slow.warmup_ms) == (
        "took over 500 ms", ">= 99 within 500 ms", 7,
    )  # fmt: skip
    assert (plain.what, plain.limit, plain.warmup_ms) == ("failed", ">= 99", 0)


@pytest.mark.parametrize(
    ("phi", "said", "eta"),
    [
        (1.0, None, 1.0), (0.2, None, 1.0), (4.0, None, 0.25), (4.0, "5", 0.2), (4.0, "2", 0.25),
        (99.0, None, 0.05), (1.0, "99", 0.05),
    ],
)  # fmt: skip
def test_what_scatters_more_weighs_less_down_to_a_twentieth(
    phi: float, said: str | None, eta: float
) -> None:
    least = None if said is None else Decimal(said)

    assert metric(check(), Past(phi=phi), overdispersion=least).eta == pytest.approx(eta)


@pytest.mark.parametrize(
    ("phi", "lasting", "minute", "most"),
    [
        (400, 300, 300_000, 300),  # of 5,000 a second: many bursts, each of hundreds
        (400, 3, 300_000, 20),  # one incident alone
        (400, 300, 6_000, 60),  # a burst as large as what may fail in a minute
        (400, 300, 600, 20),
        (120, 300, 300_000, 120),
    ],
)
def test_bursts_may_grow_with_the_traffic(
    phi: float, lasting: float, minute: float, most: float
) -> None:
    past = Past(phi=phi, free=99, lasting=lasting, minute=minute)
    assert 1 / metric(check(), past).eta == pytest.approx(most)
    assert configs.metric(check(), JudgePolicy(), past, 55).eta == pytest.approx(1 / 20)


@pytest.mark.parametrize(
    ("free", "said", "known"), [(5, None, False), (6, None, True), (0, Decimal(1), True)]
)
def test_scatter_is_known_by_two_bad_minutes_or_by_the_policy(
    free: int, said: Decimal | None, *, known: bool
) -> None:
    found = metric(check(), Past(free=free, share=0.004), overdispersion=said)

    assert (found.known, found.history) == (known, 0.004)


def test_ranks_compare_what_is_counted_and_more_is_worse() -> None:
    found = configs.ranked(spec(check(), check(None, query="mine")).policy, RULE).metrics

    assert [one.name for one in found] == ["request-success-rate"]
    assert (found[0].rule.direction, found[0].rule.critical) == ("increase", True)


def judged_by(kind: str, criteria: Criteria | None, *, shadow: bool = False) -> CanarySpec:
    own = spec(replace(check(minimum="1", maximum="5"), criteria=criteria))
    judge = JudgePolicy(type="threshold" if shadow else kind, shadows=(kind,) if shadow else ())
    return replace(own, policy=replace(own.policy, judge=judge))


def test_limits_stand_in_for_conditions_that_nobody_wrote() -> None:
    own = judged_by("conditions", None)
    (limits,) = configs.conditioned(own.policy, own).metrics
    failing = judged_by("conditions", Criteria(failure="result[0] > 9", count=3))
    (written,) = configs.conditioned(failing.policy, failing).metrics
    (endless,) = configs.conditioned(failing.policy, failing, endless=True).metrics

    assert limits.success is not None
    assert limits.success.text == "result[0] >= 1 && result[0] <= 5"
    assert (written.success, written.count, endless.count) == (None, 3, None)


def test_a_watch_needs_no_row_of_successes() -> None:
    own = judged_by("conditions", Criteria(consecutive_success_limit=2))
    (one,) = configs.conditioned(own.policy, own).metrics
    (endless,) = configs.conditioned(own.policy, own, endless=True).metrics

    assert (one.consecutive_success_limit, endless.consecutive_success_limit) == (2, 0)


@pytest.mark.parametrize("shadow", [False, True])
def test_a_condition_that_cannot_be_read_is_told_where_it_is_asked(*, shadow: bool) -> None:
    broken = Criteria(success="result[")

    with pytest.raises(SpecError, match="The check request-success-rate: "):
        configs.checked(judged_by("conditions", broken, shadow=shadow))
    configs.checked(judged_by("threshold", broken, shadow=shadow))


def test_records_are_judged_by_what_was_heeded_and_compared_then() -> None:
    """Silence of one check since decision 46; what is the same on both sides since 43."""
    one = spec(check())
    for rule, heeds, alike in ((42, False, False), (43, False, True), (45, False, True),
                               (46, True, True)):  # fmt: skip
        ranks = configs.ranked(one.policy, rule)
        assert (ranks.heeds, ranks.metrics[0].rule.alike_too) == (heeds, alike)
        assert configs.conditioned(one.policy, one, rule=rule).heeds == heeds


@pytest.mark.parametrize(
    ("strategy", "weight", "alone", "looks"),
    [
        (Strategy.BLUE_GREEN, 0, False, 4),
        (Strategy.BLUE_GREEN, 100, False, 1),
        (Strategy.AB_TEST, 100, False, 4),
        (Strategy.AB_TEST, 100, True, 1),
        (Strategy.WEIGHTED, 10, False, 1),
    ],
)
def test_looks_are_counted_where_a_step_needs_several(
    strategy: Strategy, weight: int, alone: bool, looks: int
) -> None:
    said = replace(spec(check()).policy, strategy=strategy, iterations=4, interval_ms=30_000)
    found = configs.counted(said, (), weight=Decimal(weight), alone=alone, seen_ms=0, rule=RULE)
    assert (found.looks, found.interval_ms) == (looks, 30_000)


def test_ranks_pass_once_an_interval_since_decision_49() -> None:
    own = spec(check()).policy
    assert own.interval_ms > 0
    found = [configs.ranked(own, rule).interval_ms for rule in (48, 49, RULE)]
    assert found == [0, own.interval_ms, own.interval_ms]
