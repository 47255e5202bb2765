"""`python -m tests.sim.hunting`: how many seeds each planted bug lives through."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from .mutants import MUTANTS
from .planting import planted
from .seeds import Failure, run

SEEDS_MAX = 3000


def hunt(index: int, limit: int = SEEDS_MAX) -> tuple[str, int | None, str]:
    """Find one planted bug: its name, the seeds it took (None: it lives), what it broke."""
    mutant = MUTANTS[index]
    with planted(mutant):
        for seed in range(limit):
            outcome = run(seed)
            if isinstance(outcome, Failure):
                return mutant.name, seed + 1, outcome.why
    return mutant.name, None, ""


def main() -> int:
    """Print a row for each; 1 where one lives."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.hunting", description=__doc__)
    parser.add_argument("--limit", type=int, default=SEEDS_MAX)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    alive = 0
    with ProcessPoolExecutor(options.workers) as pool:
        rows = pool.map(hunt, range(len(MUTANTS)), [options.limit] * len(MUTANTS))
        for name, seeds, why in rows:
            alive += seeds is None
            print(
                f"{name:<40}{seeds or 'LIVES':>6}  {why.splitlines()[0][:70] if why else ''}",
                flush=True,
            )
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
