"""Delivery by pull request: killed between any two effects, nothing is lost or asked twice.

A sixth of the boundaries for each way in which a forge writes commits; all by `CRASH_PAIRS=all`.
"""

from functools import cache

import pytest

from gitops_canary.model.request import Method

from .crashes import Canonical, Log
from .test_crashes import PAIRS

SHARES = 6
STEPS = (50,)
Outcome = tuple[Log, int, int]


def outcome(canonical: Canonical) -> Outcome:
    return canonical.run(), canonical.evidence(), canonical.requests()


@cache
def twin(method: Method) -> tuple[Outcome, list[str]]:
    canonical = Canonical(steps=STEPS, method=method)
    return outcome(canonical), canonical.passed


@pytest.mark.parametrize("method", Method)
def test_a_kill_at_any_boundary_changes_nothing(method: Method) -> None:
    expected, boundaries = twin(method)
    log, _, requests = expected
    assert len(log) == requests
    assert len(boundaries) > 120
    first = [*Method].index(method)
    share = 1 if PAIRS == "all" else SHARES
    for at in range(1 + first % share, len(boundaries) + 1, share):
        killed = Canonical([at], STEPS, method)
        assert outcome(killed) == expected, f"killed at {at}, {killed.passed[at - 1]!r}"
