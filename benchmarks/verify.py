"""How long verifying takes a commit, and where the time goes.

    python benchmarks/verify.py            some 1,000 commits
    python benchmarks/verify.py --large    some 10,000
    python benchmarks/verify.py --keep DIR write the history there, or take the one that is there

The history is written by the real controller over real Git; only its metric source is a stand-in.
"""

import argparse
import cProfile
import pstats
import resource
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
LARGE_CANARIES, LARGE_ROLLOUTS = 100, 14
BAD = 5
GOAL, GOAL_S = 10_000, 30
STAGES = (
    ("history: commits read, hashed, ordered", ("lineage.py", "__init__")),
    ("trees and files read ahead in batches", ("auditing.py", "_read_ahead")),
    ("decisions: digest, canonical form, schema", ("checking.py", "of")),
    ("verdicts and decision computed again", ("recompute.py", "recompute")),
    ("the change made again on its parent", ("checking.py", "_again")),
    ("seals", ("bulk.py", "seals")),
    ("pages rebuilt", ("bulk.py", "pages")),
    ("the evidence branch's own commits", ("bulk.py", "walk")),
    ("of all these: ed25519", ("signing.py", "valid")),
)


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
        commits = sum(_timed(folder, processes) for processes in (1, 2)) // 2
        profile = cProfile.Profile()
        profile.runcall(once, folder, 1)
        _shares(pstats.Stats(profile), commits)


def _timed(folder: Path, processes: int) -> int:
    """Verify once and print how long it took, and how much of a processor; the commits."""
    began, before = time.perf_counter(), _cpu_s()
    found = once(folder, processes)
    spent, worked = time.perf_counter() - began, _cpu_s() - before
    assert found.differences == [], found.differences[:3]
    print(
        f"{processes} processes: {found.commits} commits in {spent:.1f} s, {worked:.1f} s of "
        f"processor, {worked / processes:.1f} s each; {GOAL} would take "
        f"{GOAL * spent / found.commits:.1f} s (goal {GOAL_S} s)"
    )
    return found.commits


def _cpu_s() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _shares(stats: pstats.Stats, commits: int) -> None:
    """Print the part of each stage; what a stage calls counts as its own."""
    timed = {(Path(file).name, name): row for (file, _, name), row in stats.stats.items()}  # type: ignore[attr-defined] # not in the stubs
    whole_s = timed["verify.py", "once"][3]
    print(f"\n| where the time goes | share | calls for each of {commits} commits |\n|---|---|---|")
    for words, place in STAGES:
        row = timed[place]
        print(f"| {words} | {100 * row[3] / whole_s:.0f} % | {row[1] / commits:.1f} |")


if __name__ == "__main__":
    main()
