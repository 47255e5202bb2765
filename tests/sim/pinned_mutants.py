"""A bug that is planted in what a rollout is pinned to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gitops_canary.app.looking import _Eye

from .planting import Mutant, Swap


def _of_later() -> Sequence[Swap]:
    """Judge by the limits as they are now; all else stays as it was at the start."""
    real = _Eye._pinned

    def pinned(self: _Eye, spec: Any, rollout: Any) -> Any:
        policy, started = real(self, spec, rollout)
        return replace(policy, checks=spec.policy.checks), started

    return [(_Eye, "_pinned", pinned)]


PINNED: Sequence[Mutant] = (
    Mutant("limits that change under way count", _of_later, family="tightened"),
)
