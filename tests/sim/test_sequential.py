"""Worlds that are judged by evidence on counts, as the default of our own Canaries is."""

import pytest

from .__main__ import share
from .seeds import Failure

SEEDS = 40
UNLOOKED = (352, 501, 899)
"""In these a first weight rose, or could, before anybody had looked at its latency."""


def test_no_seed_breaks_a_promise() -> None:
    outcome = share(range(SEEDS), "sequential")
    assert not isinstance(outcome, Failure), str(outcome)
    assert outcome.actions["promote"] > 0
    assert outcome.actions["abort"] > 0


@pytest.mark.parametrize("seed", UNLOOKED)
def test_what_is_slow_while_it_warms_up_does_not_rise(seed: int) -> None:
    outcome = share(range(seed, seed + 1), "sequential")
    assert not isinstance(outcome, Failure), str(outcome)
