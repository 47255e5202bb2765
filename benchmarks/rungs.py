"""How many requests prove a share: against the weight before alone, and against every rung too.

    python benchmarks/rungs.py

Prints one row for each ladder, for a real share that is what was asked for or off by a tenth or a
fifth of it (sticky clients, few connections). Decision 33 rests on it.
"""

import math
import random
from collections.abc import Sequence
from statistics import median

LEAST = 0.0005
RATIO = 99.0
BATCH = 20
MOST = 40_000
RUNS = 15
LADDERS: dict[str, Sequence[int]] = {
    "5, 25, 50": (5, 25, 50),
    "10 to 100 by 10": range(10, 101, 10),
    "2 to 50 by 2": range(2, 51, 2),
}


def odds(other: int, weight: int) -> tuple[float, float]:
    """Give what a request to the canary, and one to the primary, says for a weight; logarithms."""
    old, new = (min(max(one / 100, LEAST), 1 - LEAST) for one in (other, weight))
    return math.log(new / old), math.log((1 - new) / (1 - old))


def requests(weight: int, others: Sequence[int], real: float, rng: random.Random) -> int | None:
    """Count requests until every other weight is excluded; None where that takes too many."""
    belief = dict.fromkeys(others, 0.5)
    for batch in range(1, MOST // BATCH + 1):
        canary = sum(rng.random() < real for _ in range(BATCH))
        for other in others:
            to_canary, to_primary = odds(other, weight)
            said = canary * to_canary + (BATCH - canary) * to_primary
            belief[other] += 1 / (2 * batch * (batch + 1))
            belief[other] *= math.exp(min(max(said, -700.0), 700.0))
        if min(belief.values()) + 1 / (2 * (batch + 1)) > RATIO:
            return batch * BATCH
    return None


def row(name: str, steps: Sequence[int], off: float, rng: random.Random) -> str:
    """Compare both ways in the middle of a ladder."""
    before, weight = steps[len(steps) // 2 - 1], steps[len(steps) // 2]
    every = sorted({0, 100, *steps} - {weight})
    cells = []
    for others in ([before], every):
        found = [requests(weight, others, weight / 100 * (1 + off), rng) for _ in range(RUNS)]
        proven = [one for one in found if one is not None]
        counted = f"{median(proven):.0f}" if proven else "-"
        cells.append(f"{counted:>7} ({len(proven)} of {RUNS})")
    return f"{name:<16} {before:>3} -> {weight:<3} real +{off:<4.0%} {'  '.join(cells)}"


def main() -> None:
    """Print requests needed (runs that were proven at all), before alone and every rung."""
    rng = random.Random(1)  # noqa: S311 - a simulation, no secret
    for name, steps in LADDERS.items():
        for off in (0.0, 0.1, 0.2):
            print(row(name, steps, off, rng))


if __name__ == "__main__":
    main()
