"""The time after a finish: what condemns, who is told, and when it is over."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import spec
from situations import LIVE_MS, NEW, POLICY, looks, measured, move, situation

from gitops_canary.core.decide import decide
from gitops_canary.core.situation import WATCH_REACH_MS, Situation
from gitops_canary.core.watch import course, ended_ms
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.names import Digest
from gitops_canary.model.observation import Liveness, Verdict
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action, Outcome, Window
from gitops_canary.model.spec import CanarySpec

PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
WATCH_MS = 600_000
WATCHED = replace(POLICY, watch_ms=WATCH_MS, watch_action="abort", threshold=2)
UNTIL = "until 1970-01-01T00:26:40Z"
NOT_LIVE = Liveness(live_ms=None, proof=(), waiting="the engine sleeps")


def finished(verdicts: Sequence[Verdict] = (), **changes: Any) -> Situation:
    """A rollout that finished under a policy that watches; nobody changed anything since."""
    tip = Owned(candidate=NEW, primary=NEW, weight=Decimal(0), shape=Digest("sha256:route"))
    values: dict[str, Any] = {
        "tip": tip, "written": tip, "pinned": True, "now_ms": LIVE_MS + 60_000, **changes,
    }  # fmt: skip
    policy = values.pop("policy", WATCHED)
    return situation(policy, move(Action.FINISH, "0", 1, "10"), verdicts, **values)


def held(s: Situation) -> Hold:
    decision = decide(s)
    assert isinstance(decision, Hold), decision
    return decision


def silent(count: int) -> tuple[Verdict, ...]:
    return tuple(
        replace(one, measurements=(replace(measured(NONE), why="no series"),))
        for one in looks(*[NONE] * count)
    )


def test_it_says_how_it_does_and_tells_nobody() -> None:
    said = "Watches the promoted version " + UNTIL
    found = [
        held(finished(verdicts))
        for verdicts in (
            (), looks(PASS), looks(PASS, PASS, FAIL), silent(1),
            tuple(replace(one, reason="too few requests") for one in looks(NONE)),
            tuple(replace(one, reason="not this one") for one in looks(PASS)),
        )
    ]  # fmt: skip
    assert {(hold.wait, hold.alert) for hold in found} == {(Wait.WATCH, False)}
    assert [hold.reason for hold in found] == [
        f"{said}.", f"{said}.",
        f"{said}; failed look 1 of 2: errors was 1 (limit <= 1, 9 requests).", f"{said}.",
        f"{said}: too few requests.", f"{said}.",
    ]  # fmt: skip


def test_a_watch_that_sees_nothing_is_told() -> None:
    enough = silent(WATCHED.progress_deadline_ms // 30_000 + 1)
    blind = replace(WATCHED, watch_ms=WATCHED.progress_deadline_ms + 60_000)
    hold = held(finished(enough, policy=blind))
    assert (hold.wait, hold.alert) == (Wait.WATCH, True)
    assert "nothing could be measured for 10m: errors: no series" in hold.reason
    assert not held(finished(enough[:-1], policy=blind)).alert
    last = enough[-1].window
    heard = replace(looks(PASS)[0], window=Window(start_ms=last.end_ms, end_ms=last.end_ms + 9))
    assert not held(finished((*enough, heard), policy=blind)).alert, "it is heard again"
    other = replace(enough[-1], measurements=(replace(measured(NONE), why="no answer"),))
    assert "errors: no answer" in held(finished((*enough[:-1], other), policy=blind)).reason


def test_enough_failures_take_it_back_or_call_somebody() -> None:
    bad = looks(FAIL, PASS, FAIL, PASS)
    act = decide(finished(bad))
    assert isinstance(act, Act)
    assert (act.action, act.quarantine, act.failed) == (Action.ABORT, True, 2)
    assert act.at_ms == bad[2].window.end_ms
    hold = held(finished(bad, policy=replace(WATCHED, watch_action="alert")))
    assert (hold.wait, hold.alert) == (Wait.PERSON, True)
    assert hold.reason.startswith("The watch would condemn the promoted version: errors was 1")


def test_the_last_moment_of_a_watch_belongs_to_it() -> None:
    bad = looks(FAIL, FAIL)
    end_ms = bad[-1].window.end_ms - LIVE_MS
    assert isinstance(decide(finished(bad, policy=replace(WATCHED, watch_ms=end_ms))), Act)
    shorter = replace(WATCHED, watch_ms=end_ms - 1)
    assert held(finished(bad, policy=shorter)).wait is Wait.WATCH


@pytest.mark.parametrize(("complete", "wait"), [(-1, Wait.WATCH), (0, Wait.IDLE), (1, Wait.IDLE)])
def test_it_is_over_once_its_last_samples_are_there(complete: int, wait: Wait) -> None:
    assert held(finished(complete_ms=LIVE_MS + WATCH_MS + complete)).wait is wait


def test_a_watch_begins_once_weight_0_is_live() -> None:
    waiting = finished(live=NOT_LIVE)
    end_ms = waiting.deadline_ms()
    hold = held(replace(waiting, now_ms=end_ms))
    assert (hold.wait, hold.alert) == (Wait.LIVE, False)
    assert hold.reason == "Weight 0 is not live yet: the engine sleeps."
    late = held(replace(waiting, now_ms=end_ms + 1))
    assert (late.wait, late.alert) == (Wait.PERSON, True)
    assert "not live after 10m, so the watch has not begun: the engine sleeps." in late.reason
    nobody = held(replace(waiting, live=None, now_ms=end_ms))
    assert nobody.reason == "Weight 0 is not live yet: no sync source has answered."


def test_it_ends_with_the_watch_where_there_is_one() -> None:
    assert ended_ms(finished()) == LIVE_MS + WATCH_MS
    assert ended_ms(finished(pinned=False)) == LIVE_MS
    assert ended_ms(finished(live=NOT_LIVE)) is None


@pytest.mark.parametrize(
    ("changes", "watched"),
    [
        ({}, True), ({"pinned": False}, False), ({"deleted": True}, False),
        ({"changed": True}, False), ({"rollout": None}, False),
        ({"policy": replace(WATCHED, watch_ms=0)}, False),
        ({"now_ms": LIVE_MS - 10_000 + WATCH_REACH_MS}, True),
        ({"now_ms": LIVE_MS - 10_000 + WATCH_REACH_MS + 1}, False),
    ],
)  # fmt: skip
def test_only_what_just_finished_untouched_is_watched(
    changes: dict[str, Any], watched: bool
) -> None:
    assert finished(**changes).watched is watched


@pytest.mark.parametrize("late_ms", [-1, 0, 50_000])
def test_the_primary_is_asked_about_until_the_watch_is_over(late_ms: int) -> None:
    one: CanarySpec = spec()
    end_ms = LIVE_MS + WATCH_MS + 20_000
    found = course(
        one, WATCHED, (), live_ms=LIVE_MS, now_ms=end_ms + late_ms, scrape_ms=15_000,
        delay_ms=20_000, asked_ms=LIVE_MS,
    )  # fmt: skip
    assert found.now_ms == min(end_ms, end_ms + late_ms)
    assert (found.alone, found.last, found.weight) == (True, False, Decimal(0))
    assert found.workload == "shop-primary"
