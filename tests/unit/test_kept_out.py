"""Versions that are kept out: for how long, and where there is nothing else to go back to."""

from dataclasses import replace
from typing import Any

import pytest
from situations import LIVE_MS, NEW, looks, move, situation
from test_decide import ID, LADDER, acted, after, held, owned

from gitops_canary.core.decide import decide
from gitops_canary.core.text import iso
from gitops_canary.model.decision import Act, Wait
from gitops_canary.model.names import RolloutId
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.spec import Control

RESUME = Control(resume=f"{ID}/0")


@pytest.mark.parametrize("timed", [True, False])
def test_a_quarantine_is_over_at_its_end_by_a_clock_that_was_told(*, timed: bool) -> None:
    over: dict[str, Any] = {
        "quarantined": "It was bad.",
        "quarantined_until": iso(LIVE_MS + 3_600_000),
    }
    barred = after(Action.FINISH, now_ms=LIVE_MS + 3_599_000, **over)
    assert held(barred).wait is Wait.QUARANTINED
    let_in = after(Action.FINISH, now_ms=LIVE_MS + 3_600_000, timed=timed, **over)
    decision = decide(let_in)
    assert isinstance(decision, Act) is timed
    assert (let_in.let_in, let_in.barred) == (True, not timed)


def test_what_was_stable_before_leaves_the_traffic_and_the_primary_stays() -> None:
    """An abort would have given the condemned version to everyone."""
    rolling = after(Action.ADVANCE, "10", 1, tip=owned("10"), written=owned("10"), circular=True)
    failing = replace(rolling, verdicts=looks(Outcome.FAIL, Outcome.FAIL))
    act = acted(failing)
    assert (act.action, act.verdict, act.quarantine) == (Action.RETREAT, Outcome.FAIL, True)
    assert "the primary stays as it is" in act.reason
    asked = acted(replace(rolling, control=Control(abort=RolloutId(ID))))
    assert (asked.action, asked.quarantine) == (Action.RETREAT, True)


def test_nothing_is_taken_back_to_what_it_is_itself() -> None:
    done = owned(same=True)
    policy = replace(LADDER, watch_ms=3_600_000, threshold=1)
    watched = situation(
        policy, move(Action.FINISH, "0", 2), looks(Outcome.FAIL), tip=done, written=done,
        circular=True, pinned=True,
    )  # fmt: skip
    told = held(watched)
    assert (told.wait, told.alert) == (Wait.PERSON, True)
    assert "commit the version to go back to" in told.remedy
    asked = held(replace(watched, control=Control(abort=RolloutId(ID))))
    assert (asked.wait, asked.alert) == (Wait.PERSON, True)
    assert "very version" in asked.reason


def test_an_old_word_is_told_with_what_to_do() -> None:
    tip = replace(owned(same=True), primary=NEW)
    rested = after(Action.ABORT, tip=tip, written=owned(same=True), control=RESUME)
    old = held(rested)
    assert (old.wait, old.alert) == (Wait.OVERRIDE, True)
    assert "was written before that" in old.reason
    assert "write it again in a later commit" in old.remedy
    assert acted(replace(rested, answered=True)).action is Action.START
