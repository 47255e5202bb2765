"""What a subject says of the checks, where not each of them has to be proven to go on."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from situations import POLICY, looks, measured, move, situation

from gitops_canary.core.going import going
from gitops_canary.core.subjects import moved
from gitops_canary.model.decision import Act
from gitops_canary.model.rollout import Action, Outcome, Rollout
from gitops_canary.model.spec import Strategy

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def risen(*checks: Outcome, reason: str, step: int = 1) -> Act:
    last = move(Action.ADVANCE, "10", step)
    [seen] = looks(PASS)
    seen = replace(seen, reason=reason, measurements=tuple(map(measured, checks)))
    rollout = Rollout(moves=(move(Action.START, "0", 0), last))
    policy = replace(POLICY, steps=(Decimal(10), Decimal(50)))
    act = going(situation(policy, last, (seen,), rollout=rollout))
    assert isinstance(act, Act)
    return act


def bracket(act: Act) -> str:
    record = move(Action.ADVANCE, "10", 1).record
    return moved(act, record, Strategy.WEIGHTED, finished=False)[1].partition(", ")[2]


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ((PASS, PASS), "2/2 checks pass"),
        ((PASS, OPEN), "0/2 checks fail"),
        ((OPEN, OPEN), "0/2 checks fail"),
    ],
)
def test_what_goes_on_without_proof_is_not_said_to_pass(checks: Any, said: str) -> None:
    act = risen(*checks, reason="nothing speaks against more traffic")
    assert bracket(act) == said
    assert bracket(replace(act, verdict=OPEN)).endswith("checks pass"), "a retreat counts as before"
    words = "All checks passed" if OPEN not in checks else "Nothing speaks against more traffic"
    assert act.reason.startswith(f"{words} at 10 %, so the canary takes ")


def test_a_promotion_without_proof_says_so() -> None:
    said = "not proven good after 10m at the last step, and nothing speaks against it"
    act = risen(OPEN, reason=said, step=2)
    assert act.action is Action.PROMOTE
    assert act.reason == f"N{said[1:]}, so the primary gets the new version."
    proven = risen(PASS, reason="every metric is proven good", step=2)
    assert proven.reason.endswith("the last step, so the primary gets the new version.")
