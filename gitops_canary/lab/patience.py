"""Waiting for something to become true, with an end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gitops_canary.errors import Unavailable

T = TypeVar("T")
_EVERY_S = 0.05


def until(
    probe: Callable[[], T | None],
    *,
    what: str,
    timeout_s: float,
    meanwhile: Callable[[], object] = lambda: None,
) -> T:
    """Ask until there is an answer that is not None; an OSError counts as none yet.

    `meanwhile` runs between two questions and may raise to give up early.

    Raises:
        Unavailable: no answer in time.
    """
    deadline = time.monotonic() + timeout_s
    trouble = ""
    while True:
        try:
            answer = probe()
        except OSError as error:
            trouble, answer = f" (last: {error})", None
        if answer is not None:
            return answer
        meanwhile()
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{what} did not happen within {timeout_s:g} s{trouble}.",
                remedy="look at the logs in the lab's directory; a busy machine needs longer",
            )
        time.sleep(_EVERY_S)


async def eventually(probe: Callable[[], Awaitable[bool]], *, every_s: float = _EVERY_S) -> None:
    """Return once the probe says so; bound it with asyncio.timeout."""
    while not await probe():  # noqa: ASYNC110 - it asks other processes, which set no Event of ours
        await asyncio.sleep(every_s)
