"""How long verifying takes a commit, and where the time goes; `python benchmarks/verify.py`.

The history is written by the real controller over real Git, so it is shorter than the goal; the
figure for 10,000 commits is this one's rate.
"""

import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration"))
from recorded_world import EVIDENCE, World

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, parse_trusted
from gitops_canary.git.plain import PlainClone

ROLLOUTS = 12
GOAL, GOAL_S = 10_000, 30


def once(world: World) -> Verified:
    """Verify everything once."""
    clone = PlainClone(world.origin)
    try:
        ownership = Ownership(
            Identity(name="n", email="e@x"), parse_trusted(world.keys.read_text())
        )
        tip, evidence = clone.resolve("main"), clone.resolve(EVIDENCE)
        return verify(clone, ownership, Scope(tip=tip, evidence=evidence))
    finally:
        clone.close()


def main() -> None:
    """Write a history, verify it, print the figures and the profile."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for number in range(ROLLOUTS):
            world.release(f"1.{number + 1}.0")
            world.roll()
        started = time.perf_counter()
        found = once(world)
        spent = time.perf_counter() - started
        assert found.findings == []
        rate = spent / found.commits
        print(f"{found.commits} commits in {spent:.2f} s: {1000 * rate:.2f} ms a commit")
        print(
            f"{GOAL} commits at this rate: {GOAL * rate:.0f} s on one core (goal {GOAL_S} s on two)"
        )
        profile = cProfile.Profile()
        profile.runcall(once, world)
        pstats.Stats(profile).sort_stats("cumulative").print_stats(40)
        pstats.Stats(profile).sort_stats("tottime").print_stats(20)
        world.close()


if __name__ == "__main__":
    main()
