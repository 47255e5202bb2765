"""From evidence to a ruling: condemn, hold, wait or pass."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.core.judges import waiting
from gitops_canary.core.judges.condemning import Finding
from gitops_canary.core.judges.pods import blamed
from gitops_canary.core.judges.sequential_types import (
    COLD,
    KEPT,
    LOOKS,
    MATTERS,
    NEWEST,
    SPLIT,
    SUMS,
    WHOLE,
    Config,
    Ends,
    Metric,
    State,
)
from gitops_canary.core.judges.words import compared, rough
from gitops_canary.model.judging import Block, Reading
from gitops_canary.model.observation import Measurement
from gitops_canary.model.rollout import Outcome

Ruling = tuple[Outcome, str, bool, bool]
"""Outcome, reason, whether it is final, whether data were heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was made of one block."""

    measurements: tuple[Measurement, ...]
    values: tuple[Measurement, ...]
    """Those of checks without counts."""
    found: Mapping[str, Finding]
    """By metric."""


def ruling(config: Config, state: State, block: Block, said: Said) -> Ruling:
    """Condemn, hold or pass: outcome, reason, whether it is final, whether data were heard."""
    failing = [one for one in said.measurements if one.outcome is Outcome.FAIL]
    if failing:
        return Outcome.FAIL, f"{failing[0].check}: {failing[0].why}", True, True
    bad = [one for one in said.values if one.outcome is Outcome.FAIL]
    if bad:
        final = state.values.failed >= config.values.threshold
        return Outcome.FAIL, f"{bad[0].check} was {bad[0].value}, {bad[0].why}", final, True
    silence = _silence(config, state, block, said)
    if silence:
        return Outcome.INCONCLUSIVE, silence, False, False
    failed = [n for n, outcome in state.value_outcomes.items() if outcome is Outcome.FAIL]
    if failed and config.rule >= NEWEST:
        waits = f"{failed[0]} was beyond its limit when it was measured last"
        return Outcome.INCONCLUSIVE, waits, False, True
    doubt = _doubt(config, state, said.found)
    if doubt:
        return Outcome.INCONCLUSIVE, doubt, False, False
    return _passing(config, state, block)


def _silence(config: Config, state: State, block: Block, said: Said) -> str:
    """Say why this block says nothing; empty where it does."""
    if block.doubt:
        return block.doubt
    if not config.metrics and not config.values.limits:
        return "no check is configured: add analysis.metrics, or set skipAnalysis"
    for metric in config.metrics:
        if words := uncounted(config, block, block.reading(metric.name)):
            return f"{metric.name}: {words}"
    silent = [n for n, outcome in state.value_outcomes.items() if outcome is Outcome.INCONCLUSIVE]
    whys = {one.check: one.why for one in said.values}
    why = "no number when it was measured last"
    return f"{silent[0]}: {whys.get(silent[0], why)}" if silent else ""


def uncounted(config: Config, block: Block, reading: Reading) -> str:
    """Say why a reading has no counts to weigh; empty where it has."""
    if reading.trouble:
        return reading.why or reading.trouble.value
    if reading.counts is None:
        return "no counts, only values or points, which this judge cannot weigh"
    if not reading.counts.canary:
        return f"no traffic on the {'primary' if config.alone else 'canary'}"
    if not reading.counts.primary and not config.alone and block.weight < WHOLE:
        return "no traffic on the primary, so there is nothing to compare with"
    return ""


def _doubt(config: Config, state: State, findings: Mapping[str, Finding]) -> str:
    """Say why a canary that is not condemned may not rise either; empty where it may."""
    if mismatch := _mismatch(config, state):
        return mismatch
    for metric in config.metrics:
        weighed, found = state.weighed[metric.name], findings[metric.name]
        if found.waits:
            return f"{metric.name} waits: {found.waits}"
        rest = weighed.warm or weighed.faults.rest or weighed
        # Where nobody is left no suspicion is ever settled, so proof that it keeps its limit does.
        settled = weighed.sole.blocks and weighed.proof >= math.log(config.proven)
        suspicious = rest.worse.log >= math.log(config.suspicious) and not settled
        # More bad requests than the primary's are no suspicion where they are too few to matter.
        matters = rest.floor.log > 0 or config.rule < MATTERS
        if suspicious and matters and weighed.total.canary_bad:
            sides = compared(weighed.total, metric.what)
            return f"{metric.name} is suspicious: {sides}{found.beside}"
        if recent := _beyond(config, metric, weighed.recent):
            lonely = config.alone or not weighed.total.primary
            below = "" if lonely else ", primary and canary compared below"
            one = blamed(weighed.pods, metric.budget)
            recent = f"{recent} in the last minute{below}{one and '; '}{one}"
            return f"{metric.name} is beyond its limit: {recent}"
    return ""


def _mismatch(config: Config, state: State) -> str:
    """Say that the traffic does not split as the weight says, and where to look; empty if it does.

    Whatever the reason, what is seen at a weight is not of that weight, so it holds.
    """
    shares, weight = state.shares, Decimal(state.weight)
    log = shares.log
    if config.rule >= SPLIT:
        log = shares.clumped(float(weight) / 100, sums=config.rule >= SUMS)
    if config.mismatch is None or log < math.log(config.mismatch):
        return ""
    seen = f"traffic mismatch: {shares.words(weight)}, at a weight of {state.weight} %"
    if shares.canary * 100 > shares.total * weight:
        return (
            f"{seen}: look for callers that go past the route to the canary's Service, for "
            "sessions or long connections that stay on it, and for retries that only its pods count"
        )
    return (
        f"{seen}: look for pods that do not answer, for callers that go past the route, and for "
        "sessions or long connections that stay on the primary"
    )


def _beyond(config: Config, metric: Metric, newest: Ends) -> str:
    """Say how many of the newest requests were bad where they break the limit; empty otherwise."""
    requests, bad = sum(n for _, n, _ in newest), sum(k for _, _, k in newest)
    if bad < config.recent_bad or bad <= metric.budget * requests:
        return ""
    return f"{bad} of {requests} requests {metric.what}"


def _passing(config: Config, state: State, block: Block) -> Ruling:
    """Wait for dwell, soak and proof; everything here was heard and is well so far."""
    if waits := _waits(config, state, block):
        return Outcome.INCONCLUSIVE, waits, False, True
    if _counted(config) and state.passed + 1 < config.looks:
        return Outcome.PASS, f"nothing is wrong at look {state.passed + 1}", False, True
    proven = all(state.weighed[m.name].proof >= math.log(config.proven) for m in config.metrics)
    dwell_ms = config.fast_dwell_ms if config.fast and proven else config.dwell_ms
    if dwells := waiting.dwelling(config, state, block, dwell_ms):
        return Outcome.INCONCLUSIVE, f"nothing is wrong; {dwells}", False, True
    if not block.last:
        return Outcome.PASS, "nothing speaks against more traffic", False, True
    return _promoting(config, state, block, proven=proven)


def _waits(config: Config, state: State, block: Block) -> str:
    """Say what a pass waits for that no evidence makes up for; empty where for nothing."""
    if block.underway:
        return "nothing is wrong while the next weight comes"
    unread = [name for name in config.values.limits if name not in state.value_outcomes]
    if unread:
        return f"{unread[0]} was not measured here yet"
    if cold := _cold(config, state, block):
        return cold
    early = waiting.early(config, state, block) if _counted(config) else ""
    return early and f"nothing is wrong; {early}"


def _counted(config: Config) -> bool:
    """Whether looks are counted, each of which ends an interval."""
    return config.looks > 1 and config.rule >= LOOKS


def _cold(config: Config, state: State, block: Block) -> str:
    """Say which metric breaks its limit while it warms up; empty where none does.

    What is slow then condemns nobody; but it gets more traffic only once a look at it counted.
    """
    if config.alone or config.rule < COLD:
        return ""
    for metric in config.metrics:
        cold = state.weighed[metric.name].cold
        if _beyond(config, metric, cold):
            return f"{metric.name} {waiting.cold(config, metric, cold, state, block)}"
    return ""


def _promoting(config: Config, state: State, block: Block, *, proven: bool) -> Ruling:
    soaked_ms = block.end_ms - (block.end_ms if state.first_ms is None else state.first_ms)
    if soaked_ms < config.min_soak_ms:
        wait = f"{rough(soaked_ms)} of {rough(config.min_soak_ms)} soaked"
        return Outcome.INCONCLUSIVE, f"nothing is wrong; {wait}", False, True
    if proven:
        return Outcome.PASS, "every metric is proven good", False, True
    assert state.weight_ms is not None, "set by every block"
    held_ms = block.end_ms - state.weight_ms
    if held_ms < config.max_hold_ms:
        upto = f"waits {rough(held_ms)} of {rough(config.max_hold_ms)} for proof at the last step"
        wait = f"{upto}: {waiting.unproven(config, state, block)}"
        return Outcome.INCONCLUSIVE, f"nothing is wrong; {wait}", False, True
    return _unproven(config, state, block, held_ms)


def _unproven(config: Config, state: State, block: Block, held_ms: int) -> Ruling:
    """End a hold without proof as the policy says; by one good scrape nothing is promoted."""
    fewest = min(state.weighed[m.name].total.canary for m in config.metrics)
    unproven = f"not proven good after {rough(held_ms)} at the last step"
    for metric in config.metrics if config.rule >= KEPT else ():
        if beyond := _beyond(config, metric, state.weighed[metric.name].lately):
            within = f"{beyond} within {rough(config.lately_ms)}, beyond its limit"
            return Outcome.INCONCLUSIVE, f"{unproven}: {metric.name} had {within}", False, False
    if config.on_inconclusive == "promote" and fewest >= config.min_requests:
        return Outcome.PASS, f"{unproven}, and nothing speaks against it", False, True
    if config.on_inconclusive == "rollback":
        return Outcome.INCONCLUSIVE, f"{unproven}: onInconclusive is rollback", False, False
    why = waiting.few(config, state, block) or "onInconclusive is hold"
    return Outcome.INCONCLUSIVE, f"{unproven}: {why}", False, True
