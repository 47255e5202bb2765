"""A network that falls silent, cuts or trickles: deadlines hold, and the next tick works."""

import asyncio
import os
import pathlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.errors import Unavailable
from gitops_canary.git.repository import Repository
from gitops_canary.metrics import Opening, Prometheus, Sources
from gitops_canary.model.decision import Hold
from gitops_canary.ports import SyncSource
from gitops_canary.routing import ROUTERS
from gitops_canary.sync import SYNC, Options

from .proxy import Proxy, proxy
from .stage import Stage, children, stage

GIT_S, PROMETHEUS_S = 2.0, 1.0
RULES = Rules(paths=["apps/"], default_provider=None)
MODES = ("blackhole", "reset", "trickle")


@dataclass
class Place:
    """A station behind two proxies."""

    place: Stage
    repository: Repository
    git: Proxy
    metrics: Proxy
    sync: SyncSource = field(default_factory=lambda: SYNC["none"](Options(delay_ms=0)))

    def tick(self) -> Report:
        """Look once, with clients of its own event loop."""

        async def go() -> Report:
            url = f"http://127.0.0.1:{self.metrics.port}"
            client = Prometheus(Opening(url=url, timeout_ms=int(PROMETHEUS_S * 1000)))
            sources = Sources({"default": client})
            station = Station(
                name="config",
                git=self.repository,
                reader=Reader(
                    self.repository, Rules(paths=["apps/"], default_provider=None), ROUTERS
                ),
                measuring=Measuring(
                    metrics=sources,
                    sync=[self.sync],
                    timing=Timing(scrape_ms=100, lag_ms=100),
                    settle_ms=1000,
                ),
                budget=Budget(100),
                time=Timekeeper(),
            )
            try:
                return await station.tick(write=True)
            finally:
                await sources.aclose()

        return asyncio.run(go())


@pytest.fixture
def place(tmp_path: pathlib.Path) -> Iterator[Place]:
    with stage(tmp_path) as whole:
        parts = urlsplit(whole.origin.url)
        assert parts.port
        with proxy(parts.port) as git, proxy(whole.numbers.port) as metrics:
            repository = Repository(
                url=f"http://127.0.0.1:{git.port}{parts.path}",
                branch=whole.origin.branch,
                directory=tmp_path / "clone",
                name="gitops-canary",
                email="canary@example.com",
                username="bot",
                password_file=tmp_path / "password",
                allow_http=True,
                timeout_ms=int(GIT_S * 1000),
            )
            yield Place(whole, repository, git, metrics)
            repository.close()


@pytest.mark.parametrize("mode", MODES)
def test_a_bad_way_to_git_ends_in_time_and_is_forgotten(place: Place, mode: str) -> None:
    place.place.release()
    assert place.tick().error is None
    before = len(children(os.getpid()))
    place.place.origin.commit({"README.md": b"x"}, "Something\n")
    place.git.mode = mode
    began = time.monotonic()
    report = place.tick()
    assert isinstance(report.error, Unavailable)
    assert time.monotonic() - began < 4 * GIT_S + 10
    assert len(children(os.getpid())) <= before
    place.git.mode = "pass"
    assert place.tick().error is None


@pytest.mark.parametrize("mode", MODES)
def test_a_bad_way_to_prometheus_ends_in_time_and_moves_nothing(place: Place, mode: str) -> None:
    place.place.release()
    assert place.tick().pushed
    while not any(r.action.value == "advance" for r in place.place.records()):
        place.tick()
    tip = place.place.origin.tip()
    place.metrics.mode = mode
    began = time.monotonic()
    report = place.tick()
    assert time.monotonic() - began < 4 * PROMETHEUS_S + 10
    assert all(isinstance(decision, Hold) for decision in report.decisions.values())
    assert place.place.origin.tip() == tip
    place.metrics.mode = "pass"
    while not any(r.action.value == "finish" for r in place.place.records()):
        assert place.tick().error is None
