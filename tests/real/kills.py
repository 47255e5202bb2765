"""`python -m tests.real.kills --runs 200`: `kill -9` at random moments, and what is left then."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from random import Random

from .stage import Stage, kill, stage, until


def kill_again_and_again(
    place: Stage, runs: int, seed: int, *, minutes: float = 1e6, replicas: int = 1
) -> Mapping[str, int]:
    """Kill a controller so many times, twice in a row now and then; then let it finish.

    Of several replicas one is killed, chosen at random, and the others go on.
    """
    end_s, killed = time.monotonic() + minutes * 60, 0
    rng = Random(seed)  # noqa: S311 - for moments, not for secrets
    place.release()
    running: dict[int, subprocess.Popen[bytes]] = {}
    try:
        while killed < runs and time.monotonic() < end_s:
            if place.running() is None and place.records():
                place.release()
            asked = len(place.origin.requests)
            for replica in set(range(replicas)) - set(running):
                running[replica] = place.start(replica)
            # A third of them die while they start: that is the second of two in a row.
            if rng.random() < 0.33:
                time.sleep(rng.uniform(0.05, 0.9))
            else:
                until(lambda: len(place.origin.requests) > asked, "a first look", place)  # noqa: B023 - read at once
                time.sleep(rng.uniform(0.0, 2.5))
            victim = running.pop(rng.randrange(replicas))
            assert victim.poll() is None, place.tail()
            kill(victim)
            killed += 1
        for replica in set(range(replicas)) - set(running):
            running[replica] = place.start(replica)
        done = lambda: place.records() and place.running() is None  # noqa: E731 - read below
        until(done, "the last rollout", place)
    finally:
        for process in running.values():
            kill(process)
    return {"kills": killed, **place.check()}


def main() -> int:
    """Print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.real.kills", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--replicas", type=int, default=1, help="controllers on one repository")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, stage(pathlib.Path(directory)) as place:
        figures = kill_again_and_again(
            place,
            options.runs,
            options.seed,
            minutes=options.minutes,
            replicas=options.replicas,
        )
    for name, count in {**figures, "seconds": round(time.monotonic() - began)}.items():
        print(f"{name:<20}{count:>8}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
