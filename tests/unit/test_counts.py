"""Counting requests between instants, worked out by hand."""

from collections.abc import Mapping, Sequence

import pytest
from checks import DURATION, check, spec

from gitops_canary.core import counting
from gitops_canary.core import hour_before as hour
from gitops_canary.core.births import KNOWN_S
from gitops_canary.core.hour_before import Past
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.questions import Role
from gitops_canary.model.judging import Counts, Pod, Reading, Trouble
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.model.spec import Check

T, SCRAPE = 1_770_000_000_000, 15_000
TIMES = tuple(T + n * SCRAPE for n in range(4))
SPEC = spec(check())
SLOW = check(DURATION, minimum=None, maximum="500")


def counter(
    workload: str, values: Sequence[int | str | None], times: Sequence[int] = TIMES, **labels: str
) -> Series:
    """A counter at some instants; None is a missed scrape."""
    own = {"destination_workload": workload, "reporter": "destination", "response_code": "200"}
    samples = tuple(
        Sample(at, str(v)) for at, v in zip(times, values, strict=True) if v is not None
    )
    return Series(labels=own | labels, samples=samples)


def counted(
    *series: Series,
    one: Check = SPEC.policy.checks[0],
    rule: int = RULE,
    **others: Sequence[Series],
) -> list[Reading]:
    """Count three blocks; `others` are the answers for other roles."""
    roles = counting.asked(one, SPEC, TIMES, scrape_ms=SCRAPE, step_ms=SCRAPE, rule=rule)
    answers: dict[Question, Answer] = {}
    for role, asked in roles.items():
        shown = series if role is Role.COUNTS else others.get(role.name.lower(), ())
        answers |= dict.fromkeys(asked, Answer(series=tuple(shown)))
    return counting.readings(one, SPEC, roles, answers, TIMES, rule=rule)


def counts(found: Sequence[Reading]) -> list[tuple[int, ...] | str]:
    return [
        (c.canary, c.canary_bad, c.primary, c.primary_bad) if (c := one.counts) else one.why
        for one in found
    ]


def test_each_side_is_counted_block_by_block_and_a_5xx_is_bad() -> None:
    found = counted(
        counter("shop", [10, 13, 13, 20]),
        counter("shop", [0, 1, 1, 2], response_code="503"),
        counter("shop-primary", [0, 50, 90, 120]),
        counter("shop-primary", [7, 7, 9, 9], response_code="500"),
        counter("shop-primary", [7, 8, 9, 9], response_code="404"),
        counter("another", [0, 99, 999, 9999]),
    )

    assert counts(found) == [(4, 1, 51, 0), (0, 0, 43, 2), (8, 1, 30, 0)]
    assert [one.samples for one in found] == ["4 requests", "0 requests", "8 requests"]
    assert found[0].why == "as seen by its own proxy"


def test_nothing_counted_is_seen_by_nobody() -> None:
    (first, *_) = counted(counter("shop", [5, 5, 5, 5]))

    assert (first.counts, first.why, first.samples) == (Counts(), "", "0 requests")


def test_a_counter_that_is_no_number_spoils_its_block_alone() -> None:
    found = counted(counter("shop", [0, 1, "NaN", "NaN"]), counter("shop-primary", [0, 1, 2, 3]))

    assert counts(found)[0] == (1, 0, 1, 0)
    assert [one.trouble for one in found[1:]] == [Trouble.INVALID] * 2
    assert "NaN" in found[1].why


def test_what_was_not_scraped_at_first_counts_from_then_on() -> None:
    seen = counter("shop", [None, 105, 110, 110])
    earlier = counter("shop", [90, 100], [T - 2 * SCRAPE, T - SCRAPE])

    assert counts(counted(seen, before=[earlier]))[:2] == [(0, 0, 0, 0), (5, 0, 0, 0)]
    assert counts(counted(seen, before=[earlier], rule=53))[0] == (5, 0, 0, 0)
    there = counter("shop-primary", [0, 0, 0, 0])
    assert counts(counted(seen, there))[0] == (105, 0, 0, 0), "it is a new pod's"
    assert counts(counted(seen))[0] == (0, 0, 0, 0), "nobody was scraped"


@pytest.mark.parametrize("role", [Role.COUNTS, Role.BEFORE])
def test_one_answer_that_failed_leaves_every_block_without_counts(role: Role) -> None:
    roles = counting.asked(check(), SPEC, TIMES, scrape_ms=SCRAPE, step_ms=SCRAPE)
    answers = {
        question: Answer(error=None if own is not role else "half of it is missing")
        for own, asked in roles.items()
        for question in asked
    }
    found = counting.readings(check(), SPEC, roles, answers, TIMES)

    assert [one.why for one in found] == ["half of it is missing"] * 3
    assert {one.trouble for one in found} == {Trouble.ERROR}


def test_the_newest_stretch_has_to_be_answered_too() -> None:
    gap = (*TIMES[:2], TIMES[3])
    roles = counting.asked(check(), SPEC, gap, scrape_ms=SCRAPE, step_ms=SCRAPE)
    *known, last = [question for asked in roles.values() for question in asked][:2]
    answers = dict.fromkeys((*known, *roles[Role.BEFORE]), Answer())

    assert last.start_ms == TIMES[3]
    assert {r.trouble for r in counting.readings(check(), SPEC, roles, answers, gap)} == {
        Trouble.ERROR
    }


def test_what_is_asked_has_exact_instants() -> None:
    roles = counting.asked(check(), SPEC, TIMES, scrape_ms=SCRAPE, step_ms=SCRAPE)
    (every,), (before,) = roles[Role.COUNTS], roles[Role.BEFORE]
    before_it = hour.asked(check(), SPEC, T, scrape_ms=SCRAPE)

    assert (every.start_ms, every.end_ms, every.step_ms) == (T, TIMES[-1], SCRAPE)
    assert every.lookback_ms == before_it.lookback_ms == 2 * SCRAPE
    assert (before.start_ms, before.end_ms, before.lookback_ms) == (T, T, KNOWN_S * 1000)
    assert every.expression.replace("[30s]", "[3600s]") == before.expression != every.expression
    assert (before_it.start_ms, before_it.end_ms, before_it.step_ms) == (T - 3_600_000, T, 60_000)
    assert before_it.expression == every.expression
    assert Role.BOUNDS not in roles


def buckets(workload: str, fast: Sequence[int], every: Sequence[int]) -> list[Series]:
    return [counter(workload, values, le=le) for le, values in (("500", fast), ("+Inf", every))]


def bounds(*found: str) -> list[Series]:
    return [Series(labels={"le": le}, samples=(Sample(T, "1"),)) for le in found]


def test_slow_requests_are_all_but_the_fast_ones_and_never_fewer_than_none() -> None:
    found = counted(
        *buckets("shop", [0, 8, 19, 20], [0, 10, 20, 20]),
        *buckets("shop-primary", [5, 5, 5, 6], [5, 6, 6, 7]),
        one=SLOW,
        bounds=bounds("250", "500.0", "+Inf"),
    )

    assert counts(found) == [(10, 2, 1, 1), (10, 0, 0, 0), (0, 0, 1, 0)]


def test_a_limit_that_is_no_bound_of_a_bucket_is_told_with_the_bounds() -> None:
    many = [str(n) for n in range(1000, 1040)]
    first, *others = counted(one=SLOW, bounds=bounds(*many, "+Inf", "250", "x", ""))

    assert len(others) == 2
    assert first.trouble is Trouble.INVALID
    assert "the limit 500 is no bound of a bucket" in first.why
    assert first.why.endswith(f"use one of 250, {', '.join(many[:29])}")
    assert counted(one=SLOW, bounds=bounds("+Inf"))[0].trouble is None, "nobody knows the bounds"


def test_a_limit_is_asked_for_in_the_unit_of_the_buckets() -> None:
    roles = counting.asked(SLOW, SPEC, TIMES, scrape_ms=SCRAPE, step_ms=SCRAPE)

    assert 'le=~"500(\\\\.0)?|\\\\+Inf"' in roles[Role.COUNTS][0].expression
    assert roles[Role.BOUNDS][0].expression.startswith("count by (le) (")
    assert (roles[Role.BOUNDS][0].start_ms, roles[Role.BOUNDS][0].end_ms) == (T, T)
    assert counting.bound_of(SLOW, 1000) == "0.5"
    assert counting.bound_of(check(DURATION, minimum=None), 1000) == "0"


def test_pods_that_answered_are_counted_by_themselves() -> None:
    (first, *_) = counted(
        counter("shop", [0, 4, 4, 4], pod="a"),
        counter("shop", [0, 2, 2, 2], pod="a", response_code="500"),
        counter("shop", [0, 3, 3, 3], pod="b"),
        counter("shop", [3, 3, 3, 3], pod="c"),
        counter("shop", [0, 9, 9, 9], pod="gateway", reporter="source"),
        counter("shop-primary", [0, 9, 9, 9], pod="d"),
    )

    assert first.pods == (Pod(name="a", requests=6, bad=2), Pod(name="b", requests=3, bad=0))


HOUR = hour.asked(check(), SPEC, T, scrape_ms=SCRAPE)
MINUTES = range(HOUR.start_ms, HOUR.end_ms + 1, HOUR.step_ms)


def past(*series: Series, answers: Mapping[Question, Answer] | None = None) -> Past:
    known = {HOUR: Answer(series=series)} if answers is None else answers
    return hour.measured(check(), SPEC, HOUR, known)


def hourly(workload: str, first: int, each: int, **labels: str) -> Series:
    """A counter that appears with some requests, and gains as many each minute."""
    values = [first + each * n for n in range(len(MINUTES))]
    return counter(workload, values, MINUTES, **labels)


def test_the_usual_share_of_bad_requests_is_the_primary_s() -> None:
    found = past(
        hourly("shop-primary", 9, 96),
        hourly("shop-primary", 9, 4, response_code="500"),
        hourly("shop", 0, 100, response_code="500"),
    )

    assert found.share == pytest.approx(0.04)


def test_the_first_minute_may_be_of_a_counter_that_had_begun_before() -> None:
    late = [None, *(1000 for _ in MINUTES[1:])]
    found = past(
        hourly("shop-primary", 0, 99), counter("shop-primary", late, MINUTES, response_code="500")
    )

    assert found.share == 0


@pytest.mark.parametrize("minute", [1, 59])
def test_every_later_minute_counts(minute: int) -> None:
    bad = [0 if n <= minute else 60 for n in range(len(MINUTES))]
    found = past(
        hourly("shop-primary", 0, 10), counter("shop-primary", bad, MINUTES, response_code="500")
    )

    assert found.share == pytest.approx(60 / (59 * 10 + 60))


def test_the_hour_is_read_from_the_side_that_tells_pods_apart() -> None:
    found = past(
        hourly("shop-primary", 0, 50, pod="a"),
        hourly("shop-primary", 0, 50, pod="b", response_code="500"),
        hourly("shop-primary", 0, 100, reporter="source", pod="a"),
    )

    assert found.share == pytest.approx(0.5)


def test_an_hour_without_an_answer_tells_nothing() -> None:
    failed = {HOUR: Answer(error="down", series=(hourly("shop-primary", 0, 9),))}

    for nothing in (past(), past(answers={}), past(answers=failed), past(hourly("shop", 0, 9))):
        assert (nothing.phi, nothing.free, nothing.share) == (1.0, 0, None)
