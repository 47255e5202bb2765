"""Deciding with webhooks: nobody's slow service delays an abort, and `plan` calls nobody."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from situations import LIVE_MS, POLICY, looks, move, situation

from gitops_canary.app.hooking import Hooking
from gitops_canary.core.hooks import due
from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import CanaryId, RolloutId
from gitops_canary.model.rollout import Action, Outcome, Rollout
from gitops_canary.model.webhooks import Call, HookType, Reply, Webhook

GATE = Webhook(name="gate", type=HookType.CONFIRM_TRAFFIC_INCREASE, target="gate")
LOAD = Webhook(name="load", type=HookType.ROLLOUT, target="load")
BACK = Webhook(name="back", type=HookType.ROLLBACK, target="back")
A, B = CanaryId("prod/shop"), CanaryId("prod/other")


class Slow:
    """A service that answers when it is let go."""

    def __init__(self, status: int = 200) -> None:
        self.go = asyncio.Event()
        self.asked: list[Call] = []
        self.status = status

    async def ask(self, call: Call, body: Mapping[str, object]) -> Reply:
        del body
        self.asked.append(call)
        await self.go.wait()
        return Reply(passed=self.status <= 202, status=self.status, why=f"HTTP {self.status}")


def gated(*hooks: Webhook, action: Action = Action.START, **changes: Any) -> Situation:
    policy = replace(POLICY, webhooks=hooks)
    last = move(action, "0" if action is Action.START else "10", 0)
    return situation(policy, last, **changes)


def decided(
    hooking: Hooking, situations: Mapping[CanaryId, Situation], *, asks: bool = True
) -> Any:
    return hooking.decide(situations, lambda call: {"name": call.canary}, asks=asks)


def test_a_look_that_does_not_write_calls_nobody() -> None:
    phone = Slow()

    async def go() -> dict[CanaryId, Decision]:
        found: dict[CanaryId, Decision] = await decided(
            Hooking(hooks=phone), {A: gated(GATE)}, asks=False
        )
        return found

    hold = asyncio.run(go())[A]
    assert isinstance(hold, Hold)
    assert hold.wait is Wait.WEBHOOK
    assert phone.asked == []


def test_a_slow_webhook_is_heard_at_a_later_look() -> None:
    phone = Slow()

    async def go() -> list[Decision]:
        late = asyncio.Event()
        hooking = Hooking(hooks=phone, wait_s=0, late=late.set)
        found = [(await decided(hooking, {A: gated(GATE)}))[A]]
        found.append((await decided(hooking, {A: gated(GATE)}))[A])
        phone.go.set()
        assert not late.is_set()
        await asyncio.wait_for(late.wait(), 5)
        found.append((await decided(hooking, {A: gated(GATE)}))[A])
        await hooking.aclose()
        return found

    first, second, third = asyncio.run(go())
    assert isinstance(first, Hold)
    assert isinstance(second, Hold)
    assert isinstance(third, Act)
    assert len(phone.asked) == 1


def test_a_webhook_at_work_is_asked_nothing_else_and_not_waited_for_twice() -> None:
    phone = Slow()

    async def go() -> int:
        hooking = Hooking(hooks=phone, wait_s=0.01)
        running = gated(BACK, action=Action.ADVANCE)
        await decided(hooking, {A: running})
        hooking.wait_s = 60
        later = replace(running, now_ms=running.now_ms + POLICY.interval_ms)
        assert due(later) != due(running)
        await asyncio.wait_for(decided(hooking, {A: later}), 5)
        await hooking.aclose()
        return len(phone.asked)

    assert asyncio.run(go()) == 1


@pytest.mark.parametrize(("hook", "given_up"), [(GATE, True), (LOAD, False)])
def test_a_question_that_no_longer_counts_is_not_asked_again(hook: Webhook, given_up: bool) -> None:
    ended: list[str] = []

    class Retrying(Slow):
        async def ask(self, call: Call, body: Mapping[str, object]) -> Reply:
            try:
                return await super().ask(call, body)
            finally:
                ended.append(call.hook.name)

    async def go() -> list[str]:
        hooking = Hooking(hooks=Retrying(), wait_s=0.01)
        action = Action.START if hook is GATE else Action.ADVANCE
        before = gated(hook, action=action)
        await decided(hooking, {A: before})
        moved = move(Action.ABORT, "0", 0)
        after = replace(before, rollout=Rollout(moves=(replace(moved, date_ms=moved.date_ms + 1),)))
        await decided(hooking, {A: after})
        await asyncio.sleep(0)
        found = list(ended)
        await hooking.aclose()
        return found

    assert asyncio.run(go()) == ([hook.name] if given_up else [])


def test_who_lets_one_candidate_begin_has_not_let_the_next_one_begin() -> None:
    """A retry was confirmed and could not be pushed; then another version was committed."""
    phone = Slow()
    phone.go.set()
    begin = Webhook(name="begin", type=HookType.CONFIRM_ROLLOUT, target="begin")
    again = situation(replace(POLICY, webhooks=(begin,)), move(Action.RETREAT, "0", 0))
    newer = replace(again, candidate_id=RolloutId("ba9876543210"))

    async def go() -> tuple[Decision, Decision]:
        hooking = Hooking(hooks=phone)
        first = (await decided(hooking, {A: again}))[A]
        phone.status = 403
        return first, (await decided(hooking, {A: newer}))[A]

    first, second = asyncio.run(go())
    assert isinstance(first, Act)
    assert first.action is Action.START
    assert isinstance(second, Hold)
    assert [call.rollout for call in phone.asked] == [again.candidate_id, newer.candidate_id]


def test_an_abort_waits_for_nobodys_webhook() -> None:
    phone = Slow()
    failing = gated(action=Action.ADVANCE, verdicts=looks(Outcome.FAIL, Outcome.FAIL))

    async def go() -> dict[CanaryId, Decision]:
        hooking = Hooking(hooks=phone, wait_s=None)
        found: dict[CanaryId, Decision] = await asyncio.wait_for(
            decided(hooking, {A: replace(gated(GATE), canary=A), B: failing}), 5
        )
        await hooking.aclose()
        return found

    found = asyncio.run(go())
    assert isinstance(found[A], Hold)
    act = found[B]
    assert isinstance(act, Act)
    assert act.action is Action.ABORT


def test_who_looks_once_waits_for_the_answer() -> None:
    phone = Slow()

    async def go() -> Decision:
        hooking = Hooking(hooks=phone, wait_s=None)
        looking = asyncio.ensure_future(decided(hooking, {A: gated(GATE)}))
        await asyncio.sleep(0)
        phone.go.set()
        found: Decision = (await looking)[A]
        return found

    assert isinstance(asyncio.run(go()), Act)


@pytest.mark.parametrize(
    "changes",
    [{"suspend": True}, {"deleted": True}, {"changed": True}, {"live": None, "verdicts": ()}],
)
def test_checks_are_called_only_where_they_could_count(changes: dict[str, Any]) -> None:
    assert due(gated(LOAD, action=Action.ADVANCE))
    assert not due(gated(LOAD, action=Action.ADVANCE, **changes))


def test_rollback_is_asked_before_anything_is_live() -> None:
    [call] = due(gated(BACK, action=Action.ADVANCE, live=None))
    assert call.hook == BACK
    assert call.at_ms <= LIVE_MS + 3_600_000


def test_a_bug_in_a_call_ends_no_look(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def ask(self, call: Call, body: Mapping[str, object]) -> Reply:
            raise LookupError(call.canary, body)

    async def go() -> Mapping[CanaryId, Decision]:
        hooking = Hooking(hooks=Broken())
        calm = situation(POLICY, move(Action.START, "0", 0))
        found: Mapping[CanaryId, Decision] = await decided(hooking, {A: gated(GATE), B: calm})
        await hooking.aclose()
        return found

    found = asyncio.run(go())
    hold = found[A]
    assert isinstance(hold, Hold)
    assert hold.wait is Wait.WEBHOOK
    assert "a bug kept it from being asked" in hold.reason
    assert isinstance(found[B], Act)
    assert "LookupError" in caplog.text
