"""One sentence per decision, the same in commit, log and command line; and what it rests on."""

from collections.abc import Callable, Iterator, Mapping
from math import isfinite

from gitops_canary.core.judges.classify import RANKED
from gitops_canary.core.text import one_line, percent
from gitops_canary.core.units import Units
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


def sums(verdict: Verdict, units: Units) -> Iterator[str]:
    """Say what a verdict rests on and what follows, and what judges beside it would have said."""
    yield from _sums(verdict, units, "")
    if verdict.reason:
        yield one_line(f"{verdict.judge}: {verdict.outcome.value}, {verdict.reason}")
    for shadow in verdict.shadows:
        would = f"{shadow.judge}, which decides nothing, would say {shadow.outcome.value}"
        yield one_line(f"{would}{f': {shadow.reason}' if shadow.reason else ''}")
        yield from _sums(shadow, units, "  ")


def _sums(verdict: Verdict, units: Units, indent: str) -> Iterator[str]:
    found = zip(verdict.measurements, arithmetic(verdict, units), strict=True)
    for measurement, line in found:
        yield f"{indent}{measurement.outcome.value}: {line}"


def arithmetic(verdict: Verdict, units: Units) -> Iterator[str]:
    """Say what each check rests on, so that a person can do the sum again."""
    words, units = _ARITHMETIC.get(verdict.judge, _told), units.under(verdict.judge)
    for one in verdict.measurements:
        yield one_line(f"{one.check}: {one.why if one.value is None else words(one, units)}")


def _limits(one: Measurement, units: Units) -> str:
    """Say what was measured, on how much, beside its limit and the primary's value."""
    value, limit = units.value(one.check, one.value), units.limit(one.check, one.limit)
    on = "" if one.samples == "-" else f" on {one.samples}"
    other = units.value(one.check, one.baseline)
    beside = "" if one.baseline is None else f", {other} on the primary"
    return f"{value}{on} against {limit}{beside}: {one.why}"


def _conditions(one: Measurement, units: Units) -> str:
    said = one.numbers
    if "phase" not in said:
        return _limits(one, units)
    counted = ", ".join(f"{said[kind]} {kind}" for kind in ("failed", "inconclusive", "errors"))
    value, limit = units.value(one.check, one.value), units.limit(one.check, one.limit)
    return f"result {value} ({limit}): {one.why}; {counted} of {one.samples}: phase {said['phase']}"


def _ranks(one: Measurement, units: Units) -> str:
    said = one.numbers
    ratio = float(said.get("meanRatio", "nan"))
    times = f" ({ratio:.3g}x)" if isfinite(ratio) else ""
    value = units.value(one.check, one.value)
    other = "nothing" if one.baseline is None else units.value(one.check, one.baseline)
    found = RANKED.get(said.get("class", ""), one.outcome.value)
    return f"{value} on average of {one.samples}, {other} on the primary{times}: {found}, {one.why}"


def _told(one: Measurement, units: Units) -> str:
    """Give the judge's own words, which hold the counts and the evidence; values have limits."""
    return one.why if one.numbers else _limits(one, units)


_ARITHMETIC: Mapping[str, Callable[[Measurement, Units], str]] = {
    "threshold": _limits,
    "conditions": _conditions,
    "mannwhitney": _ranks,
}
