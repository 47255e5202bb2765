"""Every hold and move of a canary that nobody measures just now: wait, words, and who is told."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from situations import LIVE_MS, NEW, OLD, POLICY, looks, move, situation

from gitops_canary.core.decide import decide
from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import Digest, RolloutId
from gitops_canary.model.observation import Liveness
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action, Outcome, Rollout
from gitops_canary.model.spec import Control

ID = "0123456789ab"
NOT_LIVE = Liveness(live_ms=None, proof=(), waiting="the engine sleeps")
LADDER = replace(POLICY, steps=(Decimal(10), Decimal(50)))


def owned(weight: str = "0", *, same: bool = False, **changes: Any) -> Owned:
    candidate = OLD if same else NEW
    return Owned(
        candidate=candidate, primary=OLD, weight=Decimal(weight), shape=Digest("sha256:route"),
        **changes,
    )  # fmt: skip


def after(action: Action, weight: str = "0", step: int = 0, **changes: Any) -> Situation:
    return situation(LADDER, move(action, weight, step), **changes)


def retreated(**changes: Any) -> Situation:
    """Give a candidate that was started once and taken off traffic."""
    moves = (move(Action.START, "0", 0), move(Action.RETREAT, "0", 0))
    return after(Action.RETREAT, rollout=Rollout(moves=moves), **changes)


def held(s: Situation) -> Hold:
    decision = decide(s)
    assert isinstance(decision, Hold), decision
    return decision


def acted(s: Situation) -> Act:
    decision = decide(s)
    assert isinstance(decision, Act), decision
    return decision


HELD: dict[str, tuple[Callable[[], Situation], Wait, bool, str]] = {
    "suspended": (
        lambda: after(Action.ADVANCE, "10", 1, suspend=True), Wait.SUSPENDED, False,
        "The Canary is suspended: nothing is measured or moved.",
    ),
    "deleted without traffic": (
        lambda: after(Action.START, deleted=True), Wait.IDLE, False, "The Canary was deleted.",
    ),
    "deleted at rest, with traffic that is not ours": (
        lambda: after(Action.FINISH, deleted=True, tip=owned("10")), Wait.IDLE, False,
        "The Canary was deleted.",
    ),
    "deleted while a person holds the weight": (
        lambda: after(Action.ADVANCE, "10", 1, deleted=True, tip=owned("33")), Wait.IDLE, False,
        "The Canary was deleted.",
    ),
    "at rest": (
        lambda: after(Action.FINISH, tip=owned(same=True), written=owned(same=True)),
        Wait.IDLE, False, "Candidate and primary are the same version.",
    ),
    "weight without a rollout": (
        lambda: after(Action.FINISH, tip=owned("10", same=True), written=owned(same=True)),
        Wait.OVERRIDE, True, "The weight is 10 % although nothing rolls out.",
    ),
    "mirror without a rollout": (
        lambda: after(
            Action.FINISH, tip=owned(same=True, mirrored=True), written=owned(same=True)
        ),
        Wait.OVERRIDE, True, "The weight is 0 %, with a mirror, although nothing rolls out.",
    ),
    "a weight of a person's": (
        lambda: after(Action.ADVANCE, "10", 1, tip=owned("33")), Wait.OVERRIDE, True,
        "A person moved the weight (weight is 33 %); the controller holds.",
    ),
    "a weight of a person's that fails": (
        lambda: after(
            Action.ADVANCE, "10", 1, tip=owned("33"), verdicts=looks(Outcome.FAIL),
            strange="Odd.",
        ),
        Wait.OVERRIDE, True,
        ("A person moved the weight (weight is 33 %); the controller holds. "
         "The checks fail: errors was 1 (limit <= 1, 9 requests). Odd."),
    ),
    "quarantined without traffic": (
        lambda: after(Action.FINISH, quarantined="It was bad."), Wait.QUARANTINED, True,
        "The candidate, which gets no traffic, is quarantined: It was bad.",
    ),
    "a quarantine that cannot be read": (
        lambda: after(Action.FINISH, illegible="q:3:1: This is not JSON."), Wait.ERROR, True,
        "Whether the candidate is quarantined cannot be read: q:3:1: This is not JSON.",
    ),
    "nothing to go back to": (
        lambda: after(Action.FINISH, stable=None), Wait.ERROR, True,
        "No reachable revision has candidate = primary and weight 0 to go back to.",
    ),
    "paused before a start": (
        lambda: after(Action.ABORT, candidate_id=RolloutId("b" * 12), control=Control(paused=True)),
        Wait.PAUSED, False, "Paused by a person: a new candidate waits.",
    ),
    "not scaled down before weight 0 is live": (
        lambda: after(
            Action.ABORT, stable_replicas=0, live=NOT_LIVE, tip=owned(same=True),
            written=owned(same=True), now_ms=LIVE_MS,
        ),
        Wait.LIVE, False, "Weight 0 is not live yet: the engine sleeps.",
    ),
    "not scaled down although its time is over": (
        lambda: after(
            Action.ABORT, stable_replicas=0, live=NOT_LIVE, tip=owned(same=True),
            written=owned(same=True),
        ),
        Wait.PERSON, True, "Weight 0 is still not live: the engine sleeps.",
    ),
    "a retreat on its way": (
        lambda: after(Action.RETREAT, live=NOT_LIVE, now_ms=LIVE_MS), Wait.LIVE, False,
        "The retreat is not live yet: the engine sleeps.",
    ),
    "a retreat that nobody answers for": (
        lambda: after(Action.RETREAT, live=None, now_ms=LIVE_MS), Wait.LIVE, False,
        "The retreat is not live yet: no sync source has answered.",
    ),
    "a retreat that does not arrive": (
        lambda: after(Action.RETREAT, live=NOT_LIVE), Wait.PERSON, True,
        "The retreat is still not live: the engine sleeps.",
    ),
    "tried too often": (
        lambda: replace(retreated(), policy=replace(LADDER, attempts_max=1)),
        Wait.PERSON, True,
        "1 attempts ended without a verdict; the candidate stays at weight 0.",
    ),
    "a person's weight before the canary is ready": (
        lambda: after(
            Action.START, tip=owned("10"), live=NOT_LIVE, control=Control(resume=f"{ID}/10")
        ),
        Wait.OVERRIDE, True,
        ("A person moved the weight to 10 % and asked to resume, but the canary is not ready: "
         "the engine sleeps."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_each_hold_says_why_and_whether_somebody_is_told(name: str) -> None:
    make, wait, alert, reason = HELD[name]
    hold = held(make())
    assert (hold.wait, hold.alert) == (wait, alert)
    assert hold.reason == reason
    assert bool(hold.remedy) or not alert


def test_a_hold_on_a_move_of_nobody_names_no_person() -> None:
    hold = held(after(Action.START, rollout=None, written=None, tip=owned("10")))
    assert hold.reason.startswith("No move of ours set the weight")
    assert "/10)" in hold.remedy


def test_the_deadline_of_a_retreat_is_its_last_moment() -> None:
    waiting = after(Action.RETREAT, live=NOT_LIVE)
    end_ms = waiting.deadline_ms()
    assert held(replace(waiting, now_ms=end_ms)).wait is Wait.LIVE
    assert held(replace(waiting, now_ms=end_ms + 1)).wait is Wait.PERSON
    other = replace(waiting, candidate_id=RolloutId("b" * 12))
    assert held(replace(other, now_ms=end_ms)).wait is Wait.LIVE
    begun = acted(replace(other, now_ms=end_ms + 1))
    assert (begun.action, begun.at_ms) == (Action.START, end_ms)


def test_a_quarantined_candidate_with_traffic_is_told_with_its_share() -> None:
    tip = owned("33")
    moved = after(Action.FINISH, tip=tip, written=tip, quarantined="It was bad.")
    assert "which gets 33 % of the traffic" in held(moved).reason


def test_a_start_rests_on_what_is_proven_and_takes_no_traffic() -> None:
    fresh = after(Action.FINISH, candidate_id=RolloutId("b" * 12), source_ms=77)
    act = acted(fresh)
    assert (act.action, act.weight, act.step, act.failed) == (Action.START, Decimal(0), 0, 0)
    assert (act.at_ms, act.live, act.window) == (77, None, None)
    assert act.verdict is Outcome.NONE
    assert act.reason.startswith("A new candidate was committed.")
    again = acted(retreated(source_ms=77))
    assert again.at_ms == LIVE_MS
    assert again.live is not None
    assert again.reason.startswith("The candidate is tried again (attempt 2).")
    late = acted(after(Action.RETREAT, source_ms=LIVE_MS + 5))
    assert late.at_ms == LIVE_MS + 5


def test_a_retry_of_a_person_is_one_attempt_more() -> None:
    spent = replace(retreated(), policy=replace(LADDER, attempts_max=1))
    assert held(spent).wait is Wait.PERSON
    assert acted(replace(spent, control=Control(retry=RolloutId(ID)))).action is Action.START
    other = replace(spent, control=Control(retry=RolloutId("b" * 12)))
    assert held(other).wait is Wait.PERSON


@pytest.mark.parametrize(
    ("weight", "last", "action", "step"),
    [("10", Action.ADVANCE, Action.ADVANCE, 1), ("50", Action.ADVANCE, Action.ADVANCE, 2),
     ("33", Action.ADVANCE, Action.RETREAT, 1), ("50", Action.START, Action.ADVANCE, 2),
     ("50", Action.PROMOTE, Action.RETREAT, 1)],
)  # fmt: skip
def test_resume_adopts_a_step_of_the_ladder_and_nothing_else(
    weight: str, last: Action, action: Action, step: int
) -> None:
    word = Control(resume=f"{ID}/{weight}")
    primary = NEW if last is Action.PROMOTE else OLD
    written = owned("20", same=False)
    tip = replace(owned(weight), primary=primary)
    s = after(last, "20", 1, tip=tip, written=replace(written, primary=primary), control=word)
    act = acted(replace(s, tip_ms=42))
    assert (act.action, act.step, act.at_ms) == (action, step, 42)
    assert act.weight == (Decimal(weight) if action is Action.ADVANCE else 0)


@pytest.mark.parametrize("word", ["", f"{ID}/10", f"{'b' * 12}/33", "33"])
def test_another_word_adopts_nothing(word: str) -> None:
    s = after(Action.ADVANCE, "10", 1, tip=owned("33"), control=Control(resume=word))
    assert held(s).wait is Wait.OVERRIDE


def decided_by_abort(**changes: Any) -> Decision:
    return decide(after(Action.ADVANCE, "10", 1, control=Control(abort=RolloutId(ID)), **changes))


def test_an_abort_of_a_person_goes_before_all_but_suspend_and_deletion() -> None:
    act = decided_by_abort(tip=owned("33"), tip_ms=42)
    assert isinstance(act, Act)
    assert (act.action, act.quarantine, act.at_ms) == (Action.ABORT, True, 42)
    assert isinstance(decided_by_abort(suspend=True), Hold)
    newer = decided_by_abort(changed=True)
    assert isinstance(newer, Act)
    assert newer.action is Action.RETREAT


@pytest.mark.parametrize(("same", "words"), [(True, "was taken back"), (False, "was superseded")])
def test_a_candidate_that_changed_loses_its_traffic_first(same: bool, words: str) -> None:
    tip = owned("10", same=same)
    written = owned("10", same=False)
    act = acted(
        after(Action.ADVANCE, "10", 1, tip=tip, written=written, changed=True, source_ms=42)
    )
    assert (act.action, act.weight, act.at_ms) == (Action.RETREAT, Decimal(0), 42)
    assert words in act.reason


def test_a_deleted_canary_gives_its_traffic_back_once() -> None:
    act = acted(after(Action.ADVANCE, "10", 1, deleted=True, tip_ms=42))
    assert (act.action, act.weight, act.at_ms) == (Action.RETREAT, Decimal(0), 42)


def test_a_canary_that_serves_nobody_is_scaled_down_once() -> None:
    rest: dict[str, Any] = {
        "tip": owned(same=True),
        "written": owned(same=True),
        "stable_replicas": 0,
    }
    act = acted(after(Action.ABORT, **rest))
    assert (act.action, act.at_ms) == (Action.IDLE, LIVE_MS)
    assert held(after(Action.IDLE, **rest)).wait is Wait.IDLE
    assert held(after(Action.ABORT, **{**rest, "rollout": None})).wait is Wait.IDLE
    fresh = acted(after(Action.ABORT, **rest, live=NOT_LIVE, changed=True, source_ms=7))
    assert (fresh.action, fresh.at_ms) == (Action.IDLE, 7)
    byhand = {
        **rest, "written": owned(), "tip": replace(owned(), primary=owned().candidate),
        "live": NOT_LIVE, "tip_ms": 9, "now_ms": LIVE_MS,
    }  # fmt: skip
    for before, wait in (("0", None), ("5", Wait.LIVE)):
        started = Rollout(moves=(move(Action.START, "0", 0, before),))
        decision = decide(after(Action.START, **byhand, rollout=started))
        assert isinstance(decision, Act if wait is None else Hold), decision
        assert (decision.at_ms if isinstance(decision, Act) else decision.wait) == (wait or 9)


def test_a_renewed_candidate_ends_a_persons_hold() -> None:
    moved: dict[str, Any] = {
        "tip": owned("33"),
        "written": owned("10"),
        "changed": True,
        "source_ms": 42,
    }
    assert held(after(Action.ADVANCE, "10", 1, **moved)).wait is Wait.OVERRIDE
    act = acted(after(Action.ADVANCE, "10", 1, renewed=True, **moved))
    assert (act.action, act.at_ms) == (Action.RETREAT, 42)
    assert acted(after(Action.FINISH, renewed=True, **moved)).action is Action.START
