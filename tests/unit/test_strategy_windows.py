"""Iterations are windows and not commits: how often a candidate is looked at before it moves."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from situations import POLICY, looks, move, situation

from gitops_canary.core.decide import decide
from gitops_canary.manifest.policy import policy_from_json, policy_json, sealed
from gitops_canary.model.decision import Act, Hold
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.spec import Match, Policy, Strategy

PASS, FAIL, UNCLEAR = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
ALL = Decimal(100)
BLUE_GREEN = replace(POLICY, steps=(ALL,), strategy=Strategy.BLUE_GREEN, iterations=3)
MATCH = (Match(headers={"x-canary": ("exact", "insider")}),)
AB_TEST = replace(BLUE_GREEN, strategy=Strategy.AB_TEST, match=MATCH)
START = move(Action.START, "0", 0)
ADVANCE = move(Action.ADVANCE, "100", 1)


def test_blue_green_takes_all_traffic_after_its_passing_looks() -> None:
    act = decide(situation(BLUE_GREEN, START, looks(PASS, UNCLEAR, PASS, FAIL, PASS)))
    assert isinstance(act, Act)
    assert (act.action, act.step, act.weight, act.verdict) == (Action.ADVANCE, 1, ALL, PASS)
    assert len(act.verdicts) == 5
    assert act.failed == 1
    assert act.reason == "All checks passed before any traffic, so the canary takes 100 %."


@pytest.mark.parametrize(
    "seen", [(), (PASS,), (PASS, PASS), (PASS, FAIL, PASS), (PASS, PASS, UNCLEAR)]
)
def test_blue_green_waits_for_the_last_of_them(seen: tuple[Outcome, ...]) -> None:
    hold = decide(situation(BLUE_GREEN, START, looks(*seen)))
    assert isinstance(hold, Hold)
    if seen and seen[-1] is PASS:
        assert hold.reason == f"Measures before any traffic: {seen.count(PASS)} of 3 looks passed."


def test_blue_green_is_condemned_before_it_served_anybody() -> None:
    act = decide(situation(BLUE_GREEN, START, looks(PASS, FAIL, FAIL)))
    assert isinstance(act, Act)
    assert (act.action, act.quarantine, act.weight) == (Action.ABORT, True, Decimal(0))


def test_blue_green_is_promoted_after_one_look_at_all_traffic() -> None:
    act = decide(situation(BLUE_GREEN, ADVANCE, looks(PASS)))
    assert isinstance(act, Act)
    assert (act.action, act.weight) == (Action.PROMOTE, ALL)


def test_ab_test_starts_as_soon_as_the_canary_is_ready() -> None:
    act = decide(situation(AB_TEST, START))
    assert isinstance(act, Act)
    assert (act.action, act.step, act.weight) == (Action.ADVANCE, 1, ALL)
    assert "100 % of the matching requests" in act.reason


@pytest.mark.parametrize(("passes", "promoted"), [(2, False), (3, True), (4, True)])
def test_ab_test_is_promoted_after_its_passing_looks(passes: int, *, promoted: bool) -> None:
    decision = decide(situation(AB_TEST, ADVANCE, looks(*[PASS] * passes)))
    assert isinstance(decision, Act) == promoted
    if isinstance(decision, Act):
        assert decision.action is Action.PROMOTE
        assert len(decision.verdicts) == 3, "whoever looks later decides the same"


@pytest.mark.parametrize("policy", [BLUE_GREEN, AB_TEST])
def test_skip_analysis_asks_for_no_look(policy: Policy) -> None:
    act = decide(situation(replace(policy, skip_analysis=True), START))
    assert isinstance(act, Act)
    assert act.action is Action.PROMOTE


@pytest.mark.parametrize(
    "policy",
    [
        BLUE_GREEN,
        AB_TEST,
        replace(BLUE_GREEN, mirror=Decimal(50)),
        replace(BLUE_GREEN, return_step=Decimal(20)),
    ],
)
def test_policy_goes_through_the_evidence_and_back(policy: Policy) -> None:
    whole = sealed(policy)
    assert policy_from_json(json.loads(json.dumps(policy_json(whole)))) == whole
    assert whole.digest != sealed(replace(policy, iterations=4)).digest


def test_an_ordinary_ladder_has_no_word_of_strategies() -> None:
    assert (
        not {"strategy", "iterations", "match", "mirror", "returnStep"} & policy_json(POLICY).keys()
    )
