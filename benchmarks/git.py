"""The Git engine beside the limits it is bound by, in one run.

    python benchmarks/git.py                repositories of 1,000 and 10,000 files
    python benchmarks/git.py --large        100,000 files, 100,000 commits, a flat directory too
    python benchmarks/git.py --only P7,P9   only some parts, named as in the table

Prints each figure and its ratio, and writes the table and the plot of docs/explanation/
performance.md anew: what was measured replaces the rows of the same name and size, and what was not
measured stays as it was. Exit 1 where a ratio is not kept.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# This file is named like the library `git`, which must be found before it.
sys.path[0] = str(ROOT)

import argparse  # noqa: E402 - after the line above, as every import here
import tempfile  # noqa: E402
from collections.abc import Callable, Iterator, Sequence  # noqa: E402
from dataclasses import dataclass  # noqa: E402

from benchmarks import (  # noqa: E402
    git_due,
    git_growth,
    git_long,
    git_measures,
    git_peers,
    git_start,
    git_writers,
)
from benchmarks.git_bench import Bench, Options  # noqa: E402
from benchmarks.git_figures import Figure, remember  # noqa: E402
from benchmarks.git_page import write  # noqa: E402
from benchmarks.git_world import Size, copy_of  # noqa: E402

K1 = Size(files=1_000, commits=1_000, canaries=20)
K10 = Size(files=10_000, commits=1_000, canaries=200)
K10_LONG = Size(files=10_000, commits=10_000, canaries=200)
K100 = Size(files=100_000, commits=1_000, canaries=1_000)
LONG = Size(files=100_000, commits=100_000, canaries=1_000)
FLAT = Size(files=100_000, commits=10, canaries=100, flat=True)
EVERY = (K1, K10, K100, LONG, FLAT)
ROOMY = (K1, K10, K100, FLAT)
Measure = Callable[[Bench, Options], Iterator[Figure]]


@dataclass(frozen=True, slots=True)
class Part:
    """What is measured together, and on which repositories; those above K10 only when large."""

    names: tuple[str, ...]
    measure: Measure
    sizes: tuple[Size, ...]


PARTS = (
    Part(("P1", "P8"), git_measures.building, EVERY),
    Part(("P1-libraries",), git_peers.bulk, ROOMY),
    Part(("P2",), git_measures.pushing, EVERY),
    Part(("P3", "P9", "P11"), git_measures.cycle, EVERY),
    Part(("P3-http",), git_measures.http_cycle, (K1, K10, K100, LONG)),
    Part(("P4",), git_measures.local, (K10, K100)),
    Part(("P5",), git_measures.polling, (K10,)),
    Part(("P6",), git_measures.finding, EVERY),
    Part(("P7",), git_measures.sifting, EVERY),
    Part(("P10",), git_writers.producers, (K10, K100)),
    Part(("P12",), git_long.flatness, (K10,)),
    Part(("P13",), git_peers.one_step, (K1, K10, K100)),
    Part(("due",), git_due.due, (K1, K10, K100)),
    Part(("controllers",), git_writers.controllers, (K10,)),
    Part(("memory",), git_start.memory, (K1, K10, K100)),
    Part(("restart",), git_start.restart, (K1, K10, K10_LONG, LONG)),
    Part(("growth",), git_growth.growth, git_growth.SIZES),
)


def main() -> int:
    """Measure what was asked for and write it down."""
    options = _options()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        worlds = options.worlds or Path(scratch) / "worlds"
        for part in _asked(options):
            for size in part.sizes:
                if size.large and not options.large:
                    continue
                if options.files not in {None, size.files}:
                    continue
                if options.commits not in {None, size.commits}:
                    continue
                for figure in _measured(part.measure, size, options, worlds):
                    figures.append(figure)
                    print(figure.told, flush=True)
                    known = remember(ROOT / "benchmarks" / "git-figures.json", [figure])
    if figures:
        write(ROOT / "docs" / "explanation", known)
    return 0 if all(figure.holds for figure in figures) else 1


def _measured(measure: Measure, size: Size, options: Options, worlds: Path) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as scratch:
        origin = copy_of(worlds, size, Path(scratch) / "origin.git")
        bench = Bench.begin(origin=origin, size=size, scratch=Path(scratch))
        try:
            yield from measure(bench, options)
        finally:
            bench.close()


def _asked(options: Options) -> Sequence[Part]:
    asked = [part for part in PARTS if not options.only or options.only & set(part.names)]
    if unknown := options.only - {name for part in PARTS for name in part.names}:
        raise SystemExit(f"there is no part {', '.join(sorted(unknown))}")
    return asked


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="the sizes above 10,000 files too")
    parser.add_argument("--only", default="", help="parts by name, with commas between")
    parser.add_argument("--files", type=int, help="only repositories of so many files")
    parser.add_argument("--commits", type=int, help="only histories of so many commits")
    parser.add_argument("--times", type=int, default=5, help="how often each figure is taken")
    parser.add_argument("--cycles", type=int, default=400, help="how long P12 goes on")
    parser.add_argument("--worlds", type=Path, help="where generated repositories are kept")
    given = vars(parser.parse_args())
    given["only"] = frozenset(filter(None, given["only"].split(",")))
    return Options(**given)


if __name__ == "__main__":
    sys.exit(main())
