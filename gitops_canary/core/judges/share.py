"""Whether the traffic splits as the weight says; if not, something else than the version is wrong.

An e-process on each block's split: the canary's odds are tested against half, a quarter, an eighth,
twice, four and eight times those of the weight. It holds and never condemns.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from gitops_canary.core.judges.eprocess import Mixture
from gitops_canary.model.judging import Counts

ODDS = (1 / 8, 1 / 4, 1 / 2, 2.0, 4.0, 8.0)


_UNSEEN = Mixture.over(len(ODDS))


@dataclass(frozen=True, slots=True)
class State:
    """The evidence at one weight."""

    mixture: Mixture = _UNSEEN
    canary: int = 0
    total: int = 0

    @property
    def log(self) -> float:
        """The logarithm of the evidence for another split."""
        return self.mixture.log

    @property
    def words(self) -> str:
        """Say what was seen."""
        return f"{self.canary:,} of {self.total:,} requests reached the canary"


def step(state: State, counts: Counts, weight: Decimal) -> State:
    """Take the split of one block in."""
    both = counts.canary + counts.primary
    part = float(weight) / 100
    if not both or not 0 < part < 1:
        return state
    ratios = [counts.canary * mine + counts.primary * other for mine, other in _tilts(part)]
    return State(state.mixture.times(ratios), state.canary + counts.canary, state.total + both)


@lru_cache(maxsize=256)
def _tilts(part: float) -> tuple[tuple[float, float], ...]:
    """Give ln(w'/w) and ln((1-w')/(1-w)) for each of the odds."""
    return tuple(
        (
            math.log(odds / (odds * part + 1 - part)),
            math.log(1 / (odds * part + 1 - part)),
        )
        for odds in ODDS
    )
