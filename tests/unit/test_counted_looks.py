"""Where looks are counted each ends an interval, and only the last one needs everything."""

from dataclasses import replace

from test_judge_sequential import METRIC, PASS, WAIT, block, run
from test_sequential_rulings import GOOD

from gitops_canary.core.judges.sequential import Config
from gitops_canary.model.judging import Block

COUNTED = Config(metrics=(METRIC,), looks=3, interval_ms=30_000, mismatch=None)
BLOCKS = [block(i, GOOD) for i in range(8)]


def ruled(config: Config, blocks: list[Block]) -> list[tuple[object, str]]:
    return [(one.outcome, one.reason) for one in run(config, blocks)[1]]


def test_a_look_passes_where_an_interval_ends() -> None:
    assert ruled(COUNTED, BLOCKS) == [
        (WAIT, "nothing is wrong; look 1 of 3 ends in 15s"),
        (PASS, "nothing is wrong at look 1"),
        (WAIT, "nothing is wrong; look 2 of 3 ends in 15s"),
        (PASS, "nothing is wrong at look 2"),
        (WAIT, "nothing is wrong; look 3 of 3 ends in 15s"),
        (PASS, "nothing speaks against more traffic"),
        # A gate was in the way; what passes later does so at the same pace.
        (WAIT, "nothing is wrong; the next look ends in 15s"),
        (PASS, "nothing speaks against more traffic"),
    ]


def test_the_last_look_needs_what_a_promotion_needs() -> None:
    last = [replace(one, last=True) for one in BLOCKS]
    found = ruled(replace(COUNTED, min_soak_ms=105_000), last)
    assert [outcome for outcome, _ in found] == [WAIT, PASS, WAIT, PASS, *[WAIT] * 3, PASS]
    assert found[5][1] == "nothing is wrong; 90s of 105s soaked"
    dwells = ruled(replace(COUNTED, dwell_ms=120_000), BLOCKS)
    assert [outcome for outcome, _ in dwells] == [WAIT, PASS, WAIT, PASS, *[WAIT] * 3, PASS]


def test_an_interval_may_end_within_a_scrape() -> None:
    found = ruled(replace(COUNTED, interval_ms=40_000), BLOCKS)
    assert [outcome for outcome, _ in found] == [WAIT, WAIT, PASS, WAIT, WAIT, PASS, WAIT, PASS]
    quick = ruled(replace(COUNTED, interval_ms=5_000), BLOCKS[:3])
    assert [outcome for outcome, _ in quick] == [PASS, PASS, WAIT], "a scrape is the least"


def test_looks_are_counted_anew_at_each_weight() -> None:
    states, _ = run(COUNTED, [*BLOCKS[:4], *(block(i, GOOD, weight="50") for i in (4, 5))])
    assert [one.passed for one in states] == [0, 1, 1, 2, 0, 1]


def test_a_look_that_is_not_the_last_was_heard_and_ends_nothing() -> None:
    early = run(COUNTED, BLOCKS[:2])[1][-1]
    assert (early.outcome, early.final, early.heard) == (PASS, False, True)


def test_two_looks_are_counted_and_one_is_none_to_count() -> None:
    two, one = (ruled(replace(COUNTED, looks=looks), BLOCKS[:4]) for looks in (2, 1))
    assert two == [
        (WAIT, "nothing is wrong; look 1 of 2 ends in 15s"),
        (PASS, "nothing is wrong at look 1"),
        (WAIT, "nothing is wrong; look 2 of 2 ends in 15s"),
        (PASS, "nothing speaks against more traffic"),
    ]
    assert not any("look" in reason for _, reason in one)
