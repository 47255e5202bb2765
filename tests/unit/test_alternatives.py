"""What else could have been done, and why it was not, for each move."""

from dataclasses import replace
from typing import Any

import pytest
from grounds import act
from records import record
from situations import LIVE_MS, looks

from gitops_canary.core.alternatives import alternatives
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.webhooks import HookType, Reply, Webhook

PANIC, GATE = (
    Webhook(name=kind.value, type=kind, target="http://h")
    for kind in (HookType.ROLLBACK, HookType.ROLLOUT)
)


def told(action: Action, **more: Any) -> dict[str, str]:
    return dict(alternatives(act(action, **more), record(step=2, steps=5)))


def test_an_advance_that_passed_tells_what_is_left() -> None:
    found = told(Action.ADVANCE, verdict=Outcome.PASS)

    assert found == {
        "wait": "every check passed over a whole window, so waiting would show nothing new",
        "promote": "3 of 5 steps are still to be passed",
        "skip a step": "the weight rises one step at a time",
        "abort": "1 failed look of the 5 that condemn a version",
        "retreat": "there was an answer to every check",
    }


def test_a_first_weight_rests_on_readiness_alone() -> None:
    found = told(Action.ADVANCE)

    assert found["wait"].startswith("nothing is measured before the first weight")
    assert found["retreat"] == "the previous move became live in time"


def test_the_last_step_has_to_pass_before_a_promotion() -> None:
    here = dict(alternatives(act(Action.ADVANCE, verdict=Outcome.PASS), record(step=5, steps=5)))

    assert here["promote"] == "the last step has to pass its checks first"
    assert told(Action.PROMOTE, verdict=Outcome.PASS)["advance"] == "step 2 of 5 is the last one"


def test_a_promotion_by_a_person_stands_in_for_steps() -> None:
    found = told(Action.PROMOTE, override=True)

    assert set(found) == {"wait", "advance", "abort"}
    assert found["advance"] == "a person's word stands in the place of the steps that are left"


@pytest.mark.parametrize(
    ("answers", "who"),
    [
        ({}, "person"),
        ({PANIC: True}, "rollback webhook"),
        ({PANIC: False}, "person"),
        ({GATE: True}, "person"),
        ({GATE: True, PANIC: True}, "rollback webhook"),
    ],
)
def test_an_abort_without_a_verdict_names_who_asked(answers: dict[Webhook, bool], who: str) -> None:
    replies = {
        (hook, LIVE_MS): Reply(passed=passed, status=200, why="")
        for hook, passed in answers.items()
    }

    assert told(Action.ABORT, told=replies)["wait"] == f"a {who} asked for the abort"


@pytest.mark.parametrize("final", [True, False, None])
def test_an_abort_by_a_verdict_says_what_condemned(final: bool | None) -> None:
    (one,) = looks(Outcome.FAIL)
    verdicts = () if final is None else (replace(one, final=final),)
    found = told(Action.ABORT, verdict=Outcome.FAIL, verdicts=verdicts)

    assert found["wait"] == (
        "the verdict condemns by itself, whatever comes next"
        if final
        else "failed looks reached the limit, 1 of 5"
    )


def test_a_retreat_says_what_was_waited_for() -> None:
    silent = told(Action.RETREAT, verdict=Outcome.INCONCLUSIVE)

    assert silent["wait"] == "nothing could be measured for a whole progress deadline"
    assert silent["abort"].endswith("condemn a version: silence condemns nobody")
    assert told(Action.RETREAT)["wait"] == "the reason above does not pass by waiting"


@pytest.mark.parametrize("action", [Action.START, Action.FINISH, Action.IDLE])
def test_moves_without_a_choice_say_why(action: Action) -> None:
    assert "wait" in told(action)
    assert told(Action.INITIALISE) == {}
