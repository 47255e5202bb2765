"""`python -m tests.sim.hunting`: how many seeds each planted bug lives through."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from .mutants import MUTANTS
from .pieces import Figures
from .planting import Mutant, planted
from .seeds import Failure, quiet, run

SEEDS_MAX = 3000


def hunt(index: int, limit: int = SEEDS_MAX, first: int = 0) -> tuple[str, int | None, str]:
    """Find one planted bug: its name, the seeds it took (None: it lives), what it broke."""
    mutant = MUTANTS[index]
    with planted(mutant), quiet():
        for count in range(limit):
            outcome = _run(mutant, first + count)
            if isinstance(outcome, Failure):
                return mutant.name, count + 1, outcome.why
    return mutant.name, None, ""


def _run(mutant: Mutant, seed: int) -> Figures | Failure | None:
    return run(seed, family=mutant.family) if mutant.where(seed) else None


def main() -> int:
    """Print a row for each as soon as it is known; 1 where one lives."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.hunting", description=__doc__)
    parser.add_argument("bug", nargs="*", help="some of the bugs, by name; otherwise all")
    parser.add_argument("--first", type=int, default=0, help="the seed to begin with")
    parser.add_argument("--limit", type=int, default=SEEDS_MAX)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    names = [mutant.name for mutant in MUTANTS]
    if unknown := set(options.bug) - set(names):
        parser.error(f"no such bug: {', '.join(sorted(unknown))}")
    chosen = [names.index(name) for name in options.bug] or range(len(names))
    alive = 0
    with ProcessPoolExecutor(options.workers) as pool:
        hunts = [pool.submit(hunt, index, options.limit, options.first) for index in chosen]
        for done in as_completed(hunts):
            name, seeds, why = done.result()
            alive += seeds is None
            line = why.splitlines()[0][:70] if why else ""
            print(f"{name:<40}{seeds or 'LIVES':>6}  {line}", flush=True)
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
