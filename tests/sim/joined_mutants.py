"""Bugs that are planted in what canaries share: one object holds the weights of all of them."""

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from gitops_canary.core import edits
from gitops_canary.model.rollout import Action
from gitops_canary.routing import owners

from .pieces import Setting, joined, shapes
from .planting import Mutant, Swap


def _in_one_object(seed: int) -> bool:
    rng = Random(f"gitops-canary {seed}")  # noqa: S311 - for worlds, not for secrets
    return joined(seed, shapes(rng, Setting.of(rng, None).canaries))


def _whole() -> Sequence[Swap]:
    """Let the neighbours' weights be part of what a person may not change unseen."""
    return [(owners, "others", lambda *_given: frozenset())]


def _sweeping() -> Sequence[Swap]:
    """Put back all weights of the object with an abort."""
    real = edits.edits

    def edit(act: Any, **given: Any) -> Any:
        found = dict(real(act, **given))
        for path in found if act.action is Action.ABORT else ():
            text = re.sub(r"(-primary}\s+weight: )\d+", r"\g<1>100", found[path])
            found[path] = re.sub(r"(-canary}\s+weight: )\d+", r"\g<1>0", text)
        return found

    return [(edits, "edits", edit)]


JOINED: Sequence[Mutant] = (
    Mutant("a neighbour's weight is a person's hand", _whole, _in_one_object),
    Mutant("an abort takes the neighbour's weight too", _sweeping, _in_one_object),
)
