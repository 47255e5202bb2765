"""Whether the traffic splits as the weight says; if not, something else than the version is wrong.

An e-process on each block's split: the canary's odds are tested against half, a quarter, an eighth,
twice, four and eight times those of the weight. It holds and never condemns. Requests that come in
clumps, as sessions do that stay on their side, count as the few decisions that they are: the
evidence is raised to 1 / overdispersion, by Pearson's chi-squared of the blocks around the split
that was seen (McCullagh and Nelder, "Generalized Linear Models", 4.5). Another split, kept up from
block to block, is no overdispersion. As long as the canary is due too few clumps to show in its
share, how clumped requests come is seen in all of them: by how much the blocks' sums differ from
one to the next (von Neumann 1941), which leaves slow changes of the traffic out.
"""

import math
import operator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from gitops_canary.core.judges.eprocess import Mixture
from gitops_canary.model.judging import Counts

ODDS = (1 / 8, 1 / 4, 1 / 2, 2.0, 4.0, 8.0)


MOST = 20.0
"""Largest overdispersion that is believed: sessions of more requests are another split."""
_LEAST = 3
"""Blocks without which nobody can tell how requests come."""
_DUE = 5
"""Clumps that the canary is due by its weight, from which its share shows them: that none came by
chance has less than one in a hundred."""
_UNSEEN = Mixture.over(len(ODDS))


@dataclass(frozen=True, slots=True)
class State:
    """The evidence at one weight."""

    mixture: Mixture = _UNSEEN
    canary: int = 0
    total: int = 0
    logs: tuple[float, ...] = (0.0,) * len(ODDS)
    """Log likelihood ratios of all blocks, one for each of the odds."""
    squares: float = 0.0
    """The sum over all blocks of the canary's requests squared, over all requests."""
    blocks: int = 0
    newest: int = 0
    """Requests of the newest block."""
    steps: float = 0.0
    """The sum of squared differences of each block's requests and the next one's, over both."""

    @property
    def log(self) -> float:
        """The logarithm of the evidence for another split, if no request comes with another."""
        return self.mixture.log

    @property
    def overdispersion(self) -> float:
        """How much more than by chance the blocks differ, 1 to 20; the most after one alone."""
        seen = self.canary / self.total if self.total else 0.0
        if self.blocks < _LEAST:
            return MOST
        if not 0 < seen < 1:
            return 1.0
        squared = (self.squares - self.canary * seen) / (seen * (1 - seen))
        return min(max(squared / (self.blocks - 1), 1.0), MOST)

    @property
    def bunched(self) -> float:
        """How much more than by chance the blocks' sums differ from one to the next, 1 to 20."""
        if self.blocks < _LEAST:
            return MOST
        return min(max(self.steps / (self.blocks - 1), 1.0), MOST)

    def clumped(self, part: float, *, sums: bool = True) -> float:
        """Give the logarithm of the evidence for another split, however clumped requests come.

        `part` is the share that the canary is due. Without `sums` only its share tells how clumped,
        as in records before decision 47.
        """
        clumps = self.overdispersion
        if sums and (self.total * part < _DUE * self.bunched or not self.canary):
            clumps = max(clumps, self.bunched)
        logs = [one / clumps for one in self.logs]
        most = max(logs)
        return most + math.log(sum(math.exp(one - most) for one in logs) / len(logs))

    def words(self, weight: Decimal) -> str:
        """Say what was seen beside what the weight says."""
        seen = f"{self.canary:,} of {self.total:,} requests reached the canary"
        if not self.total:
            return seen
        times = self.canary * 100 / (self.total * float(weight))
        return f"{seen}, {times:.2g} times its weight"


def step(state: State, counts: Counts, weight: Decimal) -> State:
    """Take the split of one block in."""
    both = counts.canary + counts.primary
    part = float(weight) / 100
    if not both or not 0 < part < 1:
        return state
    ratios = [counts.canary * mine + counts.primary * other for mine, other in _tilts(part)]
    return State(
        mixture=state.mixture.times(ratios),
        canary=state.canary + counts.canary,
        total=state.total + both,
        logs=tuple(map(operator.add, state.logs, ratios)),
        squares=state.squares + counts.canary * counts.canary / both,
        blocks=state.blocks + 1,
        newest=both,
        steps=state.steps + (both - state.newest) ** 2 / (both + state.newest)
        if state.blocks
        else 0.0,
    )


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
