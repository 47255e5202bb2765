"""What PromQL's functions make of numbers.

`increase` adds up differences and does not extrapolate as Prometheus does: what is compared are
ratios.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import isnan, nan


def increase(samples: Sequence[tuple[int, float]]) -> float | None:
    if len(samples) < 2:
        return None
    if isnan(samples[0][1]) or isnan(samples[-1][1]):
        return nan
    total = 0.0
    for (_, before), (_, after) in pairwise(samples):
        total += after - before if after >= before else after
    return total


def interpolated(quantile: float, buckets: Sequence[tuple[float, float]]) -> float:
    total = buckets[-1][1]
    if total == 0:
        return nan
    rank, low, below = quantile * total, 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            if bound == float("inf"):
                return low
            return low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return low


AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "max": max,
    "min": min,
    "count": lambda values: float(len(values)),
}
RANGED: Mapping[str, Callable[[Sequence[tuple[int, float]]], float | None]] = {
    "increase": increase,
    "max_over_time": lambda samples: max((value for _, value in samples), default=None),
    "min_over_time": lambda samples: min((value for _, value in samples), default=None),
    "last_over_time": lambda samples: samples[-1][1] if samples else None,
}
