"""Bugs that are planted in what weighs evidence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gitops_canary.core import evidence
from gitops_canary.core.judges import lonely, sequential, sequential_rules
from gitops_canary.core.judges.sequential_types import ONCE
from gitops_canary.core.once import Once

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


def _tenfold() -> Sequence[Swap]:
    """Take each failure of the canary for ten."""
    real = sequential._weigh

    def weigh(config: Any, metric: Any, state: Any, reading: Any, block: Any) -> Any:
        if counts := reading.counts:
            bad = min(10 * counts.canary_bad, counts.canary)
            reading = replace(reading, counts=replace(counts, canary_bad=bad))
        return real(config, metric, state, reading, block)

    return [(sequential, "_weigh", weigh)]


def _forgotten() -> Sequence[Swap]:
    """Leave the newest sample of each answer out of the record."""
    real = evidence._queries

    def queries(answers: evidence.Answers) -> list[evidence.Json]:
        rows = real(answers)
        for row in rows:
            for series in row["series"]:
                series["samples"] = series["samples"][:-1]
        return rows

    return [(evidence, "_queries", queries)]


def _twice() -> Sequence[Swap]:
    """Count what one side missed by the others, and again when it is heard."""
    real = Once.among
    again = staticmethod(lambda rows, **_given: real(rows, rule=ONCE - 1))
    return [(Once, "among", again)]


def _never(*_a: object, **_k: object) -> None:
    return None


def _nothing(*_a: object) -> str:
    return ""


WEIGHING: Sequence[Mutant] = (
    Mutant("nothing is judged at weight 100", _unweighed, _whole, "sequential"),
    Mutant(
        "nothing condemns at weight 100",
        lambda: [(lonely, "allowed", _never)],
        _whole,
        "sequential",
    ),
    Mutant(
        "a failure weighs ten times as much",
        _tenfold,
        lambda seed: drawn(seed)["usual"] > 0,
        "sequential",
    ),
    Mutant("a sample is left out of the record", _forgotten, family="sequential"),
    Mutant("what one side missed is counted twice", _twice, family="sequential"),
    Mutant(
        "what is slow while it warms up rises",
        lambda: [(sequential_rules, "_cold", _nothing)],
        family="sequential",
    ),
)
