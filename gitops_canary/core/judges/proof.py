"""Proof that a canary keeps its limit: a mixture over how much of its budget a good one spends."""

import math
from bisect import bisect_left
from functools import lru_cache

from gitops_canary.core.judges.eprocess import GOOD, Logs, added, log_sum
from gitops_canary.core.judges.sequential_types import GUESS, Config, Metric

_EVENLY = 1 / len(GOOD)


def prior(config: Config, metric: Metric) -> Logs:
    """Give the logarithms of the prior over GOOD: even, or half of it on what was usual before.

    A version that keeps its limit is most often as good as the one before it. Any prior that is
    fixed before the data keeps the guarantee (Ville); where the guess is wrong it costs ln 2.
    """
    if metric.history is None or config.rule < GUESS:
        return (math.log(_EVENLY),) * len(GOOD)
    return _guessed(metric.history / metric.budget)


@lru_cache(maxsize=1024)
def _guessed(part: float) -> Logs:
    """Put half of the prior on a part of the budget, shared by its neighbours on the grid."""
    right = min(max(bisect_left(GOOD, part), 1), len(GOOD) - 1)
    low, high = GOOD[right - 1], GOOD[right]
    near = math.log(min(max(part, low), high) / low) / math.log(high / low)
    guess = {right - 1: 1 - near, right: near}
    return tuple(math.log((_EVENLY + guess.get(at, 0.0)) / 2) for at in range(len(GOOD)))


def proof(config: Config, metric: Metric, good: Logs) -> float:
    """Give the logarithm of the evidence that a canary keeps its limit, by that of each part."""
    return log_sum(added(good, prior(config, metric)))
