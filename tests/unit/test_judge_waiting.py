"""What the sequential judge says while it waits: how much is there, how much is needed."""

from dataclasses import replace
from typing import Any

from test_judge_sequential import METRIC, PASS, WAIT, block, run

from gitops_canary.core.judges import waiting
from gitops_canary.core.judges.sequential import Config, State, Weighed
from gitops_canary.model.judging import Block, Counts


def at_the_end(index: int, counts: tuple[int, int, int, int]) -> Block:
    one = block(index, counts, weight="50", last=True)
    [reading] = one.readings
    return replace(one, readings=(reading, replace(reading, metric="latency")))


def said(counts: tuple[int, int, int, int], blocks: int, *, soak_ms: int = 0) -> list[str]:
    latency = replace(METRIC, name="latency", warmup_ms=75_000)
    config = Config(metrics=(METRIC, latency), min_soak_ms=soak_ms)
    _, verdicts = run(config, [at_the_end(i, counts) for i in range(blocks)])
    assert {one.outcome for one in verdicts} == {WAIT}
    return [one.reason.removeprefix("nothing is wrong; ") for one in verdicts]


def test_dwell_and_soak_are_told_with_how_much_of_them_is_over() -> None:
    reasons = said((8, 0, 8, 0), 5, soak_ms=90_000)
    assert reasons[0] == "15s of 60s at 50 %"
    assert reasons[4] == "75s of 90s soaked"


def test_proof_is_told_in_requests_and_time() -> None:
    reasons = said((8, 0, 8, 0), 21)
    first = "waits 60s of 10m for proof at the last step: latency"
    assert reasons[3] == f"{first} warms up, and counts in 30s"
    assert reasons[4].endswith("latency warms up, and counts in 15s")
    assert reasons[20].endswith(
        "latency has 128 of about 516 canary requests that prove its limit; about 13m at this rate"
    )


def test_what_cannot_be_proven_is_told_so() -> None:
    assert said((400, 4, 400, 4), 8)[-1].endswith(
        "success has too many bad ones to prove less than 1 %: 32 of 3,200 canary requests failed"
    )


def test_fewest_requests_are_told_once_the_wait_for_proof_is_over() -> None:
    assert said((1, 0, 1, 0), 40)[-1] == (
        "not proven good after 10m at the last step: 35 of 100 canary requests needed; "
        "about 17m at this rate"
    )


def test_silence_after_some_requests_is_told_so() -> None:
    latency = replace(METRIC, name="latency")
    blocks = [at_the_end(i, (8, 0, 8, 0)) for i in range(4)]
    gap = [replace(at_the_end(i, (0, 0, 0, 0)), readings=()) for i in range(4, 10)]
    _, verdicts = run(Config(metrics=(METRIC, latency)), [*blocks, *gap])
    assert verdicts[-1].reason == "success: nothing was measured"


def test_evidence_that_says_nothing_either_way_is_told_as_too_many_bad_ones() -> None:
    """No number of requests would ever be enough at this rate."""
    even = Weighed(good=(0.0,) * 8, total=Counts(canary=100, canary_bad=1))
    one = at_the_end(0, (8, 0, 8, 0))
    said = waiting.unproven(Config(metrics=(METRIC,)), State(weighed={"success": even}), one)
    assert said == (
        "success has too many bad ones to prove less than 1 %: 1 of 100 canary requests failed"
    )


def test_once_proven_a_fast_policy_waits_for_half_a_minute() -> None:
    healthy = [block(i, (1500, 0, 1500, 0), weight="50") for i in range(4)]

    def passes(**changes: Any) -> list[int]:
        found = run(Config(metrics=(METRIC,), **changes), healthy)[1]
        return [i for i, one in enumerate(found) if one.outcome is PASS]

    assert passes(fast=True)[0] == 1
    assert passes()[0] == passes(fast=True, proven=1e99)[0] == 3
