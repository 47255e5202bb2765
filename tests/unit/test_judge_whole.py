"""The sequential judge at 100 %, where nobody is left to compare a canary with."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from test_judge_sequential import FAIL, METRIC, PASS, UNKNOWN, WAIT, block, run
from test_pod_faults import CLEAN, DEAD, SICK, WELL, outcomes, said, seen

from gitops_canary.core.judges import lonely
from gitops_canary.core.judges.sequential import Config
from gitops_canary.core.judges.sequential_types import Ends
from gitops_canary.model.judging import Block, Counts, Pod, Reading

HALF = [block(i, (750, 1, 750, 1), weight="50") for i in range(8)]


def whole(
    bad: int, primary: tuple[int, int] = (0, 0), *, begin: int = 8, n: int = 8
) -> list[Block]:
    """Blocks at 100 %, after those at 50 %."""
    return [block(begin + i, (1500, bad, *primary), weight="100") for i in range(n)]


def test_what_breaks_its_limit_where_nobody_is_left_to_compare_with_is_condemned() -> None:
    (*_, state), verdicts = run(Config(metrics=(METRIC,)), [*HALF, *whole(405, n=1)])
    (found,) = verdicts[-1].measurements
    old = run(Config(metrics=(METRIC,), rule=47), [*HALF, *whole(405)])[1]

    assert [one.outcome for one in verdicts[-2:]] == [PASS, FAIL]
    assert verdicts[-1].final
    said = (
        "405 of 1,500 canary requests failed at 100 %, beyond its limit with nobody left to compare"
    )
    assert said in verdicts[-1].reason
    assert float(found.numbers["logSole"]) == round(state.weighed["success"].sole.log, 6)
    assert [found.numbers[name] for name in ("soleRequests", "soleBad")] == ["1500", "405"]
    assert FAIL not in {one.outcome for one in old}
    assert "logSole" not in old[-1].measurements[0].numbers, "as judged before this decision"
    assert "logSole" not in verdicts[0].measurements[0].numbers


@pytest.mark.parametrize(
    ("bad", "primary", "history", "fails", "counted"),
    [
        (60, (0, 0), None, True, True),
        (14, (0, 0), None, False, True),
        (60, (75, 0), None, True, True),
        (60, (76, 0), None, True, False),
        (60, (75, 1), None, False, False),
        (60, (0, 0), 0.02, False, True),
        (60, (0, 0), 0.005, True, True),
    ],
    ids=[
        "beyond", "within", "a trickle that is well", "a primary to compare with",
        "a trickle that fails too", "no worse than usual", "usually well",
    ],
)  # fmt: skip
def test_at_100_percent_the_limit_counts_where_no_primary_does(
    bad: int, primary: tuple[int, int], history: float | None, fails: bool, counted: bool
) -> None:
    config = Config(metrics=(replace(METRIC, history=history),))
    _, verdicts = run(config, [*HALF, *whole(bad, primary, n=12)])
    assert (FAIL in {one.outcome for one in verdicts}) is fails
    assert ("logSole" in verdicts[-1].measurements[0].numbers) is counted


def test_the_limit_alone_condemns_below_100_percent_and_in_a_watch_as_ever() -> None:
    silent = [block(i, (1500, 60, 0, 0), weight="99") for i in range(12)]
    assert {one.outcome for one in run(Config(metrics=(METRIC,)), silent)[1]} == {WAIT}
    watch = run(Config(metrics=(METRIC,), alone=True), whole(60))[1]
    assert watch[-1].outcome is FAIL
    assert "after the promotion" in watch[-1].reason
    assert "logSole" not in watch[-1].measurements[0].numbers


def test_what_was_seen_with_a_primary_beside_it_is_no_evidence_without_one() -> None:
    """A common outage that was over before is not held against whoever has all traffic then."""
    outage = [block(i, (750, 375, 750, 375), weight="50") for i in range(8)]
    states, verdicts = run(Config(metrics=(METRIC,)), [*outage, *whole(1)])
    assert FAIL not in {one.outcome for one in verdicts}
    assert states[-1].weighed["success"].sole.blocks == 8


def test_a_warm_up_at_100_percent_is_not_counted() -> None:
    config = Config(metrics=(replace(METRIC, warmup_ms=60_000),))
    cold = whole(300, begin=0, n=4) + whole(2, begin=4)
    assert FAIL not in {one.outcome for one in run(config, cold)[1]}


def test_one_burst_at_100_percent_condemns_nobody_where_nobody_knows_how_failures_come() -> None:
    burst, rest = whole(200, n=1), whole(1, begin=9)
    assert run(Config(metrics=(METRIC,)), [*HALF, *burst, *rest])[1][8].outcome is FAIL
    config = Config(metrics=(UNKNOWN,))
    assert FAIL not in {one.outcome for one in run(config, [*HALF, *burst, *rest])[1]}
    assert run(config, [*HALF, *whole(200, n=2)])[1][-1].outcome is FAIL


NONE = [(0, 0)] * 4
MANY = [(38, 0)] * 20


def test_one_pod_of_many_that_fails_at_100_percent_is_waited_for_and_then_named() -> None:
    ill = [(38, 38), *MANY[1:]]
    blocks = [seen(i, ill, NONE, weight="100") for i in range(8)]
    verdicts = said(Config(metrics=(METRIC,)), blocks)

    assert [one.outcome for one in verdicts] == [WAIT] * 6 + [FAIL] * 2
    assert "pod new-0 alone fails: 228 of 228" in verdicts[5].reason
    assert "266 of 5,320 canary requests failed at 100 %" in verdicts[6].reason
    assert "pod new-0 alone fails" in verdicts[6].reason
    # The same pods share a fault of the version: nobody is waited for.
    assert outcomes(Config(metrics=(METRIC,)), [
        seen(i, [(38, 2)] * 20, NONE, weight="100") for i in range(3)
    ])[-1] is FAIL  # fmt: skip


def test_one_pod_of_few_that_fails_at_100_percent_is_too_much_to_wait_for() -> None:
    [one] = said(Config(metrics=(METRIC,)), [seen(0, SICK, NONE, weight="100")])
    assert one.outcome is FAIL
    assert "too much of the whole to wait for it" in one.reason


def test_a_pod_that_was_ill_before_shields_nobody_at_100_percent() -> None:
    """Nor does one of the primary that was left out: without either there is the same evidence."""
    before = [seen(i, SICK, DEAD) for i in range(2)]
    before += [seen(i, CLEAN, WELL) for i in range(2, 8)]
    worse = [(380, 40)] * 4
    found = outcomes(Config(metrics=(METRIC,)), [*before, *[seen(8, worse, NONE, weight="100")]])
    assert found[-2:] == [found[-2], FAIL]
    assert FAIL not in found[:-1]
    two = [(380, 380), *[(380, 0)] * 3]
    ill = said(
        Config(metrics=(METRIC,)),
        [*before, *[seen(i, two, NONE, weight="100") for i in range(8, 10)]],
    )
    assert ill[8].outcome is FAIL
    assert "pod new-0 alone fails" in ill[8].reason


def test_what_the_primary_did_in_its_last_minute_is_no_fault_of_whoever_has_its_traffic() -> None:
    """An outage of both that begins while the weight is on its way to 100 %."""
    config = Config(metrics=(METRIC,))
    both = [block(i, (750, 15, 750, 15), weight="50") for i in range(8, 12)]
    assert FAIL not in {one.outcome for one in run(config, [*HALF, *both, *whole(30, begin=12)])[1]}
    worse = run(config, [*HALF, *both, *whole(120, begin=12)])[1]
    assert worse[-1].outcome is FAIL
    # Before that minute it is over, and a few bad requests are nothing.
    over = [*both, *[block(i, (750, 0, 750, 0), weight="50") for i in range(12, 16)]]
    assert run(config, [*HALF, *over, *whole(40, begin=16)])[1][-1].outcome is FAIL
    few = [block(i, (15, 0, 15, 1 if i < 10 else 0), weight="50") for i in range(8, 12)]
    assert run(config, [*HALF, *few, *whole(60, begin=12)])[1][-1].outcome is FAIL


def test_a_suspicion_that_nobody_is_left_to_settle_ends_with_proof() -> None:
    config = Config(metrics=(METRIC,))
    odd = block(8, (750, 14, 750, 0), weight="50")
    states, verdicts = run(config, [*HALF, odd, *whole(1, begin=9)])
    assert "is suspicious" in verdicts[8].reason
    assert states[-1].weighed["success"].worse.log >= math.log(config.suspicious)
    assert verdicts[-1].outcome is PASS
    old = run(replace(config, rule=47), [*HALF, odd, *whole(1, begin=9)])[1]
    assert "is suspicious" in old[-1].reason
    # Below it the primary is there to settle it.
    long = [*HALF, odd, *[block(i, (750, 0, 9, 0), weight="99") for i in range(9, 17)]]
    assert "is suspicious" in run(replace(config, rule=60), long)[1][-1].reason
    # By now it is no more than a quarter of what the limit lets pass.
    assert run(config, long)[1][-1].outcome is PASS


def test_twice_what_was_usual_in_the_last_minute_or_five_of_the_primary_is_no_fault() -> None:
    """Its newest block ended at 600 s; only where three bad requests were seen that is usual."""

    def allowed(*beside: tuple[int, int, int]) -> float | None:
        c = Counts(canary=1500, canary_bad=9)
        return lonely.allowed(Config(metrics=(METRIC,)), METRIC, beside, c, Decimal(100))

    last = (600_000, 100, 0)
    assert allowed() == allowed(last) == METRIC.budget
    assert allowed((540_001, 100, 3), last) == 2 * 3 / 200
    assert allowed((540_001, 100, 2), last) == METRIC.budget, "two are chance"
    assert allowed((540_000, 10, 1), (540_001, 90, 3), last) == pytest.approx(2 * 4 / 200)
    assert allowed((540_000, 100, 3), (540_001, 98, 3), (600_000, 2, 0)) == 2 * 3 / 100
    assert allowed((300_001, 100, 30), last) == 2 * 30 / 200
    assert allowed((300_000, 100, 30), last) == METRIC.budget, "it is over"


def test_of_the_primary_s_blocks_the_newest_forty_are_kept() -> None:
    beside: Ends = ()
    for i in range(45):
        beside = lonely.appended(beside, i, (100, 1))
    assert beside == tuple((i, 100, 1) for i in range(5, 45))


@pytest.mark.parametrize(("bad", "left"), [(3, (60, 0)), (2, (63, 2))])
def test_a_pod_that_has_the_primary_s_failures_alone_is_not_what_is_usual(
    bad: int, left: tuple[int, int]
) -> None:
    pods = (Pod(name="a", requests=3, bad=bad), Pod(name="b", requests=60, bad=0))
    reading = Reading(metric="success", primary_pods=pods)
    assert lonely.primary(reading, Counts(primary=63, primary_bad=bad), 0.01) == left


def test_a_limit_that_is_broken_with_nobody_left_is_told_without_a_comparison() -> None:
    config = Config(metrics=(METRIC,), suspicious=1e9, alpha=1e-9)
    reason = run(config, [block(0, (300, 12, 0, 0), weight="100")])[1][-1].reason

    assert reason == ("success is beyond its limit: 12 of 300 requests failed in the last minute")
