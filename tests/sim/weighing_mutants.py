"""Bugs that are planted in what weighs evidence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gitops_canary.core.judges import lonely, sequential

from .families import sequential as drawn
from .planting import Mutant, Swap

WHOLE = 100


def _whole(seed: int) -> bool:
    return WHOLE in drawn(seed)["steps"]


def _unweighed() -> Sequence[Swap]:
    """Overlook whatever fails at 100 %."""
    real = sequential._weigh

    def weigh(config: Any, metric: Any, state: Any, reading: Any, block: Any) -> Any:
        if block.weight == WHOLE and reading.counts:
            reading = replace(reading, counts=replace(reading.counts, canary_bad=0), pods=())
        return real(config, metric, state, reading, block)

    return [(sequential, "_weigh", weigh)]


def _never(*_a: object, **_k: object) -> None:
    return None


WEIGHING: Sequence[Mutant] = (
    Mutant("nothing is judged at weight 100", _unweighed, _whole, "sequential"),
    Mutant(
        "nothing condemns at weight 100",
        lambda: [(lonely, "allowed", _never)],
        _whole,
        "sequential",
    ),
)
