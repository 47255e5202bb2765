import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import vectors

from gitops_canary.core.judges import eprocess, sequential
from gitops_canary.core.judges.sequential import Config, Metric, State
from gitops_canary.model.judging import Block, Counts, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome

SPAN, BEGIN = 15_000, 1_770_000_000_000
FAIL, PASS, WAIT = Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE
METRIC = Metric(name="success", budget=0.01)


def block(
    index: int, counts: tuple[int, int, int, int] | None, *, weight: str = "10", last: bool = False
) -> Block:
    reading = (
        Reading(metric="success", trouble=Trouble.NO_DATA, why="no series")
        if counts is None
        else Reading(metric="success", counts=Counts(**dict(zip(FIELDS, counts, strict=True))))
    )
    return Block(
        start_ms=BEGIN + index * SPAN,
        end_ms=BEGIN + (index + 1) * SPAN,
        weight=Decimal(weight),
        last=last,
        readings=(reading,),
    )


FIELDS = ("canary", "canary_bad", "primary", "primary_bad")


def run(config: Config, blocks: list[Block]) -> tuple[list[State], list[Verdict]]:
    state, states, verdicts = sequential.begin(config), [], []
    for one in blocks:
        state, verdict = sequential.step(config, state, one)
        states.append(state)
        verdicts.append(verdict)
    return states, verdicts


def test_grids_are_those_of_the_published_cases() -> None:
    data = vectors("sequential.json")
    assert list(eprocess.WORSE) == data["grid_rel"]
    assert list(eprocess.BAD) == data["grid_bad"]
    assert list(eprocess.GOOD) == data["grid_good"]


@pytest.mark.parametrize("history", [0.4975, 0.5, 0.9, 1.0])
def test_a_primary_that_failed_half_of_its_requests_before_is_judged_too(history: float) -> None:
    config = Config(metrics=(replace(METRIC, history=history),))
    states, verdicts = run(config, [block(i, (150, 75, 1350, 675)) for i in range(3)])
    assert states[-1].weighed["success"].steady.log == pytest.approx(0, abs=1e-9)
    assert {one.outcome for one in verdicts} == {WAIT}


def test_evidence_agrees_with_the_published_cases_to_eight_digits() -> None:
    cases = vectors("sequential.json")["cases"]
    for case in cases:
        _agrees(case)
    print(f"{len(cases)} cases agree")


def _agrees(case: dict[str, Any]) -> None:
    metric = Metric(name="success", budget=case["slo"], eta=case["eta"])
    # One metric has a limit of 200; the cases are for two.
    config = Config(metrics=(metric,), rho=case["rho"], alpha=0.005)
    assert config.limit == 400
    assert math.isclose(case["floor"], config.floor * case["slo"])
    blocks = [
        block(i, (nc, kc, np, kp)) for i, (nc, kc, np, kp) in enumerate(case["blocks_nc_kc_np_kp"])
    ]
    states, _ = run(config, blocks)
    weighed = [state.weighed["success"] for state in states]
    for name, found in (
        ("logE_rel", [w.worse.log for w in weighed]),
        ("logE_floor", [w.floor.log for w in weighed]),
        ("logE_good", [eprocess.log_mean(w.good) for w in weighed]),
    ):
        assert found == pytest.approx(case[name], rel=1e-8, abs=1e-8), (case["name"], name)
    crossed = [min(w.worse.log, w.floor.log) >= math.log(400) for w in weighed]
    expected = case["rollback_at_block_tier1_thr400"]
    assert (crossed.index(True) + 1 if any(crossed) else None) == expected, case["name"]
    proven = [eprocess.log_mean(w.good) >= math.log(20) for w in weighed]
    assert (proven.index(True) + 1 if any(proven) else None) == case["proven_at_block"]


@given(
    counts=st.tuples(*(st.integers(1, 10_000) for _ in range(2))),
    bad=st.integers(0, 50),
    eta=st.sampled_from([1.0, 0.5, 0.2]),
    rho=st.sampled_from([1.0, 1.5, 3.0]),
)
def test_relative_evidence_is_fair_at_the_boundary(
    counts: tuple[int, int], bad: int, eta: float, rho: float
) -> None:
    """Given the bad requests of both sides, the expectation over who had them is at most 1."""
    canary, primary = counts
    theta = rho * canary / (rho * canary + primary)
    for j in range(len(eprocess.WORSE)):
        mean = 0.0
        for mine in range(bad + 1):
            logs = eprocess.relative(canary, mine, primary, bad - mine, rho=rho, eta=eta)
            chance = math.comb(bad, mine) * theta**mine * (1 - theta) ** (bad - mine)
            mean += chance * math.exp(logs[j])
        assert mean <= 1 + 1e-9


@given(st.integers(1, 60), st.sampled_from([0.001, 0.01, 0.2, 0.999]), st.booleans())
def test_absolute_evidence_is_fair_at_the_limit(total: int, limit: float, worse: bool) -> None:
    grid = eprocess.BAD if worse else eprocess.GOOD
    for j in range(len(grid)):
        mean = sum(
            math.comb(total, k)
            * limit**k
            * (1 - limit) ** (total - k)
            * math.exp(eprocess.absolute(total, k, limit, grid, eta=1.0)[j])
            for k in range(total + 1)
        )
        assert mean <= 1 + 1e-9


def test_total_failure_is_condemned_in_the_first_block() -> None:
    _, verdicts = run(Config(metrics=(METRIC,)), [block(0, (15, 15, 135, 0))])
    assert (verdicts[0].outcome, verdicts[0].final) == (FAIL, True)
    assert "15 of 15 canary requests failed, 0 of 135 on the primary" in verdicts[0].reason


def test_outage_of_both_sides_holds_and_never_condemns() -> None:
    _, verdicts = run(
        Config(metrics=(METRIC,)), [block(i, (150, 75, 1350, 680)) for i in range(40)]
    )
    assert {v.outcome for v in verdicts} == {WAIT}
    assert not any(v.heard for v in verdicts), "a deadline ends it"


def test_silence_neither_passes_nor_condemns() -> None:
    blocks = [block(i, None) for i in range(20)] + [
        block(20, (0, 0, 900, 1)),
        block(21, (9, 0, 0, 0)),
    ]
    _, verdicts = run(Config(metrics=(METRIC,)), blocks)
    assert {(v.outcome, v.heard) for v in verdicts} == {(WAIT, False)}
    assert "no series" in verdicts[0].reason
    assert "no traffic on the canary" in verdicts[20].reason
    assert "no traffic on the primary" in verdicts[21].reason


def test_healthy_canary_advances_after_the_dwell_and_promotes_after_the_soak() -> None:
    good = (150, 0, 1350, 1)
    _, verdicts = run(Config(metrics=(METRIC,)), [block(i, good) for i in range(5)])
    assert [v.outcome for v in verdicts] == [WAIT, WAIT, WAIT, PASS, PASS]
    assert all(v.heard for v in verdicts)
    _, verdicts = run(Config(metrics=(METRIC,)), [block(i, good, last=True) for i in range(20)])
    assert [v.outcome for v in verdicts] == [WAIT] * 19 + [PASS]


def test_unproven_canary_is_promoted_only_after_the_hold_and_enough_requests() -> None:
    thin = [block(i, (3, 0, 3, 0), weight="50", last=True) for i in range(45)]
    _, verdicts = run(Config(metrics=(METRIC,)), thin)
    assert next(i for i, v in enumerate(verdicts) if v.outcome is PASS) == 39
    _, verdicts = run(Config(metrics=(METRIC,), min_requests=1000), thin)
    assert PASS not in {v.outcome for v in verdicts}
    assert "of 1,000 canary requests needed" in verdicts[-1].reason
    _, verdicts = run(Config(metrics=(METRIC,), on_inconclusive="hold"), thin)
    assert PASS not in {v.outcome for v in verdicts}


def test_wrong_share_of_traffic_holds() -> None:
    blocks = [block(i, (20, 0, 980, 0)) for i in range(6)]
    _, verdicts = run(Config(metrics=(METRIC,)), blocks)
    assert {v.outcome for v in verdicts} == {WAIT}
    assert "traffic mismatch: 120 of 6,000" in verdicts[-1].reason
    right = [block(i, (100, 0, 900, 0)) for i in range(6)]
    assert run(Config(metrics=(METRIC,)), right)[1][-1].outcome is PASS


def test_bursts_are_paid_for_by_overdispersion() -> None:
    burst = [block(0, (150, 10, 1350, 1))]
    assert run(Config(metrics=(METRIC,)), burst)[1][0].outcome is FAIL
    calm = Metric(name="success", budget=0.01, eta=0.1)
    assert run(Config(metrics=(calm,)), burst)[1][0].outcome is WAIT


@pytest.mark.parametrize(("bads", "primary_bad"), [((1,), 1), ((0, 1), 3), ((2, 1), 3)])
def test_ways_to_condemn_add_up(bads: tuple[int, ...], primary_bad: int) -> None:
    blocks = [block(i, (15, bads[i % len(bads)], 1350, primary_bad)) for i in range(12)]
    now, before = (
        [v.outcome for v in run(Config(metrics=(METRIC,), rule=rule), blocks)[1]]
        for rule in (31, 29)
    )
    assert now.index(FAIL) < before.index(FAIL)


def test_warm_up_is_not_counted() -> None:
    metric = Metric(name="success", budget=0.01, warmup_ms=60_000)
    cold = [block(i, (150, 60, 1350, 1)) for i in range(4)]
    states, verdicts = run(Config(metrics=(metric,)), cold)
    assert FAIL not in {v.outcome for v in verdicts}
    assert states[-1].weighed["success"].total == Counts()


def test_late_fault_is_found_as_soon_as_an_early_one() -> None:
    blocks = [block(i, (1500, 1, 13500, 13)) for i in range(240)]
    blocks += [block(240 + i, (1500, 75, 13500, 13)) for i in range(4)]
    _, verdicts = run(Config(metrics=(Metric(name="success", budget=0.01, eta=0.3),)), blocks)
    assert next(i for i, v in enumerate(verdicts) if v.outcome is FAIL) <= 242


def test_the_same_blocks_give_the_same_verdicts() -> None:
    config = Config(metrics=(METRIC,))
    blocks = [block(i, (150, i % 3, 1350, 2)) for i in range(30)]
    assert run(config, blocks) == run(config, blocks)


UNKNOWN = Metric(name="success", budget=0.01, known=False)


def test_one_burst_condemns_nobody_where_nobody_knows_how_failures_come() -> None:
    blocks = [block(i, (150, 0, 1350, 0)) for i in range(4)]
    blocks[2] = block(2, (150, 60, 1350, 0))
    known, unknown = (run(Config(metrics=(m,)), blocks)[1] for m in (METRIC, UNKNOWN))

    assert [v.outcome for v in known] == [WAIT, WAIT, WAIT, FAIL]
    assert {v.outcome for v in unknown} == {WAIT}


def test_fault_that_lasts_is_condemned_a_scrape_later_all_the_same() -> None:
    blocks = [block(i, (150, 60, 1350, 0)) for i in range(3)]
    _, verdicts = run(Config(metrics=(UNKNOWN,)), blocks)

    assert [v.outcome for v in verdicts] == [WAIT, FAIL, FAIL]


COUNTED = st.tuples(
    st.integers(0, 40), st.integers(0, 40), st.integers(0, 400), st.integers(0, 40)
).map(lambda c: (c[0], min(c[0], c[1]), c[2], min(c[2], c[3])))


@given(st.lists(COUNTED, max_size=12))
def test_sparing_an_incident_never_adds_evidence(counts: list[tuple[int, int, int, int]]) -> None:
    blocks = [block(i, c, weight="100" if i % 3 else "50") for i, c in enumerate(counts)]
    states, _ = run(Config(metrics=(UNKNOWN,)), blocks)
    for state in states:
        one = state.weighed["success"]
        ways = (one.worse, one.floor, one.steady, one.sole)
        for whole, less in zip(ways, one.spared, strict=True):
            assert less.log <= whole.log + 1e-9


def test_pace_counts_from_when_the_weight_was_asked_for_and_some_of_it_has_to_be_seen() -> None:
    def passing(asked_ms: int, **seen: Any) -> list[int]:
        blocks = [replace(block(i, (150, 0, 1350, 0)), since_ms=BEGIN + asked_ms) for i in range(6)]
        _, verdicts = run(Config(metrics=(METRIC,), **seen), blocks)
        return [i for i, v in enumerate(verdicts) if v.outcome is PASS]

    assert passing(0)[0] == 3  # a minute after the block began
    assert passing(-20_000)[0] == 2  # live twenty seconds after it was asked for
    assert passing(-600_000)[0] == 0  # live late: a scrape is the least
    assert passing(-600_000, seen_ms=30_000)[0] == 1


def test_first_block_at_a_weight_does_not_speak_of_the_split() -> None:
    skewed = [replace(block(i, (700, 0, 1350, 0)), since_ms=BEGIN) for i in range(2)]
    _, verdicts = run(Config(metrics=(METRIC,)), skewed)

    assert "mismatch" not in verdicts[0].reason
    assert "mismatch" in verdicts[1].reason


def test_watch_condemns_what_breaks_the_limit_and_not_half_of_it() -> None:
    config = Config(metrics=(METRIC,), alone=True)
    within = [block(i, (1500, 12, 0, 0)) for i in range(60)]
    beyond = [block(i, (1500, 60, 0, 0)) for i in range(4)]

    assert FAIL not in {v.outcome for v in run(config, within)[1]}
    assert run(config, beyond)[1][-1].outcome is FAIL
