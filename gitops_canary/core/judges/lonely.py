"""A canary with nobody left to compare it with: what it may fail there, and what is told of it.

At a weight of 100 % the primary has no requests, or next to none. What it did while it had some is
the best that is known of what fails whatever runs.
"""

from collections.abc import Callable
from decimal import Decimal

from gitops_canary.core.judges.pods import LEAST_BAD, added, lone
from gitops_canary.core.judges.sequential_types import SOLE, WHOLE, Config, Ends, Metric, Weighed
from gitops_canary.model.judging import Counts, Reading

_FEW = 20
"""How many requests the canary has for each that still reaches the primary, from which that one is
no comparison: a bad one tells by ln(1 + 1/30) at the most."""
_BLOCKS = 40
"""How many blocks of the primary's are kept: five minutes of scrapes, and some more."""
_TIMES = 2
"""How many times its usual share of bad requests a canary may have."""


def allowed(
    config: Config, metric: Metric, beside: Ends, c: Counts, weight: Decimal
) -> float | None:
    """Give the share of bad requests in a block that is no fault; None where somebody is beside it.

    It is the budget, or twice what was usual: in the hour before the rollout, or in the last
    minutes of the primary's traffic (`beside`), where that had some bad requests. A primary that
    fails in the block itself speaks for the canary, and to leave such a block out cannot make the
    canary look worse.
    """
    if config.rule < SOLE or config.alone or weight < WHOLE:
        return None
    if c.primary_bad or c.canary < _FEW * c.primary:
        return None
    spans = (config.recent_ms, config.lately_ms)
    usual = max(metric.history or 0.0, *(_share(config, beside, span_ms) for span_ms in spans))
    return max(metric.budget, _TIMES * usual)


def primary(reading: Reading, c: Counts, budget: float) -> tuple[int, int]:
    """Count the primary's (requests, bad) of a block, without a pod that has the failures alone."""
    bad = c.primary_bad
    one = lone(added({}, reading.primary_pods), budget) if bad >= LEAST_BAD else None
    return (one.others, one.others_bad) if one else (c.primary, bad)


def appended(beside: Ends, end_ms: int, seen: tuple[int, int]) -> Ends:
    """Add a block of the primary's to its newest."""
    return (*beside[1 - _BLOCKS :], (end_ms, *seen))


def _share(config: Config, beside: Ends, span_ms: int) -> float:
    """Give the share of bad requests in the end of the blocks; 0 where there are few bad ones."""
    newest = [one for one in beside if one[0] > beside[-1][0] - span_ms]
    requests, bad = sum(n for _, n, _ in newest), sum(k for _, _, k in newest)
    return bad / requests if bad >= config.recent_bad else 0.0


def told(weighed: Weighed, exact: Callable[[float], str]) -> dict[str, str]:
    """Tell the evidence of such blocks, where there was one."""
    if not weighed.sole.blocks:
        return {}
    seen = weighed.sole_total
    counts = {"soleRequests": str(seen.canary), "soleBad": str(seen.canary_bad)}
    return {"logSole": exact(weighed.sole.log), **counts}
