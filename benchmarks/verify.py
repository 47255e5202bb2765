"""How long verifying takes a commit, and where the time goes.

    python benchmarks/verify.py            some 1,000 commits
    python benchmarks/verify.py --large    some 10,000
    python benchmarks/verify.py --keep DIR write the history there, or take the one that is there

The history is written by the real controller over real Git; only its metric source is a stand-in.
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path

# In the place of this folder, whose `git.py` would hide GitPython.
sys.path[0] = str(Path(__file__).parents[1] / "tests" / "integration")
from recorded_world import EVIDENCE, World  # noqa: E402 - after the line above, as the next ones

from gitops_canary.app.verifying import Scope, Verified, verify  # noqa: E402
from gitops_canary.git.objects import Identity  # noqa: E402
from gitops_canary.git.ownership import Ownership, parse_trusted  # noqa: E402
from gitops_canary.git.plain import PlainClone  # noqa: E402

CANARIES, ROLLOUTS = 20, 6
LARGE_CANARIES, LARGE_ROLLOUTS = 100, 13
BAD = 5
GOAL, GOAL_S = 10_000, 30


def once(folder: Path, processes: int) -> Verified:
    """Verify everything once."""
    clone = PlainClone(folder / "origin.git")
    try:
        keys = parse_trusted((folder / "allowed_signers").read_text())
        ownership = Ownership(Identity(name="n", email="e@x"), keys)
        tip, evidence = clone.resolve("main"), clone.resolve(EVIDENCE)
        return verify(clone, ownership, Scope(tip=tip, evidence=evidence), processes=processes)
    finally:
        clone.close()


def build(folder: Path, canaries: int, rollouts: int) -> None:
    """Let the controller write a history: every `BAD`th version is rolled back."""
    world = World(folder, names=[f"app-{number:03}" for number in range(canaries)])
    for number in range(1, rollouts + 1):
        bad = number % BAD == 0
        world.table.failed = dict.fromkeys(world.names, 7) if bad else {}
        world.release(f"1.{number}.0")
        world.roll()
    world.close()


def main() -> None:
    """Write a history, verify it, print the figures and the profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        if not (folder / "origin.git").exists():
            folder.mkdir(exist_ok=True)
            size = (LARGE_CANARIES, LARGE_ROLLOUTS) if asked.large else (CANARIES, ROLLOUTS)
            build(folder, *size)
        for processes in (1, 2):
            started = time.perf_counter()
            found = once(folder, processes)
            spent = time.perf_counter() - started
            assert found.findings == [], found.findings[:3]
            rate = spent / found.commits
            print(
                f"{processes} processes: {found.commits} commits in {spent:.2f} s, "
                f"{1000 * rate:.2f} ms a commit; {GOAL} would take {GOAL * rate:.1f} s "
                f"(goal {GOAL_S} s on two cores)"
            )
        profile = cProfile.Profile()
        profile.runcall(once, folder, 1)
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
