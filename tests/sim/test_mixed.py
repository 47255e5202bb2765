"""Worlds in which two versions of the controller work on one repository."""

import json
from collections.abc import Iterator

from .__main__ import share
from .mixing_mutants import MIXING
from .planting import planted
from .remote import EVIDENCE
from .seeds import Failure, quiet, world
from .simulation import Simulation

SEEDS = 10
SQUASHED = 65
"""In this one moves are squashed by a forge, and a version to come decides some of them."""


def rules(made: Simulation) -> Iterator[set[int]]:
    """Give the rules by which each rollout's moves were decided."""
    found: dict[str, set[int]] = {}
    tip = made.remote.refs.get(EVIDENCE)  # nobody writes one where all was lost in the end
    for path, data in made.files(tip).items() if tip else ():
        folder, _, name = path.rpartition("/")
        if name.startswith("decision") and ".dsse." not in name:
            found.setdefault(folder, set()).add(json.loads(data)["timing"]["rule"])
    yield from found.values()


def test_rollouts_go_on_from_one_version_to_another_and_no_promise_breaks() -> None:
    handed_on = 0
    for seed in range(SEEDS):
        made = world(seed, family="mixed")
        with quiet():
            made.run()
        handed_on += sum(len(own) > 1 for own in rules(made))
    assert handed_on >= 3


def test_a_version_that_is_blind_to_a_newer_one_s_moves_is_found() -> None:
    [mutant] = MIXING
    assert mutant.where(SQUASHED)
    with planted(mutant):
        outcome = share(range(SQUASHED, SQUASHED + 1), mutant.family)
    assert isinstance(outcome, Failure)
    assert "nobody was told that controller-1 made start" in outcome.why
