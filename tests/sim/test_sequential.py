"""Worlds that are judged by evidence on counts, as the default of our own Canaries is."""

from .__main__ import share
from .seeds import Failure

SEEDS = 40


def test_no_seed_breaks_a_promise() -> None:
    outcome = share(range(SEEDS), "sequential")
    assert not isinstance(outcome, Failure), str(outcome)
    assert outcome.actions["promote"] > 0
    assert outcome.actions["abort"] > 0
