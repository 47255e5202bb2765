"""Kayenta's rule: both sides' points by ranks, metrics to groups, groups to one score.

Where it differs: nothing is random, an error or too few points hold instead of passing, the score
may never rest on errors, and a fault of a part of the points is seen (see `classify`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from gitops_canary.core.judges.classify import RANKED, Class, Found, Rule, classify
from gitops_canary.core.judges.words import exact, rough
from gitops_canary.core.numbers import number
from gitops_canary.core.text import one_line, percent
from gitops_canary.model.judging import Block, Reading
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome, Window

NAME = "mannwhitney"
POINTS_MAX = 1000
"""Points kept per side and metric: beyond that the oldest go."""
_HALF = 0.5
_ALL = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric and the groups it counts in."""

    name: str
    rule: Rule = field(default_factory=Rule)
    groups: tuple[str, ...] = ("all",)
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The metrics and what score passes; scores are 0 to 100."""

    metrics: tuple[Metric, ...]
    group_weights: Mapping[str, float] = field(default_factory=dict)
    passing: float = 95.0
    marginal: float = 75.0
    every: int = 1
    """Judge every so many blocks; the others only add points."""
    interval_ms: int = 0
    """Pass once in so much time at a weight; 0 at every block, as records before decision 49."""
    heeds: bool = True
    """Whether a block in which a side said nothing holds, whatever the points before it say; not in
    records before decision 46."""


@dataclass(frozen=True, slots=True)
class State:
    """All points so far, by metric: primary, canary."""

    points: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = field(default_factory=dict)
    blocks: int = 0
    weight: Decimal | None = None
    weight_ms: int = 0
    """Start of the first block at this weight."""


def begin(_: Config) -> State:
    """Begin with nothing seen."""
    return State()


def take(config: Config, state: State, block: Block) -> State:
    """Add a block's points, and say nothing."""
    points = {
        metric.name: _added(state.points.get(metric.name, ((), ())), block, metric.name)
        for metric in config.metrics
    }
    begun_ms = state.weight_ms if block.weight == state.weight else block.start_ms
    return State(points, state.blocks + 1, block.weight, begun_ms)


def step(config: Config, state: State, block: Block) -> tuple[State, Verdict]:
    """Add a block's points, and judge all points so far."""
    after = take(config, state, block)
    points = after.points
    found = {m.name: classify(m.rule, *points[m.name]) for m in config.metrics}
    total = score(
        [(found[m.name], m.groups) for m in config.metrics if not m.muted], config.group_weights
    )
    outcome, reason = _ruling(config, found, total)
    if outcome is not Outcome.INCONCLUSIVE and after.blocks % config.every:
        outcome, reason = Outcome.INCONCLUSIVE, f"judged every {config.every} blocks"
    if outcome is Outcome.PASS and (early := _early(config, after, block)):
        outcome, reason = Outcome.INCONCLUSIVE, f"{reason}; {early}"
    quiet = block.doubt or (_quiet(config, block) if config.heeds else "")
    if quiet:
        outcome, reason = Outcome.INCONCLUSIVE, quiet
    return after, Verdict(
        outcome=outcome,
        window=Window(start_ms=block.start_ms, end_ms=block.end_ms),
        measurements=tuple(
            _measurement(m, found[m.name], points[m.name], block) for m in config.metrics
        ),
        judge=NAME,
        reason=one_line(reason),
        final=outcome is Outcome.FAIL,
        heard=not quiet and _heard(config, found, points),
    )


def _early(config: Config, state: State, block: Block) -> str:
    """Say how much of an interval at this weight is over; empty where one ends in this block."""
    if not config.interval_ms:
        return ""
    here_ms, before_ms = block.end_ms - state.weight_ms, block.start_ms - state.weight_ms
    if here_ms // config.interval_ms > before_ms // config.interval_ms:
        return ""
    left_ms = here_ms % config.interval_ms
    return f"{rough(left_ms)} of {rough(config.interval_ms)} at {percent(block.weight)} %"


def _quiet(config: Config, block: Block) -> str:
    """Name a metric that said nothing in this block, and why; empty where every one did."""
    for metric in config.metrics:
        reading = block.reading(metric.name)
        if metric.muted or metric.rule.replace_nan:
            continue
        if reading.trouble:
            return f"{metric.name}: {reading.why or reading.trouble.value}"
        for side, points in zip(("primary", "canary"), _points(reading), strict=True):
            if all(math.isnan(one) for one in points):
                return f"{metric.name}: no points of the {side}"
    return ""


def _heard(
    config: Config,
    found: Mapping[str, Found],
    points: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]],
) -> bool:
    """Whether every metric can be compared, or has too few points so far."""
    if not config.heeds:
        return any(one.kind not in _SILENT for one in found.values())
    return all(
        found[one.name].kind not in _SILENT
        or min(map(len, points[one.name])) < one.rule.least_points
        for one in config.metrics
        if not one.muted
    )


def _added(
    before: tuple[tuple[float, ...], tuple[float, ...]], block: Block, name: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    reading = block.reading(name)
    if block.doubt or reading.trouble:
        return before
    primary, canary = _points(reading)
    return (*before[0], *primary)[-POINTS_MAX:], (*before[1], *canary)[-POINTS_MAX:]


def _points(reading: Reading) -> tuple[Sequence[float], Sequence[float]]:
    """Give the points of both sides; counts become one point in percent of bad requests."""
    counts = reading.counts
    if counts is None:
        return [_point(text) for text in reading.primary], [_point(text) for text in reading.canary]
    primary = [_ALL * counts.primary_bad / counts.primary] if counts.primary else []
    return primary, [_ALL * counts.canary_bad / counts.canary] if counts.canary else []


def _point(text: str) -> float:
    value = number(text)
    return math.nan if isinstance(value, str) else float(value)


_SILENT = frozenset({Class.NO_DATA, Class.NO_DATA_FAIL, Class.ERROR})


def score(found: Sequence[tuple[Found, Sequence[str]]], weights: Mapping[str, float]) -> float:
    """Weigh classes into a score from 0 to 100, rounded to two digits as Kayenta does."""
    every = [one for one, _ in found]
    if any(one.critical and one.kind is not Class.PASS for one in every):
        return 0.0
    missing = sum(one.kind is Class.NO_DATA for one in every)
    if not every or missing >= _HALF * len(every):
        return 0.0
    names = sorted({name for _, groups in found for name in groups})
    unweighted = [name for name in names if name not in weights]
    rest = (_ALL - sum(weights.get(name, 0.0) for name in names)) / max(len(unweighted), 1)
    total = sum(
        _group([one for one, groups in found if name in groups]) * weights.get(name, rest) / _ALL
        for name in names
    )
    return round(total, 2)


def _group(found: Sequence[Found]) -> float:
    counted = [one for one in found if one.kind not in {Class.NO_DATA, Class.ERROR}]
    if not counted:
        return _ALL
    return _ALL * sum(one.kind is Class.PASS for one in counted) / len(counted)


def _ruling(config: Config, found: Mapping[str, Found], total: float) -> tuple[Outcome, str]:
    """Let silence and errors hold before any score counts."""
    muted = {metric.name for metric in config.metrics if metric.muted}
    deciding = {name: one for name, one in found.items() if name not in muted}
    bad = {n: f for n, f in deciding.items() if f.kind in {Class.HIGH, Class.LOW}}
    silent = {n: f for n, f in deciding.items() if f.kind in _SILENT}
    told = f"score {total:g}, {config.passing:g} passes"
    if bad and (total < config.marginal or any(one.critical for one in bad.values())):
        name, one = next(iter(bad.items()))
        return Outcome.FAIL, f"{told}: {name} is {RANKED[one.kind.value]}, {one.why}"
    if silent or not deciding:
        name, why = next(
            ((n, f.why) for n, f in silent.items()), ("no metric", "none is configured")
        )
        return Outcome.INCONCLUSIVE, f"{name}: {why}"
    if total >= config.passing:
        return Outcome.PASS, told
    return Outcome.INCONCLUSIVE, f"{told}, below {config.marginal:g} fails: marginal"


def _measurement(
    metric: Metric,
    found: Found,
    points: tuple[Sequence[float], Sequence[float]],
    block: Block,
) -> Measurement:
    outcome = Outcome.PASS if found.kind is Class.PASS else Outcome.FAIL
    primary, canary = ([v for v in side if not math.isnan(v)] for side in points)
    return Measurement(
        check=metric.name,
        at_ms=block.end_ms,
        outcome=Outcome.INCONCLUSIVE if found.kind in _SILENT else outcome,
        value=f"{sum(canary) / len(canary):.4g}" if canary else None,
        limit=f"{metric.rule.direction}, tolerance {metric.rule.tolerance:g}",
        samples=f"{len(canary)} points",
        why=one_line(found.why),
        baseline=f"{sum(primary) / len(primary):.4g}" if primary else None,
        numbers={
            "class": found.kind.value,
            "critical": str(found.critical).lower(),
            "meanRatio": exact(found.ratio),
            "primaryPoints": str(len(primary)),
        },
    )
