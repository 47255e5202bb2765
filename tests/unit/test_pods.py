"""Whether one pod alone is to blame: by its own counts and those of the others."""

from dataclasses import replace

import pytest

from gitops_canary.core.judges.eprocess import UNSEEN
from gitops_canary.core.judges.pod_faults import Faults, Strand, alone, burning
from gitops_canary.core.judges.pods import Lone, added, blamed, broken, ill, lone
from gitops_canary.model.judging import Counts, Pod

WELL = {"b": (30, 0), "c": (30, 0)}


def test_a_pod_is_counted_once_however_its_series_come() -> None:
    twice = [Pod(name="a", requests=1, bad=0), Pod(name="a", requests=2, bad=1)]
    assert added({}, twice) == {"a": (3, 1)}
    assert added({"b": (1, 0)}, twice) == {"a": (3, 1), "b": (1, 0)}
    assert added({"a": (1, 1)}, []) == {"a": (1, 1)}


def test_who_fails_most_of_its_requests_is_ill_and_half_is_not_most() -> None:
    assert ill({"a": (4, 2), "b": (5, 2), "c": (5, 3), "d": (0, 0)}) == ("c",)


@pytest.mark.parametrize(("others_bad", "named"), [(1, True), (2, False)])
def test_the_others_keep_the_limit_or_nobody_is_blamed(others_bad: int, *, named: bool) -> None:
    found = blamed({"a": (50, 31), "b": (60, others_bad), "c": (40, 0)}, 0.01)
    assert bool(found) == named


@pytest.mark.parametrize(("others_bad", "alone"), [(2, True), (3, False)])
def test_beside_one_that_fails_alone_one_more_may_fail_than_the_limit_allows(
    others_bad: int, *, alone: bool
) -> None:
    found = lone({"a": (50, 31), "b": (60, others_bad), "c": (40, 0)}, 0.01)
    assert (found is not None) == alone


def test_three_failures_of_one_of_two_pods_are_enough() -> None:
    found = lone({"a": (3, 3), "b": (60, 0)}, 0.01)
    assert found == Lone(name="a", requests=3, bad=3, pods=1, others=60, others_bad=0)
    assert lone({"a": (2, 2), "b": (60, 0)}, 0.01) is None
    assert lone({"a": (3, 3), "b": (0, 0)}, 0.01) is None, "nobody is beside it"


def test_chance_grows_with_who_could_have_been_hit_and_with_what_else_failed() -> None:
    one = Lone(name="a", requests=30, bad=9, pods=3, others=90, others_bad=0)
    assert one.chance == pytest.approx(4 * 0.25**9)
    assert replace(one, pods=1).chance == pytest.approx(one.chance / 2)
    assert replace(one, others_bad=3).chance > one.chance
    assert replace(one, bad=0).chance == 1


def test_broken_is_beyond_half_or_three_times_a_larger_budget() -> None:
    sick = {"a": (60, 50), **WELL}
    assert broken(sick, 0.01, 1.0) is not None
    assert broken(sick, 0.2, 1.0) is not None
    assert broken(sick, 0.25, 1.0) is None, "three quarters are not far enough away"
    assert broken({"a": (60, 60), **WELL}, 0.34, 1.0) is None, "nothing is three times as much"


def test_of_pods_that_failed_alike_the_last_by_name_is_looked_at_however_they_come() -> None:
    pods = {"a": (30, 30), "b": (40, 30), "c": (3000, 0)}
    for order in ("abc", "cba", "bca"):
        found = lone({name: pods[name] for name in order}, 0.5)
        assert found == Lone(name="b", requests=40, bad=30, pods=2, others=3030, others_bad=30)


def test_the_pod_without_which_there_is_least_evidence_of_all_ways_is_looked_at() -> None:
    lones = {
        name: Lone(name=name, requests=9, bad=9, pods=1, others=9, others_bad=0) for name in "ab"
    }
    strand = Strand(worse=UNSEEN._replace(log=3.0), sole=UNSEEN._replace(log=1.0))
    other = replace(strand, sole=UNSEEN._replace(log=2.0))
    faults = Faults(
        without={"a": other, "b": strand}, since={k: (15_000, {}, v) for k, v in lones.items()}
    )
    assert alone(faults) == (lones["b"], 15_000)
    assert alone(Faults()) is None


def test_nothing_burns_while_the_canary_fails_nothing() -> None:
    assert not burning(Counts(canary=1), 0.001, both=False)
    assert burning(Counts(canary=1, canary_bad=1), 0.001, both=False)
    assert not burning(Counts(canary=90, canary_bad=90), 0.2, both=False), "twice all is no budget"
