"""A silent receiver holds up nobody, each hears one thing after the other, trouble is told once."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from checks import spec
from situations import move, situation

from gitops_canary.app import announcing
from gitops_canary.app.announcing import Announcer
from gitops_canary.app.tick import Report
from gitops_canary.core.announce import announcement
from gitops_canary.model.announcement import Alert, Announcement, Severity
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.names import CanaryId, RolloutId
from gitops_canary.model.rollout import Action, Rollout
from gitops_canary.model.webhooks import Webhook

WEB = CanaryId("prod/web")


class Ears:
    def __init__(self, **trouble: str) -> None:
        self.trouble = trouble
        self.heard: list[str] = []
        self.told: list[Announcement] = []
        self.silent = asyncio.Event()

    async def hear(self, hook: Webhook, key: str, body: Mapping[str, object]) -> str:
        raise AssertionError((hook, key, body))

    async def notify(self, notifier: str, told: Announcement) -> str:
        if notifier == "silent":
            await self.silent.wait()
        self.heard.append(f"{notifier}: {told.event}")
        self.told.append(told)
        return self.trouble.get(notifier, "")


def report(
    *waits: Wait, alerts: tuple[Alert, ...], bypass: str | None = None, candidate: str = "r"
) -> Report:
    policy = SimpleNamespace(webhooks=())
    spec = SimpleNamespace(id=WEB, namespace="prod", name="web", policy=policy, alerts=alerts)
    owned = SimpleNamespace(weight=0, settled=True, candidate=SimpleNamespace(version="v2"))
    seen = SimpleNamespace(
        spec=spec,
        tip=SimpleNamespace(owned=owned),
        rollout=None,
        situation=SimpleNamespace(
            candidate_id=candidate, bypass=bypass, unjudged=f" {bypass} did it."
        ),
    )
    [wait] = waits
    hold = Hold(canary=WEB, wait=wait, reason="why", alert=wait is Wait.PERSON)
    return Report(repository="c", tip=None, decisions={WEB: hold}, seen={WEB: cast("Any", seen)})


def alerts(*names: str, severity: Severity = Severity.INFO) -> tuple[Alert, ...]:
    return tuple(Alert(name=name, notifier=name, severity=severity) for name in names)


def test_a_silent_receiver_holds_up_neither_the_look_nor_the_others() -> None:
    async def go() -> list[str]:
        ears = Ears()
        announcer = Announcer(ears)
        for wait in (Wait.PERSON, Wait.IDLE, Wait.LIVE):
            announcer.take(report(wait, alerts=alerts("silent", "chat")), 7)
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        before = list(ears.heard)
        ears.silent.set()
        await announcer.drain()
        assert ears.heard[3:] == [one.replace("chat", "silent") for one in before]
        return before

    assert asyncio.run(go()) == [
        "chat: waits for a person", "chat: idle", "chat: waits for sync"
    ]  # fmt: skip


def test_trouble_is_told_once_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        ears = Ears(chat="HTTP 500")
        announcer = Announcer(ears)
        for wait in (Wait.PERSON, Wait.IDLE, Wait.LIVE):
            announcer.take(report(wait, alerts=alerts("chat")), 7)
        await announcer.drain()

    with caplog.at_level(logging.WARNING):
        asyncio.run(go())
    assert caplog.messages == ["notifier chat was not told: HTTP 500"]


def test_severity_asks_for_those_above_it_and_the_same_is_told_once() -> None:
    async def go() -> list[str]:
        ears = Ears()
        announcer = Announcer(ears)
        for wait in (Wait.PERSON, Wait.PERSON, Wait.LIVE, Wait.PERSON):
            announcer.take(report(wait, alerts=alerts("pager", severity=Severity.WARN)), 7)
        await announcer.drain()
        return ears.heard

    assert asyncio.run(go()) == ["pager: waits for a person"] * 2


def test_what_everyone_has_unjudged_is_told_whatever_is_waited_for() -> None:
    """Once for each commit, after a squash another: seed 3200306 heard the same twice."""

    async def go() -> list[tuple[Severity, str]]:
        ears = Ears()
        announcer = Announcer(ears)
        for bypass in ("one", "one", "another", None):
            announcer.take(report(Wait.SUSPENDED, alerts=alerts("chat"), bypass=bypass), 7)
        await announcer.drain()
        return [(told.severity, told.sentence) for told in ears.told]

    assert asyncio.run(go()) == [
        (Severity.WARN, "prod/web: suspended. why one did it."),
        (Severity.WARN, "prod/web: suspended. why another did it."),
        (Severity.INFO, "prod/web: suspended. why"),
    ]


def test_a_stuck_repository_is_told_once_to_each_notifier() -> None:
    async def go() -> list[str]:
        ears = Ears()
        announcer = Announcer(ears)
        named = alerts("chat", "pager", "chat", severity=Severity.ERROR)
        announcer.take(report(Wait.LIVE, alerts=named), 7)
        announcer.alarm("config: Git has been out of reach for 60 s.\nkubectl ...", 8)
        await announcer.drain()
        return ears.heard

    assert asyncio.run(go()) == ["chat: outage", "pager: outage"]


def test_the_queue_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        ears = Ears()
        announcer = Announcer(ears)
        for index in range(announcing.DUE_MAX + 2):
            wait = Wait.PERSON if index % 2 else Wait.QUARANTINED
            announcer.take(report(wait, alerts=alerts("silent")), index)
        ears.silent.set()
        await announcer.drain()
        assert len(ears.heard) == announcing.DUE_MAX

    asyncio.run(go())
    assert "too many messages wait" in caplog.text


def test_a_start_is_told_by_its_own_rollout_and_a_hold_by_the_newest() -> None:
    s = situation(spec().policy, move(Action.FINISH, "0", 1))
    start = replace(s.act(Action.START, at_ms=1, reason=""), rollout=RolloutId("new"))
    hold = Hold(canary=WEB, wait=Wait.PERSON, reason="")

    def rollout(decision: Act | Hold, known: Rollout | None) -> str:
        told = announcement(decision, spec(), s.tip, known, candidate=RolloutId("next"), now_ms=7)
        return told.rollout

    assert [rollout(start, s.rollout), rollout(start, None)] == ["new", "new"]
    assert [rollout(hold, s.rollout), rollout(hold, None)] == ["0123456789ab", "next"]


def test_processes_that_look_once_tell_of_a_hold_once_and_what_nobody_took_again(
    tmp_path: Path,
) -> None:
    """A job that looks every minute told everybody every minute that a person has to decide."""
    day_ms = 86_400_000

    async def look(ears: Ears, now_ms: int) -> None:
        announcer = Announcer(ears, kept=tmp_path / "said")
        announcer.take(report(Wait.PERSON, alerts=alerts("chat")), now_ms)
        await announcer.drain()

    async def go() -> tuple[list[str], list[str]]:
        deaf, ears = Ears(chat="answered 500"), Ears()
        for minute in (1, 2):
            await look(deaf, minute * 60_000)
        for minute in (3, 4, 5):
            await look(ears, minute * 60_000)
        (tmp_path / "said").write_text('{"prod/web": ["?"]}')
        await look(ears, 6 * 60_000)
        await look(ears, day_ms)
        await look(ears, 3 * day_ms)
        return deaf.heard, ears.heard

    refused, heard = asyncio.run(go())
    assert len(refused) == 2
    # At first, after a file that is none of ours, and after more than a day without a look.
    assert len(heard) == 3


def test_a_canary_at_rest_is_not_told_of_again_when_another_one_moves() -> None:
    """Twelve services told of themselves at each step of a thirteenth."""

    async def go() -> list[str]:
        ears = Ears()
        announcer = Announcer(ears)
        for wait, candidate in (
            (Wait.IDLE, "a"), (Wait.IDLE, "b"), (Wait.PERSON, "c"), (Wait.PERSON, "d"),
            (Wait.IDLE, "d"), (Wait.IDLE, "e"),
        ):  # fmt: skip
            announcer.take(report(wait, alerts=alerts("chat"), candidate=candidate), 7)
        await announcer.drain()
        return ears.heard

    assert asyncio.run(go()) == ["chat: waits for a person", "chat: idle"]
