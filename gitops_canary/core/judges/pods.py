"""Whether one pod alone is to blame: counts of a side's pods, and what they show in words.

One bad node looks like a bad version, and a fault of a version may show on one pod alone (a leader,
a shard): counts cannot tell them apart. What follows from a pod that is broken by itself is said in
`pod_faults`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.model.judging import Pod

LEAST_BAD = 3
"""Bad requests of one pod without which it is not looked at by itself."""
_CHANCE = 0.01
"""How likely bad requests may fall on some one pod like this by chance, at the most."""
_LIKELY = 0.15
"""The same where one of the canary's is waited for: a mistake costs the time of a block."""
_ALIKE, _HALF = 1e-6, 1e-3
"""How likely one of equal pods, or one that fails half of its requests, looks broken by chance."""
_BROKEN, _BUDGETS = 0.5, 3
"""Share of bad requests beyond which a pod is broken; three times the budget where that is more."""
Pods = Mapping[str, tuple[int, int]]
"""(requests, bad ones) by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lone:
    """A pod that is broken while the others of its side are not."""

    name: str
    requests: int
    bad: int
    pods: int
    """How many others there are."""
    others: int
    """Their requests."""
    others_bad: int

    @property
    def every(self) -> int:
        """Add up the bad requests."""
        return self.bad + self.others_bad

    @property
    def chance(self) -> float:
        """Bound how likely so many of them fall on some one pod, if all are equal."""
        part = self.requests / (self.requests + self.others)
        return (self.pods + 1) * tail(self.bad, self.every, part) if self.every else 1.0

    @property
    def words(self) -> str:
        """Say both counts."""
        rest = f"{self.others_bad:,}" if self.others_bad else "none"
        one = f"{self.bad:,} of {self.requests:,} requests of pod {self.name}"
        return f"{one}, {rest} of {self.others:,} of the other {self.pods}"


def added(before: Pods, more: Sequence[Pod]) -> Pods:
    """Add one block's counts."""
    if not more:
        return before
    if not before:
        found = {one.name: (one.requests, one.bad) for one in more}
        if len(found) == len(more):
            return found
    found = dict(before)
    for one in more:
        requests, bad = found.get(one.name, (0, 0))
        found[one.name] = requests + one.requests, bad + one.bad
    return found


def ill(pods: Pods) -> tuple[str, ...]:
    """Name the pods that fail most of their requests: no other can be found `broken`."""
    return tuple([name for name, (requests, bad) in pods.items() if 2 * bad > requests])


def blamed(pods: Pods, budget: float) -> str:
    """Say that one pod has the failures and the others keep the limit; empty where it is not so.

    >>> blamed({"shop-a": (50, 31), "shop-b": (60, 0), "shop-c": (40, 2)}, 0.01)
    ''
    >>> blamed({"shop-a": (50, 31), "shop-b": (60, 0), "shop-c": (40, 0)}, 0.01)
    'by its own counts pod shop-a had 31 of these 31, the other 2 none in 100 requests'
    """
    one = _worst(pods)
    if one is None or one.others_bad > budget * one.others:
        return ""
    if one.chance > _CHANCE:
        return ""
    left = f"{one.others_bad:,}" if one.others_bad else "none"
    which = f"the other {one.pods} {left} in {one.others:,} requests"
    return f"by its own counts pod {one.name} had {one.bad:,} of these {one.every:,}, {which}"


def lone(pods: Pods, budget: float) -> Lone | None:
    """Find the pod that has the failures, alone, while the others keep the limit.

    The others may have one bad request besides their budget, and that the failures fell on one of
    equal pods by chance is at most as likely as `_LIKELY`.

    >>> lone({"a": (30, 14), "b": (30, 0), "c": (30, 1)}, 0.01).words
    '14 of 30 requests of pod a, 1 of 60 of the other 2'
    >>> lone({"a": (30, 14), "b": (30, 2), "c": (30, 1)}, 0.01)
    >>> lone({"a": (30, 29), "b": (0, 0)}, 0.01)
    """
    one = _worst(pods)
    if one is None or one.others_bad > 1 + budget * one.others:
        return None
    return one if one.chance <= _LIKELY else None


def broken(pods: Pods, budget: float, eta: float) -> Lone | None:
    """Find a pod that is proven to fail more than half of its requests, alone.

    Less than half may be its clients, whom affinity may keep on one pod wherever they go. `eta` is
    1 / overdispersion: bad requests that come in bursts prove less.

    >>> broken({"a": (30, 29), "b": (30, 0), "c": (30, 1)}, 0.01, 1.0).name
    'a'
    >>> broken({"a": (30, 20), "b": (30, 0), "c": (30, 0)}, 0.01, 1.0)
    >>> broken({"a": (30, 29), "b": (30, 0), "c": (30, 1)}, 0.01, 0.2)
    """
    one = lone(pods, budget)
    if one is None or one.chance**eta > _ALIKE:
        return None
    half = max(_BROKEN, _BUDGETS * budget)
    return one if tail(one.bad, one.requests, half) ** eta <= _HALF else None


def _worst(pods: Pods) -> Lone | None:
    """Set the pod with the most bad requests against the others.

    None where nobody is beside it, or where no pod has enough of them to tell anything.
    """
    used = [(bad, name, requests) for name, (requests, bad) in pods.items() if requests]
    if len(used) < 2:  # noqa: PLR2004 - one pod has nobody to differ from
        return None
    bad, worst, requests = max(used)
    if bad < LEAST_BAD:
        return None
    return Lone(
        name=worst,
        requests=requests,
        bad=bad,
        pods=len(used) - 1,
        others=sum(n for _, _, n in used) - requests,
        others_bad=sum(k for k, _, _ in used) - bad,
    )


def tail(hits: int, draws: int, share: float) -> float:
    """Bound the chance of so many hits or more in a binomial draw (Chernoff; Hoeffding 1963)."""
    part = hits / draws
    if part <= share:
        return 1.0
    distance = part * math.log(part / share)
    if part < 1:
        distance += (1 - part) * math.log((1 - part) / (1 - share))
    return math.exp(-draws * distance)
