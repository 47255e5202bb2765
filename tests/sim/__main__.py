"""`python -m tests.sim SEED` runs one seed; `--seeds N` runs many and prints their figures."""

import argparse
import gc
import resource
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from gitops_canary.git.signing import generate_key, load_key

from .apart import each
from .families import FAMILIES
from .pieces import Figures
from .seeds import Failure, run_all

SHARE = 100
"""Seeds that one process runs; what their worlds leave behind stays in memory as long as it."""


def many(first: int, count: int, workers: int, end_s: float, family: str = "") -> Figures | Failure:
    """Run seeds in several processes until an end; the first failure, or the sum of the figures."""
    total = Figures()
    shares = [range(n, min(n + SHARE, first + count)) for n in range(first, first + count, SHARE)]
    with closing(each(partial(share, family=family), shares, workers)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Failure):
                return outcome
            total.add(outcome)
            if time.monotonic() > end_s:
                break
    return total


def share(seeds: range, family: str = "") -> Figures | Failure:
    """Run some seeds in this process, with a key of its own: a signature decides nothing here."""
    gc.set_threshold(50_000, 50, 50)  # a world is mostly kept, so looking for garbage is in vain
    with TemporaryDirectory() as directory:
        file = Path(directory) / "key"
        generate_key(file)
        return run_all(seeds, load_key(file), family)


def main() -> int:
    """Say what was found; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="the (first) seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--family", choices=sorted(FAMILIES), default="", help="other worlds")
    options = parser.parse_args()
    began = time.monotonic()
    end_s = began + options.minutes * 60
    outcome = many(options.seed, options.seeds, options.workers, end_s, options.family)
    if isinstance(outcome, Failure):
        print(outcome)
        return 1
    seconds = time.monotonic() - began
    print(outcome.table(seconds, options.workers))
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{'processor seconds':<28}{spent.ru_utime + spent.ru_stime:>12.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
