"""Rank statistics as Kayenta computes them, in plain Python and without chance.

Sources: Wilcoxon's rank sum with tie-corrected normal approximation and continuity correction, its
confidence interval by inversion (as R's `wilcox.test`), percentiles of type R-7.
"""

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from statistics import NormalDist

TOLERANCE = 1e-4
"""Absolute tolerance of the root finder, as in R: feed percent, not fractions."""
_ROUNDS = 1000


class Tied(Exception):  # noqa: N818 - named for the data
    """All values are the same, so no rank tells anything."""


def quantile(probability: float) -> float:
    """Give a quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(probability)


def rank_z(
    x: Sequence[float], y: Sequence[float], mu: float = 0.0, *, shift: float = 0.0, side: int = 0
) -> float:
    """Standardise the rank sum of `x - mu` among both; `shift` is subtracted.

    `side` is the sign of the continuity correction: 0 takes that of the statistic itself.

    Raises:
        Tied: every value is the same.
    """
    moved = [value - mu for value in x]
    ranks, ties = _ranks([*moved, *y])
    m, n = len(x), len(y)
    total = m + n
    above = sum(ranks[:m]) - m * (m + 1) / 2 - m * n / 2
    sign = side or (above > 0) - (above < 0)
    variance = m * n / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        raise Tied
    return (above - 0.5 * sign) / math.sqrt(variance) - shift


def _ranks(values: Sequence[float]) -> tuple[list[float], float]:
    """Rank values, ties sharing their mean; also the sum of t^3 - t over groups of ties."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    ties, before = 0.0, 0
    for _, places in groupby(order, key=values.__getitem__):
        tied = list(places)
        size = len(tied)
        for place in tied:
            ranks[place] = before + (size + 1) / 2
        ties += size**3 - size
        before += size
    return ranks, ties


def shift_interval(
    x: Sequence[float], y: Sequence[float], confidence: float
) -> tuple[float, float, float]:
    """Estimate by how much `x` lies above `y`: low end, high end, estimate.

    Raises:
        Tied: every value is the same.
    """
    low, high = min(x) - max(y), max(x) - min(y)
    z = quantile(1 - (1 - confidence) / 2)

    def distance(shift: float) -> Callable[[float], float]:
        return lambda mu: rank_z(x, y, mu, shift=shift)

    def end(shift: float) -> float:
        f = distance(shift)
        at_low, at_high = f(low), f(high)
        if at_low <= 0:
            return low
        if at_high >= 0:
            return high
        return root(f, low, high, at_low, at_high)

    return end(z), end(-z), _middle(distance(0.0), low, high)


def _middle(f: Callable[[float], float], low: float, high: float) -> float:
    return root(f, low, high, f(low), f(high))


def root(f: Callable[[float], float], a: float, b: float, fa: float, fb: float) -> float:
    """Find a sign change by Brent's method, as R's `zeroin` with `TOLERANCE`."""
    c, fc = a, fa
    for _ in range(_ROUNDS):
        previous = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        tolerance = 2 * 2.220446049250313e-16 * abs(b) + TOLERANCE / 2
        step = (c - b) / 2
        if abs(step) <= tolerance or fb == 0:
            return b
        if abs(previous) >= tolerance and abs(fa) > abs(fb):
            step = _interpolated(a, b, c, fa, fb, fc, previous, tolerance, step)
        if abs(step) < tolerance:
            step = math.copysign(tolerance, step)
        a, fa = b, fb
        b += step
        fb = f(b)
        if (fb > 0) == (fc > 0):
            c, fc = a, fa
    return b


def _interpolated(
    a: float,
    b: float,
    c: float,
    fa: float,
    fb: float,
    fc: float,
    previous: float,
    tolerance: float,
    bisection: float,
) -> float:
    """Give the step of a line or a parabola where it is short enough, else half the interval."""
    cb = c - b
    if a == c:
        t = fb / fa
        p, q = cb * t, 1 - t
    else:
        u, t1, t2 = fa / fc, fb / fc, fb / fa
        p = t2 * (cb * u * (u - t1) - (b - a) * (t1 - 1))
        q = (u - 1) * (t1 - 1) * (t2 - 1)
    if p > 0:
        q = -q
    else:
        p = -p
    if p < 0.75 * cb * q - abs(tolerance * q) / 2 and p < abs(previous * q / 2):
        return p / q
    return bisection


def percentile(values: Sequence[float], p: float) -> float:
    """Give a percentile of type R-7; 0 without values."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    place = (len(ordered) - 1) * p / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def iqr_outliers(values: Sequence[float], factor: float, *, reduce: bool) -> list[bool]:
    """Mark what lies outside the quartiles by `factor` times their distance.

    `reduce` widens the fences to at least the 1st and 99th percentile.
    """
    low, high = percentile(values, 25), percentile(values, 75)
    reach = factor * (high - low)
    low, high = low - reach, high + reach
    if reduce:
        low, high = min(low, percentile(values, 1)), max(high, percentile(values, 99))
    return [value < low or value > high for value in values]


def mean_ratio(control: Sequence[float], experiment: Sequence[float]) -> float:
    """Divide the means; NaN where one of them is 0."""
    if not control or not experiment:
        return math.nan
    if sorted(control) == sorted(experiment):
        return 1.0
    mine, other = sum(experiment) / len(experiment), sum(control) / len(control)
    return mine / other if mine and other else math.nan


def superiority(control: Sequence[float], experiment: Sequence[float]) -> float:
    """Give the chance that a value of the experiment exceeds one of the control, ties half."""
    ranks, _ = _ranks([*experiment, *control])
    m, n = len(experiment), len(control)
    return (sum(ranks[:m]) - m * (m + 1) / 2) / (m * n)
