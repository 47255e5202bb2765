"""The schedule: every repository again and again, until a signal says stop."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from gitops_canary.app.announcing import Announcer
from gitops_canary.app.figures import Figures
from gitops_canary.app.hastening import Hastener, touched
from gitops_canary.app.noticing import Noticer
from gitops_canary.app.outage import Outage
from gitops_canary.app.standing import Newest
from gitops_canary.app.telling import Teller
from gitops_canary.app.tick import Report, Station
from gitops_canary.errors import Halted

log = logging.getLogger(__name__)
STOP_SECONDS = 15
"""How long a push under way may still take after SIGTERM."""
HINT_SECONDS = 2
"""Hints within this time of each other make one look."""
STEP_SECONDS = 5
"""How often it is looked whether somebody set the clock, and by how much that matters."""
EARLY_SECONDS = 5
"""How long after a look the next one is made because there is more to judge, at the soonest."""


def every(poll_ms: int) -> IntervalTrigger:
    """Say when to look: by UTC, which has no summer time."""
    return IntervalTrigger(seconds=poll_ms / 1000, timezone="UTC")


@dataclass(slots=True, kw_only=True)
class Round:
    """One repository, how often it is looked at, and what a forge calls it."""

    station: Station
    outage: Outage
    poll_ms: int
    url: str = ""
    branch: str = ""
    noticer: Noticer | None = None
    announcer: Announcer | None = None
    seen_s: float | None = None
    """When the last look ended, by the monotonic clock; None before the first one."""
    hinted_s: float = float("-inf")
    """When the last look that was hinted at is or was due."""
    halted: str = ""
    """Why nothing is written until a person decides; empty while all is well."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held during a look: two at once would decide on each other's half-seen tips."""
    hastener: Hastener = field(default_factory=lambda: Hastener(()))

    def follow(self, report: Report) -> None:
        """Let engines and forge know what a look did; returns at once."""
        self.hastener.ask(tuple(touched(report)), self.station.time.clock())
        if self.noticer:
            self.noticer.take(report)
        if self.announcer:
            self.announcer.take(report, self.station.time.since_look_ms())

    async def drain(self) -> None:
        """Wait a while for those who are still being told."""
        # At once: none waits for another, so the longest of their limits is the limit of all.
        telling = (self.hastener, self.noticer, self.announcer)
        await asyncio.gather(*(one.drain() for one in telling if one))


@dataclass(slots=True, kw_only=True)
class Controller:
    """Runs the ticks of all repositories in one event loop."""

    rounds: Sequence[Round]
    teller: Teller
    newest: Newest
    figures: Figures
    early_s: float = EARLY_SECONDS
    step_s: float = STEP_SECONDS
    enough: Callable[[Report], bool] = lambda _: False
    """Told of each look; says whether the controller may end now."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: set[asyncio.Task[None]] = field(default_factory=set)
    _scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone="UTC"))

    async def run(self, for_s: float | None = None) -> None:
        """Tick until SIGINT, SIGTERM, enough, or for so long.

        A tick under way is finished, for 15 s at the most.
        """
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stop.set)
        for one in self.rounds:
            one.station.hooking.late = partial(self.hint, one)
            self._scheduler.add_job(
                self._tick,
                every(one.poll_ms),
                args=[one],
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                id=one.station.name,
            )
        first = [asyncio.create_task(self._tick(one)) for one in self.rounds]
        self._scheduler.start()
        steady = asyncio.create_task(self._steady())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), for_s)
        self._stop.set()  # also where the time is over
        steady.cancel()
        log.info("stopping: a push under way may take %d s more", STOP_SECONDS)
        self._scheduler.remove_all_jobs()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settle(first), STOP_SECONDS)
        self._scheduler.shutdown(wait=False)

    async def _steady(self) -> None:
        """Look at once where somebody sets the clock, by which the scheduler's jobs are due.

        Set back an hour, it would look at nothing for an hour.
        """
        before_s = self._ahead_s()
        while True:
            await asyncio.sleep(self.step_s)
            now_s = self._ahead_s()
            if abs(now_s - before_s) > self.step_s:
                log.warning("the clock was set by %d s: looking at once", round(now_s - before_s))
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(self._scheduler.timezone))
            before_s = now_s

    def _ahead_s(self) -> float:
        return datetime.now(self._scheduler.timezone).timestamp() - time.monotonic()

    def hint(self, one: Round) -> None:
        """Look at a repository soon: at once, or where it was just hinted at, 2 s after that."""
        now_s = time.monotonic()
        if one.hinted_s > now_s:
            return  # a look is due already
        one.hinted_s = max(now_s, one.hinted_s + HINT_SECONDS)
        at = datetime.now(UTC) + timedelta(seconds=one.hinted_s - now_s)
        self._scheduler.add_job(
            self._tick,
            DateTrigger(at, timezone="UTC"),
            args=[one],
            misfire_grace_time=None,
            id=f"{one.station.name} hint",
            replace_existing=True,
        )

    def ages_s(self) -> Mapping[str, tuple[float | None, float]]:
        """Tell for each repository how long ago its last look ended, and its poll; seconds."""
        now_s = time.monotonic()
        return {
            one.station.name: (
                None if one.seen_s is None else now_s - one.seen_s,
                one.poll_ms / 1000,
            )
            for one in self.rounds
        }

    async def _tick(self, one: Round) -> None:
        task = asyncio.current_task()
        assert task is not None, "a tick runs as a task"
        self._busy.add(task)
        try:
            async with one.turn:
                await self._look(one)
        finally:
            self._busy.discard(task)

    async def _look(self, one: Round) -> None:
        began_s = time.monotonic()
        ended = "bug"
        try:
            report = await one.station.tick(write=True)
            self.figures.moved(report)
            await self._follow(one, report)
            ended = type(report.error).__name__.lower() if report.error else "ok"
        except Exception:
            # A bug in one repository's look must not be silent, nor stop the other repositories.
            log.exception("%s: a bug ended this look; please report it", one.station.name)
        self.figures.looked(one.station.name, ended, took_s=time.monotonic() - began_s)

    async def _follow(self, one: Round, report: Report) -> None:
        one.seen_s = time.monotonic()
        self.newest.take(report, time.time())
        one.halted = report.error.problem if isinstance(report.error, Halted) else ""
        self._look_when_due(one, report.due_ms)
        self.teller.tell(report)
        one.follow(report)
        if alarm := await one.outage.note(report, time.monotonic()):
            log.error("%s", alarm)
            if one.announcer:
                one.announcer.alarm(alarm, one.station.time.clock())
        if self.enough(report):
            self._stop.set()

    def _look_when_due(self, one: Round, due_ms: int | None) -> None:
        """Look again as soon as there is more to judge, where that is before the next poll."""
        if due_ms is None or due_ms >= one.poll_ms or self._stop.is_set():
            return
        wait = timedelta(seconds=max(due_ms / 1000, self.early_s))
        self._scheduler.add_job(
            self._tick,
            DateTrigger(datetime.now(UTC) + wait, timezone="UTC"),
            args=[one],
            misfire_grace_time=None,
            id=f"{one.station.name} due",
            replace_existing=True,
        )

    async def _settle(self, first: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.gather(*first, *self._busy, return_exceptions=True)
        await asyncio.gather(*(one.drain() for one in self.rounds))
