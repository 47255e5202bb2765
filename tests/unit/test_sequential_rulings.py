"""What the sequential judge rules at the edges of its rules, and whether a deadline may end it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from test_judge_sequential import BEGIN, FAIL, METRIC, PASS, SPAN, WAIT, block, run

from gitops_canary.core.judges import sequential, threshold
from gitops_canary.core.judges.sequential import Config, State
from gitops_canary.model.judging import Block, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.spec import Limits

GOOD = (150, 0, 1350, 1)
LATENCY = replace(METRIC, name="latency")
ASKED = threshold.Config(
    limits={"mine": Limits(maximum=Decimal(1)), "yours": Limits(maximum=Decimal(1))}, threshold=2
)


def judged(config: Config, *blocks: Block) -> Verdict:
    return run(config, list(blocks))[1][-1]


def ruled(config: Config, *blocks: Block) -> tuple[Any, bool, bool, str]:
    """Outcome, whether it is final, whether data were heard, and why."""
    found = judged(config, *blocks)
    return found.outcome, found.final, found.heard, found.reason


def with_values(one: Block, **values: str | None) -> Block:
    read = tuple(
        Reading(metric=name, value=value)
        if value
        else Reading(metric=name, trouble=Trouble.NO_DATA, why="no series")
        for name, value in values.items()
    )
    return replace(one, readings=(*one.readings, *read))


def healthy(count: int, **changes: Any) -> list[Block]:
    return [replace(block(i, GOOD), **changes) for i in range(count)]


def test_evidence_condemns_by_itself() -> None:
    assert ruled(Config(metrics=(METRIC,)), block(0, (15, 15, 135, 0)))[:3] == (FAIL, True, True)


def test_failed_values_condemn_when_they_reach_the_threshold() -> None:
    config = Config(metrics=(METRIC,), values=ASKED)
    one, two = (with_values(block(i, GOOD), mine="1", yours="5") for i in range(2))

    assert ruled(config, one) == (FAIL, False, True, "yours was 5, above the limit")
    assert ruled(config, one, two)[:3] == (FAIL, True, True)


def test_nothing_passes_between_a_failed_look_and_the_next_one() -> None:
    config = Config(metrics=(METRIC,), values=ASKED, dwell_ms=0, mismatch=None)
    seen = with_values(block(0, GOOD), mine="1", yours="5"), block(1, GOOD)
    assert ruled(config, *seen)[:3] == (WAIT, False, True)
    assert ruled(config, *seen, with_values(block(2, GOOD), mine="1", yours="1"))[0] is PASS
    assert ruled(replace(config, rule=49), *seen)[0] is PASS
    assert ruled(config, seen[0], replace(seen[1], doubt="away")) == (WAIT, False, False, "away")


def test_values_alone_are_judged_too_and_nothing_at_all_is_not() -> None:
    read = with_values(replace(block(0, None), readings=()), mine="1", yours="1")

    assert "nothing is wrong" in ruled(Config(metrics=(), values=ASKED), read)[3]
    assert ruled(Config(metrics=()), read)[:3] == (WAIT, False, False)
    assert "no check is configured" in ruled(Config(metrics=()), read)[3]


def test_a_value_that_was_read_without_a_number_is_silence() -> None:
    config = Config(metrics=(METRIC,), values=ASKED)
    silent = with_values(block(0, GOOD), mine="1", yours=None)
    assert ruled(config, silent) == (WAIT, False, False, "yours: no series")
    assert ruled(config, silent, block(1, GOOD))[3] == "yours: no number when it was measured last"


def test_a_value_counts_for_its_weight_until_it_is_read_again() -> None:
    config = Config(metrics=(METRIC,), values=ASKED, dwell_ms=0, mismatch=None)
    both = with_values(block(0, GOOD), mine="1", yours="1")
    later = block(1, GOOD, weight="20")

    assert ruled(config, block(0, GOOD)) == (WAIT, False, True, "mine was not measured here yet")
    assert ruled(config, both, block(1, GOOD))[0] is PASS
    assert ruled(config, both, later)[3] == "mine was not measured here yet"


def test_a_doubtful_block_decides_nothing() -> None:
    doubtful = replace(block(0, GOOD), doubt="half of it is missing")

    assert ruled(Config(metrics=(METRIC,)), doubtful) == (
        WAIT, False, False, "half of it is missing",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("weight", "alone", "counts", "silent"),
    [
        ("99", False, (9, 0, 0, 0), "no traffic on the primary, so there is nothing to compare"),
        ("100", False, (9, 0, 0, 0), ""),
        ("100", True, (9, 0, 0, 0), ""),
        ("50", True, (9, 0, 0, 0), ""),
        ("50", True, (0, 0, 0, 0), "no traffic on the primary"),
        ("50", False, (0, 0, 9, 0), "no traffic on the canary"),
    ],
)
def test_a_side_without_traffic_is_silence_where_it_should_have_some(
    weight: str, alone: bool, counts: tuple[int, int, int, int], silent: str
) -> None:
    config = Config(metrics=(METRIC,), alone=alone)
    outcome, final, heard, reason = ruled(config, block(0, counts, weight=weight))

    assert (outcome, final, heard) == (WAIT, False, not silent)
    assert silent in reason


@pytest.mark.parametrize(
    ("changes", "counts", "reason"),
    [
        ({"mismatch": 1.0}, (0, 0, 0, 0), "no traffic"),
        ({"mismatch": 1.0}, (1, 0, 0, 0), "traffic mismatch: 0 of 0 requests reached"),
        ({"suspicious": 1.0}, (9, 0, 9, 0), "nothing is wrong"),
        ({"proven": 1.0, "dwell_ms": 0, "min_soak_ms": 0}, (9, 0, 9, 0), "every metric is proven"),
    ],
)
def test_evidence_that_just_reaches_a_bound_counts(
    changes: dict[str, Any], counts: tuple[int, int, int, int], reason: str
) -> None:
    config = Config(metrics=(METRIC,), **changes)
    cold = replace(METRIC, warmup_ms=999_999)
    one = replace(block(0, counts, weight="100", last=True), readings=block(0, counts).readings)

    assert reason in ruled(replace(config, metrics=(cold,)), one)[3]


def test_a_limit_that_is_just_reached_condemns_and_proof_that_is_just_reached_proves() -> None:
    cold = replace(METRIC, warmup_ms=999_999)
    (at_once,) = judged(Config(metrics=(cold,), alpha=2.0), block(0, GOOD)).measurements
    (proven,) = judged(Config(metrics=(cold,), proven=1.0), block(0, GOOD)).measurements

    assert at_once.outcome is FAIL
    assert proven.outcome is PASS


@pytest.mark.parametrize(("bad", "holds"), [(2, False), (3, True)])
def test_three_bad_requests_beyond_the_limit_within_a_minute_hold(bad: int, holds: bool) -> None:
    lenient = Config(metrics=(METRIC,), suspicious=1e9)
    blocks = [block(i, (50, int(i < bad), 450, 4)) for i in range(4)]
    outcome, final, heard, reason = ruled(lenient, *blocks)

    assert (outcome is WAIT, final, heard) == (holds, False, not holds)
    recent = "success is beyond its limit: 3 of 200 requests failed in the last minute"
    assert reason.startswith(recent) is holds
    assert ("compared below" in reason) is holds


def test_a_minute_later_they_are_forgotten() -> None:
    lenient = Config(metrics=(METRIC,), suspicious=1e9)
    blocks = [block(i, (50, 3 * int(i == 0), 450, 4)) for i in range(5)]

    assert "in the last minute" in ruled(lenient, *blocks[:4])[3]
    assert "in the last minute" not in ruled(lenient, *blocks)[3]


def test_a_watch_that_is_beyond_its_limit_compares_nobody() -> None:
    config = Config(metrics=(METRIC,), alone=True, alpha=1e-9, mismatch=None)
    reason = ruled(config, block(0, (100, 4, 0, 0)))[3]

    assert reason.endswith("4 of 100 requests failed in the last minute")


def test_while_the_next_weight_comes_nothing_passes_and_nothing_is_silent() -> None:
    *before, last = healthy(9)

    assert ruled(Config(metrics=(METRIC,)), *before, replace(last, underway=True)) == (
        WAIT, False, True, "nothing is wrong while the next weight comes",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "blocks", "ruling"),
    [
        ({}, 3, (WAIT, False, True)),
        ({"last": False}, 4, (PASS, False, True)),
        ({}, 4, (WAIT, False, True)),
        ({}, 19, (WAIT, False, True)),
        ({}, 20, (PASS, False, True)),
    ],
)
def test_dwell_and_soak_are_waited_for_and_heard(
    changes: dict[str, bool], blocks: int, ruling: tuple[Any, bool, bool]
) -> None:
    every = healthy(blocks, **{"last": True, **changes})

    assert ruled(Config(metrics=(METRIC,)), *every)[:3] == ruling


@pytest.mark.parametrize(
    ("changes", "ruling", "why"),
    [
        ({"min_requests": 120}, (PASS, False, True), "and nothing speaks against it"),
        ({"min_requests": 121}, (WAIT, False, True), "120 of 121 canary requests needed"),
        ({"on_inconclusive": "hold"}, (WAIT, False, True), ": onInconclusive is hold"),
        (
            {"on_inconclusive": "hold", "min_requests": 120},
            (WAIT, False, True),
            ": onInconclusive is hold",
        ),
        ({"on_inconclusive": "rollback"}, (WAIT, False, False), ": onInconclusive is rollback"),
        ({"max_hold_ms": 600_001}, (WAIT, False, True), "for proof at the last step"),
    ],
)
def test_what_is_not_proven_after_the_hold_ends_as_the_policy_says(
    changes: dict[str, Any], ruling: tuple[Any, bool, bool], why: str
) -> None:
    thin = [block(i, (3, 0, 3, 0), weight="50", last=True) for i in range(40)]
    found = ruled(Config(metrics=(METRIC,), **changes), *thin)

    assert found[:3] == ruling
    assert why in found[3]


def test_a_weight_that_was_live_late_is_told_by_what_of_it_was_seen() -> None:
    late = replace(block(0, GOOD), since_ms=BEGIN + SPAN - 60_000)
    seen = Config(metrics=(METRIC,), seen_ms=30_000)

    assert ruled(seen, late)[3] == (
        "nothing is wrong; 60s of 60s at 10 %, 15s of it seen (at least 30s)"
    )


def test_proof_is_told_of_the_metric_that_is_furthest_from_it() -> None:
    both = Config(metrics=(METRIC, replace(LATENCY, budget=0.9)), min_soak_ms=0)
    blocks = [
        replace(one, readings=(*one.readings, replace(one.readings[0], metric="latency")))
        for one in (block(i, (8, 0, 8, 0), weight="50", last=True) for i in range(5))
    ]

    assert ": success has 40 of about" in judged(both, *blocks).reason


def test_limits_share_the_risk() -> None:
    assert Config(metrics=(METRIC,)).limit == 200
    assert Config(metrics=(METRIC, LATENCY)).limit == 400
    assert Config(metrics=()).limit == 200
    assert Config(metrics=(METRIC, LATENCY), alone=True).limit == 200


def test_what_was_measured_is_told_in_percent_and_counts() -> None:
    (found,) = judged(Config(metrics=(METRIC,)), block(0, (150, 9, 1350, 1))).measurements
    (own,) = judged(
        Config(metrics=(replace(METRIC, limit=">= 99.5", known=False),)),
        block(0, (0, 0, 9, 0)),
    ).measurements

    assert (found.value, found.baseline, found.limit) == ("94", "99.9259", ">= 99")
    assert (found.samples, "logCompared" in found.numbers) == ("150 requests", False)
    assert (own.value, own.limit, "logCompared" in own.numbers) == (None, ">= 99.5", True)


def test_a_verdict_rests_on_everything_since_its_weight() -> None:
    blocks = [block(0, GOOD), block(1, GOOD, weight="20"), block(2, GOOD, weight="20")]
    found = judged(Config(metrics=(METRIC,)), *blocks)

    assert (found.window.start_ms, found.window.end_ms) == (BEGIN + SPAN, BEGIN + 3 * SPAN)


def test_taking_a_block_in_is_what_judging_it_does_to_the_state() -> None:
    config, one = Config(metrics=(METRIC,)), block(0, (150, 9, 1350, 1))

    assert sequential.take(config, State(), one) == sequential.step(config, State(), one)[0]


HELD = Config(metrics=(METRIC,), min_soak_ms=0, max_hold_ms=60_000, recent_ms=15_000)


def last_step(*bad: int) -> list[Block]:
    """Give blocks of the last step in which both sides fail alike, so many of 100 each."""
    return [block(i, (100, k, 100, k), weight="50", last=True) for i, k in enumerate(bad)]


def test_nothing_unproven_is_promoted_by_one_good_scrape() -> None:
    """Both sides broke the limit for minutes; that the newest scrape did not proves nothing."""
    blocks = last_step(*[3] * 10, 0)
    why = "not proven good after 3m at the last step: success had 30 of 1100 requests failed"
    found = ruled(HELD, *blocks)
    assert found == (WAIT, False, False, f"{why} within 5m, beyond its limit")
    # Records before decision 38 were promoted so, and are judged by the rule of their time.
    assert ruled(replace(HELD, rule=37), *blocks)[0] is PASS


def test_what_is_unproven_is_promoted_once_five_minutes_kept_the_limit() -> None:
    good = last_step(*[3] * 10, *[0] * 14)
    assert [one.outcome for one in run(HELD, good)[1][-2:]] == [WAIT, PASS]
