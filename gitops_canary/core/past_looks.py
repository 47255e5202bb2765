"""Past rollouts under `threshold`: from every look on, until enough of them pass or fail.

A look that fails holds the weight, and is counted over the whole rollout; one that is silent holds
it too, and counts for nothing until the deadline gives the weight back.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Policy


class Walk(NamedTuple):
    """One rollout: its first and last look, and how it ended."""

    first: int
    last: int
    stopped: bool
    heard: bool
    """Whether any look of it passed or failed."""


def looks(policy: Policy) -> int:
    """Say how many looks have to pass, from the first weight to the promotion."""
    return sum(map(policy.needed, range(len(policy.steps) + 1)))


def walked(policy: Policy, outcomes: Sequence[Outcome]) -> Iterator[Walk]:
    """Begin a rollout at every look; those that the looks there are do not end are left out."""
    passed, failed = (
        [i for i, one in enumerate(outcomes) if one is kind]
        for kind in (Outcome.PASS, Outcome.FAIL)
    )
    wanted, most = looks(policy), policy.threshold
    patience = wanted + most - 1 + -(-policy.progress_deadline_ms // policy.interval_ms)
    before, wrong, never = 0, 0, len(outcomes) + patience
    for first, outcome in enumerate(outcomes):
        last_passed = _at(passed, before + wanted - 1, never)
        last_failed = _at(failed, wrong + most - 1, never)
        last = min(last_passed, last_failed, first + patience - 1)
        if last < len(outcomes):
            newest = min(_at(passed, before, never), _at(failed, wrong, never))
            yield Walk(first, last, last == last_failed, newest <= last)
        before += outcome is Outcome.PASS
        wrong += outcome is Outcome.FAIL


def _at(every: Sequence[int], index: int, never: int) -> int:
    return every[index] if index < len(every) else never
