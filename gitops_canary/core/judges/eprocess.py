"""Evidence on counts that may be looked at after every block, as often as one likes.

An e-process is a non-negative number with expectation <= 1 while the hypothesis holds, whenever one
stops; so it exceeds 1/a with probability <= a over all looks together (Ville). Each one here is a
mixture of likelihood ratios over a grid of alternatives. Everything is kept as logarithms.

Relative evidence is the conditional binomial: given how many bad requests both sides had in a
block, each is the canary's with probability r n_c / (r n_c + n_p), whatever the common rate did
(Lindon and Malek 2022; for Bernoulli requests it is conservative, Hoeffding 1963). Absolute
evidence is a binomial against a share of bad requests. A power eta <= 1 of a likelihood ratio keeps
the guarantee (Jensen) and pays for bad requests that come in bursts: eta = 1 / overdispersion.
"""

import math
import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

WORSE = (2.0, 3.0, 5.0, 8.0, 15.0, 40.0, 150.0, 1000.0)
"""How many times worse than tolerated, relative to the primary."""
BAD = (2.0, 3.0, 5.0, 8.0, 15.0, 40.0, 95.0, 199.0)
"""How many times the tolerated share of bad requests."""
GOOD = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
"""Which parts of the budget a good canary may spend."""
SHARE_MAX = 0.995
_LOG_WORSE = tuple(math.log(worse) for worse in WORSE)
_MASS = 0.5
"""Prior weight of a fault that is there from the first block; the rest is spread over later."""
_EXPONENT = 300.0
_KNOWN_BAD = 20
"""Bad requests a pod, on average, from which each pod's own share of them is known."""
_HUGE = 1e150
"""Within these bounds neither a product nor a sum of doubles overflows."""
_LARGE = 40.0
"""Where adding less than 1 to exp(x) changes no digit of a double."""

Logs = tuple[float, ...]


class Mixture(NamedTuple):
    """A grid of likelihood ratios with a prior 1/(2b(b+1)) over the block in which a fault begins.

    A fault after hours of health is then found about as soon as one at the start. The ratios are
    kept as they are, and once one gets too large for that, by their logarithms. A named tuple, as a
    dozen are made of each block.
    """

    parts: tuple[float, ...]
    blocks: int = 0
    log: float = 0.0
    """The logarithm of the evidence so far."""
    logs: Logs = ()
    """In place of `parts` once they are too large."""

    @staticmethod
    def over(size: int) -> "Mixture":
        """Begin with nothing seen."""
        return Mixture((_MASS,) * size)

    def times(self, ratios: Sequence[float]) -> "Mixture":
        """Take in the log likelihood ratios of one more block."""
        if self.logs or max(ratios) > _EXPONENT:
            return self._by_logs(ratios)
        block = self.blocks + 1
        begins = _MASS / (block * (block + 1))
        # A part too small for a double is none beside what begins with the next block.
        before = [m + begins for m in self.parts]
        parts = tuple(map(operator.mul, before, map(math.exp, ratios)))
        # The mean of the grid and what of the prior is not spent yet.
        every = sum(parts) / len(parts) + _MASS / (block + 1)
        if every < _HUGE:
            return Mixture(parts, block, math.log(every))
        return self._by_logs(ratios)

    def _by_logs(self, ratios: Sequence[float]) -> "Mixture":
        block = self.blocks + 1
        begins = _MASS / (block * (block + 1))
        exp, log = math.exp, math.log
        before = self.logs or tuple([log(m) if m > 0 else -math.inf for m in self.parts])
        logs = tuple(
            [
                (m if m > _LARGE else log(exp(m) + begins)) + ratio
                for m, ratio in zip(before, ratios, strict=True)
            ]
        )
        every = log_sum((log_mean(logs), math.log(_MASS / (block + 1))))
        return Mixture((), block, every, logs)


_NOTHING: Logs = (0.0,) * len(WORSE)
UNSEEN = Mixture.over(len(BAD))
"""The start of every mixture over a grid of eight."""


def log_sum(logs: Sequence[float]) -> float:
    """Add numbers given by their logarithms."""
    top = max(logs)
    if top == -math.inf:
        return top
    return top + math.log(sum(map(math.exp, [value - top for value in logs])))


def log_mean(logs: Sequence[float]) -> float:
    """Take the mean of numbers given by their logarithms."""
    return log_sum(logs) - math.log(len(logs))


@lru_cache(maxsize=4096)
def _tilts(canary: int, primary: int, rho: float) -> tuple[tuple[float, float], ...]:
    """Give ln(theta(r)/theta(rho)) and ln((1-theta(r))/(1-theta(rho))) for each r of the grid."""
    base, log = rho * canary + primary, math.log
    others = [log(base / (worse * rho * canary + primary)) for worse in WORSE]
    return tuple(zip(map(operator.add, _LOG_WORSE, others), others, strict=True))


def relative(
    canary: int, canary_bad: int, primary: int, primary_bad: int, *, rho: float, eta: float
) -> Logs:
    """Weigh "more than rho times as bad as the primary" by one block.

    Args:
        canary: requests to the canary.
        canary_bad: those of them that were bad.
        primary: requests to the primary.
        primary_bad: those of them that were bad.
        rho: how many times worse is tolerated.
        eta: 1 / overdispersion, at most 1.
    """
    if not canary or not primary or not (canary_bad or primary_bad):
        return _NOTHING
    tilts = _tilts(canary, primary, rho)
    return tuple([eta * (canary_bad * mine + primary_bad * other) for mine, other in tilts])


@lru_cache(maxsize=1024)
def _odds(share: float, grid: Logs) -> tuple[tuple[float, float], ...]:
    # An alternative that the cap would put on the wrong side says nothing.
    most = max(share, SHARE_MAX)
    shares = [min(share * factor, most) for factor in grid]
    return tuple(
        # Half of all requests failed before the rollout, or more: nothing is worse than usual.
        (0.0, 0.0) if p == share else (math.log(p / share), math.log((1 - p) / (1 - share)))
        for p in shares
    )


@lru_cache(maxsize=1024)
def _usual(share: float) -> tuple[tuple[float, float], ...]:
    """Look the most usual grid up without hashing it."""
    return _odds(share, BAD)


def absolute(total: int, bad: int, share: float, grid: Logs, *, eta: float) -> Logs:
    """Weigh "a share of bad requests of `factor` x `share`" against `share` by one block."""
    if not total:
        return (0.0,) * len(grid)
    good, odds = total - bad, _usual(share) if grid is BAD else _odds(share, grid)
    return tuple([eta * (bad * worse + good * better) for worse, better in odds])


def added(logs: Logs, ratios: Sequence[float]) -> Logs:
    """Multiply a plain mixture (no prior over when it begins) by one more block."""
    return tuple(map(operator.add, logs, ratios))


def overdispersion(
    blocks: Sequence[Sequence[tuple[int, int]]], *, alike: bool = False
) -> tuple[float, int]:
    """Estimate how much more bad requests scatter over pods and time than single ones would.

    Pearson's X2/df of the bad counts of each pod, given the total of each block, so that what hits
    all pods alike cancels, and the share of bad requests that each pod has over all blocks: a pod
    that is always worse than the others is no burst. With too few bad requests to know the shares,
    pods are taken for equally good; `alike` always does so, as records before decision 29 do.

    Args:
        blocks: (requests, bad) per pod, the same pods in the same order in each.
        alike: whether all pods are expected to have the same share of bad requests.

    Returns:
        The estimate (not clamped), and its degrees of freedom.
    """
    shares = _shares(blocks, alike=alike)
    scattered = [_scatter(block, shares) for block in blocks]
    free = sum(one for _, one in scattered)
    # Shares that differ were estimated from the same counts.
    free -= 0 if len(set(shares)) < 2 else sum(share > 0 for share in shares) - 1  # noqa: PLR2004
    return (sum(chi for chi, _ in scattered) / free, free) if free > 0 else (1.0, 0)


def lasting(blocks: Sequence[Sequence[tuple[int, int]]]) -> float:
    """Estimate the same without the two blocks that scatter most, which one incident may lie in.

    >>> calm, burst = [(1000, 2), (1000, 1)], [(1000, 99), (1000, 1)]
    >>> round(lasting([calm] * 9 + [burst, burst]), 1), lasting([burst]), lasting([])
    (0.3, 1.0, 1.0)
    >>> round(lasting([burst, burst[::-1]] * 9))
    96
    """
    alike = [1.0] * max(map(len, blocks), default=0)
    scattered = sorted((_scatter(block, alike)[0], i) for i, block in enumerate(blocks))
    kept = sorted(i for _, i in scattered[:-2])
    return overdispersion([blocks[i] for i in kept])[0]


def _scatter(block: Sequence[tuple[int, int]], shares: Sequence[float]) -> tuple[float, int]:
    """Give chi squared of one block over its pods, and its degrees of freedom."""
    due = [(n * share, k) for (n, k), share in zip(block, shares, strict=True) if n and share]
    total, bad = sum(n for n, _ in due), sum(k for _, k in due)
    if len(due) < 2 or not bad:  # noqa: PLR2004 - one pod has nobody to differ from
        return 0.0, 0
    return sum((k - bad * n / total) ** 2 / (bad * n / total) for n, k in due), len(due) - 1


def _shares(blocks: Sequence[Sequence[tuple[int, int]]], *, alike: bool) -> list[float]:
    """Give each pod's share of bad requests over all blocks; 1 for each where nobody knows."""
    every = [(sum(n for n, _ in pod), sum(k for _, k in pod)) for pod in zip(*blocks, strict=True)]
    used = [(n, k) for n, k in every if n]
    if alike or sum(k for _, k in used) < _KNOWN_BAD * len(used):
        return [1.0] * len(every)
    return [k / n if n else 0.0 for n, k in every]
