"""Pieces of work in processes that end with them."""

import gc
from collections.abc import Callable, Generator, Iterable
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, TypeVar

P = TypeVar("P")
R = TypeVar("R")
_FORKS = get_context("fork")


def each(work: Callable[[P], R], pieces: Iterable[P], workers: int) -> Generator[R, None, None]:
    """Do pieces of work in a process for each, so many at a time; what they gave, as they end.

    Whoever wants no more of it closes this, which ends those that run.

    Raises:
        RuntimeError: a process ended without giving anything; its exit code, the signal negative.
    """
    todo = iter(pieces)
    running: dict[Connection[Any, Any], tuple[ForkProcess, P]] = {}
    try:
        while True:
            while len(running) < workers and (piece := next(todo, None)) is not None:
                here, there = _FORKS.Pipe(duplex=False)
                process = _FORKS.Process(target=_give, args=(there, work, piece))
                process.start()
                there.close()
                running[here] = process, piece
            if not running:
                return
            ready = wait(list(running))
            for here in [one for one in running if one in ready]:
                process, piece = running[here]
                try:
                    given: R = here.recv()
                except EOFError:
                    process.join()
                    raise RuntimeError(f"{piece}: it ended with {process.exitcode}") from None
                process.join()
                del running[here]
                yield given
    finally:
        for process, _ in running.values():
            process.terminate()
            process.join()


def _give(there: "Connection[Any, Any]", work: Callable[[P], R], piece: P) -> None:
    gc.disable()  # what it leaves behind goes with the process, which takes no time
    there.send(work(piece))
