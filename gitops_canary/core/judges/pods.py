"""Whether one pod alone is to blame: counts of the canary's pods, and what they show in words.

It decides nothing. One bad node looks like a bad version, and a fault of a version may show on one
pod alone (a leader, a shard): counts cannot tell them apart, and requests fail either way.
"""

import math
from collections.abc import Mapping, Sequence

from gitops_canary.model.judging import Pod

_LEAST_BAD = 3
_CHANCE = 0.01
"""How likely bad requests may fall on some one pod like this by chance, at the most."""
Pods = Mapping[str, tuple[int, int]]
"""(requests, bad ones) by name."""


def added(before: Pods, more: Sequence[Pod]) -> Pods:
    """Add one block's counts."""
    if not more:
        return before
    found = dict(before)
    for one in more:
        requests, bad = found.get(one.name, (0, 0))
        found[one.name] = requests + one.requests, bad + one.bad
    return found


def blamed(pods: Pods, budget: float) -> str:
    """Say that one pod has the failures and the others keep the limit; empty where it is not so.

    >>> blamed({"shop-a": (50, 31), "shop-b": (60, 0), "shop-c": (40, 2)}, 0.01)
    ''
    >>> blamed({"shop-a": (50, 31), "shop-b": (60, 0), "shop-c": (40, 0)}, 0.01)
    'by its own counts pod shop-a had 31 of these 31, the other 2 none in 100 requests'
    """
    seen = {name: one for name, one in pods.items() if one[0]}
    if len(seen) < 2:  # noqa: PLR2004 - one pod has nobody to differ from
        return ""
    name, (requests, bad) = max(seen.items(), key=lambda item: (item[1][1], item[0]))
    others = sum(n for n, _ in seen.values()) - requests
    rest = sum(k for _, k in seen.values()) - bad
    if bad < _LEAST_BAD or rest > budget * others:
        return ""
    if len(seen) * _tail(bad, bad + rest, requests / (requests + others)) > _CHANCE:
        return ""
    left = f"{rest:,}" if rest else "none"
    which = f"the other {len(seen) - 1} {left} in {others:,} requests"
    return f"by its own counts pod {name} had {bad:,} of these {bad + rest:,}, {which}"


def _tail(hits: int, draws: int, share: float) -> float:
    """Bound the chance of so many hits or more in a binomial draw (Chernoff; Hoeffding 1963)."""
    part = hits / draws
    if part <= share:
        return 1.0
    distance = part * math.log(part / share)
    if part < 1:
        distance += (1 - part) * math.log((1 - part) / (1 - share))
    return math.exp(-draws * distance)
