"""What people and their services are told about a decision."""

import pytest
from checks import spec
from grounds import AT_MS, act, ground
from records import RECORD, record

from gitops_canary.core.announce import announcement, listeners, named, told_again, told_body
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import CanaryId, RolloutId
from gitops_canary.model.rollout import Action, Move
from gitops_canary.model.webhooks import HookType, Webhook

SHOP = CanaryId("prod/shop")
EVENT, END, GATE = (
    Webhook(name=kind.value, type=kind, target="https://ears", metadata=(("team", "shop"),))
    for kind in (HookType.EVENT, HookType.POST_ROLLOUT, HookType.CONFIRM_ROLLOUT)
)


def told(decision: Decision) -> Announcement:
    tip = ground("1.1.0", "1.0.0", weight=10).owned
    return announcement(
        decision, spec(), tip, None, candidate=RolloutId("0123456789ab"), now_ms=AT_MS + 5
    )


def hold(wait: Wait, *, alert: bool = False) -> Hold:
    return Hold(canary=SHOP, wait=wait, reason="Because.", alert=alert)


@pytest.mark.parametrize(
    ("decision", "severity", "phase", "ended"),
    [
        (act(Action.START), Severity.INFO, "Progressing", False),
        (act(Action.ADVANCE, "50"), Severity.INFO, "Progressing", False),
        (act(Action.PROMOTE, "50"), Severity.INFO, "Promoting", False),
        (act(Action.FINISH, "30"), Severity.INFO, "Finalising", False),
        (act(Action.FINISH), Severity.INFO, "Succeeded", True),
        (act(Action.ABORT), Severity.ERROR, "Failed", True),
        (act(Action.RETREAT), Severity.ERROR, "Failed", True),
        (act(Action.IDLE), Severity.INFO, "Succeeded", False),
        (hold(Wait.WINDOW), Severity.INFO, "Progressing", False),
        (hold(Wait.WEBHOOK), Severity.INFO, "Waiting", False),
        (hold(Wait.APPROVAL), Severity.INFO, "Waiting", False),
        (hold(Wait.PERSON, alert=True), Severity.WARN, "Progressing", False),
    ],
)
def test_each_decision_has_its_severity_and_flagger_s_phase(
    decision: Decision, severity: Severity, phase: str, *, ended: bool
) -> None:
    found = told(decision)
    assert (found.severity, found.phase, found.ended) == (severity, phase, ended)
    made = isinstance(decision, Act)
    assert found.weight == (str(decision.weight) if isinstance(decision, Act) else "10")
    assert found.at_ms == (AT_MS if made else AT_MS + 5)


def test_the_end_of_a_rollout_is_heard_by_whoever_waits_for_it_and_else_events_alone() -> None:
    own = spec()
    object.__setattr__(own.policy, "webhooks", (EVENT, END, GATE))
    assert listeners(own, told(act(Action.ADVANCE, "50"))) == (EVENT,)
    assert listeners(own, told(act(Action.ABORT))) == (EVENT, END)


def test_an_event_carries_flagger_s_fields_and_an_end_only_its_own() -> None:
    bad, good = told(act(Action.ABORT)), told(act(Action.ADVANCE, "50"))
    assert told_body(bad, EVENT)["metadata"] == {
        "team": "shop",
        "eventMessage": bad.sentence,
        "eventType": "Warning",
        "timestamp": str(AT_MS),
    }
    metadata = told_body(good, EVENT)["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["eventType"] == "Normal"
    assert told_body(bad, END)["metadata"] == {"team": "shop"}


def test_a_move_of_another_process_is_told_by_the_first_paragraph_of_its_commit() -> None:
    move = Move(record=record(action=Action.ABORT), revision=RECORD.source, date_ms=AT_MS)
    found = told_again(move, spec(), "canary(prod/web): abort\n\nAll checks\npassed.\n\nTable.")
    assert found.sentence == (
        "prod/web: abort, weight 12.5 %. All checks passed. "
        "Told again after a restart: made at 2026-02-02T02:40:00.250Z."
    )
    assert (found.ended, found.severity) == (True, Severity.ERROR)
    assert "12.5 %. Told again" in told_again(move, spec(), "canary(prod/web): abort").sentence
    assert found.move == f"after {RECORD.previous}"
    assert named(None) == "after none"
