"""Silence: from when it counts, and what follows as the policy asks."""

from dataclasses import replace
from typing import Any

import pytest
from grounds import act
from situations import LIVE_MS, POLICY, looks, measured, move, situation

from gitops_canary.core.decide import decide
from gitops_canary.core.situation import Situation
from gitops_canary.core.unheard import failing, silence, silences, silent, unanswered, unmeasured
from gitops_canary.errors import Unavailable
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Action, Outcome, Rollout
from gitops_canary.model.webhooks import HookType, Reply, Webhook

PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
LIMIT = POLICY.progress_deadline_ms // 30_000
"""So many looks fit into the deadline."""


def at_ten(*outcomes: Outcome, **policy: Any) -> Situation:
    last = move(Action.ADVANCE, "10", 1)
    last = replace(last, record=replace(last.record, failed=1))
    rollout = Rollout(moves=(move(Action.START, "0", 0), last))
    return situation(replace(POLICY, **policy), last, looks(*outcomes), rollout=rollout)


def first(*outcomes: Outcome, heard: int | None = None) -> int | None:
    s = at_ten(*outcomes)
    verdicts = [replace(v, heard=i == heard) for i, v in enumerate(s.verdicts)]
    return silence(verdicts, silences(s, LIVE_MS, verdicts), waits=False)


def test_silence_counts_from_the_last_that_was_heard() -> None:
    assert first(*[NONE] * LIMIT) is None
    assert first(*[NONE] * (LIMIT + 1)) == LIMIT
    assert first(*[NONE] * (LIMIT + 4)) == LIMIT
    assert first(PASS, *[NONE] * LIMIT) is None
    assert first(FAIL, *[NONE] * (LIMIT + 1)) == LIMIT + 1
    assert first(*[NONE] * (LIMIT + 1), heard=0) is None
    assert first(*[NONE] * (LIMIT + 2), heard=0) == LIMIT + 1


def test_a_retreat_counts_what_failed_before_the_silence_and_rests_on_no_later_look() -> None:
    s = at_ten(FAIL, *[NONE] * (LIMIT + 5))
    act = unmeasured(s, LIMIT + 1)
    assert isinstance(act, Act)
    assert (act.action, act.failed, act.restore, act.quarantine) == (
        Action.RETREAT, 2, False, False,
    )  # fmt: skip
    assert len(act.verdicts) == LIMIT + 2
    assert (act.window, act.at_ms) == (
        s.verdicts[LIMIT + 1].window, s.verdicts[LIMIT + 1].window.end_ms,
    )  # fmt: skip
    assert act.reason == "The checks decided nothing for 10m: errors: why."


@pytest.mark.parametrize(
    ("attempts", "on_retreat", "restores"),
    [(1, "restore", True), (2, "restore", False), (1, "keep", False)],
)
def test_the_last_retreat_takes_the_version_out_where_the_policy_says_so(
    attempts: int, on_retreat: str, restores: bool
) -> None:
    s = at_ten(*[NONE] * (LIMIT + 1), attempts_max=attempts, on_retreat=on_retreat)
    act = unmeasured(s, LIMIT)
    assert isinstance(act, Act)
    assert act.restore is restores


@pytest.mark.parametrize(("no_data", "wait"), [("extend", Wait.DATA), ("ask", Wait.PERSON)])
def test_a_policy_may_wait_instead_and_tells_somebody(no_data: str, wait: Wait) -> None:
    hold = unmeasured(at_ten(*[NONE] * (LIMIT + 1), no_data=no_data), LIMIT)
    assert isinstance(hold, Hold)
    assert (hold.wait, hold.alert) == (wait, True)
    assert hold.reason.endswith("errors: why. The weight stays.")


@pytest.mark.parametrize(
    ("passed", "wait"), [(False, Wait.APPROVAL), (None, Wait.WEBHOOK)], ids=["closed", "away"]
)
def test_a_gate_has_no_deadline_but_the_silence_behind_it_has(
    passed: bool | None, wait: Wait
) -> None:
    gate = Webhook(name="gate", type=HookType.CONFIRM_PROMOTION, target="gate")
    told = {(gate, LIVE_MS): Reply(passed=passed, status=None, why="why")}
    long = at_ten(*[PASS] * (3 * LIMIT), webhooks=(gate,))
    held = decide(replace(long, told=told))
    assert isinstance(held, Hold)
    assert (held.wait, held.alert) == (wait, True)

    quiet = at_ten(*[PASS] * LIMIT, *[NONE] * (LIMIT + 2), webhooks=(gate,))
    back = decide(replace(quiet, told=told))
    assert isinstance(back, Act)
    assert (back.action, back.at_ms) == (
        Action.RETREAT, quiet.verdicts[2 * LIMIT].window.end_ms,
    )  # fmt: skip
    opened = {(gate, LIVE_MS): Reply(passed=True, status=200, why="HTTP 200")}
    assert decide(replace(quiet, told=opened)) == replace(back, told=opened)
    again = at_ten(*[PASS] * LIMIT, *[NONE] * (LIMIT + 2), PASS, webhooks=(gate,))
    up = decide(replace(again, told=opened))
    assert isinstance(up, Act)
    assert (up.action, len(up.verdicts)) == (Action.PROMOTE, 2 * LIMIT + 3)


def test_verdicts_are_put_into_words() -> None:
    (one,) = looks(FAIL)
    two = replace(one, measurements=(measured(FAIL), measured(PASS), measured(NONE)))
    assert failing(two, POLICY) == "errors was 1 (limit <= 1, 9 requests)"
    assert silent(two) == "errors: why"
    assert silent(replace(two, reason="said already")) == "said already"


@pytest.mark.parametrize(
    ("wait", "code", "told"),
    [
        (Wait.LIVE, 0, Unavailable.exit_code), (Wait.DATA, 0, Unavailable.exit_code),
        (Wait.READY, 3, 3), (Wait.WINDOW, 0, 0), (Wait.PAUSED, 0, 0),
    ],
)  # fmt: skip
def test_a_wait_for_what_nobody_answered_is_told_apart(wait: Wait, code: int, told: int) -> None:
    why = "Metric source default cannot be reached"
    hold = Hold(canary=CanaryId("prod/shop"), wait=wait, reason="It waits.", exit_code=code)
    found = unanswered(hold, [why])

    assert isinstance(found, Hold)
    assert found.exit_code == told
    assert (why in found.reason) == (told > 0)
    assert unanswered(found, [why]) == found, "it is said once"
    assert unanswered(hold, ()) == hold
    assert unanswered(act(Action.ADVANCE), [why]) == act(Action.ADVANCE)


def test_every_silent_source_is_named_up_to_five() -> None:
    hold = Hold(canary=CanaryId("prod/shop"), wait=Wait.DATA, reason="It waits: b is away.")
    two = unanswered(hold, ["a is away", "b is away"])
    seven = unanswered(hold, [f"{letter} is away" for letter in "acdefgh"])
    assert two.reason == "It waits: b is away. A is away."
    assert seven.reason.endswith("E is away. F is away. 2 more sources did not answer.")


def test_of_six_silent_sources_five_are_named_and_one_is_counted() -> None:
    hold = Hold(canary=CanaryId("prod/shop"), wait=Wait.DATA, reason="It waits.")
    whys = [f"{letter} is away" for letter in "abcdef"]
    assert unanswered(hold, whys).reason.endswith("E is away. 1 more sources did not answer.")
    assert unanswered(hold, whys[:5]).reason.endswith("E is away.")


@pytest.mark.parametrize(("no_data", "told"), [("extend", "newest"), ("retreat", "decided")])
def test_what_was_silent_is_told_of_the_look_that_decides(no_data: str, told: str) -> None:
    s = at_ten(*[NONE] * (LIMIT + 3), no_data=no_data)
    whys = ["before"] * LIMIT + ["decided", "later", "newest"]
    verdicts = tuple(
        replace(one, measurements=(replace(measured(NONE), why=why),))
        for one, why in zip(s.verdicts, whys, strict=True)
    )
    assert f"errors: {told}." in unmeasured(replace(s, verdicts=verdicts), LIMIT).reason
