"""One sentence per decision, the same in commit, log and command line; and what it rests on."""

from collections.abc import Callable, Iterator, Mapping
from math import isfinite

from gitops_canary.core.text import one_line, percent
from gitops_canary.model.decision import Act, Decision
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.spec import Policy, Strategy


def ladder(policy: Policy) -> str:
    """Say in a few words how a candidate gets its traffic."""
    looks = "1 passing look" if policy.iterations == 1 else f"{policy.iterations} passing looks"
    first = "" if policy.mirror is None else f"{percent(policy.mirror)}% mirrored -> "
    match policy.strategy:
        case Strategy.AB_TEST:
            return f"all matching requests for {looks}"
        case Strategy.BLUE_GREEN:
            return f"{first}{looks} before any traffic -> 100%"
        case Strategy.WEIGHTED:
            return first + " -> ".join(f"{percent(step)}%" for step in policy.steps)


def sentence(decision: Decision) -> str:
    """Say what is done, or not done, and why; and the next command where a person is needed."""
    if isinstance(decision, Act):
        what = f"{decision.action.value}, weight {percent(decision.weight)} %"
        return one_line(f"{decision.canary}: {what}. {decision.reason}")
    text = f"{decision.canary}: {decision.wait.value}. {decision.reason}"
    return one_line(f"{text} Try: {decision.remedy}." if decision.remedy else text)


def arithmetic(verdict: Verdict) -> Iterator[str]:
    """Say what each check rests on, so that a person can do the sum again."""
    words = _ARITHMETIC.get(verdict.judge, _told)
    for one in verdict.measurements:
        yield one_line(f"{one.check}: {one.why if one.value is None else words(one)}")


def against(value: str | None, samples: str, limit: str, baseline: str | None) -> str:
    """Say what was measured, on how much, beside its limit and the primary's value."""
    on = "" if samples == "-" else f" on {samples}"
    beside = "" if baseline is None else f", {baseline} on the primary"
    return f"{value}{on} against {limit}{beside}"


def _limits(one: Measurement) -> str:
    return f"{against(one.value, one.samples, one.limit, one.baseline)}: {one.why}"


def _conditions(one: Measurement) -> str:
    said = one.numbers
    counted = ", ".join(f"{said[kind]} {kind}" for kind in ("failed", "inconclusive", "errors"))
    if "phase" not in said:
        return _limits(one)
    return (
        f"result {one.value} against {one.limit}: {one.why}; "
        f"{counted} of {one.samples}: {said['phase']}"
    )


def _ranks(one: Measurement) -> str:
    said = one.numbers
    ratio = float(said.get("meanRatio", "nan"))
    times = f" ({ratio:.3g}x)" if isfinite(ratio) else ""
    return (
        f"{one.value} on average of {one.samples}, {one.baseline or 'nothing'} on the primary"
        f"{times}: {said.get('class', one.outcome.value)}, {one.why}"
    )


def _told(one: Measurement) -> str:
    """Give the judge's own words, which hold the counts and the evidence; values have limits."""
    return one.why if one.numbers else _limits(one)


_ARITHMETIC: Mapping[str, Callable[[Measurement], str]] = {
    "threshold": _limits,
    "conditions": _conditions,
    "mannwhitney": _ranks,
}
