"""Bugs of a replica that alone cannot reach Prometheus, or the Git server, while others can."""

from collections.abc import Sequence
from random import Random
from typing import Any

from gitops_canary.core import unheard
from gitops_canary.core.situation import Situation
from gitops_canary.errors import Unavailable
from gitops_canary.model.observation import Verdict

from .memory import MemoryGit
from .pieces import Setting
from .planting import Mutant, Swap

MOST = 30
"""Of so many processes something is kept: a seed has fewer that live."""


def _impatient() -> Sequence[Swap]:
    """What it cannot hear now it gives up now."""

    def silences(_s: Situation, _live_ms: int, verdicts: Sequence[Verdict]) -> tuple[int, ...]:
        blind = bool(verdicts) and not unheard.conclusive(verdicts[-1])
        return (len(verdicts) - 1,) if blind else ()

    return [(unheard, "silences", silences)]


def _belated() -> Sequence[Swap]:
    """What could not be pushed is pushed later, as it was decided then."""
    real = MemoryGit.push
    kept: dict[int, tuple[MemoryGit, dict[str, Any]]] = {}

    def push(self: MemoryGit, **given: Any) -> Any:
        if len(kept) > MOST:
            kept.clear()
        try:
            if found := kept.pop(id(self), None):
                onto, proof = self.fetch()
                return real(self, **{**found[1], "onto": onto, "evidence_onto": proof})
            return real(self, **given)
        except Unavailable:
            kept[id(self)] = self, given
            raise

    return [(MemoryGit, "push", push)]


def _several(seed: int) -> bool:
    rng = Random(f"gitops-canary {seed}")  # noqa: S311 - as the world draws it
    return Setting.of(rng, None).controllers > 1


BLIND: Sequence[Mutant] = (
    Mutant("a blind replica takes its version back at once", _impatient, where=_several),
    Mutant("one that was cut off pushes what it decided then", _belated, where=_several),
)
