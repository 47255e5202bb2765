"""A controller may die between any two effects: what it leaves behind is what its twin does."""

import os
from functools import cache
from itertools import combinations

import pytest

from .crashes import Canonical, Log

SHARES = 8
PAIRS = os.environ.get("CRASH_PAIRS", "")
"""Set it to `all` to kill twice, at every pair of boundaries; some minutes."""


@cache
def twin() -> tuple[Log, int, int]:
    """Run the rollout undisturbed: its log, its evidence, its boundaries."""
    canonical = Canonical()
    log = canonical.run()
    return log, canonical.evidence(), len(canonical.passed)


def test_the_canonical_rollout_is_the_ladder() -> None:
    log, evidence, boundaries = twin()
    steps = [("advance", str(n), w) for n, w in enumerate(("5", "10", "20", "40", "60", "80"), 1)]
    assert log == (("start", "0", "0"), *steps, ("promote", "6", "80"), ("finish", "6", "0"))
    assert evidence == len(log)
    assert boundaries > 80


@pytest.mark.parametrize("part", range(SHARES))
def test_a_kill_at_any_boundary_changes_nothing(part: int) -> None:
    log, evidence, boundaries = twin()
    for at in range(1 + part, boundaries + 1, SHARES):
        canonical = Canonical([at])
        assert canonical.run() == log, f"killed at boundary {at}, {canonical.passed[at - 1]!r}"
        assert canonical.evidence() == evidence


@pytest.mark.skipif(PAIRS != "all", reason="set CRASH_PAIRS=all to kill at every pair")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(SHARES))
def test_kills_at_any_two_boundaries_change_nothing(part: int) -> None:
    log, evidence, boundaries = twin()
    pairs = list(combinations(range(1, boundaries + 1), 2))
    for first, second in pairs[part::SHARES]:
        canonical = Canonical([first, second])
        assert canonical.run() == log, f"killed at boundaries {first} and {second}"
        assert canonical.evidence() == evidence
