"""Worlds in which limits change while versions take traffic."""

from .__main__ import share
from .pinned_mutants import PINNED
from .planting import planted
from .seeds import Failure

SEEDS = 8
LOOSENED = 16
"""In this one a limit is loosened under way, and the version would pass it."""


def test_no_seed_breaks_a_promise() -> None:
    outcome = share(range(SEEDS), "tightened")
    assert not isinstance(outcome, Failure), str(outcome)
    assert outcome.actions["promote"] > 0
    assert outcome.actions["abort"] > 0


def test_limits_that_count_under_way_are_found() -> None:
    [mutant] = PINNED
    with planted(mutant):
        outcome = share(range(LOOSENED, LOOSENED + 1), mutant.family)
    assert isinstance(outcome, Failure)
    assert "requests failed" in outcome.why
