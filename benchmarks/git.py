"""The Git engine beside the limits it is bound by, in one run.

    python benchmarks/git.py            repositories of 1,000 and 10,000 files
    python benchmarks/git.py --large    100,000 files, 100,000 commits, a flat directory too

Prints a table of ratios and writes it, with a plot, to docs/explanation/performance.md. Exit 1
where a ratio is not kept.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# This file is named like the library `git`, which must be found before it.
sys.path[0] = str(ROOT)

import argparse  # noqa: E402 - after the line above, as every import here
import tempfile  # noqa: E402

from benchmarks.git_bench import Bench, Figure  # noqa: E402
from benchmarks.git_measures import building, cycle, finding, pushing  # noqa: E402
from benchmarks.git_others import (  # noqa: E402
    controllers,
    flatness,
    gitpython,
    moving,
    polling,
)
from benchmarks.git_page import write  # noqa: E402
from benchmarks.git_world import Size, build  # noqa: E402
from gitops_canary.git.signing import generate_key  # noqa: E402

SMALL = (Size(files=1_000, commits=1_000, canaries=20),
         Size(files=10_000, commits=1_000, canaries=200))  # fmt: skip
LARGE = (*SMALL, Size(files=100_000, commits=1_000, canaries=1_000),
         Size(files=100_000, commits=100_000, canaries=1_000),
         Size(files=100_000, commits=10, canaries=100, flat=True))  # fmt: skip


def main() -> int:
    """Measure everything and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        key = Path(scratch) / "key"
        generate_key(key)
        for size in LARGE if options.large else SMALL:
            origin = Path(scratch) / f"{size.files}-{size.commits}-{size.flat}.git"
            build(origin, size)
            for measure in (finding, building, cycle, pushing, moving):
                inner = Path(scratch) / "work"
                inner.mkdir()
                bench = Bench(origin=origin, size=size, scratch=inner, key=key)
                try:
                    for figure in measure(bench, options.times):
                        figures.append(figure)
                        print(figure.told, flush=True)
                finally:
                    bench.close()
        for other in (polling, gitpython, controllers, flatness):
            inner = Path(scratch) / "other"
            inner.mkdir()
            size = SMALL[-1]
            origin = Path(scratch) / f"{size.files}-{size.commits}-{size.flat}.git"
            bench = Bench(origin=origin, size=size, scratch=inner, key=key)
            try:
                for figure in other(bench, options.times):
                    figures.append(figure)
                    print(figure.told, flush=True)
            finally:
                bench.close()
    write(ROOT / "docs" / "explanation", figures)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
