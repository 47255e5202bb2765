"""What an answer of a webhook means for the verdicts around it, and when the next one is asked."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from checks import check
from situations import LIVE_MS, POLICY, looks, move, situation

from gitops_canary.core.hooks import due, gate, joined, judged, used
from gitops_canary.model.decision import Wait
from gitops_canary.model.rollout import Action, Outcome, Rollout
from gitops_canary.model.webhooks import HookType, Reply, Webhook

LOAD = Webhook(name="load", type=HookType.ROLLOUT, target="load")
GATE = Webhook(name="gate", type=HookType.CONFIRM_PROMOTION, target="gate")
EVERY_MS = 30_000
"""How far apart the verdicts of `looks` are: here two of them in an interval."""
TWO = replace(POLICY, checks=(check(),), webhooks=(LOAD,), interval_ms=2 * EVERY_MS)
PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
YES = Reply(passed=True, status=200, why="HTTP 200")
NO = Reply(passed=False, status=500, why="HTTP 500")
AWAY = Reply(passed=None, status=None, why="no answer")


def at(index: int) -> int:
    """The end of one of the verdicts, counted from 1."""
    return LIVE_MS + index * EVERY_MS


@pytest.mark.parametrize(
    ("measured", "told", "outcomes", "heard"),
    [
        # An answer stands for an interval, and no longer.
        ((PASS, PASS, PASS), {1: YES}, (PASS, PASS, NONE), (False, False, True)),
        # A failure is counted once, though it stands for two looks.
        ((PASS, PASS, PASS), {1: NO, 3: YES}, (FAIL, NONE, PASS), (False, False, False)),
        # No answer is silence until there is one, which may become a retreat.
        ((PASS, PASS, PASS), {1: AWAY}, (NONE, NONE, NONE), (False, False, False)),
        # What was measured is worse.
        ((FAIL, NONE, PASS), {1: YES, 3: YES}, (FAIL, NONE, PASS), (False, False, False)),
        # An answer about later says nothing about before.
        ((PASS, PASS), {3: YES}, (NONE, NONE), (True, True)),
    ],
)
def test_answers_are_joined_with_what_was_measured(
    measured: tuple[Outcome, ...],
    told: Mapping[int, Reply],
    outcomes: tuple[Outcome, ...],
    heard: tuple[bool, ...],
) -> None:
    replies = {(LOAD, at(index)): reply for index, reply in told.items()}
    found = joined(TWO, Action.ADVANCE, LIVE_MS, looks(*measured), replies)
    assert tuple(one.outcome for one in found) == outcomes
    assert tuple(one.heard for one in found) == heard
    assert all(len(one.measurements) == 2 for one in found)


def test_a_check_is_asked_once_an_interval_about_the_newest_look() -> None:
    last = move(Action.ADVANCE, "10", 1)

    def asked(verdicts: int, **told: Reply) -> list[int]:
        replies = {(LOAD, int(key[1:])): reply for key, reply in told.items()}
        s = situation(TWO, last, looks(*[PASS] * verdicts), told=replies)
        return [call.at_ms for call in due(s)]

    assert asked(0) == [LIVE_MS]
    assert asked(0, **{f"_{LIVE_MS}": YES}) == []
    assert asked(1, **{f"_{LIVE_MS}": YES}) == [at(1)]
    assert asked(2, **{f"_{at(1)}": NO}) == []
    assert asked(3, **{f"_{at(1)}": NO}) == [at(3)]


def test_what_was_before_this_process_listened_is_not_asked_about() -> None:
    last = move(Action.ADVANCE, "10", 1)
    s = situation(TWO, last, looks(PASS), listening_ms=at(1) + 1)
    assert not due(s)


def test_every_gate_of_a_kind_has_to_open() -> None:
    other = replace(GATE, name="other")
    policy = replace(POLICY, webhooks=(GATE, other))
    s = situation(policy, move(Action.ADVANCE, "10", 1), tip_ms=0)
    rollout = s.candidate_id

    asked = gate(s, rollout, HookType.CONFIRM_PROMOTION)
    assert asked is not None
    assert [call.hook for call in asked.asks] == [GATE, other]
    one = gate(replace(s, told={(GATE, 1): YES}), rollout, HookType.CONFIRM_PROMOTION)
    assert one is not None
    assert [call.hook for call in one.asks] == [other]
    refused = replace(s, told={(GATE, 1): YES, (other, 1): NO})
    held = gate(refused, rollout, HookType.CONFIRM_PROMOTION)
    assert held is not None
    assert (held.wait, held.alert) == (Wait.APPROVAL, True)
    both = replace(s, told={(GATE, 1): YES, (other, 1): NO, (other, 2): YES})
    assert gate(both, rollout, HookType.CONFIRM_PROMOTION) is None


def test_the_evidence_has_what_a_decision_rests_on_and_nothing_later() -> None:
    back = replace(GATE, name="back", type=HookType.ROLLBACK)
    told = {(LOAD, 5): NO, (LOAD, 9): YES, (GATE, 7): NO, (GATE, 8): YES, (back, 3): NO}
    assert [(hook.name, at_ms) for hook, at_ms, _ in used(told, 6)] == [("gate", 8), ("load", 5)]
    assert len(used(told, 9)) == 3


def test_answers_count_only_for_a_weight_that_is_live() -> None:
    s = situation(TWO, move(Action.ADVANCE, "10", 1), looks(PASS), told={(LOAD, at(1)): NO})
    ended, returns = (Rollout(moves=(move(one, "0", 1),)) for one in (Action.ABORT, Action.PROMOTE))

    assert [one.outcome for one in judged(s).verdicts] == [FAIL]
    assert judged(replace(s, live=None)).verdicts == s.verdicts
    for rollout in (ended, returns):
        assert judged(replace(s, rollout=rollout)).verdicts == s.verdicts


@pytest.mark.parametrize("heeds", [True, False])
def test_a_webhook_nobody_asked_makes_up_for_no_silence_since_decision_46(*, heeds: bool) -> None:
    (found,) = joined(TWO, Action.ADVANCE, LIVE_MS, looks(NONE), {}, heeds=heeds)
    assert found.heard is not heeds
