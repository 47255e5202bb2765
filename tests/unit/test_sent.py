"""How requests were split between canary and primary, as those who sent them count them."""

import pytest
from test_counts import counted, counter

from gitops_canary.model.judging import Counts


@pytest.mark.parametrize(
    ("sent", "split"),
    [
        # Ten of the canary's requests were tried twice: to its callers they are ten.
        ({"shop": 10, "shop-primary": 90}, Counts(canary=10, primary=90)),
        ({"shop": 10, "shop-primary": 72}, Counts(canary=10, primary=72)),
        # A third of the primary's callers is not seen, so nobody knows what theirs did.
        ({"shop": 10, "shop-primary": 60}, None),
        ({"shop": 0, "shop-primary": 90}, None),
        ({}, None),
        # They saw the most themselves.
        ({"shop": 30, "shop-primary": 90}, None),
    ],
)
def test_the_split_is_told_by_callers_where_they_sent_nearly_all(
    sent: dict[str, int], split: Counts | None
) -> None:
    assert split_of(destination={"shop": 20, "shop-primary": 90}, source=sent) == split


def split_of(**sides: dict[str, int]) -> Counts | None:
    rows = [
        counter(who, [0, many, many, many], reporter=side)
        for side, told in sides.items()
        for who, many in told.items()
    ]
    return counted(*rows)[0].split


def test_of_two_callers_who_saw_more_tells_the_split_and_one_of_the_canary_alone_does_not() -> None:
    tried = {"shop": 20, "shop-primary": 90}
    callers = {"shop": 10, "shop-primary": 85}
    waypoint = {"shop": 9, "shop-primary": 89}
    told = split_of(destination=tried, source=callers, waypoint=waypoint)
    assert told == Counts(canary=9, primary=89)
    assert split_of(destination={"shop": 20}, source={"shop": 10}) is None


def test_a_single_request_of_the_primary_is_enough_to_tell_the_split() -> None:
    told = split_of(
        destination={"shop": 2, "shop-primary": 1}, source={"shop": 1, "shop-primary": 1}
    )
    assert told == Counts(canary=1, primary=1)
