"""A bug that is planted in what a version makes of another one's records."""

from collections.abc import Sequence
from typing import Any

from gitops_canary.app.vouching import Vouching
from gitops_canary.core import recorded
from gitops_canary.model.request import Method
from gitops_canary.model.rollout import Record

from .pieces import METHODS, REQUESTS, mark
from .planting import Mutant, Swap


def _strict() -> Sequence[Swap]:
    """Take no seal of a version that is newer."""
    real = Vouching._sealed

    def sealed(self: Vouching, record: Record) -> dict[str, Any] | None:
        found = real(self, record)
        return None if recorded.newer(found) else found

    return [(Vouching, "_sealed", sealed)]


def _sealed(seed: int) -> bool:
    method = METHODS[int(mark(seed, "method") * len(METHODS))]
    return mark(seed, "requests") < REQUESTS and method is not Method.MERGE


MIXING: Sequence[Mutant] = (
    Mutant("what a newer version sealed is a person's", _strict, where=_sealed, family="mixed"),
)
