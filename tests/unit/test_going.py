"""What a running rollout does with its verdicts, against a model that is too dumb to be wrong."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from situations import LIVE_MS, POLICY, looks, move, situation

from gitops_canary.core.decide import decide
from gitops_canary.core.situation import Situation
from gitops_canary.core.text import iso
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.observation import Liveness
from gitops_canary.model.rollout import Action, Move, Outcome
from gitops_canary.model.spec import Control

P, F, I = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE  # noqa: E741 - as in the tables below
LADDER = replace(POLICY, steps=(Decimal(10), Decimal(50)), threshold=3)
OUTCOMES = st.lists(st.sampled_from([P, F, I]), max_size=12)


def at_ten(outcomes: Sequence[Outcome], failed: int = 0) -> Situation:
    """The first weight is live, and this is what was seen of it."""
    last = move(Action.ADVANCE, "10", 1)
    last = replace(last, record=replace(last.record, failed=failed, threshold=3, steps=2))
    return situation(LADDER, last, looks(*outcomes))


def expected(outcomes: Sequence[Outcome], failed: int) -> tuple[Action, int, int] | None:
    """Which move, decided by which verdict, with how many failures."""
    for index, outcome in enumerate(outcomes):
        failed += outcome is F
        if outcome is F and failed >= 3:
            return Action.ABORT, index, failed
    for index, outcome in enumerate(outcomes):
        if outcome is P and F not in outcomes[index:]:
            return Action.ADVANCE, index, failed
    return None


@given(OUTCOMES, st.integers(0, 2))
def test_verdicts_decide_as_the_model_says(outcomes: list[Outcome], failed: int) -> None:
    decision = decide(at_ten(outcomes, failed))
    model = expected(outcomes, failed)

    if model is None:
        assert isinstance(decision, Hold)
        return
    assert isinstance(decision, Act)
    action, index, count = model
    assert (decision.action, decision.failed) == (action, count)
    assert decision.at_ms == looks(*outcomes)[index].window.end_ms
    assert len(decision.verdicts) == index + 1


@given(OUTCOMES, st.lists(st.sampled_from([P, I]), max_size=4))
def test_a_replica_that_looks_later_decides_the_same(
    outcomes: list[Outcome], more: list[Outcome]
) -> None:
    now = decide(at_ten(outcomes))
    later = decide(replace(at_ten([*outcomes, *more]), now_ms=LIVE_MS + 7_200_000))

    if isinstance(now, Act):
        assert later == now


@given(OUTCOMES, st.booleans())
def test_nothing_rises_without_a_pass(outcomes: list[Outcome], paused: bool) -> None:
    decision = decide(replace(at_ten(outcomes), control=Control(paused=paused)))

    if isinstance(decision, Act) and decision.weight > 10:
        assert outcomes[len(decision.verdicts) - 1] is P
        assert not paused


def silent_for(minutes: int) -> Decision:
    return decide(at_ten([I] * (2 * minutes)))


def test_silence_past_the_deadline_is_decided_by_the_first_verdict_beyond_it() -> None:
    limit_minutes = LADDER.progress_deadline_ms // 60_000
    held = silent_for(limit_minutes)
    first, later = silent_for(limit_minutes + 1), silent_for(limit_minutes + 5)

    assert isinstance(held, Hold)
    assert held.wait is Wait.DATA
    assert isinstance(first, Act)
    assert (first.action, first.quarantine) == (Action.RETREAT, False)
    assert first.weight == 0
    assert first.at_ms == LIVE_MS + LADDER.progress_deadline_ms + 30_000
    assert later == first


def test_the_deadline_of_a_weight_is_the_last_moment_it_may_wait() -> None:
    waiting = replace(at_ten([]), live=Liveness(live_ms=None, proof=(), waiting="the engine"))
    end_ms = waiting.deadline_ms()
    held = decide(replace(waiting, now_ms=end_ms))
    back, later = (decide(replace(waiting, now_ms=end_ms + late)) for late in (1, 9_999))

    assert isinstance(held, Hold)
    assert isinstance(back, Act)
    assert (back.action, back.at_ms) == (Action.RETREAT, end_ms)
    assert later == back


def test_what_a_source_advises_is_told_with_the_deadline() -> None:
    away = Liveness(live_ms=None, proof=(), waiting="0 requests", remedy="look at the route")
    at_ten_percent = replace(at_ten([]), live=away, now_ms=LIVE_MS)
    starting = replace(situation(LADDER, move(Action.START, "0", 0), ()), live=away, now_ms=LIVE_MS)
    by = iso(at_ten_percent.deadline_ms())

    for asked, then in (
        (at_ten_percent, "the weight goes back to 0"),
        (starting, "a person is called"),
    ):
        held = decide(asked)
        assert isinstance(held, Hold)
        assert held.remedy == f"look at the route; if it is not live by {by}, {then}"
    quiet = decide(replace(at_ten_percent, live=replace(away, remedy="")))
    assert isinstance(quiet, Hold)
    assert quiet.remedy == ""


@pytest.mark.parametrize(
    ("last", "subject"),
    [
        (move(Action.START, "0", 0), "The canary is"),
        (move(Action.PROMOTE, "50", 2, "50"), "The promoted primary is"),
    ],
)
def test_a_person_is_told_of_what_is_never_ready_and_cannot_be_taken_back(
    last: Move, subject: str
) -> None:
    away = Liveness(live_ms=None, proof=(), waiting="0 of 3 pods are ready")
    one = replace(situation(LADDER, last), live=away)
    found = decide(replace(one, now_ms=one.deadline_ms() + 1))

    assert isinstance(found, Hold)
    assert (found.wait, found.alert) == (Wait.PERSON, True)
    assert found.reason.startswith(f"{subject} not live and ready after 10m: 0 of 3 pods are")
    unknown = decide(replace(one, live=None, now_ms=LIVE_MS))
    assert "not live yet: no sync source has answered" in getattr(unknown, "reason", "")
