"""Asking the sync engines to look at Git after a push, beside the decisions, never in their way."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gitops_canary.app.tick import Report
from gitops_canary.core.breakglass import located
from gitops_canary.errors import CanaryError
from gitops_canary.model.observation import Touched
from gitops_canary.ports import Engine

log = logging.getLogger("gitops_canary")
DRAIN_S = 10
"""How long an ending program waits for requests under way."""


@dataclass(slots=True)
class Hastener:
    """Asks each engine for what a look pushed; an engine that fails delays nothing."""

    engines: Sequence[Engine]
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _said: dict[int, str] = field(default_factory=dict)
    """The last trouble of each engine, which is not told twice."""

    def ask(self, pushed: Sequence[Touched], now_ms: int) -> None:
        """Ask for what was pushed, if anything was; returns at once."""
        for number, engine in enumerate(self.engines if pushed else ()):
            task = asyncio.create_task(self._request(number, engine, pushed, now_ms))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait for requests under way, for 10 s at the most."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN_S)
            for task in late:
                task.cancel()

    async def _request(
        self, number: int, engine: Engine, pushed: Sequence[Touched], now_ms: int
    ) -> None:
        try:
            await engine.refresh(pushed, now_ms)
        except CanaryError as error:
            if self._said.get(number) != str(error):
                self._said[number] = str(error)
                log.warning("the sync engine was not asked to look at Git: %s", error)
        except Exception:
            # A bug here must be heard, and nothing else may end by it.
            log.exception("a bug kept the sync engine from being asked to look at Git")
        else:
            self._said.pop(number, None)


def touched(report: Report) -> Iterator[Touched]:
    """Say which objects of a cluster the moves of a look changed; a canary's newest move counts."""
    pushed = {plan.act.canary: plan for plan in report.pushed}
    for canary, plan in pushed.items():
        one = report.seen.get(canary)
        if one is not None:
            yield located(one.spec, one.tip, urgent=plan.act.urgent)
