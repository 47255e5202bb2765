"""Telling a forge that comes and goes: nothing is lost, nothing is repeated, nobody waits."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from forge_server import TOKEN, ForgeServer

from gitops_canary.app.noticing import REST_S, Noticer
from gitops_canary.core.notice import marker
from gitops_canary.forge.github import GitHub
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.notice import Mark, Notice

LIMITED = (403, {"message": "You have exceeded a secondary rate limit"})
DENIED = (403, {"message": "Resource not accessible by personal access token"})


def notice(percent: int, key: str = "prod/shop/0123456789ab") -> Notice:
    return Notice(
        canary=CanaryId("prod/shop"),
        key=key,
        source=Revision("a" * 40),
        mark=Mark.PENDING,
        summary=f"{percent} %",
        body=f"{marker(key)}\n{percent} %",
    )


@pytest.fixture
def forge() -> Iterator[ForgeServer]:
    with ForgeServer() as server:
        yield server
    assert server.violations == []


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Looks:
    """A noticer, and looks one after the other."""

    def __init__(self, forge: ForgeServer, directory: Path) -> None:
        (directory / "token").write_text(TOKEN)
        self.clock = Clock()
        self.github = GitHub(
            url=forge.url, repository="acme/config", token_file=directory / "token", pause_s=0
        )
        self.noticer = Noticer(self.github, clock=self.clock)

    async def see(self, *found: Notice) -> None:
        self.noticer.note(found)
        await self.noticer.drain()


def test_last_word_is_told_once_the_forge_is_back(
    forge: ForgeServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        looks = Looks(forge, tmp_path)
        await looks.see(notice(10))
        forge.refuses = LIMITED
        ended = replace(notice(0), mark=Mark.SUCCESS)
        await looks.see(ended)
        asked = len(forge.requests)
        for looks.clock.now_s in (1, REST_S - 1):
            await looks.see()
        assert len(forge.requests) == asked, "a forge that asks to wait is left alone"
        looks.clock.now_s = REST_S
        await looks.see()
        assert len(forge.requests) > asked
        forge.refuses = None
        looks.clock.now_s = 2 * REST_S
        await looks.see()
        asked = len(forge.requests)
        looks.clock.now_s = 9 * REST_S
        await looks.see()
        assert len(forge.requests) == asked, "told once"

    with caplog.at_level(logging.WARNING):
        asyncio.run(play())
    assert [one["state"] for one in forge.statuses] == ["pending", "success"]
    assert [one["body"] for one in forge.comments] == [notice(0).body]
    assert [one.message.count("rate limit") for one in caplog.records] == [1]


def test_newer_news_replaces_what_could_not_be_told(forge: ForgeServer, tmp_path: Path) -> None:
    async def play() -> None:
        looks = Looks(forge, tmp_path)
        forge.refuses = LIMITED
        await looks.see(notice(10))
        await looks.see(notice(25))
        forge.refuses = None
        looks.clock.now_s = REST_S
        await looks.see(notice(25))

    asyncio.run(play())
    assert [one["description"] for one in forge.statuses] == ["25 %"]


def test_refusal_is_not_repeated_and_does_not_stop_the_others(
    forge: ForgeServer, tmp_path: Path
) -> None:
    async def play() -> None:
        looks = Looks(forge, tmp_path)
        other = notice(5, "prod/cart/ba9876543210")
        forge.refuses = DENIED
        await looks.see(notice(10), other)
        asked = len(forge.requests)
        await looks.see(notice(10), other)
        assert len(forge.requests) == asked
        forge.refuses = None
        await looks.see(notice(25), other)

    asyncio.run(play())
    assert [one["description"] for one in forge.statuses] == ["25 %"]
