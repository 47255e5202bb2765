"""The part of an event loop that waiting for webhooks needs, on the virtual clock."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Later = Callable[[int, Callable[[], None]], None]


class VirtualLoop:
    """Runs what is due when the world says so; time passes nowhere else.

    What asyncio does not ask for here is not there: nothing reads sockets or starts processes.
    """

    def __init__(self, later: Later, now_ms: Callable[[], int]) -> None:
        self._later = later
        self._now_ms = now_ms
        self._own: Any = self  # to asyncio, which takes no part of a loop for one
        self._tasks: list[asyncio.Task[Any]] = []

    def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something that finds this loop running."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self._own)
        try:
            return call(*args, **kwargs)
        finally:
            asyncio._set_running_loop(before)

    def end(self) -> None:
        """Drop every task, wherever it is; nothing of it runs any more."""
        for task in self._tasks:
            task.get_coro().close()

    def time(self) -> float:
        return self._now_ms() / 1000

    def get_debug(self) -> bool:
        return False

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_later(0, callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self.time() + delay, callback, args, self._own, context)
        self._later(round(delay * 1000), lambda: self._run(handle))
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_later(when - self.time(), callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self._own)

    def create_task(self, coro: Coroutine[Any, Any, Any], **_: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self._own)
        self._tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A task that the world's end left behind is no error."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """The world's queue keeps it, and it does nothing then."""

    def _run(self, handle: asyncio.Handle) -> None:
        if not handle.cancelled():
            self.run(handle._run)
