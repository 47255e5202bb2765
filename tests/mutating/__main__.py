"""`python -m tests.mutating --sample 200`: the share of the core's mutants that a test kills.

Prints each that lives, for a person to look at. One that compiles to the same is none.
"""

import argparse
import sys
import time
from collections import Counter
from random import Random

import pytest

from .changes import CORE, ROOT, Mutant, mutants
from .trying import ARGUMENTS, Fate, Trier

TESTS = ("tests/unit", "tests/stories", "tests/rules", "tests/sim/test_found.py",
         "tests/sim/test_peers.py")  # fmt: skip


def main() -> int:
    """Print those that live, and the share that does not."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutating", description=__doc__)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--only", default="*", help="modules of the core, e.g. `decide`")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="what may mind")
    options = parser.parse_args()
    every = [m for file in sorted(CORE.rglob(f"{options.only}.py")) for m in mutants(file)]
    rng = Random(options.seed)  # noqa: S311 - for a sample, not for secrets
    drawn = rng.sample(every, min(options.sample, len(every)))
    fates: Counter[Fate] = Counter()

    def tell(mutant: Mutant, fate: Fate, tests: int) -> None:
        fates[fate] += 1
        if fate in {Fate.LIVES, Fate.UNMET}:
            where = f"{mutant.file.relative_to(ROOT)}:{mutant.line}"
            print(f"{where} {fate.value} ({tests} tests): {mutant.what[:140]}", flush=True)

    trier = Trier(drawn, time.monotonic() + options.minutes * 60, tell, str(CORE))
    code = pytest.main([*ARGUMENTS, *options.tests], plugins=[trier])
    tried = fates.total() - fates[Fate.SAME]
    dead = fates[Fate.KILLED] + fates[Fate.SILENT]
    told = ", ".join(f"{count} {fate.value}" for fate, count in fates.items())
    print(f"{dead} of {tried} killed, {dead / max(tried, 1):.1%} ({told}; {len(every)} there are)")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
