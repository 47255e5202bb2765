"""Planting a bug on purpose, by swapping one function or a few."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Swap = tuple[Any, str, Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug: where, and what stands there instead."""

    name: str
    swaps: Callable[[], Sequence[Swap]]
    where: Callable[[int], bool] = lambda _seed: True
    """Whether a seed's world can show it: others are counted as lived through, and not run."""
    family: str = ""
    """In which worlds it is looked for."""


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Run with the bug; every module that imported a swapped function gets the other one."""
    undo: list[Swap] = []
    for owner, name, new in mutant.swaps():
        old = getattr(owner, name)
        places = [owner] if isinstance(owner, type) else _users(old)
        undo += [(place, name, place.__dict__[name]) for place in places]
        for place in places:
            setattr(place, name, new)
    try:
        yield
    finally:
        for owner, name, old in reversed(undo):
            setattr(owner, name, old)


def _users(function: object) -> list[Any]:
    name = function.__name__  # type: ignore[attr-defined]  # functions have names
    modules = [m for key, m in sys.modules.items() if key.startswith("gitops_canary.")]
    return [m for m in modules if m.__dict__.get(name) is function]
