"""`python -m tests.mutating --sample 200`: the share of the core's mutants that a test kills.

Prints each that lives, for a person to look at. One that compiles to the same is none. Only a test
that fails kills: one that never ends, or takes the whole process with it, is told apart, so that no
share depends on how quick a machine is.
"""

import argparse
import pathlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest

from .apart import interruptible
from .changes import CORE, ROOT, Mutant, mutants
from .trying import ARGUMENTS, Fate, Notes, Trier, below

TESTS = ("tests/unit", "tests/stories", "tests/rules", "tests/sim/test_found.py",
         "tests/sim/test_peers.py")  # fmt: skip


def main() -> int:
    """Print those that live, and the share that does not."""
    options = parsed()
    every = [
        mutant
        for pattern in options.only
        for file in sorted(CORE.rglob(f"{pattern}.py"))
        for mutant in mutants(file)
    ]
    rng = Random(options.seed)  # noqa: S311 - for a sample, not for secrets
    drawn = rng.sample(every, min(options.sample, len(every)))
    fates: Counter[tuple[str, Fate]] = Counter()

    def tell(mutant: Mutant, fate: Fate, tests: int) -> None:
        fates[str(mutant.file.relative_to(CORE).with_suffix("")), fate] += 1
        if fate not in {Fate.KILLED, Fate.SAME}:
            where = f"{mutant.file.relative_to(ROOT)}:{mutant.line}"
            print(f"{where} {fate.value} ({tests} tests): {mutant.what[:140]}", flush=True)

    interruptible()
    end_s = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory() as directory:
        notes = Notes(options.notes or pathlib.Path(directory) / "met")
        trier = Trier(drawn, end_s, tell, str(CORE), options.patience, notes)
        where = below(pathlib.Path(directory))
        code = pytest.main([*ARGUMENTS, *where, *options.tests], plugins=[trier])
    return told(fates, len(every), options.least) or int(code)


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutating", description=__doc__)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--only", nargs="*", default=["*"], help="modules of the core, `decide`")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="what may mind")
    lives = "share of all tests' time after which a mutant counts as one that lives"
    parser.add_argument("--patience", type=float, default=1, help=lives)
    kept = "a file that keeps which test passes which line"
    parser.add_argument("--notes", type=pathlib.Path, help=kept)
    parser.add_argument("--least", type=float, default=0, help="fail below this share, e.g. 0.9")
    return parser.parse_args()


def told(fates: Mapping[tuple[str, Fate], int], there: int, least: float) -> int:
    """Print how many were killed, by module and in all; 1 where that is too few."""
    tried = Counter({key: count for key, count in fates.items() if key[1] is not Fate.SAME})
    for name in sorted({module for module, _ in tried}):
        own = sum(count for (module, _), count in tried.items() if module == name)
        print(f"| {name} | {tried[name, Fate.KILLED]} of {own} |")
    by_fate = {one: sum(n for (_, fate), n in tried.items() if fate is one) for one in Fate}
    killed = by_fate.pop(Fate.KILLED)
    share = killed / max(tried.total(), 1)
    print(f"{killed} of {tried.total()} killed, {share:.1%} ({there} there are)")
    print("; ".join(f"{n} {fate.value}" for fate, n in by_fate.items() if n))
    return int(share < least)


if __name__ == "__main__":
    sys.exit(main())
