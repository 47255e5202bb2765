"""Bugs that are planted in what a record states as exposed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gitops_canary.core import exposure, met

from .planting import Mutant, Swap


def _doubled() -> Sequence[Swap]:
    """Add up what callers and the called counted: the same requests twice."""
    real = exposure._most

    def most(*given: Any) -> tuple[exposure.Counted, frozenset[int]] | None:
        found = real(*given)
        return found and (replace(found[0], requests=2 * found[0].requests), found[1])

    return [(exposure, "_most", most)]


def _never(*_a: object, **_k: object) -> None:
    return None


EXPOSING: Sequence[Mutant] = (
    Mutant("the same requests are counted twice", _doubled),
    Mutant("nobody is exposed while a push is late", lambda: [(met, "_until_ms", _never)]),
    Mutant("what nobody counted is not bounded", lambda: [(met, "most", _never)]),
)
