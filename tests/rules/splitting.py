"""How often a rollout is held for a mismatch: `PYTHONPATH=tests python -m rules.splitting`."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from gitops_canary.core.judges import share
from gitops_canary.model.judging import Counts
from rules.traffic import poisson

LIMIT = math.log(1000)
BLOCK_S, BLOCKS = 15, 40
CELLS = tuple(
    (rps, weight, odds, session)
    for rps in (10, 100)
    for weight in ("1", "10", "50")
    for odds, session in ((1, 1), (1, 5), (1, 20), (1, 50), (2, 1), (0.25, 1), (2, 20))
)


@dataclass(frozen=True, slots=True)
class Held:
    """Of the runs of a cell, in percent: those ever held, and the time that all were."""

    ever: float
    time: float
    first_s: int
    """The middle of when those were first held; 0 where none was."""


def cell(rps: int, weight: str, odds: float, session: int, *, runs: int, seed: int) -> list[Held]:
    """Hold runs of ten minutes by each request, by how clumped the canary's come, and by all."""
    random = Random(f"{seed} {rps} {weight} {odds} {session}")  # noqa: S311 - a simulation
    every = [list(_run(random, rps, weight, odds, session)) for _ in range(runs)]
    return [_held([one[kind] for run in every for one in run], runs) for kind in (0, 1, 2)]


def _run(
    random: Random, rps: int, weight: str, odds: float, session: int
) -> Iterator[tuple[bool, ...]]:
    part = float(weight) / 100
    part = odds * part / (odds * part + 1 - part)
    state, each = share.State(), rps * BLOCK_S / session
    for _ in range(BLOCKS):
        canary, primary = (session * poisson(random, each * p) for p in (part, 1 - part))
        state = share.step(state, Counts(canary=canary, primary=primary), Decimal(weight))
        yield (
            state.log >= LIMIT,
            state.clumped(float(weight) / 100, sums=False) >= LIMIT,
            state.clumped(float(weight) / 100) >= LIMIT,
        )


def _held(looks: list[bool], runs: int) -> Held:
    each = [looks[i * BLOCKS : (i + 1) * BLOCKS] for i in range(runs)]
    first = sorted(BLOCK_S * (run.index(True) + 1) for run in each if any(run))
    middle = first[len(first) // 2] if first else 0
    return Held(100 * len(first) / runs, 100 * sum(looks) / len(looks), middle)


def main() -> None:
    """Print the table."""
    print("| rps, weight, odds, session | ever held, % | of the time, % | first, s |")
    print("| --- | --- | --- | --- |")
    for one in CELLS:
        found = cell(*one, runs=100, seed=7)
        kinds = ("ever", "time", "first_s")
        told = (" / ".join(f"{getattr(held, n):.3g}" for held in found) for n in kinds)
        print(f"| {one[0]}, {one[1]} %, {one[2]}, {one[3]} | {' | '.join(told)} |")


if __name__ == "__main__":
    main()
