"""Whether the evidence on one metric condemns, by which way, and whose pods it is without."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.eprocess import Mixture
from gitops_canary.core.judges.pod_faults import Faults, Strand, alone, burning
from gitops_canary.core.judges.recovering import told
from gitops_canary.core.judges.sequential_types import SOLE, TOGETHER, Config, Metric, Weighed
from gitops_canary.core.judges.words import compared, exact, rough
from gitops_canary.model.judging import Counts

_FLOOR = "and by more than a quarter of what the limit lets fail"
_SOLE = "beyond its limit with nobody left to compare with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one metric's evidence comes to."""

    log: float
    """The logarithm of what is held against the limit."""
    way: str
    """Which way to condemn has most of it."""
    fails: bool
    waits: str = ""
    """For which pod of the canary is waited, in words; empty where for none."""
    pod: str = ""
    """Why a pod that fails alone condemns nevertheless."""
    sides: str = ""
    """What condemns, in place of how both sides did in all; empty where it is that."""
    seen: Counts | None = None
    """What was counted of that, in place of everything; None where it is that."""
    beside: str = ""
    """Why that pod is left out, and how the whole did, in words that follow the others."""
    numbers: Mapping[str, str] = field(default_factory=dict)


def condemning(config: Config, metric: Metric, weighed: Weighed | Strand) -> tuple[float, str]:
    """Give the log evidence that condemns by one metric, and which of the ways has most of it."""
    worse, floor, alone_, sole = (one.log for one in _ways(metric, weighed))
    if config.alone:
        return alone_, "beyond its limit after the promotion"
    relative = min(worse, floor)
    steady = alone_ if weighed.worse.log >= math.log(config.common) else -math.inf
    # The mean of two e-processes is one, so their sum is held against the limit that shares the
    # risk between them: never less than the larger of the two.
    log = eprocess.log_sum((relative, steady)) if config.rule >= TOGETHER else max(relative, steady)
    # It is not added: of those blocks the others say next to nothing, and it has a risk of its own.
    if weighed.sole.blocks and sole > log:
        return sole, _SOLE
    if relative >= steady:
        return log, f"worse than {config.rho:g}x the primary, {_FLOOR}"
    return log, "beyond its limit while the primary is not"


def condemns(config: Config, metric: Metric, weighed: Weighed | Strand) -> bool:
    """Whether the evidence exceeds the limit."""
    return condemning(config, metric, weighed)[0] >= math.log(config.limit)


def finding(config: Config, metric: Metric, weighed: Weighed, counts: Counts | None) -> Finding:
    """Hold the evidence against the limit: all of it, and what came since a share fell last.

    `counts` are those of the newest block.
    """
    found = _read(config, metric, weighed, _found(config, metric, weighed, counts))
    if found.fails and found.way == _SOLE:
        there = weighed.sole_total
        found = replace(found, sides=_there(there, metric), seen=there)
    if weighed.warm is None:
        return found
    log = condemning(config, metric, weighed.warm)[0]
    found = replace(found, numbers={**found.numbers, "logWarm": exact(log, config.digits)})
    if not found.fails or (log >= math.log(config.limit) and not weighed.falling):
        return found
    falls = f"its share falls as it warms up: {told(weighed.newest)} in the newest scrapes"
    waits = falls if weighed.falling else ""
    return replace(found, log=min(found.log, log), fails=False, waits=waits, pod="")


def _read(config: Config, metric: Metric, weighed: Weighed, found: Finding) -> Finding:
    """Wait where the primary may not have shown yet what condemns the canary.

    Without a broken pod of the primary's, that is: it was one for blocks.
    """
    edges = weighed.edges
    if not found.fails or edges is None or found.way == _SOLE or weighed.faults.base:
        return found
    log = condemning(config, metric, edges.believed)[0]
    if log >= math.log(config.limit):
        return found
    jumps = (
        "share of bad requests jumps too" if len(edges.open) > 1 else "next scrape may show it too"
    )
    numbers = {**found.numbers, "logBelieved": exact(log, config.digits)}
    return replace(
        found, log=log, fails=False, waits=f"the primary's {jumps}", pod="", numbers=numbers
    )


def _found(config: Config, metric: Metric, weighed: Weighed, counts: Counts | None) -> Finding:
    """Hold all evidence against the limit, with all pods and without those that are broken."""
    log, way = condemning(config, metric, weighed)
    limit, faults = math.log(config.limit), weighed.faults
    if faults.rest is None:
        return Finding(log=log, way=way, fails=log >= limit)
    rest, compared_with = _rest(config, metric, faults)
    numbers, beside = {"logRest": exact(rest, config.digits)}, ""
    if faults.base:
        numbers |= _left_out(faults, faults.base)
        beside = _beside(faults, weighed.total, metric)
    if compared_with and rest >= limit:
        words = f"worse than {config.rho:g}x them, {_FLOOR}"
        sides = _sides(compared_with.total, metric)
        return Finding(log=rest, way=words, fails=True, sides=sides, beside=beside, numbers=numbers)
    found = alone(faults)
    if found:
        one, sick_ms = found
        numbers |= {"pod": one.name, "podRequests": str(one.requests), "podBad": str(one.bad)}
        numbers["podMs"] = str(sick_ms)
    if rest >= limit or log < limit or not found:
        # Without a pod there is no more evidence than with it, the primary's aside.
        top = max(log, rest) if faults.base else log
        return Finding(log=top, way=way, fails=log >= limit, beside=beside, numbers=numbers)
    words = f"by its own counts pod {one.name} alone fails: {one.words}"
    sick = faults.sick == one.name
    over = sick and burning(counts or Counts(), metric.budget, both=config.rule < SOLE)
    if over or (sick and sick_ms > config.pod_grace_ms):
        why = "too much of the whole to wait for it" if over else f"for {rough(sick_ms)}"
        pod = f"{words}; {why}"
        return Finding(log=log, way=way, fails=True, pod=pod, beside=beside, numbers=numbers)
    grace = f"{rough(sick_ms)} of {rough(config.pod_grace_ms)} that it has to recover"
    waits = f"{words}; {grace}" if sick else ""
    return Finding(log=rest, way=way, fails=False, waits=waits, beside=beside, numbers=numbers)


def _rest(config: Config, metric: Metric, faults: Faults) -> tuple[float, Strand | None]:
    """Give the least evidence without pods that are broken by themselves.

    Also against which rest of the primary; None where it is that the limit is broken.
    """
    base, every = faults.base, faults.without.values()
    if base is None:
        return min(condemning(config, metric, one)[0] for one in every), None
    strands = [_ways(metric, one) for one in (base, *every)]
    # An outage of both sides may look like this. So only the way with the whole guarantee counts,
    # and the mean with the evidence on the whole primary is what is held against the limit.
    rest = min(min(worse.log, floor.log) for worse, floor, *_ in strands) - math.log(2)
    sole = min(one[3].log for one in strands) if base.sole.blocks else -math.inf
    return max(rest, sole), None if sole > rest else base


def _ways(metric: Metric, one: Weighed | Strand) -> tuple[Mixture, ...]:
    """List the ways to condemn, with one incident spared where nobody knows how they come."""
    return (one.worse, one.floor, one.steady, one.sole) if metric.known else one.spared


def _there(seen: Counts, metric: Metric) -> str:
    """Say how the canary did since nobody was left to compare with."""
    return f"{seen.canary_bad:,} of {seen.canary:,} canary requests {metric.what} at 100 %"


def _left_out(faults: Faults, base: Strand) -> dict[str, str]:
    one, total = faults.left_out, base.total
    assert one is not None, "a base begins with it"
    return {
        "leftOut": one.name,
        "leftOutRequests": str(one.requests),
        "leftOutBad": str(one.bad),
        "restCanary": str(total.canary),
        "restCanaryBad": str(total.canary_bad),
        "restPrimary": str(total.primary),
        "restPrimaryBad": str(total.primary_bad),
    }


def _sides(rest: Counts, metric: Metric) -> str:
    mine = f"{rest.canary_bad:,} of {rest.canary:,} canary requests {metric.what}"
    return f"{mine}, {rest.primary_bad:,} of {rest.primary:,} on the other pods of the primary"


def _beside(faults: Faults, whole: Counts, metric: Metric) -> str:
    one = faults.left_out
    assert one is not None, "as above"
    why = f"its pod {one.name} is left out, as it was broken in the minute before: {one.words}"
    return f"; {why}; with it {compared(whole, metric.what)}"
