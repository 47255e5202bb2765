"""The one thread that touches a repository's Git."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Worker:
    """Runs calls one after the other, without holding the event loop up."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "git")

    async def do(self, call: Callable[[], T]) -> T:
        """Run a call; its result or its exception."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def end(self, last: Callable[[], None]) -> None:
        """Run a last call and end the thread; a running call is waited for."""
        self._thread.submit(last).result()
        self._thread.shutdown(wait=True, cancel_futures=True)
