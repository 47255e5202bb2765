"""Which share of the requests the canary gets, worked out by hand."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from gitops_canary.model.observation import Sample, Series
from gitops_canary.sync.share import RATIO, Shift, Unreadable, Weights, finite, proven

SINCE, SCRAPE = 1_770_000_000_000, 5_000
Points = Mapping[int, int | str]
"""What a counter showed, by scrapes since the commit."""


def counter(who: str, points: Points, side: str = "source", **target: str) -> Series:
    return Series(
        labels={"destination_workload": who, "reporter": side, **target},
        samples=tuple(Sample(SINCE + n * SCRAPE, str(v)) for n, v in points.items()),
    )


def seen(*series: Series, before: str = "10", after: str = "50") -> Shift:
    weights = Weights(
        before=Decimal(before), after=Decimal(after), since_ms=SINCE, scrape_ms=SCRAPE
    )
    return proven(series, "shop", "shop-primary", weights)


def both(canary: Sequence[int], primary: Sequence[int], side: str = "source") -> list[Series]:
    """Counters from the commit on, by what each scrape adds."""
    return [
        counter(who, {n: 1000 + sum(gains[:n]) for n in range(len(gains) + 1)}, side)
        for who, gains in (("shop", canary), ("shop-primary", primary))
    ]


def test_the_ratio_is_the_mixture_over_when_the_weight_came() -> None:
    first = math.exp(2 * math.log(0.5 / 0.1) + 3 * math.log(0.5 / 0.9))
    second = math.exp(1 * math.log(0.5 / 0.1) + 4 * math.log(0.5 / 0.9))
    found = seen(*both([2, 1], [3, 4]))

    belief = ((1 / 2 + 1 / 4) * first + 1 / 12) * second
    assert found.ratio == pytest.approx(belief + 1 / 6)
    assert (found.at_ms, found.canary, found.primary, found.requests) == (None, 3.0, 7.0, 10)


def test_a_weight_is_proven_at_the_first_sample_that_is_enough() -> None:
    found = seen(*both([1, 9, 50], [1, 9, 50]))

    assert found.at_ms == SINCE + 2 * SCRAPE
    assert found.ratio > RATIO
    assert (found.canary, found.primary, found.side) == (10.0, 10.0, "source")


def test_a_lower_weight_is_proven_by_the_primary_s_requests() -> None:
    falling = both([0, 0], [20, 20])

    assert seen(*falling, before="50", after="10").at_ms is not None
    assert seen(*falling, before="10", after="50").at_ms is None


@pytest.mark.parametrize(
    ("before", "after", "odds"),
    [("0", "10", 0.1 / 0.0005), ("10", "0", 0.0005 / 0.1), ("50", "100", 0.9995 / 0.5)],
)
def test_none_and_all_are_nearly_so(before: str, after: str, odds: float) -> None:
    one = seen(*both([1], [0]), before=before, after=after)

    assert one.ratio == pytest.approx(0.75 * odds + 0.25)


def test_scrapes_without_a_request_are_no_evidence() -> None:
    gaps, none = seen(*both([0, 2, 0, 0], [0, 3, 0, 0])), seen(*both([2], [3]))

    assert gaps.ratio == pytest.approx(none.ratio)
    assert seen(*both([0, 0], [0, 0])).ratio == 1.0


def test_what_was_counted_up_to_the_commit_is_no_proof() -> None:
    primary = counter("shop-primary", {-1: 0, 0: 50, 1: 51})
    found = seen(counter("shop", {-1: 0, 0: 500, 1: 502}), primary)

    assert (found.canary, found.primary) == (2.0, 1.0)


def test_a_counter_that_falls_counts_from_zero() -> None:
    found = seen(counter("shop", {0: 900, 1: 4, 2: 4}), counter("shop-primary", {0: 9, 1: 9, 2: 9}))

    assert found.canary == 4.0


def test_a_series_born_in_a_target_that_was_read_before_counts_whole() -> None:
    old = counter("shop", {0: 7, 1: 7, 2: 7}, pod="a", response_code="200")
    primary = counter("shop-primary", {0: 9, 1: 9, 2: 9}, pod="p")
    born = counter("shop", {2: 3}, pod="a", response_code="500")
    unknown = counter("shop", {2: 3}, pod="b")

    assert seen(old, born, primary).canary == 3.0
    assert seen(old, unknown, primary).canary == 0.0


def test_the_arm_that_speaks_for_the_weight_waits_for_the_other_to_be_read() -> None:
    canary = counter("shop", {0: 0, 1: 30, 2: 60})
    late = counter("shop-primary", {0: 0, 2: 0})

    assert seen(canary, late).at_ms == SINCE + 2 * SCRAPE
    assert seen(canary, counter("shop-primary", {0: 0, 1: 0})).at_ms == SINCE + SCRAPE


@pytest.mark.parametrize(("scrapes", "canary"), [(2, 0.0), (3, 30.0)])
def test_a_target_that_was_not_read_for_two_scrapes_is_gone(scrapes: int, canary: float) -> None:
    gone = counter("shop-primary", {0: 0}, pod="gone")
    stays = counter("shop-primary", {0: 0, scrapes: 0}, pod="stays")
    found = seen(counter("shop", {0: 0, scrapes: 30}), gone, stays)

    assert found.canary == canary


def test_where_nobody_is_left_on_the_other_side_nothing_is_waited_for() -> None:
    alone = counter("shop", {0: 0, 1: 30, 2: 60})

    assert seen(alone, before="10", after="100").at_ms == SINCE + SCRAPE
    assert seen(alone, before="10", after="50").at_ms is None, "the primary should have some"
    promoted = counter("shop-primary", {0: 0, 1: 90, 2: 180})
    assert seen(promoted, before="50", after="0").at_ms == SINCE + SCRAPE


def test_sides_are_never_added_up_and_the_earliest_proof_counts() -> None:
    slow, quick = both([0, 50], [0, 50], "a"), both([50, 0], [50, 0], "b")
    found = seen(*slow, *quick)

    assert (found.side, found.at_ms) == ("b", SINCE + SCRAPE)
    assert (found.canary, found.primary) == (50.0, 50.0)
    little, less = both([2], [1], "a"), both([1], [1], "b")
    assert seen(*less, *little).side == "a", "of none the one that is nearest"


def test_nothing_at_all_proves_nothing() -> None:
    assert seen() == Shift(at_ms=None, ratio=1.0, canary=0.0, primary=0.0, side="")
    assert seen().requests == 0


@pytest.mark.parametrize("text", ["NaN", "-1", "x"])
def test_a_sample_that_is_no_count_is_told(text: str) -> None:
    with pytest.raises(Unreadable, match=text):
        seen(*both([1], [1]), counter("shop", {0: 0, 1: text}, "other"))
    assert finite("0") == 0.0
