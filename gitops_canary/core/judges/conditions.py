"""Argo Rollouts' rule: conditions on a result, four outcomes, limits for three of them.

A metric that failed too often condemns; one that was inconclusive too often waits for a person; one
whose source erred too often stops measuring and waits too, where Argo aborts the release: an error
of the source says nothing about a version. Block ends are the measuring times; a metric is due by
its delay and interval, and ten seconds after an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from gitops_canary.core.judges import expression
from gitops_canary.core.numbers import number
from gitops_canary.core.text import one_line
from gitops_canary.model.judging import Block, Reading
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome, Window

NAME = "conditions"
AGAIN_MS = 10_000
"""How long after an error a metric is due again, whatever its interval."""


class Phase(Enum):
    """What became of a measurement, a metric or the whole."""

    SUCCESSFUL = "Successful"
    RUNNING = "Running"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"
    FAILED = "Failed"


_ORDER = (Phase.FAILED, Phase.ERROR, Phase.INCONCLUSIVE, Phase.RUNNING, Phase.SUCCESSFUL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric with Argo's fields; limits of -1 are off."""

    name: str
    success: expression.Condition | None = None
    failure: expression.Condition | None = None
    failure_limit: int = 0
    inconclusive_limit: int = 0
    consecutive_error_limit: int = 4
    consecutive_success_limit: int = 0
    count: int | None = None
    interval_ms: int | None = None
    initial_delay_ms: int = 0
    dry_run: bool = False

    @property
    def most(self) -> int | None:
        """How many measurements are wanted; None for as many as there are."""
        if self.count is None:
            return None if self.interval_ms else 1
        return self.count or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The metrics."""

    metrics: tuple[Metric, ...]
    heeds: bool = True
    """Whether one metric's error is silence, whatever the others say, and one that is not due yet
    is none; not in records before decision 46."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one metric has had so far."""

    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    consecutive_errors: int = 0
    consecutive_successes: int = 0
    phase: Phase = Phase.RUNNING
    newest: Phase | None = None
    due_ms: int | None = None
    why: str = ""
    value: str | None = None

    @property
    def counted(self) -> int:
        """How many measurements count; errors do not."""
        return self.successful + self.failed + self.inconclusive


@dataclass(frozen=True, slots=True)
class State:
    """The metrics' tallies, and when the run began."""

    tallies: Mapping[str, Tally] = field(default_factory=dict)
    began_ms: int | None = None


def begin(_: Config) -> State:
    """Begin with nothing seen."""
    return State()


def step(config: Config, state: State, block: Block) -> tuple[State, Verdict]:
    """Take the measurements that are due in this block, and judge all so far."""
    began_ms = block.start_ms if state.began_ms is None else state.began_ms
    over = _run_phase(config, state) in {Phase.FAILED, Phase.ERROR, Phase.INCONCLUSIVE}
    tallies = {}
    for metric in config.metrics:
        tally = state.tallies.get(metric.name, Tally(due_ms=began_ms + metric.initial_delay_ms))
        tallies[metric.name] = tally if over else _measure(metric, tally, block)
    after = State(tallies, began_ms)
    return after, _verdict(config, after, block)


def outcome(metric: Metric, result: tuple[float, ...]) -> tuple[Phase, str]:
    """Say what one result is: failure wins over success, neither is inconclusive."""
    try:
        failed = metric.failure.holds(result) if metric.failure else None
        succeeded = metric.success.holds(result) if metric.success else None
    except expression.Undefined as error:
        return Phase.ERROR, str(error)
    if failed:
        return Phase.FAILED, "the failureCondition holds"
    if succeeded or (succeeded is None and failed is False):
        return Phase.SUCCESSFUL, "the successCondition holds" if succeeded else "no failure"
    if succeeded is None:
        return Phase.SUCCESSFUL, "there is no condition"
    if failed is None:
        return Phase.FAILED, "the successCondition does not hold"
    return Phase.INCONCLUSIVE, "neither condition holds"


def _measure(metric: Metric, tally: Tally, block: Block) -> Tally:
    due = tally.due_ms is None or block.end_ms >= tally.due_ms
    if tally.phase is not Phase.RUNNING or not due:
        return tally
    result = _result(block.reading(metric.name), block)
    phase, why = (Phase.ERROR, result) if isinstance(result, str) else outcome(metric, result)
    value = None if isinstance(result, str) else ", ".join(f"{one:g}" for one in result)
    return _limited(metric, _counted(metric, tally, phase, why, value, block.end_ms))


def _result(reading: Reading, block: Block) -> tuple[float, ...] | str:
    """Give the numbers of a reading, or say why there are none.

    Argo lets NaN succeed under a failureCondition and fail under a successCondition, and nothing
    succeed under all(result, ...); silence is never health, and no fault of the version either.
    """
    if block.doubt or reading.trouble:
        return block.doubt or reading.why or "an error of the source"
    numbers = []
    for text in reading.results or (() if reading.value is None else (reading.value,)):
        value = number(text)
        if isinstance(value, str):
            return value
        numbers.append(float(value))
    if not numbers and reading.counts and reading.counts.canary:
        bad = reading.counts.canary_bad
        numbers.append((reading.counts.canary - bad) / reading.counts.canary)
    return tuple(numbers) or "the result is empty"


def _counted(
    metric: Metric, tally: Tally, phase: Phase, why: str, value: str | None, at_ms: int
) -> Tally:
    error, good = phase is Phase.ERROR, phase is Phase.SUCCESSFUL
    return replace(
        tally,
        successful=tally.successful + good,
        failed=tally.failed + (phase is Phase.FAILED),
        inconclusive=tally.inconclusive + (phase is Phase.INCONCLUSIVE),
        errors=tally.errors + error,
        consecutive_errors=tally.consecutive_errors + 1 if error else 0,
        consecutive_successes=tally.consecutive_successes + 1 if good else 0,
        newest=phase,
        due_ms=at_ms + (AGAIN_MS if error else metric.interval_ms or 0),
        why=why,
        value=value,
    )


def _limited(metric: Metric, tally: Tally) -> Tally:
    """Apply the limits in Argo's order; a later one overwrites an earlier one."""
    phase = Phase.RUNNING
    if 0 <= metric.failure_limit < tally.failed:
        phase = Phase.FAILED
    if 0 <= metric.inconclusive_limit < tally.inconclusive:
        phase = Phase.INCONCLUSIVE
    if 0 <= metric.consecutive_error_limit < tally.consecutive_errors:
        phase = Phase.ERROR
    wanted = metric.consecutive_success_limit
    if phase is Phase.RUNNING and 0 < wanted <= tally.consecutive_successes:
        phase = Phase.SUCCESSFUL
    if phase is Phase.RUNNING and metric.most is not None and tally.counted >= metric.most:
        phase = Phase.SUCCESSFUL
        if wanted:
            phase = Phase.INCONCLUSIVE if metric.failure_limit >= 0 else Phase.FAILED
    return replace(tally, phase=phase)


def _run_phase(config: Config, state: State) -> Phase:
    """Give the worst phase of the metrics that decide."""
    deciding = [state.tallies.get(m.name, Tally()).phase for m in config.metrics if not m.dry_run]
    return next((phase for phase in _ORDER if phase in deciding), Phase.RUNNING)


def _verdict(config: Config, state: State, block: Block) -> Verdict:
    phase = _run_phase(config, state)
    measurements = tuple(_measurement(m, state.tallies[m.name], block) for m in config.metrics)
    deciding = [state.tallies[m.name] for m in config.metrics if not m.dry_run]
    well = all(
        t.phase is Phase.SUCCESSFUL or (t.newest is Phase.SUCCESSFUL and m.most is None)
        for m, t in zip((m for m in config.metrics if not m.dry_run), deciding, strict=True)
    )
    found = Outcome.INCONCLUSIVE
    if phase is Phase.FAILED:
        found = Outcome.FAIL
    elif deciding and well:
        found = Outcome.PASS
    return Verdict(
        outcome=found,
        window=Window(start_ms=block.start_ms, end_ms=block.end_ms),
        measurements=measurements,
        judge=NAME,
        reason=one_line(_reason(config, state, phase)),
        final=found is Outcome.FAIL,
        heard=phase in {Phase.RUNNING, Phase.SUCCESSFUL}
        and (
            bool(deciding) and all(t.newest is not Phase.ERROR for t in deciding)
            if config.heeds
            else any(t.newest not in {None, Phase.ERROR} for t in deciding)
        ),
    )


def _reason(config: Config, state: State, phase: Phase) -> str:
    """Name the phase, and the metric that brought it about."""
    for metric in config.metrics:
        tally = state.tallies[metric.name]
        if not metric.dry_run and tally.phase is phase and tally.why:
            was = f" was {tally.value}, " if tally.value else " had no result: "
            return f"{metric.name}{was}{tally.why}{_count(metric, tally)} (phase {phase.value})"
    if all(metric.dry_run for metric in config.metrics):
        return "no metric decides: every one is a dry run"
    return f"nothing was measured yet (phase {phase.value})"


def _count(metric: Metric, tally: Tally) -> str:
    """Say which failed measurement it is, of how many condemn; empty where none failed."""
    if not tally.failed or tally.newest is not Phase.FAILED or metric.failure_limit < 0:
        return ""
    return f", failed measurement {tally.failed} of {metric.failure_limit + 1}"


def _measurement(metric: Metric, tally: Tally, block: Block) -> Measurement:
    outcomes = {Phase.SUCCESSFUL: Outcome.PASS, Phase.FAILED: Outcome.FAIL}
    conditions = (metric.success, metric.failure)
    return Measurement(
        check=metric.name,
        at_ms=block.end_ms,
        outcome=outcomes.get(tally.newest or Phase.RUNNING, Outcome.INCONCLUSIVE),
        value=tally.value,
        limit=one_line(" / ".join(one.text for one in conditions if one)) or "none",
        samples=f"{tally.counted} measurements",
        why=one_line(tally.why or "not due yet"),
        numbers={
            "phase": tally.phase.value,
            "newest": tally.newest.value if tally.newest else "none",
            "successful": str(tally.successful),
            "failed": str(tally.failed),
            "inconclusive": str(tally.inconclusive),
            "errors": str(tally.errors),
            "consecutiveErrors": str(tally.consecutive_errors),
        },
    )
