"""A canary whose share of slow requests falls after the warm-up is waited for, and not for long."""

from dataclasses import replace

import pytest
from test_judge_sequential import FAIL, METRIC, WAIT, block, run

from gitops_canary.core.judges.sequential import Config
from gitops_canary.model.observation import Verdict

SLOW = replace(METRIC, name="latency", what="were slow", warmup_ms=60_000)
CONFIG = Config(metrics=(replace(SLOW, name=METRIC.name),))
WARMING = (42, 38, 33, 29, 24, 19, 14, 9, 3, 0, 0, 0)
"""Slow ones of 150 requests in each scrape of 15 s."""


def judged(config: Config, slow: tuple[int, ...]) -> list[Verdict]:
    return run(config, [block(i, (150, bad, 1350, 4)) for i, bad in enumerate(slow)])[1]


def test_a_cache_that_warms_for_two_minutes_condemns_nobody() -> None:
    found = judged(CONFIG, WARMING)

    assert FAIL not in {one.outcome for one in found}
    assert found[4].outcome is WAIT
    why = (
        "success waits: its share falls as it warms up: 28, 25, 22, 19, 16 % in the newest scrapes"
    )
    assert found[4].reason == why
    assert not found[4].heard
    assert float(found[4].measurements[0].numbers["logWarm"]) <= 0
    # Without the rule, as records before it are judged, the first look after the warm-up condemns.
    assert judged(replace(CONFIG, rule=40), WARMING)[4].outcome is FAIL


@pytest.mark.parametrize(
    ("slow", "ends"),
    [
        pytest.param((15,) * 12, 4, id="a share that stays as it is, at the first look"),
        pytest.param((45, 44, *(15,) * 10), 6, id="cold for 30 s and slow for good"),
        pytest.param((42, 38, 33, 29, 24, 19, *(15,) * 6), 9, id="better, and never well"),
        pytest.param((3, 6, 9, 12, 15, 18, 21), 4, id="worse and worse"),
    ],
)
def test_what_stays_slow_is_condemned(slow: tuple[int, ...], ends: int) -> None:
    outcomes = [one.outcome for one in judged(CONFIG, slow)]
    assert outcomes.index(FAIL) == ends


def test_nobody_is_waited_for_three_minutes_after_the_first_request() -> None:
    slowly = tuple(60 - 3 * i for i in range(16))
    outcomes = [one.outcome for one in judged(CONFIG, slowly)]
    assert outcomes.index(FAIL) == 12


def test_what_has_no_warm_up_is_condemned_at_once() -> None:
    failing = replace(CONFIG, metrics=(METRIC,))
    assert judged(failing, WARMING)[0].outcome is FAIL


def test_after_the_promotion_no_warm_up_is_to_blame() -> None:
    alone = replace(CONFIG, alone=True, mismatch=None)
    *_, last = run(alone, [block(i, (150, 60, 0, 0)) for i in range(8)])[1]
    assert last.outcome is FAIL
    assert "its first requests came" not in last.reason
    assert "its first requests came 2m before" in judged(CONFIG, (60,) * 8)[-1].reason


def test_where_nobody_knows_how_failures_come_a_cache_that_warms_is_waited_for_too() -> None:
    unknown = replace(CONFIG, metrics=(replace(CONFIG.metrics[0], known=False),))
    found = judged(unknown, WARMING)
    assert FAIL not in {one.outcome for one in found}
    assert [i for i, one in enumerate(found) if "it warms up: " in one.reason] == [5, 7]
    assert FAIL in {one.outcome for one in judged(unknown, (15,) * 12)}
