"""What judges would have done in past rollouts, and which limits that loosens."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from checks import check
from past import policy, the_range, valued
from situations import looks

from gitops_canary.cli.backtest_page import page
from gitops_canary.core.backtest import (
    RUNS_MAX,
    Begun,
    backtest,
    replayed,
    run_of,
    starts,
)
from gitops_canary.core.normal_days import LeftOut
from gitops_canary.core.past import Quiet
from gitops_canary.core.suggesting import counted as counted_spans
from gitops_canary.core.suggesting import minded, thin, tight_words
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import JudgePolicy

PASS, FAIL, SILENT = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def test_a_judge_that_ends_by_itself_stops_a_past_rollout() -> None:
    failing, seen = looks(FAIL)[0], looks(SILENT)[0]
    [deaf] = valued(None)
    deaf = replace(deaf, outcome=SILENT)
    runs = [
        (0, [replace(failing, final=True)]),
        (1, [failing, replace(seen, heard=True)]),
        (2, [deaf, deaf]),
        (3, [replace(deaf, final=True)]),
        (4, [seen]),
    ]
    begun = Begun(every=7, chosen=(0, 1, 2, 3, 4), silent=2, every_ms=1, apart_ms=1)
    every = [run_of(at, verdicts) for at, verdicts in runs]
    found = replayed(backtest(policy(check()), ()), policy(check()), begun, every)

    assert (found.begun, found.stopped, found.silent, found.judged) == (7, (0,), 4, 3)
    assert found.quiet == (3, 1, 0)


def test_of_many_past_rollouts_so_many_are_spread_evenly() -> None:
    heard = [(0, 10 * RUNS_MAX)]
    assert starts(0, 100, 100, heard).chosen == (0,)
    assert starts(0, 99, 100, heard).every == 0
    assert starts(0, RUNS_MAX, 1, heard).chosen == tuple(range(RUNS_MAX))
    found = starts(0, RUNS_MAX + 1, 1, heard)
    assert (found.chosen, found.apart_ms) == (tuple(range(0, RUNS_MAX + 1, 2)), 2)


def test_past_rollouts_begin_where_something_was_heard() -> None:
    found = starts(0, 10_000, 10, [(40, 55), (500, 510)])

    assert found.chosen == (40, 50, 500)
    assert (found.every, found.silent) == (1000, 997)


def counted(bad: int, requests: int = 1000) -> Verdict:
    one = looks(SILENT)[0]
    numbers = {"canary": str(requests), "canaryBad": str(bad)}
    named = replace(one.measurements[0], check=check().name, numbers=numbers)
    return replace(one, measurements=(named,))


@pytest.mark.parametrize(
    ("bad", "held", "says"),
    [
        # The limit is 99: 15 of 1,000 were never condemned, and never promoted either.
        ([15] * 40 + [5] * 60, 40, ">= 98.35"),
        ([15] * 1 + [5] * 99, 1, None),
        ([10] * 100, 0, None),
    ],
)
def test_what_is_held_is_told_apart_from_what_was_not_heard(
    bad: Sequence[int], held: int, says: str | None
) -> None:
    own = policy(check("request-success-rate"), judge=JudgePolicy(type="sequential"))
    begun = Begun(every=len(bad), chosen=(), silent=0, every_ms=1, apart_ms=1)
    runs = [run_of(at, [counted(one)]) for at, one in enumerate(bad)]
    looked = backtest(own, valued("98"))
    found = minded(replayed(looked, own, begun, runs), own)

    assert (found.silent, found.held, found.quiet) == (0, held, (len(bad), 0, held))
    assert found.ranges[0].suggested == says


def test_spans_of_last_week_loosen_a_limit_only_where_many_break_it() -> None:
    rate = check("request-success-rate")
    one = the_range(rate, ["98"])
    bad = [(i, i + 1, 1000, 15 if i < 5 else 2) for i in range(100)]
    few = counted_spans(one, rate, [(i, e, n, k if i < 1 else 2) for i, e, n, k in bad])
    many = counted_spans(one, rate, bad)

    assert (few.suggested, few.holds, few.served) == (None, 1, 100)
    assert many.suggested == ">= 98.35"
    assert "in 5 of 100 spans of five minutes" in tight_words(many)
    odd = replace(one, left_out=(LeftOut(0, 5, Decimal(0)),))
    assert counted_spans(odd, rate, bad).suggested is None
    assert counted_spans(one, rate, []).suggested is None


def test_a_few_bad_requests_of_few_hold_nothing() -> None:
    own = policy(check("request-success-rate"), judge=JudgePolicy(type="sequential"))
    begun = Begun(every=1, chosen=(), silent=0, every_ms=1, apart_ms=1)
    found = replayed(backtest(own, valued("98")), own, begun, [run_of(0, [counted(2, 9)])])

    assert found.held == 0


def test_looks_that_fail_alone_loosen_no_limit() -> None:
    """Two of three have to fail; one in five does, and none follows another."""
    own = policy(check(), steps=3, threshold=2)
    passed, failed = valued("99.5")[0], replace(looks(FAIL)[0], outcome=FAIL)
    low = replace(failed, measurements=(replace(failed.measurements[0], value="98"),))
    alone = backtest(own, [low if i % 5 == 0 else passed for i in range(100)])
    pairs = backtest(own, [low if i % 5 < 2 else passed for i in range(100)])

    assert (alone.stopped, alone.ranges[0].suggested) == ((), ">= 97.8")
    assert minded(alone, own).ranges[0].suggested is None
    assert minded(pairs, own).ranges[0].suggested == ">= 97.8"
    assert minded(backtest(own, [low]), own).ranges[0].suggested == ">= 97.8", "nobody knows"


def test_few_requests_a_look_are_told_before_a_limit_is_loosened() -> None:
    own = policy(check("request-success-rate"), threshold=1)
    low = looks(FAIL)[0]
    few = replace(low.measurements[0], value="66.6", samples="3 requests")
    many = replace(few, samples="300 requests")
    told = {
        name: thin(backtest(own, [replace(low, measurements=(one,))]).ranges[0], "threshold")
        for name, one in {"few": few, "many": many}.items()
    }

    assert "a look rests on about 3 requests, of which a single bad one" in told["few"]
    assert told["many"] == ""


@pytest.mark.parametrize(
    ("stopped", "held", "kind"), [(2, 0, "bad"), (1, 0, "open"), (0, 1, "open"), (0, 0, "good")]
)
def test_a_page_is_red_where_quiet_days_were_stopped_more_often_than_is_fine(
    stopped: int, held: int, kind: str
) -> None:
    found = replace(
        backtest(policy(check()), valued("99.5", "99.5")),
        stopped=tuple(range(stopped)),
        held=held,
        quiet=Quiet(1000, stopped, held),
    )

    assert f'<header class="{kind}">' in page("prod/shop", "", found)
