"""What a hold says of webhooks that are at work."""

import asyncio
from dataclasses import replace

import pytest
from situations import LIVE_MS, looks
from test_hooking import LOAD, A, Slow, decided, gated

from gitops_canary.app.hooking import Hooking
from gitops_canary.core.answering import underway
from gitops_canary.model.decision import Decision, Hold, Wait
from gitops_canary.model.names import CanaryId, RolloutId
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.webhooks import Call, HookType, Webhook

CANARY = CanaryId("prod/shop")
AT = "2026-02-02T02:40:00Z"
AT_MS = 1_770_000_000_000


def hold(reason: str, wait: Wait = Wait.WINDOW) -> Hold:
    return Hold(canary=CANARY, wait=wait, reason=reason)


def asked(**hook: object) -> Call:
    one = replace(LOAD, **hook)  # type: ignore[arg-type]  # fields of Webhook by name
    rollout = RolloutId("cac7ec4b941a")
    return Call(hook=one, canary=CANARY, rollout=rollout, since_ms=1, step=1, at_ms=AT_MS)


def reason(decision: Decision) -> str:
    assert isinstance(decision, Hold)
    return decision.reason


@pytest.mark.parametrize("after", ["", ", as it did not answer before"])
def test_who_is_at_work_is_not_told_as_not_asked(after: str) -> None:
    told = hold(f"Measures at 10 %: webhook load: not asked at this instant{after}.")
    assert reason(underway(told, [asked()])) == (
        f"Measures at 10 %: webhook load: asked about {AT}, no answer yet; it may take 10s."
    )


def test_what_is_waited_for_besides_stays_and_how_long_it_may_take_is_told() -> None:
    told = hold("Measures at 10 %: nothing is wrong; 30s of 60s at 10 %.")
    found = reason(underway(told, [asked(timeout_ms=300_000, retries=2)]))
    assert found == (
        f"{told.reason} The webhook load was asked about {AT}, no answer yet; it may take 5m, and "
        "2 more tries."
    )
    assert reason(underway(told, [asked(retries=1)])).endswith("10s, and 1 more try.")


def test_only_checks_are_told_and_only_where_measured() -> None:
    gate = asked(name="gate", type=HookType.CONFIRM_PROMOTION)
    told = hold("Measures at 10 %.")
    assert underway(told, [gate]) == told
    assert underway(told, []) == told
    paused = hold("Paused.", Wait.PAUSED)
    assert underway(paused, [asked()]) == paused


def test_a_slow_check_is_told_as_at_work_and_then_as_what_it_said() -> None:
    phone = Slow(status=500)
    smoke = Webhook(name="smoke", type=HookType.ROLLOUT, target="load", timeout_ms=60_000)
    rolls = gated(smoke, action=Action.ADVANCE)
    rolls = replace(rolls, verdicts=looks(Outcome.PASS))

    async def go() -> list[str]:
        hooking = Hooking(hooks=phone, wait_s=0, _since_ms=LIVE_MS)
        first = (await decided(hooking, {A: rolls}))[A]
        second = (await decided(hooking, {A: rolls}))[A]
        phone.go.set()
        await asyncio.sleep(0)
        third = (await decided(hooking, {A: rolls}))[A]
        await hooking.aclose()
        return [reason(one) for one in (first, second, third)]

    first, second, third = asyncio.run(go())
    assert first == second
    assert "webhook smoke: asked about" in first
    assert "it may take 1m" in first
    assert "not asked" not in first
    assert "asked about" not in third
    assert "Failed look 1 of 2: webhook smoke was HTTP 500" in third
