"""What the sequential judge waits for, with figures: how much is there, how much is needed."""

import math

from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.proof import prior
from gitops_canary.core.judges.sequential_types import Config, Ends, Metric, State, Weighed
from gitops_canary.core.judges.words import rough
from gitops_canary.model.judging import Block


def dwelling(config: Config, state: State, block: Block, dwell_ms: int) -> str:
    """Say how much of the least time at a weight is over; empty once all of it is."""
    assert state.weight_ms is not None, "set by every block"
    here_ms = block.end_ms - state.weight_ms
    since_ms = state.weight_ms if block.since_ms is None else block.since_ms
    stay_ms, least_ms = block.end_ms - since_ms, min(config.seen_ms, dwell_ms)
    if stay_ms >= dwell_ms and here_ms >= least_ms:
        return ""
    seen = f", {rough(here_ms)} of it seen" if block.since_ms is not None else ""
    more = f" (at least {rough(least_ms)})" if stay_ms >= dwell_ms else ""
    return f"{rough(stay_ms)} of {rough(dwell_ms)} at {state.weight} %{seen}{more}"


def early(config: Config, state: State, block: Block) -> str:
    """Say which look is under way where looks are counted; empty where one ends in this block."""
    assert state.weight_ms is not None, "set by every block"
    every_ms, here_ms = config.interval_ms, block.end_ms - state.weight_ms
    if here_ms // every_ms > (block.start_ms - state.weight_ms) // every_ms:
        return ""
    look = f"look {state.passed + 1} of {config.looks}"
    if state.passed >= config.looks:
        look = "the next look"
    return f"{look} ends in {rough(every_ms - here_ms % every_ms)}"


def unproven(config: Config, state: State, block: Block) -> str:
    """Say of the metric that is furthest from its proof how far it is, and what is missing."""
    metric = min(config.metrics, key=lambda one: state.weighed[one.name].proof)
    weighed = state.weighed[metric.name]
    if not weighed.total.canary:
        # Its requests of this block were left out: without any it would be told as silence.
        return f"{metric.name} {_warms(metric, state, block)}"
    return f"{metric.name} has {_missing(config, metric, weighed, block)}"


def cold(config: Config, metric: Metric, newest: Ends, state: State, block: Block) -> str:
    """Say of what was seen in a metric's warm-up how bad it was, and when it begins to count."""
    requests, bad = sum(n for _, n, _ in newest), sum(k for _, _, k in newest)
    whose = "requests" if config.alone else "canary requests"
    seen = f"{bad:,} of {requests:,} {whose} {metric.what} in the last minute"
    return f"{_warms(metric, state, block)}: {seen}"


def _warms(metric: Metric, state: State, block: Block) -> str:
    """Say how long it takes until a block counts that begins after a metric's warm-up."""
    assert state.first_ms is not None, "there are requests"
    first_ms = state.first_ms + metric.warmup_ms + block.end_ms - block.start_ms
    return f"warms up, and counts in {rough(first_ms - block.end_ms)}"


def few(config: Config, state: State, block: Block) -> str:
    """Say how many canary requests there are of the least number; empty where there are enough."""
    weighed = [state.weighed[metric.name] for metric in config.metrics]
    fewest = min(weighed, key=lambda one: one.total.canary)
    if fewest.total.canary >= config.min_requests:
        return ""
    more = config.min_requests - fewest.total.canary
    seen = f"{fewest.total.canary:,} of {config.min_requests:,} canary requests needed"
    return f"{seen}{_takes(fewest, block, more)}"


def _missing(config: Config, metric: Metric, weighed: Weighed, block: Block) -> str:
    """Estimate how many requests the proof takes in all, going on as so far."""
    total, best = weighed.total, max(weighed.good)
    each = best / total.canary
    if each <= 0:
        budget = f"{100 * metric.budget:g} %"
        bad = f"{total.canary_bad:,} of {total.canary:,} canary requests {metric.what}"
        return f"too many bad ones to prove less than {budget}: {bad}"
    needed = math.log(config.proven) - max(eprocess.added(weighed.good, prior(config, metric)))
    more = math.ceil(needed / each)
    every = f"{total.canary:,} of about {total.canary + more:,} canary requests"
    return f"{every} that prove its limit{_takes(weighed, block, more)}"


def _takes(weighed: Weighed, block: Block, requests: int) -> str:
    """Say how long so many requests take, at the rate of the last minute."""
    seen = sum(n for _, n, _ in weighed.recent)
    if not seen:
        return ", and none came lately"
    span_ms = len(weighed.recent) * (block.end_ms - block.start_ms)
    return f"; about {rough(round(requests / seen * span_ms))} at this rate"
