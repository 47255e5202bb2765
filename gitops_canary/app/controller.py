"""The schedule: every repository again and again, until a signal says stop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from gitops_canary.app.telling import Teller
from gitops_canary.app.tick import Station

log = logging.getLogger(__name__)
STOP_SECONDS = 20
"""How long a push under way may still take after SIGTERM."""


@dataclass(slots=True, kw_only=True)
class Round:
    """One repository and how often it is looked at."""

    station: Station
    poll_ms: int


@dataclass(slots=True, kw_only=True)
class Controller:
    """Runs the ticks of all repositories in one event loop."""

    rounds: Sequence[Round]
    teller: Teller
    _busy: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Tick until SIGINT or SIGTERM; a tick under way is finished, for 20 s at the most."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        scheduler = AsyncIOScheduler(timezone="UTC")
        for one in self.rounds:
            scheduler.add_job(
                self._tick,
                IntervalTrigger(seconds=one.poll_ms / 1000, timezone="UTC"),
                args=[one],
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                id=one.station.name,
            )
        first = [asyncio.create_task(self._tick(one)) for one in self.rounds]
        scheduler.start()
        await stop.wait()
        log.info("stopping: a push under way may take %d s more", STOP_SECONDS)
        scheduler.remove_all_jobs()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settle(first), STOP_SECONDS)
        scheduler.shutdown(wait=False)

    async def _tick(self, one: Round) -> None:
        task = asyncio.current_task()
        assert task is not None, "a tick runs as a task"
        self._busy.add(task)
        try:
            self.teller.tell(await one.station.tick(write=True))
        finally:
            self._busy.discard(task)

    async def _settle(self, first: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.gather(*first, *self._busy, return_exceptions=True)
