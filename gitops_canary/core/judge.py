"""The threshold judge: limits are inclusive, and silence is never health.

It goes through the checks of the policy, never through the answers, so that what nobody answered
counts as unanswered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from gitops_canary.core import sides
from gitops_canary.core.questions import Role, asked, longest_window_ms
from gitops_canary.core.sides import Answers, Reading, Roles
from gitops_canary.core.text import duration, one_line, percent
from gitops_canary.errors import SpecError
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome, Window
from gitops_canary.model.spec import CanarySpec, Check, Limits, Policy

FRESH_SCRAPES = 2
"""How many scrapes old the newest sample may be."""
_BUILTINS: Mapping[str, Callable[..., Iterator[Reading]]] = {
    "request-success-rate": sides.success_rate,
    "request-duration": sides.latency,
}


def judge(
    policy: Policy,
    spec: CanarySpec,
    answers: Answers,
    instants: Sequence[int],
    at_ms: int,
    *,
    scrape_ms: int,
) -> Verdict:
    """Say what all checks say at one evaluation time.

    `answers` are those to `questions(policy, spec, instants, scrape_ms=scrape_ms)`. One failing
    check fails; otherwise one without a clear number makes it inconclusive.
    """
    oldest_ms = at_ms - FRESH_SCRAPES * scrape_ms
    measurements = tuple(
        _measure(
            check,
            _roles(check, policy, spec, instants, scrape_ms),
            spec,
            answers,
            at_ms=at_ms,
            oldest_ms=oldest_ms,
        )
        for check in policy.checks
    ) or (_nothing(at_ms),)
    outcomes = {m.outcome for m in measurements}
    worst = next(o for o in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS) if o in outcomes)
    window = Window(start_ms=at_ms - longest_window_ms(policy), end_ms=at_ms)
    return Verdict(outcome=worst, window=window, measurements=measurements)


def tally(
    verdicts: Sequence[Verdict], failed_before: int, threshold: int
) -> tuple[int | None, Outcome, int]:
    """Find the first verdict that decides: its index, what it decides, and the failures so far.

    The first pass passes, the failure that reaches the threshold fails; an inconclusive verdict
    counts for neither. Where nothing decides, the index is None.
    """
    failed = failed_before
    for index, verdict in enumerate(verdicts):
        if verdict.outcome is Outcome.PASS:
            return index, Outcome.PASS, failed
        failed += verdict.outcome is Outcome.FAIL
        if verdict.outcome is Outcome.FAIL and failed >= threshold:
            return index, Outcome.FAIL, failed
    return None, Outcome.INCONCLUSIVE, failed


def _roles(
    check: Check, policy: Policy, spec: CanarySpec, instants: Sequence[int], scrape_ms: int
) -> Roles | str:
    try:
        return asked(check, policy, spec, instants, scrape_ms=scrape_ms)
    except SpecError as error:
        return f"{error.problem} To go on: {error.remedy}"


def _measure(
    check: Check,
    roles: Roles | str,
    spec: CanarySpec,
    answers: Answers,
    *,
    at_ms: int,
    oldest_ms: int,
) -> Measurement:
    if check.limits.minimum is None and check.limits.maximum is None:
        return _silent(check, at_ms, "no limit is set, so no value could fail")
    if isinstance(roles, str):
        return _silent(check, at_ms, roles)
    if check.builtin is None:
        return _template(check, roles, answers, at_ms)
    read = _BUILTINS[check.builtin]
    readings = tuple(read(roles, answers, at_ms, canary=spec.target.name, oldest_ms=oldest_ms))
    return _worst(check, readings, at_ms)


def _template(check: Check, roles: Roles, answers: Answers, at_ms: int) -> Measurement:
    """Judge the answer of a query of the user's own: one series, one finite number."""
    answer = sides.answer_at(roles[Role.VALUE], answers, at_ms)
    if answer.error:
        return _silent(check, at_ms, answer.error)
    found = sides.present(answer, at_ms)
    if len(found) != 1:
        why = (
            f"the query gave {len(found)} series: aggregate them into one"
            if found
            else "no data: the query gave no series at this instant"
        )
        return _silent(check, at_ms, why)
    text = found[0][1]
    value = sides.number(text)
    if isinstance(value, str):
        return _silent(check, at_ms, value)
    outcome, why = _compare(value, check.limits)
    return _measurement(check, at_ms, outcome, value=text, why=why)


def _worst(check: Check, readings: Sequence[Reading], at_ms: int) -> Measurement:
    """Take the worst side with data; a side whose data is unclear keeps a pass from counting."""
    clear = [r for r in readings if r.value is not None]
    failing = [r for r in clear if r.value is not None and not _within(r.value, check.limits)]
    unclear = [r for r in readings if r.value is None]
    if not failing and unclear:
        return _silent(check, at_ms, unclear[0].why)
    if not clear:
        window = duration(check.interval_ms)
        return _silent(check, at_ms, f"no traffic: no request to the canary within {window}")
    worst = failing[0] if failing else _closest(clear, check.limits)
    assert worst.value is not None, "chosen from those with a value"
    outcome, compared = _compare(worst.value, check.limits)
    return _measurement(
        check,
        at_ms,
        outcome,
        value=percent(worst.value),
        why=f"{compared}: {worst.why}",
        samples=f"{sides.count(worst.requests)} requests",
        baseline=None if worst.baseline is None else percent(worst.baseline),
    )


def _closest(readings: Sequence[Reading], limits: Limits) -> Reading:
    """Choose the reading that is worst in the direction of the limit."""
    ordered = sorted(readings, key=lambda r: r.value or Decimal(0))
    return ordered[0] if limits.minimum is not None else ordered[-1]


def _within(value: Decimal, limits: Limits) -> bool:
    return (limits.minimum is None or value >= limits.minimum) and (
        limits.maximum is None or value <= limits.maximum
    )


def _compare(value: Decimal, limits: Limits) -> tuple[Outcome, str]:
    if limits.minimum is not None and value < limits.minimum:
        return Outcome.FAIL, "below the limit"
    if limits.maximum is not None and value > limits.maximum:
        return Outcome.FAIL, "above the limit"
    return Outcome.PASS, "within the limits"


def _limit(check: Check) -> str:
    parts = (
        ("" if check.limits.minimum is None else f">= {percent(check.limits.minimum)}"),
        ("" if check.limits.maximum is None else f"<= {percent(check.limits.maximum)}"),
    )
    return " and ".join(part for part in parts if part) or "none"


def _silent(check: Check, at_ms: int, why: str) -> Measurement:
    return _measurement(check, at_ms, Outcome.INCONCLUSIVE, value=None, why=why)


def _measurement(
    check: Check,
    at_ms: int,
    outcome: Outcome,
    *,
    value: str | None,
    why: str,
    samples: str = "-",
    baseline: str | None = None,
) -> Measurement:
    return Measurement(
        check=check.name,
        at_ms=at_ms,
        outcome=outcome,
        value=value,
        limit=_limit(check),
        samples=samples,
        why=one_line(why),
        baseline=baseline,
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
