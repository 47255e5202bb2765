"""Traffic returns to a promoted primary in steps: what can be asked for, and what is decided."""

from dataclasses import replace
from decimal import Decimal

import pytest
from canary_texts import analysis, flagger, own, read, refusal
from situations import LIVE_MS, NEW, POLICY, move, situation

from gitops_canary.core.decide import decide
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.names import Digest
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import Control

POLICY = replace(POLICY, steps=(Decimal(50),), return_step=Decimal(20))
MATCH = [{"headers": {"x": {"exact": "y"}}}]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"stepWeights": None, "iterations": 3, "match": MATCH}, "has no use, an A/B test"),
        ({"stepWeightPromotion": 0.9}, "makes more than 50 steps.\n  try: raise it to at least 1"),
        ({"stepWeightPromotion": 101}, "is out of bounds"),
        ({"stepWeightPromotion": 12.3456}, "has more than 3 places"),
    ],
)
def test_what_cannot_return_in_steps_is_refused(changes: dict[str, object], problem: str) -> None:
    document = own(analysis=analysis(**{"stepWeightPromotion": 10, **changes}))
    assert problem in str(refusal(document))


def test_a_service_selector_has_no_steps_back() -> None:
    changes = {"stepWeights": None, "iterations": 3, "stepWeightPromotion": 10}
    document = flagger(provider="kubernetes", analysis=analysis(**changes))
    assert "all or nothing" in str(refusal(document))


def test_nought_is_all_at_once() -> None:
    policy = read(flagger(analysis=analysis(stepWeightPromotion=0))).policy
    assert policy.return_step is None
    assert policy.digest == read(flagger()).policy.digest


@pytest.mark.parametrize(
    ("step", "weights"), [("20", "30 10"), ("25", "25"), ("50", ""), (None, "")]
)
def test_the_way_down(step: str | None, weights: str) -> None:
    policy = replace(POLICY, return_step=Decimal(step) if step else None)
    assert list(policy.descent) == [Decimal(w) for w in weights.split()]


PROMOTED = move(Action.PROMOTE, "50", 1, before="50")
PART = move(Action.FINISH, "30", 1, before="50")


def owned(weight: int) -> Owned:
    return Owned(candidate=NEW, primary=NEW, weight=Decimal(weight), shape=Digest("sha256:route"))


HALF_WAY = situation(POLICY, PART, tip=owned(30), written=owned(30))


def test_the_first_part_returns_as_soon_as_the_primary_is_ready() -> None:
    act = decide(situation(POLICY, PROMOTED, tip=owned(50), written=owned(50), now_ms=LIVE_MS))
    assert isinstance(act, Act)
    assert (act.action, act.weight, act.at_ms) == (Action.FINISH, Decimal(30), LIVE_MS)


@pytest.mark.parametrize("late_ms", [0, 1, 3_600_000])
def test_later_parts_come_an_interval_after_the_last_was_live(late_ms: int) -> None:
    due = LIVE_MS + POLICY.interval_ms
    early = decide(replace(HALF_WAY, now_ms=due - 1))
    act = decide(replace(HALF_WAY, now_ms=due + late_ms))
    assert isinstance(early, Hold)
    assert isinstance(act, Act)
    assert (act.action, act.weight, act.at_ms) == (Action.FINISH, Decimal(10), due)


def test_a_person_can_stop_it_half_way_and_then_go_on() -> None:
    hold = decide(replace(HALF_WAY, control=Control(paused=True)))
    assert isinstance(hold, Hold)
    assert hold.wait is Wait.PAUSED
    resume = Control(resume="0123456789ab/50")
    back = decide(replace(HALF_WAY, control=resume, tip=owned(50)))
    assert isinstance(back, Act)
    assert back.action is Action.RETREAT, "the ladder is no way down"
