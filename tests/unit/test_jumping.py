"""Pods are scraped one after the other, so what both sides meet is seen on one of them first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_judge_sequential import COUNTED, FAIL, METRIC, WAIT, block, run

from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.sequential import Config
from gitops_canary.model.observation import Verdict

CONFIG = Config(metrics=(METRIC,), mismatch=None)
ONCE = replace(CONFIG, rule=53)
WELL, ALIKE, WORSE = (150, 0, 1350, 1), (150, 45, 1350, 405), (150, 30, 1350, 1)
Counted = tuple[int, int, int, int]


def judged(config: Config, *counts: Counted) -> list[Verdict]:
    return run(config, [block(i, one) for i, one in enumerate(counts)])[1]


def failed(config: Config, *counts: Counted) -> int | None:
    """Give the number of the first block that condemns."""
    every = [i for i, one in enumerate(judged(config, *counts)) if one.outcome is FAIL]
    return every[0] if every else None


def test_an_incident_that_the_canary_shows_a_scrape_sooner_condemns_nobody() -> None:
    blip = (WELL, WELL, WORSE, ALIKE, ALIKE, WELL, WELL)
    assert failed(ONCE, *blip) == 2
    assert failed(CONFIG, *blip) is None
    _, _, first, *_ = judged(CONFIG, *blip)
    assert first.outcome is WAIT
    assert first.reason == "success waits: the primary's next scrape may show it too"
    jumps = judged(CONFIG, WELL, WELL, WORSE, (150, 90, 1350, 9))[-1]
    assert jumps.reason == "success waits: the primary's share of bad requests jumps too"
    assert float(first.measurements[0].numbers["logBelieved"]) < 3


def test_an_incident_that_the_canary_shows_a_scrape_longer_condemns_nobody() -> None:
    outage = (WELL, WELL, *(ALIKE,) * 6, WORSE, WELL, WELL, WELL)
    assert failed(ONCE, *outage) == 8
    assert failed(CONFIG, *outage) is None
    # Between two scrapes of the primary, so that each of them shows a part.
    short = (WELL, WELL, (150, 60, 1350, 200), (150, 0, 1350, 330), WELL, WELL, WELL)
    assert failed(CONFIG, *short) is None


def test_a_fault_that_is_there_from_the_start_is_condemned_as_soon_as_before() -> None:
    for worse in (WORSE, (150, 3, 1350, 1), (15, 3, 135, 0), (15, 1, 135, 0), (150, 2, 1350, 2)):
        counts = (worse,) * 40
        assert failed(CONFIG, *counts) == failed(ONCE, *counts) is not None


def test_silence_before_the_first_request_is_no_health() -> None:
    assert failed(CONFIG, (0, 0, 1350, 1), WORSE) == 1


def test_a_fault_that_begins_later_is_condemned_once_the_primary_was_read_again() -> None:
    assert failed(ONCE, WELL, WELL, WELL, WORSE, WORSE) == 3
    assert failed(CONFIG, WELL, WELL, WELL, WORSE, WORSE) == 4
    # What was suspicious before began before.
    assert failed(CONFIG, WELL, WELL, (150, 3, 1350, 1), WORSE) == 3


def test_a_primary_that_fails_now_and_then_shields_nobody_for_ever() -> None:
    flaps = [(150, 75, 1350, 270 * (i % 2)) for i in range(24)]
    found = failed(CONFIG, WELL, WELL, *flaps)
    assert found is not None
    assert found < 20


def test_nobody_waits_where_nobody_is_left_to_compare_with() -> None:
    blocks = [block(i, (1500, 0 if i < 3 else 150, 0, 0), weight="100") for i in range(5)]
    at = [[v.outcome for v in run(c, blocks)[1]].index(FAIL) for c in (CONFIG, ONCE)]
    assert at == [3, 3]


@given(st.lists(COUNTED, max_size=12))
def test_nobody_is_condemned_sooner_than_by_all_evidence(counts: list[Counted]) -> None:
    now, before = failed(CONFIG, *counts), failed(ONCE, *counts)
    assert now is None or (before is not None and before <= now)


def test_blocks_weighed_as_one_are_held_against_twice_the_tolerance() -> None:
    counts = [WELL, WELL, (150, 60, 1350, 400), WELL, WELL]
    states, _ = run(CONFIG, [block(i, one) for i, one in enumerate(counts)])
    edges = states[-1].weighed["success"].edges
    assert edges is not None

    def weighed(four: Counted, rho: float) -> tuple[float, ...]:
        canary, canary_bad, primary, primary_bad = four
        return eprocess.relative(canary, canary_bad, primary, primary_bad, rho=rho, eta=METRIC.eta)

    together = (450, 60, 4050, 402)
    expected = eprocess.UNSEEN.times(weighed(WELL, 1.5)).times(weighed(together, 3.0))
    assert edges.calm.worse.log == pytest.approx(expected.log, abs=1e-12)
