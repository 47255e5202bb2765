"""What holds for any counts: more failures never help, order of mention never counts."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

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
from gitops_canary.core.judges.eprocess import Mixture, log_mean, log_sum
from gitops_canary.core.judges.sequential_types import EDGES, RULE
from gitops_canary.model.judging import Block, Counts, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Limits

SPAN = 15_000
METRICS = (
    sequential.Metric(name="success", budget=0.01),
    sequential.Metric(name="latency", budget=0.02, known=False, history=0.004),
)
FEW = settings(max_examples=60)
sizes = st.integers(0, 400)


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    canary, primary = draw(sizes), draw(sizes)
    share = draw(st.sampled_from([0.0, 0.02, 0.3, 1.0]))
    return Counts(
        canary=canary,
        canary_bad=draw(st.integers(0, math.floor(canary * share))),
        primary=primary,
        primary_bad=draw(st.integers(0, math.floor(primary * draw(st.sampled_from([0, 0.05, 1]))))),
    )


rows = st.lists(st.tuples(counts(), counts()), min_size=1, max_size=12)


def blocks(every: Sequence[tuple[Counts, Counts]]) -> list[Block]:
    names = [metric.name for metric in METRICS]
    return [
        Block(
            start_ms=i * SPAN,
            end_ms=(i + 1) * SPAN,
            weight=Decimal(10),
            underway=i % 5 == 4,
            readings=tuple(
                Reading(metric=name, counts=one) for name, one in zip(names, pair, strict=True)
            ),
        )
        for i, pair in enumerate(every)
    ]


def said(
    every: Sequence[Block], metrics: Sequence[sequential.Metric] = METRICS, *, rule: int = RULE
) -> list[Verdict]:
    config = sequential.Config(
        metrics=tuple(metrics), dwell_ms=0, min_soak_ms=0, max_hold_ms=0, rule=rule
    )
    return list(judged(config, every))


@FEW
@given(rows, st.data())
def test_more_canary_failures_never_turn_a_failure_into_anything_else(
    every: list[tuple[Counts, Counts]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(every) - 1))
    one = every[at][1]
    worse = replace(one, canary_bad=data.draw(st.integers(one.canary_bad, one.canary)))
    rule = data.draw(st.sampled_from((RULE, EDGES - 1)))
    if rule < EDGES:
        # Since then a primary that fails less in one block may fail more suddenly in the next.
        worse = replace(worse, primary_bad=data.draw(st.integers(0, one.primary_bad)))
    after = [*every[:at], (every[at][0], worse), *every[at + 1 :]]

    both = zip(said(blocks(every), rule=rule), said(blocks(after), rule=rule), strict=True)
    assert all(b.outcome is Outcome.FAIL for a, b in both if a.outcome is Outcome.FAIL)


@FEW
@given(rows)
def test_order_of_mention_does_not_count(every: list[tuple[Counts, Counts]]) -> None:
    turned = [replace(one, readings=one.readings[::-1]) for one in blocks(every)]
    both = zip(said(blocks(every)), said(turned, METRICS[::-1]), strict=True)
    for one, other in both:
        assert one.outcome is other.outcome
        by_name = {found.check: found for found in other.measurements}
        assert all(by_name[found.check] == found for found in one.measurements)


@FEW
@given(rows, st.integers(0, 12))
def test_looking_later_says_the_same(every: list[tuple[Counts, Counts]], first: int) -> None:
    config = sequential.Config(metrics=METRICS)
    all_of_it = list(judged(config, blocks(every)))
    assert list(judged(config, blocks(every), first * SPAN)) == all_of_it[first:]


@FEW
@given(rows)
@example([(Counts(canary=100, primary=900),) * 2] * 6)
def test_nothing_passes_while_a_weight_is_on_its_way(every: list[tuple[Counts, Counts]]) -> None:
    found = zip(blocks(every), said(blocks(every)), strict=True)
    assert all(verdict.outcome is not Outcome.PASS for block, verdict in found if block.underway)


troubles = st.one_of(
    st.sampled_from([*Trouble]).map(lambda t: Reading(metric="m", trouble=t, why="why")),
    st.sampled_from(["NaN", "+Inf", "-Inf", "", "x"]).map(lambda v: Reading(metric="m", value=v)),
    st.just(Reading(metric="m", counts=Counts(primary=100))),
    st.just(Reading(metric="m", canary=("NaN",) * 9, primary=("NaN",) * 9)),
    st.just(Reading(metric="other", value="100")),
)
JUDGES: tuple[Config, ...] = (
    sequential.Config(metrics=(replace(METRICS[0], name="m"),), dwell_ms=0),
    threshold.Config(limits={"m": Limits(minimum=Decimal(0))}, threshold=5),
    mannwhitney.Config(
        metrics=(mannwhitney.Metric(name="m", rule=Rule(direction="increase", critical=True)),)
    ),
    conditions.Config(
        metrics=(
            conditions.Metric(
                name="m", success=expression.read("!(result[0] < 0)"), interval_ms=SPAN
            ),
        )
    ),
)


@FEW
@given(st.lists(troubles, min_size=1, max_size=8), st.sampled_from(JUDGES))
def test_nothing_but_a_number_passes_under_any_judge(
    readings: list[Reading], judge: Config
) -> None:
    every = [
        Block(start_ms=i * SPAN, end_ms=(i + 1) * SPAN, weight=Decimal(10), readings=(one,))
        for i, one in enumerate(readings)
    ]
    assert Outcome.PASS not in {one.outcome for one in judged(judge, every)}


@given(st.lists(st.lists(st.floats(-800, 800), min_size=3, max_size=3), min_size=1, max_size=20))
def test_mixture_is_what_its_logarithms_say(every: list[list[float]]) -> None:
    mixture, logs = Mixture.over(3), [math.log(0.5)] * 3
    for block, ratios in enumerate(every, 1):
        mixture = mixture.times(ratios)
        begins = math.log(0.5 / (block * (block + 1)))
        logs = [log_sum((m, begins)) + r for m, r in zip(logs, ratios, strict=True)]
        expected = log_sum((log_mean(logs), math.log(0.5 / (block + 1))))
        assert math.isclose(mixture.log, expected, rel_tol=1e-9, abs_tol=1e-9)
