"""Worlds in which the signing key is replaced while versions take traffic."""

from .__main__ import share
from .planting import planted
from .rotating_mutants import ROTATING
from .seeds import Failure

SEEDS = 6


def test_no_seed_breaks_a_promise() -> None:
    outcome = share(range(SEEDS), "rotated")
    assert not isinstance(outcome, Failure), str(outcome)
    assert outcome.actions["advance"] > 0


def test_moves_that_are_forgotten_with_their_key_are_found() -> None:
    [mutant] = ROTATING
    with planted(mutant):
        outcome = share(range(SEEDS), mutant.family)
    assert isinstance(outcome, Failure)
    assert "was made before" in outcome.why
