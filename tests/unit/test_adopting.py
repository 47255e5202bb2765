"""What a `resume` by a person does, in words, and what a step that wants approval waits for."""

from dataclasses import replace
from decimal import Decimal

import pytest
from situations import POLICY, move, situation

from gitops_canary.core.adopting import _NAMED, adopted, unadopted
from gitops_canary.core.permitting import gate
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.rollout import Action


def ladder(*steps: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, steps))


TWO = replace(POLICY, steps=ladder(10, 50))


@pytest.mark.parametrize(
    ("weight", "returning", "told"),
    [
        (10, False, "resumed at 10 %"),
        (
            7,
            False,
            "resumed from 7 %, which is no step of the ladder: the traffic goes back to 0 %",
        ),
        (0, False, "resumed from 0 %, which is no step of the ladder: the traffic stays at 0 %"),
        (10, True, "resumed after the promotion: the traffic goes back to 0 %"),
        (0, True, "resumed after the promotion: the traffic stays at 0 %"),
    ],
)
def test_what_a_resume_did_is_told(weight: int, told: str, *, returning: bool) -> None:
    assert adopted(TWO, Decimal(weight), returning=returning) == told


def test_a_weight_off_the_ladder_names_the_steps_and_of_very_many_the_ends() -> None:
    def named(*steps: int) -> str:
        words = unadopted(replace(POLICY, steps=ladder(*steps)), Decimal("0.5"), returning=False)
        return words.partition("to go on commit ")[2]

    assert unadopted(TWO, Decimal(10), returning=False) == ""
    assert named(10) == "10 first"
    assert named(10, 50) == "one of 10, 50 first"
    assert named(*range(1, _NAMED + 1)).count(",") == _NAMED - 1
    assert named(*range(1, _NAMED + 2)).endswith(f", ..., {_NAMED + 1} first")


def test_somebody_is_told_which_step_waits_for_approval() -> None:
    policy = replace(TWO, approvals=(0, 1))
    holds = [
        gate(situation(policy, move(Action.START, "0", 0)), 0),
        gate(situation(policy, move(Action.ADVANCE, "10", 1)), 1),
    ]
    assert [one.reason for one in holds if isinstance(one, Hold)] == [
        "A person has to approve going on to the first weight.",
        "A person has to approve going on from step 1 of 2.",
    ]
    assert {(one.wait, one.alert) for one in holds if isinstance(one, Hold)} == {
        (Wait.APPROVAL, True)
    }
    assert gate(situation(TWO, move(Action.ADVANCE, "10", 1)), 1) is None
