"""Which webhook is asked now, for which instant, and about which step."""

from dataclasses import replace
from typing import Any

import pytest
from checks import check
from situations import LIVE_MS, POLICY, looks, move, situation

from gitops_canary.core import hooks
from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.observation import Liveness, Verdict
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.spec import Control, Policy
from gitops_canary.model.webhooks import HookType, Reply, Webhook

PRE = Webhook(name="pre", type=HookType.PRE_ROLLOUT, target="pre")
LOAD = Webhook(name="load", type=HookType.ROLLOUT, target="load")
BACK = Webhook(name="back", type=HookType.ROLLBACK, target="back")
GATE = Webhook(name="gate", type=HookType.CONFIRM_PROMOTION, target="gate")
EVERY_MS = 60_000
SINCE_MS = LIVE_MS - 10_000
YES = Reply(passed=True, status=200, why="HTTP 200")
NO = Reply(passed=False, status=500, why="HTTP 500")
AWAY = Reply(passed=None, status=None, why="no answer")
NOT_LIVE = Liveness(live_ms=None, proof=(), waiting="the engine")
DEADLINE_MS = 600_000


def policy(*which: Webhook, **changes: Any) -> Policy:
    return replace(
        POLICY, checks=(check(),), webhooks=which, interval_ms=EVERY_MS,
        progress_deadline_ms=DEADLINE_MS, **changes,
    )  # fmt: skip


def after(action: Action, *which: Webhook, **changes: Any) -> Situation:
    weight, step = ("10", 1) if action is Action.ADVANCE else ("0", 0)
    one = changes.pop("policy", None) or policy(*which)
    return situation(one, move(action, weight, step), changes.pop("verdicts", ()), **changes)


def asked(s: Situation) -> list[tuple[str, int]]:
    return [(call.hook.name, call.at_ms) for call in hooks.due(s)]


def test_a_rollback_is_asked_on_a_grid_from_the_move_whatever_is_live() -> None:
    for late_ms, at_ms in ((0, 0), (EVERY_MS - 1, 0), (EVERY_MS, EVERY_MS), (200_000, 180_000)):
        s = after(Action.ADVANCE, BACK, live=NOT_LIVE, now_ms=SINCE_MS + late_ms)
        assert asked(s) == [("back", SINCE_MS + at_ms)]
    early = after(Action.ADVANCE, BACK, live=NOT_LIVE, now_ms=SINCE_MS - 5)
    assert asked(early) == [("back", SINCE_MS)]


@pytest.mark.parametrize(
    "changes",
    [{"suspend": True}, {"deleted": True}, {"changed": True}, {"rollout": None}],
    ids=["suspended", "deleted", "another candidate", "no rollout"],
)
def test_nobody_is_asked_where_nothing_goes_on(changes: dict[str, Any]) -> None:
    assert asked(after(Action.ADVANCE, BACK, LOAD)) != []
    assert asked(after(Action.ADVANCE, BACK, LOAD, **changes)) == []


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FINISH, Action.ABORT, Action.RETREAT])
def test_nobody_is_asked_once_it_is_decided(action: Action) -> None:
    assert asked(after(action, BACK, LOAD, PRE)) == []


def test_a_check_is_asked_once_its_weight_is_live_and_then_about_each_look() -> None:
    assert asked(after(Action.ADVANCE, LOAD, live=NOT_LIVE)) == []
    assert asked(after(Action.ADVANCE, LOAD)) == [("load", LIVE_MS)]
    verdicts = looks(*[Outcome.PASS] * 2)
    newest_ms = verdicts[-1].window.end_ms
    assert asked(after(Action.ADVANCE, LOAD, verdicts=verdicts)) == [("load", newest_ms)]
    # What was called at the start made the load; it says nothing about a look.
    begun = {(LOAD, LIVE_MS): YES}
    assert asked(after(Action.ADVANCE, LOAD, verdicts=verdicts, told=begun)) == [
        ("load", newest_ms)
    ]
    for before_ms, young in ((EVERY_MS - 1, True), (EVERY_MS, False)):
        told = {(LOAD, newest_ms - before_ms): YES}
        s = after(Action.ADVANCE, LOAD, verdicts=verdicts, told=told)
        assert (asked(s) == []) is (young and newest_ms - before_ms > LIVE_MS)


@pytest.mark.parametrize(("later_ms", "asks"), [(-1, True), (0, True), (1, False)])
def test_what_was_before_this_process_is_not_asked_again(later_ms: int, asks: bool) -> None:
    verdicts = looks(Outcome.PASS)
    listening_ms = verdicts[-1].window.end_ms + later_ms
    s = after(Action.ADVANCE, LOAD, verdicts=verdicts, listening_ms=listening_ms)
    assert bool(asked(s)) is asks
    first = after(Action.START, PRE, now_ms=LIVE_MS + 5, listening_ms=LIVE_MS + later_ms)
    assert bool(asked(first)) is asks


def test_before_the_first_weight_a_check_is_asked_until_it_passes() -> None:
    s = after(Action.START, PRE, LOAD, now_ms=LIVE_MS + EVERY_MS + 1)
    assert asked(s) == [("pre", LIVE_MS + EVERY_MS)]
    for reply, asks in ((YES, False), (NO, True), (AWAY, True)):
        assert bool(asked(replace(s, told={(PRE, LIVE_MS): reply}))) is asks
    assert asked(replace(s, control=Control(paused=True))) == []
    waits = replace(s, policy=replace(s.policy, approvals=(0,)))
    assert asked(waits) == []
    skips = replace(s, policy=replace(s.policy, skip_analysis=True))
    assert asked(skips) == []
    # A pause keeps nobody from being asked about a weight that is there.
    assert asked(after(Action.ADVANCE, LOAD, control=Control(paused=True))) != []


@pytest.mark.parametrize(
    ("action", "step", "since_ms"),
    [(Action.ADVANCE, 1, SINCE_MS), (Action.FINISH, 0, LIVE_MS)],
    ids=["running", "at rest"],
)
def test_a_gate_is_asked_on_a_grid_from_what_it_is_about(
    action: Action, step: int, since_ms: int
) -> None:
    s = after(action, GATE, source_ms=LIVE_MS, now_ms=since_ms + EVERY_MS + 7)
    hold = hooks.gate(s, s.candidate_id, HookType.CONFIRM_PROMOTION)
    assert hold is not None
    (call,) = hold.asks
    assert (call.at_ms, call.step) == (since_ms + EVERY_MS, step)
    assert (hold.wait, hold.alert) == (Wait.WEBHOOK, False)


def test_a_gate_is_asked_about_no_step_of_a_rollout_that_is_over() -> None:
    last = move(Action.ABORT, "0", 3)
    s = situation(policy(GATE), last, (), source_ms=LIVE_MS)
    hold = hooks.gate(s, s.candidate_id, HookType.CONFIRM_PROMOTION)
    assert hold is not None
    assert [call.step for call in hold.asks] == [0]


def test_a_failure_keeps_its_reason_and_silence_has_one() -> None:
    def joined(outcome: Outcome, *, told: Reply | None = None, **changes: Any) -> Verdict:
        (one,) = looks(outcome)
        known = {} if told is None else {(LOAD, one.window.end_ms): told}
        one = replace(one, reason="too slow", heard=False)
        which = policy(LOAD, **changes)
        return hooks.joined(which, Action.ADVANCE, LIVE_MS, (one,), known)[0]

    assert joined(Outcome.FAIL).reason == "too slow"
    assert joined(Outcome.INCONCLUSIVE).reason == "too slow"
    assert joined(Outcome.PASS).reason == "webhook load: not asked at this instant"
    # An answer about this very look is one of it; silence about it is silence.
    assert joined(Outcome.PASS, told=YES).outcome is Outcome.PASS
    assert not joined(Outcome.PASS, told=AWAY).heard
    assert joined(Outcome.PASS).heard


def test_where_nothing_is_measured_a_look_is_an_interval_long() -> None:
    bare = replace(policy(LOAD), checks=())
    found = hooks.joined(bare, Action.ADVANCE, LIVE_MS, looks(*[Outcome.PASS] * 3), {})
    assert [one.window.start_ms - LIVE_MS for one in found] == [0, 0, 30_000]


def test_a_gate_is_asked_four_times_within_a_deadline_at_least() -> None:
    slow = replace(policy(GATE), interval_ms=DEADLINE_MS, progress_deadline_ms=DEADLINE_MS)
    s = after(Action.ADVANCE, policy=slow, now_ms=SINCE_MS + DEADLINE_MS // 4)
    hold = hooks.gate(s, s.candidate_id, HookType.CONFIRM_PROMOTION)
    assert hold is not None
    assert hold.asks[0].at_ms == SINCE_MS + DEADLINE_MS // 4


@pytest.mark.parametrize(
    ("reply", "muted", "wait", "alert"),
    [(NO, False, Wait.APPROVAL, True), (NO, True, Wait.APPROVAL, False),
     (AWAY, False, Wait.WEBHOOK, True), (AWAY, True, Wait.WEBHOOK, False)],
)  # fmt: skip
def test_who_is_told_of_a_closed_gate(reply: Reply, muted: bool, wait: Wait, alert: bool) -> None:
    gate = replace(GATE, muted=muted)
    s = after(Action.ADVANCE, gate, told={(gate, LIVE_MS): reply})
    hold = hooks.gate(s, s.candidate_id, HookType.CONFIRM_PROMOTION)
    assert isinstance(hold, Hold)
    assert (hold.wait, hold.alert, len(hold.asks)) == (wait, alert, 1)


@pytest.mark.parametrize(("reply", "acts"), [(YES, True), (NO, False), (AWAY, False)])
def test_a_rollback_takes_back_only_where_it_says_so(reply: Reply, acts: bool) -> None:
    back = hooks.taken_back(after(Action.ADVANCE, BACK, told={(BACK, LIVE_MS + 5): reply}))
    assert (back is not None) is acts
    if isinstance(back, Act):
        assert (back.action, back.at_ms, back.quarantine) == (Action.ABORT, LIVE_MS + 5, True)


def test_a_move_is_dated_no_earlier_than_its_gate_opened() -> None:
    told = {(GATE, 7): YES, (GATE, 9): NO, (LOAD, 11): YES, (GATE, 8): YES}
    assert hooks.opened_ms(told) == 8
    assert hooks.opened_ms({}) == 0
