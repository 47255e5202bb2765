"""Evidence on counts: roll back once it is overwhelming, go on once there is none against it.

Four questions per metric, each asked after every block, any number of times: is the canary worse
than `rho` times the primary, and by more than a quarter of the budget? is it beyond its limit while
the primary is not? is it beyond its limit where nobody is left to compare it with? is it proven to
keep its limit? For a canary that is not worse than tolerated
the chance of ever being condemned is at most `alpha` (see `eprocess`); under an outage of both
sides the second question's relative part alone protects, and where nobody is left nothing does.
"""

import math
from dataclasses import replace
from functools import partial

from gitops_canary.core.judges import eprocess, lonely, recovering, share, threshold, waiting
from gitops_canary.core.judges.condemning import Finding, condemning, condemns, finding
from gitops_canary.core.judges.growing import edged, grown
from gitops_canary.core.judges.pod_faults import Strand, followed
from gitops_canary.core.judges.pods import added, blamed
from gitops_canary.core.judges.proof import proof
from gitops_canary.core.judges.recovering import Shares
from gitops_canary.core.judges.sequential_rules import Said, ruling, uncounted
from gitops_canary.core.judges.sequential_types import (
    BOTH,
    COLD,
    LONE,
    LOOKS,
    SPLIT,
    WARM,
    Config,
    Ends,
    Metric,
    State,
    Weighed,
)
from gitops_canary.core.judges.words import amount, compared, exact, told, warming
from gitops_canary.core.text import one_line, percent
from gitops_canary.model.judging import Block, Counts, Reading
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome, Window

NAME = "sequential"
_SPARED = "the worst few seconds count as one failure: how bursts come here is not known yet"
_PARTS = 10_000
"""Of a percent, in which shares are told."""
__all__ = ["NAME", "Config", "Metric", "State", "Weighed", "begin", "condemning", "step", "take"]


def begin(_: Config) -> State:
    """Begin with nothing seen."""
    return State()


def take(config: Config, state: State, block: Block) -> State:
    """Take one block in, and say nothing."""
    return _taken(config, state, block)[0]


def _taken(config: Config, state: State, block: Block) -> tuple[State, tuple[Measurement, ...]]:
    """Weigh a block; also give what its values without counts say."""
    state = _at_weight(state, block)
    served = state.first_ms is None and [_counts(block.reading(m.name)) for m in config.metrics]
    if served and any(one.canary for one in served):
        state = replace(state, first_ms=block.start_ms)
    weighed = {
        metric.name: _weigh(config, metric, state, block.reading(metric.name), block)
        for metric in config.metrics
    }
    shares = state.shares
    # The first block at a weight may begin with requests that were routed by the one before.
    fresh = block.since_ms is not None and block.start_ms == state.weight_ms
    if not (fresh or block.underway):
        shares = share.step(shares, _split(config, block), block.weight)
    return _values(config, replace(state, weighed=weighed, shares=shares), block)


def step(config: Config, state: State, block: Block) -> tuple[State, Verdict]:
    """Take one block in, and say what all evidence so far says."""
    state, values = _taken(config, state, block)
    found = {
        m.name: finding(config, m, state.weighed[m.name], block.reading(m.name).counts)
        for m in config.metrics
    }
    measurements = tuple(
        _measurement(config, metric, state, block, found[metric.name]) for metric in config.metrics
    )
    said = Said(measurements=measurements, values=values, found=found)
    outcome, reason, final, heard = ruling(config, state, block, said)
    verdict = Verdict(
        outcome=outcome,
        window=Window(
            start_ms=block.start_ms if state.weight_ms is None else state.weight_ms,
            end_ms=block.end_ms,
        ),
        measurements=(*measurements, *values),
        judge=NAME,
        reason=one_line(reason),
        final=final,
        heard=heard,
    )
    return replace(state, passed=state.passed + (outcome is Outcome.PASS)), verdict


def _at_weight(state: State, block: Block) -> State:
    weight = percent(block.weight)
    if weight == state.weight:
        return state
    return replace(
        state, weight=weight, weight_ms=block.start_ms, value_outcomes={}, shares=share.State(),
        passed=0,
    )  # fmt: skip


def _counts(reading: Reading) -> Counts:
    return reading.counts or Counts()


def _split(config: Config, block: Block) -> Counts:
    """Take the counts of the metric that saw the most: all of them split the same requests."""
    every = [block.reading(metric.name) for metric in config.metrics]
    read = max(every, key=lambda one: _total(_counts(one)), default=Reading(metric=""))
    return read.split if read.split and config.rule >= SPLIT else _counts(read)


def _total(c: Counts) -> int:
    return c.canary + c.primary


def _weigh(config: Config, metric: Metric, state: State, reading: Reading, block: Block) -> Weighed:
    """Add one block to one metric's evidence; a warm-up or a doubtful block adds nothing."""
    before = state.weighed.get(metric.name, Weighed())
    first_ms = block.start_ms if state.first_ms is None else state.first_ms
    if reading.counts is None or block.doubt:
        return before
    c = reading.counts
    mine, other = (c.canary, c.canary_bad), lonely.primary(reading, c, metric.budget)
    warms = not config.alone and recovering.warms(metric.warmup_ms, first_ms, block.end_ms)
    newest = (*before.newest, mine)[-recovering.BLOCKS :] if warms else ()
    if block.start_ms < first_ms + metric.warmup_ms:
        met = state.first_ms is not None
        cold = _newest(before.cold, block, mine, config.recent_ms) if met else ()
        return replace(before, newest=newest, cold=cold)
    good = eprocess.added(
        before.good,
        eprocess.absolute(c.canary, c.canary_bad, metric.budget, eprocess.GOOD, eta=metric.eta),
    )
    whole = _so_far(before)
    sole = lonely.allowed(config, metric, before.beside, c, block.weight)
    after = (grow := partial(grown, config, metric, sole=sole))(whole, c)
    span, known = (block.start_ms, block.end_ms), {"budget": metric.budget, "eta": metric.eta}
    both = config.rule >= BOTH
    warm = grow(before.warm, c) if before.warm else None
    falling = _falling(config, metric, newest, (after, warm) if warm else (after,))
    return Weighed(
        worse=after.worse,
        floor=after.floor,
        steady=after.steady,
        sole=after.sole,
        spared=after.spared,
        good=good,
        proof=proof(config, metric, good),
        total=after.total,
        sole_total=before.sole_total + c if sole is not None else before.sole_total,
        beside=before.beside
        if sole is not None
        else lonely.appended(before.beside, block.end_ms, other),
        pods=added(before.pods, reading.pods),
        faults=followed(before.faults, whole, reading, c, span, grow=grow, both=both, **known)
        if config.rule >= LONE
        else before.faults,
        edges=edged(config, metric, before, c, (whole, after)),
        warm=Strand() if falling else warm,
        newest=newest,
        falling=falling,
        recent=_newest(before.recent, block, mine, config.recent_ms),
        lately=_newest(before.lately, block, mine, config.lately_ms),
    )


def _so_far(before: Weighed) -> Strand:
    """Give the evidence with all pods."""
    return Strand(
        worse=before.worse,
        floor=before.floor,
        steady=before.steady,
        sole=before.sole,
        spared=before.spared,
        total=before.total,
    )


def _falling(config: Config, metric: Metric, newest: Shares, strands: tuple[Strand, ...]) -> bool:
    """Whether what would condemn is waited for: all evidence, and what came since a fall, would."""
    if not newest or config.rule < WARM:
        return False
    beyond = all(condemns(config, metric, one) for one in strands)
    return beyond and recovering.falls(newest, metric.eta)


def _newest(before: Ends, block: Block, seen: tuple[int, int], span_ms: int) -> Ends:
    """Add a block to the newest ones, and let those go that ended before a time."""
    since_ms = block.end_ms - span_ms
    kept = [one for one in before if one[0] > since_ms]
    return (*kept, (block.end_ms, *seen))


def _values(config: Config, state: State, block: Block) -> tuple[State, tuple[Measurement, ...]]:
    """Judge what has no counts by its limits, in the blocks in which it was read."""
    read = {one.metric for one in block.readings}
    due = {name: limits for name, limits in config.values.limits.items() if name in read}
    if not due:
        return state, ()
    after, verdict = threshold.step(replace(config.values, limits=due), state.values, block)
    outcomes = {one.check: one.outcome for one in verdict.measurements}
    known = {**state.value_outcomes, **outcomes}
    return replace(state, values=after, value_outcomes=known), verdict.measurements


def _measurement(
    config: Config, metric: Metric, state: State, block: Block, found: Finding
) -> Measurement:
    weighed = state.weighed[metric.name]
    reading = block.reading(metric.name)
    good, number = weighed.proof, partial(exact, digits=config.digits)
    outcome, cold = Outcome.INCONCLUSIVE, ""
    words = told(found.log, config.limit, "breaks its limit" if config.alone else "is worse")
    if found.fails:
        one = found.pod or blamed(weighed.pods, metric.budget)
        assert state.first_ms is not None, "requests failed"
        cold = warming(0 if config.alone else metric.warmup_ms, block.end_ms - state.first_ms)
        outcome, words = Outcome.FAIL, f"{found.way}: {words}{one and '; '}{one}"
    elif good >= math.log(config.proven) and not found.waits:
        proven = f"proven good (evidence {amount(good)}, {config.proven:g} is enough)"
        outcome, words = Outcome.PASS, f"{proven}; {words}"
    if not metric.known:
        words = f"{words} ({_SPARED})"
    total = weighed.total
    shown = found.seen or total
    sides = found.sides or compared(total, metric.what, alone=config.alone)
    why = f"{sides}, {words}{found.beside}{cold}"
    if reading.trouble or not found.fails:
        why = _unweighed(config, metric, state, block, why)
    return Measurement(
        check=metric.name,
        at_ms=block.end_ms,
        outcome=outcome,
        value=_percentage(shown.canary_bad, shown.canary),
        limit=metric.limit or f">= {percent_text(1 - metric.budget)}",
        samples=f"{shown.canary} requests",
        why=one_line(why),
        baseline=None if found.seen else _percentage(total.primary_bad, total.primary),
        numbers={
            "canary": str(total.canary),
            "canaryBad": str(total.canary_bad),
            "primary": str(total.primary),
            "primaryBad": str(total.primary_bad),
            "logRelative": number(weighed.worse.log),
            "logFloor": number(weighed.floor.log),
            "logSteady": number(weighed.steady.log),
            "logGood": number(good),
            "logLimit": number(math.log(config.limit)),
            "eta": number(metric.eta),
            **lonely.told(weighed, number),
            **({} if metric.known else {"logCompared": number(found.log)}),
            **found.numbers,
        },
    )


def _unweighed(config: Config, metric: Metric, state: State, block: Block, why: str) -> str:
    """Say why a block added nothing to the evidence that `why` tells of; else give that."""
    weighed, reading = state.weighed[metric.name], block.reading(metric.name)
    silent = uncounted(config, block, reading)
    if reading.trouble:
        return silent
    if weighed.cold and config.rule >= COLD:
        why = waiting.cold(config, metric, weighed.cold, state, block)
    if not silent or config.rule < LOOKS:
        return why
    return f"{silent}; before that {why}" if weighed.total.canary else silent


def percent_text(part: float) -> str:
    """Write a share in percent.

    >>> percent_text(0.01)
    '1'
    """
    return f"{100 * part:.6g}"


def _percentage(bad: int, total: int) -> str | None:
    """Give the percentage of good requests, never rounded up; None without requests."""
    if not total:
        return None
    whole, rest = divmod(100 * _PARTS * (total - bad) // total, _PARTS)
    return f"{whole}.{rest:04}".rstrip("0").rstrip(".")
