"""What is slow while it warms up condemns nobody, and gets no more traffic."""

from dataclasses import replace

from test_judge_sequential import FAIL, METRIC, PASS, WAIT, block
from test_sequential_rulings import GOOD, judged, ruled

from gitops_canary.core.judges.sequential import Config
from gitops_canary.model.judging import Block, Counts, Reading

SLOW = replace(METRIC, name="latency", what="were slow", warmup_ms=60_000)
COLD = Config(metrics=(METRIC, SLOW), mismatch=None)


def cold(index: int, slow: int) -> Block:
    """Give a block in which that many of 150 requests of the canary are slow."""
    good = block(index, GOOD)
    late = Counts(canary=150, canary_bad=slow, primary=1350, primary_bad=4)
    return replace(good, readings=(*good.readings, Reading(metric="latency", counts=late)))


def test_what_is_slow_while_it_warms_up_gets_no_more_traffic_until_a_look_counted() -> None:
    slow = [cold(i, 3) for i in range(4)]
    words = "latency warms up, and counts in 15s: 12 of 600 canary requests were slow in the last "
    assert ruled(COLD, *slow) == (WAIT, False, True, f"{words}minute")
    assert ruled(replace(COLD, rule=50), *slow)[0] is PASS
    assert ruled(COLD, *slow, cold(4, 0))[0] is PASS
    assert ruled(COLD, *slow, cold(4, 60))[0] is FAIL
    last = judged(COLD, *slow).measurements[1]
    assert (last.outcome, last.why) == (WAIT, f"{words.removeprefix('latency ')}minute")


def test_what_is_well_while_it_warms_up_is_not_waited_for() -> None:
    quick = [cold(i, 1) for i in range(4)]
    assert ruled(COLD, *quick)[0] is PASS
    # Two are too few to tell, as after the warm-up; and what was slow a minute before is over.
    assert ruled(COLD, *(cold(i, n) for i, n in enumerate([2, 0, 0, 0])))[0] is PASS
    long = replace(COLD, metrics=(METRIC, replace(SLOW, warmup_ms=600_000)))
    assert ruled(long, *(cold(i, 30) for i in range(4)))[0] is WAIT
    assert ruled(long, *(cold(i, 30 if i < 4 else 0) for i in range(8)))[0] is PASS
    # Nobody looks at the warm-up of a primary that was promoted.
    alone = replace(COLD, alone=True)
    assert "warms up" not in ruled(alone, *(cold(i, 30) for i in range(4)))[3]


def test_what_was_not_met_is_told_as_that_and_not_as_evidence() -> None:
    config = replace(COLD, metrics=(METRIC,))
    none, some = block(0, (0, 0, 1350, 0)), block(0, GOOD)
    assert judged(config, none).measurements[0].why == "no traffic on the canary"
    then = judged(config, some, replace(block(1, (0, 0, 1350, 0)))).measurements[0].why
    assert then.startswith("no traffic on the canary; before that 0 of 150 canary requests failed")
    old = replace(config, rule=52)
    assert judged(old, none).measurements[0].why.startswith("0 of 0 canary requests failed")
