"""Pieces of work done by several processes, their results in the order of the pieces."""

import gc
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_begun: list[Callable[[int], Any]] = []
"""In a process of a pool: what it does."""


def in_turns(work: Callable[[int], T], count: int, *, processes: int) -> Iterator[T]:
    """Do the pieces 0 to `count` - 1; results must be of values that can be pickled.

    Each process is a copy of this one (fork), so the work itself need not be. Where copies are not
    safe, because this process has threads or the system has no fork, it does all by itself.
    """
    safe = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    gc.freeze()  # what is there already is looked through for garbage, and so copied, no more
    try:
        if min(processes, count) < 2 or not safe:  # noqa: PLR2004 - one is no pool
            yield from map(work, range(count))
        else:
            yield from _forked(work, count, min(processes, count))
    finally:
        gc.unfreeze()


def _forked(work: Callable[[int], T], count: int, processes: int) -> Iterator[T]:
    with ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_begun.append,
        initargs=(work,),
    ) as pool:
        yield from pool.map(_do, range(count))


def _do(number: int) -> Any:
    return _begun[0](number)
