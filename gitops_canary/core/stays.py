"""How long a canary was at its weights, and whose counts are looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from gitops_canary.model.judging import Counts, Reading
from gitops_canary.model.rollout import Action, Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long the canary was at a weight, from its first block to the end of its last."""

    weight: Decimal
    start_ms: int
    end_ms: int


def stays(moves: Sequence[Move]) -> tuple[Stay, ...]:
    """List the earlier weights of a rollout's newest attempt, by what its commits say."""
    starts = [i for i, move in enumerate(moves) if move.record.action is Action.START]
    return tuple(
        Stay(weight=after.record.weight_from, start_ms=window.start_ms, end_ms=window.end_ms)
        for after in moves[starts[-1] if starts else 0 :]
        if after.record.action is Action.ADVANCE
        and after.record.weight_from > 0
        and (window := after.record.window)
    )


def swapped(reading: Reading) -> Reading:
    """Put the primary in the canary's place: after a promotion it is the one that is judged."""
    c = reading.counts
    if c is None:
        return reading
    counts = Counts(
        canary=c.primary, canary_bad=c.primary_bad, primary=c.canary, primary_bad=c.canary_bad
    )
    return replace(reading, counts=counts, samples=f"{c.primary} requests")
