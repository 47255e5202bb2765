"""A small part of the table, on seeds of its own."""

from random import Random

import pytest

from rules import splitting
from rules.ours import KINDS
from rules.playing import RULES, play, summary
from rules.scraping import Phases
from rules.traffic import FAULTY, HEALTHY, Counts, Scenario
from rules.unseen import UNSEEN
from rules.whole import WHOLE

EVERY = {one.name: one for one in (*HEALTHY, *FAULTY, *UNSEEN, *WHOLE)}
SEED = 77
EMPTY = Counts(
    pods={f"{side}_{kind}": [(0, 0)] * 4 for side in ("canary", "primary") for kind in KINDS}
)


def scenario(name: str) -> Scenario:
    return EVERY[name]


@pytest.mark.parametrize(
    "name",
    [
        "steady", "common outage 50 %, 8 min", "no traffic",
        "a primary pod of 4 fails at 90 s", "uneven pods: 2 % on 1 of 4",
    ],
)  # fmt: skip
def test_healthy_release_is_not_rolled_back_by_ours(name: str) -> None:
    found = summary("ours+gate", scenario(name), 100.0, runs=12, seed=SEED)
    assert found.back == 0


def test_outage_and_silence_roll_back_under_flaggers_rule() -> None:
    for name in ("common outage 50 %, 8 min", "no traffic"):
        assert summary("flagger-5", scenario(name), 100.0, runs=4, seed=SEED).back == 1


@pytest.mark.parametrize(
    ("name", "most"), [("err 20 %", 0.2), ("err 5 %", 0.35), ("uneven pods, err 5 %", 0.35)]
)
def test_faulty_release_costs_a_part_of_what_flaggers_rule_costs(name: str, most: float) -> None:
    ours, theirs = (
        summary(rule, scenario(name), 100.0, runs=12, seed=SEED) for rule in ("ours", "flagger-5")
    )
    print(f"{name}: {ours.blast:.3g} bad requests, {theirs.blast:.3g} under flagger-5")
    assert (ours.back, theirs.back) == (1, 1)
    assert ours.blast <= most * theirs.blast


@pytest.mark.parametrize(
    "name",
    [
        "a canary pod of 4 fails for 60 s", "a pod of 4 on either side fails at 90 s",
        "uneven pods: 30 % on 1 of 4", "clients that fail 10 %, on 1 pod of 4 and the canary",
    ],
)  # fmt: skip
def test_one_pod_of_a_healthy_release_condemns_nobody_where_pods_are_seen(name: str) -> None:
    assert summary("ours+gate, by pods", scenario(name), 100.0, runs=4, seed=SEED).back == 0


def test_what_both_meet_condemns_nobody_where_pods_are_scraped_one_after_the_other() -> None:
    blip = scenario("both fail 30 % for 90 s at 95 s")
    now, before = (
        summary(f"{rule}, as timed, phased", blip, 100.0, runs=8, seed=SEED)
        for rule in ("ours", "at once")
    )
    assert (now.backs, now.done_s is None) == (0, False)
    assert before.backs


def test_what_is_never_heard_is_given_back_and_condemned_in_no_attempt() -> None:
    silent = summary("ours+gate", scenario("no traffic"), 100.0, runs=2, seed=SEED)
    assert (silent.back, silent.given, silent.done_s) == (0, 2, None)
    both = scenario("a pod of 4 on either side fails from the start")
    assert summary("ours, as timed, by pods", both, 10.0, runs=6, seed=SEED).back == 0


def test_pods_read_at_their_own_times_tell_in_the_end_what_pods_read_at_once_tell() -> None:
    counted = Counts(
        canary=8, canary_errors=2, primary=40,
        pods={
            "canary_errors": [(2, 1), (2, 1), (2, 0), (2, 0)], "canary_slow": [(2, 0)] * 4,
            "primary_errors": [(10, 0)] * 4, "primary_slow": [(10, 0)] * 4,
        },
    )  # fmt: skip
    phases, told = Phases(Random(SEED)), Counts()  # noqa: S311 - a simulation
    for end_s in range(5, 65, 5):
        told.add(phases.seen(end_s, counted if end_s <= 15 else EMPTY))
    assert (told.canary, told.canary_errors, told.primary) == (24, 6, 120)


def test_a_broken_pod_of_the_primary_shields_nobody_where_pods_are_seen() -> None:
    shielded = scenario("a primary pod of 4 fails, err 5 %")
    seen, unseen, theirs = (
        summary(rule, shielded, 100.0, runs=6, seed=SEED)
        for rule in ("ours+gate, by pods", "ours+gate", "flagger-5")
    )
    assert (seen.back, unseen.back) == (1, 0)
    assert seen.blast <= 0.35 * theirs.blast


def test_late_fault_is_found_where_ranks_dilute_it() -> None:
    late = scenario("err 20 % after 3 min")
    assert summary("ours", late, 10.0, runs=12, seed=SEED).back == 1
    assert summary("kayenta", late, 10.0, runs=6, seed=SEED).back < 1


def test_a_fault_that_begins_at_100_percent_is_found_and_the_limit_itself_is_none() -> None:
    rule, fault = "ours, as timed, to 100", scenario("err 5 % at 100 %")
    assert summary(rule, fault, 10.0, runs=6, seed=SEED).back == 1
    held = summary("held at 100, as timed", fault, 10.0, runs=6, seed=SEED)
    assert held.given > held.backs
    for name in ("steady", "common drift to the limit in 5 min", "usually 0.9 %"):
        assert summary(rule, scenario(name), 10.0, runs=6, seed=SEED).back == 0


def test_a_seed_is_a_run() -> None:
    for rule in RULES:
        one = scenario("err 5 %")
        assert play(RULES[rule], one, 10.0, 5) == play(RULES[rule], one, 10.0, 5)


def test_sessions_are_no_mismatch_and_a_wrong_route_is() -> None:
    """A small part of the table of splits; of 20 runs, so the bounds are wide."""
    old, _, new = splitting.cell(10, "10", 1, 20, runs=20, seed=118)
    assert old.time > 30
    assert new.time < 10
    for odds in (2, 0.25):
        _, _, new = splitting.cell(10, "10", odds, 1, runs=20, seed=118)
        assert (new.ever, new.first_s <= 60) == (100, True)
    assert splitting.cell(100, "10", 1, 1, runs=5, seed=118)[1].ever == 0
