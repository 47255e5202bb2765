"""Flagger's rule: limits are inclusive, and a number of failed blocks condemns.

Where it differs from Flagger it is on the side of the release and of its users: silence is no
failed check, several series are no number, and the failure that reaches the threshold condemns at
once, not one interval later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.core.numbers import number
from gitops_canary.core.text import one_line, percent
from gitops_canary.model.judging import Block, Counts, Reading
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome, Window
from gitops_canary.model.spec import Limits

NAME = "threshold"
_SHOWN = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Limits by metric, and how many failed blocks condemn (over the whole rollout)."""

    limits: Mapping[str, Limits]
    threshold: int = 1


@dataclass(frozen=True, slots=True)
class State:
    """How many blocks failed so far."""

    failed: int = 0


def begin(_: Config) -> State:
    """Begin with nothing seen."""
    return State()


def step(config: Config, state: State, block: Block) -> tuple[State, Verdict]:
    """Judge one block: the worst metric decides."""
    measurements = tuple(
        measured(block.reading(name), limits, block) for name, limits in config.limits.items()
    ) or (_nothing(block.end_ms),)
    outcome = worst(measurements)
    failed = state.failed + (outcome is Outcome.FAIL)
    verdict = Verdict(
        outcome=outcome,
        window=Window(start_ms=block.start_ms, end_ms=block.end_ms),
        measurements=measurements,
        judge=NAME,
        final=outcome is Outcome.FAIL and failed >= config.threshold,
    )
    return State(failed), verdict


def worst(measurements: tuple[Measurement, ...]) -> Outcome:
    """Take the worst outcome: a failure, else silence."""
    outcomes = {one.outcome for one in measurements}
    return next(o for o in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS) if o in outcomes)


def measured(reading: Reading, limits: Limits, block: Block) -> Measurement:
    """Compare one metric's value with its limits; anything but one finite number is silence."""
    if limits.minimum is None and limits.maximum is None:
        return silent(reading, limits, block, "no limit is set, so no value could fail")
    if block.doubt or reading.trouble:
        return silent(reading, limits, block, block.doubt or reading.why)
    text = _share(reading.counts, limits) if reading.value is None else reading.value
    if text is None:
        return silent(reading, limits, block, reading.why or "no data: there is no value")
    value = number(text)
    if isinstance(value, str):
        return silent(reading, limits, block, value)
    outcome, compared = compare(value, limits)
    return Measurement(
        check=reading.metric,
        at_ms=block.end_ms,
        outcome=outcome,
        value=text,
        limit=limit_words(limits),
        samples=reading.samples,
        why=one_line(f"{compared}: {reading.why}" if reading.why else compared),
        baseline=reading.baseline,
    )


def _share(counts: Counts | None, limits: Limits) -> str | None:
    """Give counts as a percentage: of good requests for a minimum, else of bad ones."""
    if counts is None or not counts.canary:
        return None
    good = counts.canary - counts.canary_bad
    part = good if limits.minimum is not None else counts.canary_bad
    # Rounded towards failing, so that no rate is lifted over its limit.
    rounding = "ROUND_FLOOR" if limits.minimum is not None else "ROUND_CEILING"
    return percent((Decimal(100 * part) / counts.canary).quantize(_SHOWN, rounding))


def compare(value: Decimal, limits: Limits) -> tuple[Outcome, str]:
    """Compare with limits; both ends are included."""
    if limits.minimum is not None and value < limits.minimum:
        return Outcome.FAIL, "below the limit"
    if limits.maximum is not None and value > limits.maximum:
        return Outcome.FAIL, "above the limit"
    return Outcome.PASS, "within the limits"


def limit_words(limits: Limits) -> str:
    """Write limits in words."""
    parts = (
        ("" if limits.minimum is None else f">= {percent(limits.minimum)}"),
        ("" if limits.maximum is None else f"<= {percent(limits.maximum)}"),
    )
    return " and ".join(part for part in parts if part) or "none"


def silent(reading: Reading, limits: Limits, block: Block, why: str) -> Measurement:
    """Say that a metric says nothing, and why."""
    return Measurement(
        check=reading.metric,
        at_ms=block.end_ms,
        outcome=Outcome.INCONCLUSIVE,
        value=None,
        limit=limit_words(limits),
        samples="-",
        why=one_line(why),
    )


def _nothing(at_ms: int) -> Measurement:
    """Say that nothing is measured; a canary that nobody measures does not rise by itself."""
    return Measurement(
        check="none",
        at_ms=at_ms,
        outcome=Outcome.INCONCLUSIVE,
        value=None,
        limit="none",
        samples="-",
        why="no check is configured: add analysis.metrics, or set skipAnalysis",
    )
