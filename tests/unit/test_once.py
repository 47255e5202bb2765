"""Requests that several sides see, where one of them missed scrapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_counts import T, counted, counter, counts

from gitops_canary.core.once import Once
from gitops_canary.model.judging import Counts
from gitops_canary.model.observation import Series


def test_the_side_that_saw_more_counts_and_of_two_alike_the_callers() -> None:
    found = counted(
        counter("shop", [0, 9, 18, 20]),
        counter("shop", [0, 9, 19, 20], reporter="source"),
        counter("shop-primary", [0, 0, 0, 9]),
    )

    assert counts(found) == [(9, 0, 0, 0), (10, 0, 0, 0), (2, 0, 9, 0)]
    assert [one.why[11:] for one in found] == ["its callers", "its callers", "its own proxy"]


def test_both_workloads_together_tell_who_saw_more() -> None:
    (first, *_) = counted(
        *(counter(name, [0, 5, 5, 5], reporter="source") for name in ("shop", "shop-primary")),
        *(counter(name, [0, 3, 3, 3]) for name in ("shop", "shop-primary")),
        counter("shop", [0, 10, 10, 10], reporter="odd"),
    )

    assert (first.counts, first.why) == (Counts(canary=5, primary=5), "as seen by its callers")


def two_sides(*missing: int) -> tuple[Series, ...]:
    """Requests that callers count at every instant, and pods with some scrapes missing."""
    total = {"shop": 10, "shop-primary": 90}
    return tuple(
        counter(
            who,
            [100 + each * at if side == "source" or at not in missing else None for at in range(4)],
            reporter=side,
        )
        for who, each in total.items()
        for side in ("source", "destination")
    )


@pytest.mark.parametrize("missing", [(), (1,), (2,), (1, 2), (3,), (0,), (0, 1), (0, 1, 2, 3)])
def test_what_one_side_missed_is_counted_once(missing: tuple[int, ...]) -> None:
    before = [counter(who, [50], (T - 60_000,)) for who in ("shop", "shop-primary")]
    found = counted(*two_sides(*missing), before=before)
    assert counts(found) == [(10, 0, 90, 0)] * 3


def test_old_records_count_a_gap_once_more_where_it_ends() -> None:
    assert counts(counted(*two_sides(1), rule=51)) == [
        (10, 0, 90, 0),
        (20, 0, 180, 0),
        (10, 0, 90, 0),
    ]


def test_a_side_that_saw_more_than_others_in_its_gap_has_the_rest_of_it() -> None:
    """Half of the callers are counted: 5 of 10 requests in each block, 1 of them failed."""
    found = counted(
        counter("shop", [0, 4, 8, 12], reporter="source"),
        counter("shop", [0, 1, 2, 3], reporter="source", response_code="503"),
        counter("shop", [0, None, None, 24]),
        counter("shop", [0, None, None, 6], response_code="503"),
    )
    assert counts(found) == [(5, 1, 0, 0), (5, 1, 0, 0), (20, 4, 0, 0)]


def test_a_gap_that_all_have_is_counted_where_it_ends() -> None:
    found = counted(
        counter("shop", [0, None, None, 24], reporter="source"),
        counter("shop", [0, None, None, 24]),
    )
    assert [one and one[0] for one in counts(found)] == [0, 0, 24]


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.lists(st.booleans(), min_size=3)),
        min_size=1,
        max_size=9,
    )
)
def test_whoever_misses_what_each_request_counts_once(
    rows: list[tuple[int, int, list[bool]]],
) -> None:
    """Each side catches up with what it missed; the last block is heard by one of them."""
    once, total, counted = Once(), Counts(), Counts()
    missed = dict.fromkeys(("source", "destination", "waypoint"), Counts())
    for at, (canary, primary, silent) in enumerate(rows):
        new = Counts(
            canary=canary, canary_bad=canary // 2, primary=primary, primary_bad=primary // 3
        )
        total, seen = total + new, []
        for number, (side, before) in enumerate(missed.items()):
            quiet = silent[number] and not (at == len(rows) - 1 and number == 0)
            seen.append((side, Counts() if quiet else before + new))
            missed[side] = before + new if quiet else Counts()
        counted = counted + once.take(seen)[1]
        assert counted.canary <= total.canary
        assert counted.primary_bad <= total.primary_bad
    assert counted == total
