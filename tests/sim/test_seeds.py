"""Seeds, each a whole world: no promise is broken, and a seed is a seed."""

import subprocess
import sys
from pathlib import Path

from .__main__ import share
from .seeds import Failure, world

SEEDS = 20
"""For whoever runs this file alone; `./test` runs 10 000 by `python -m tests.sim --seeds 10000`."""


def test_no_seed_breaks_a_promise() -> None:
    outcome = share(range(SEEDS))
    assert not isinstance(outcome, Failure), str(outcome)
    assert outcome.commits > 0
    assert outcome.faults > 0


def test_a_squash_that_changes_another_canary_too_is_no_move() -> None:
    outcome = share(range(3302554, 3302555))
    assert not isinstance(outcome, Failure), str(outcome)


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    made = world(3)
    made.run()
    code = "from tests.sim.seeds import world; w = world(3); w.run(); print(*w.story, sep='\\n')"
    for hashes in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert told.splitlines() == list(made.story)
