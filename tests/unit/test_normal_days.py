"""Which past days were normal, and what a suggestion makes of an incident."""

from dataclasses import replace
from decimal import Decimal

import pytest
from checks import check, spec
from situations import looks, measured

from gitops_canary.core.backtest import Begun, backtest, replayed, run_of
from gitops_canary.core.normal_days import LeftOut, left_out, unit_ms
from gitops_canary.core.past import Backtest
from gitops_canary.core.suggesting import leaving, tight_words
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Limits

HOUR, DAY = 3_600_000, 86_400_000
MINUTE = 60_000
FIRST = 20_000
"""The day in 2024 from which they count."""
SHARE, TIME = Limits(minimum=Decimal(99)), Limits(maximum=Decimal(500))


def days(*worst: str, unit: int = DAY, good: str = "100") -> list[tuple[int, Decimal]]:
    """Ten looks a day (or hour), of which one is the worst."""
    step = unit // 10
    return [
        (FIRST * DAY + day * unit + (i + 1) * step, Decimal(value if i == 4 else good))
        for day, value in enumerate(worst)
        for i in range(10)
    ]


@pytest.mark.parametrize(
    ("worst", "limits", "odd"),
    [
        (["99.9", "99.8", "91", "99.9"], SHARE, [2]),
        (["99.9", "99.8", "91", "99.9", "90"], SHARE, [2, 4]),
        # What most days do is normal, however bad; and so is what keeps the limit.
        (["91", "92", "91", "99.9"], SHARE, []),
        (["100", "100", "99.1", "100"], SHARE, []),
        # By chance one day is a little worse than days that are all alike: shares by up to twice.
        (["99.4", "99.4", "98.8", "99.4"], SHARE, []),
        (["99.4", "99.4", "98.79", "99.4"], SHARE, [2]),
        (["99", "99", "98", "99"], Limits(minimum=Decimal("99.99")), []),
        (["99.4", "99.4", "98.8", "99.4"], Limits(minimum=Decimal(100)), []),
        # A day that just keeps the limit is no incident.
        (["100", "100", "99", "100"], SHARE, []),
        (["200", "200", "500", "200"], TIME, []),
        (["400", "410", "957", "400"], TIME, [2]),
        (["400", "410", "590", "400"], TIME, []),
        # Days that differ much among themselves make none of them odd.
        (["300", "900", "1500", "2100", "2700"], TIME, []),
        (["100", "100", "98"], SHARE, [2]),
        (["900", "950", "100", "940"], Limits(minimum=Decimal(500)), [2]),
    ],
)
def test_a_day_is_left_out_where_it_is_far_worse_than_the_others(
    worst: list[str], limits: Limits, odd: list[int]
) -> None:
    good = "100" if limits == SHARE or limits.maximum is None else "10"
    good = "960" if limits.minimum == 500 else good
    found = left_out(days(*worst, good=good), limits, 0.001)
    assert [one.start_ms for one in found] == [(FIRST + day) * DAY for day in odd]
    assert [one.worst for one in found] == [Decimal(worst[day]) for day in odd]


def test_hours_are_told_apart_where_there_are_few_days() -> None:
    values = days("100", "91", "100", unit=HOUR)
    assert unit_ms(values) == HOUR
    start = FIRST * DAY + HOUR
    assert left_out(values, SHARE, 0) == (LeftOut(start, start + HOUR, Decimal(91)),)
    assert unit_ms(days("100", "91", unit=HOUR)) == unit_ms([]) == 0
    assert left_out(days("100", "91", unit=HOUR), SHARE, 0) == ()
    hour, day = (LeftOut(unit, 2 * unit, Decimal(91)).words for unit in (HOUR, DAY))
    assert hour == "1970-01-01 01:00 to 02:00 (at its worst 91)"
    assert day == "1970-01-02 (at its worst 91)"


def test_a_part_of_a_day_s_looks_may_be_worse_than_what_counts_as_its_worst() -> None:
    values = days("99.9", "91", "99.8")
    assert [one.worst for one in left_out(values, SHARE, 0.09)] == [Decimal(91)]
    assert left_out(values, SHARE, 0.1) == ()


def looked(values: list[tuple[int, Decimal]], minimum: str = "99") -> Backtest:
    policy = replace(spec(check(minimum=minimum)).policy, steps=(Decimal(10), Decimal(20)))
    every: list[Verdict] = []
    for at_ms, value in values:
        outcome = Outcome.PASS if value >= Decimal(minimum) else Outcome.FAIL
        (one,) = looks(outcome)
        window = replace(one.window, end_ms=at_ms)
        read = replace(measured(outcome), value=str(value), at_ms=at_ms)
        every.append(replace(one, window=window, measurements=(read,)))
    return backtest(replace(policy, threshold=1), every)


def test_an_incident_loosens_no_limit_and_is_named() -> None:
    found = looked(days("99.9", "91", "99.8"))
    (one,) = found.ranges
    assert one.suggested is None
    assert leaving(one) == ("without 2024-10-05 (at its worst 91): not normal beside the others")
    assert one.worst == Decimal("99.8")
    # Two of 29 rollouts meet the incident; of those that meet no look of its day none is stopped.
    assert (found.begun, len(found.stopped), found.quiet) == (29, 2, (18, 0, 0))


def test_a_rollout_that_lasts_into_an_incident_met_it() -> None:
    found = looked(days("99.9", "91", "99.8"))
    bad_ms = (FIRST + 1) * DAY
    times = (bad_ms - HOUR, bad_ms - 3 * HOUR, bad_ms + DAY + 1)
    runs = [run_of(at, looks(Outcome.PASS)) for at in times]
    begun = Begun(every=3, chosen=times, silent=0, every_ms=2 * HOUR, apart_ms=2 * HOUR)
    assert replayed(found, spec(check()).policy, begun, runs).quiet == (2, 0, 0)


def test_a_limit_that_normal_days_break_is_widened_by_those_alone() -> None:
    (one,) = looked(days("98.9", "91", "98.8")).ranges
    assert one.suggested == ">= 98.68"
    assert ", without 2024-10-05 (at its worst 91): not normal" in tight_words(one)


def test_too_little_time_is_said_to_be_too_little() -> None:
    assert looked(days("98", unit=HOUR)).ranges[0].short
    assert not looked(days("98", "98", "98", unit=HOUR)).ranges[0].short
    assert not looked([]).ranges[0].short
