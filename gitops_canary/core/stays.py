"""How long a canary was at its weights, and whose counts are looked at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from gitops_canary.model.judging import Counts, Reading
from gitops_canary.model.rollout import Action, Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long the canary was at a weight, from its first block to the end of its last."""

    weight: Decimal
    start_ms: int
    end_ms: int
    until_ms: int = 0
    """Up to when the next weight, committed at `end_ms`, was on its way; 0 does not look there."""


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


def visited(moves: Sequence[Move]) -> tuple[Stay, ...]:
    """List the earlier weights with the 0 before the first one, whose share nobody saw change."""
    every = stays(moves)
    starts = [i for i, move in enumerate(moves) if move.record.action is Action.START]
    for move in moves[starts[-1] if starts else 0 :]:
        if move.record.action is Action.ADVANCE and move.record.weight_from == 0:
            none = Stay(weight=Decimal(0), start_ms=move.date_ms, end_ms=move.date_ms)
            return (none, *(one for one in every if one.start_ms >= move.date_ms))
    return every


def joined(earlier: Sequence[Stay], live_ms: int) -> tuple[Stay, ...]:
    """Let every stay last until the next weight was live, the present one's at `live_ms`.

    Nobody knows when within that time the share changed, and the evidence does not depend on it:
    it weighs each block by the requests that either side had.
    """
    nexts = pairwise((*(one.start_ms for one in earlier), live_ms))
    return tuple(
        replace(one, until_ms=until_ms) for one, (_, until_ms) in zip(earlier, nexts, strict=True)
    )


def begun_ms(
    earlier: Sequence[Stay], live_ms: int, asked_ms: int, *, scrape_ms: int, dwell_ms: int
) -> int:
    """Say when the blocks of a weight begin: where one of the weight before ends once it is live.

    So the whole rollout has one row of blocks, of which none is cut off or thrown away where a
    weight becomes live within it. Where that would end the dwell a block later, it is live that
    counts. The first weight begins with its traffic: nobody met the canary before.

    >>> stay = Stay(weight=Decimal(10), start_ms=0, end_ms=60)
    >>> from functools import partial
    >>> begin = partial(begun_ms, scrape_ms=15, dwell_ms=60)
    >>> begin([stay], 80, 60), begin([stay], 111, 60), begin([stay], 165, 60), begin([], 80, 60)
    (90, 111, 165, 80)
    """
    if not earlier or not earlier[-1].weight:
        return live_ms
    next_ms = live_ms + (earlier[-1].start_ms - live_ms) % scrape_ms
    due_ms = asked_ms + dwell_ms

    def over(at_ms: int) -> int:
        return at_ms + scrape_ms * max(1, math.ceil((due_ms - at_ms) / scrape_ms))

    return next_ms if over(next_ms) <= over(live_ms) else live_ms


def left(moves: Sequence[Move]) -> Stay | None:
    """Give the weight that the canary is still at while its newest move is on its way.

    None where a person set it, or where the newest move is no weight.
    """
    last = moves[-1].record
    ours = last.action is Action.ADVANCE and (last.weight_from == 0 or last.window is not None)
    return visited(moves)[-1] if ours else None


def arriving(moves: Sequence[Move], until_ms: int) -> Stay | None:
    """Give the weight before the newest, up to when the newest was live or decided about.

    What the canary got from the end of its last block on, it got while the newest was on its way.
    """
    stay = left(moves) if moves else None
    return None if stay is None else replace(stay, until_ms=max(until_ms, stay.end_ms))


def swapped(reading: Reading) -> Reading:
    """Put the primary in the canary's place: after a promotion it is the one that is judged."""
    c = reading.counts
    if c is None:
        return reading
    counts = Counts(
        canary=c.primary, canary_bad=c.primary_bad, primary=c.canary, primary_bad=c.canary_bad
    )
    return replace(
        reading,
        counts=counts,
        samples=f"{c.primary} requests",
        pods=reading.primary_pods,
        primary_pods=reading.pods,
    )
