"""The threshold judge: limits are inclusive, and silence is never health.

It goes through the checks of the policy, never through the answers, so that what nobody answered
counts as unanswered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from gitops_canary.core import sides
from gitops_canary.core.judges import threshold
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.questions import FRESH_SCRAPES, Role, asked, longest_window_ms
from gitops_canary.core.sides import Answers, Roles, Seen
from gitops_canary.core.text import duration, percent
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Block, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import CanarySpec, Check, Limits, Policy

_BUILTINS: Mapping[str, Callable[..., Iterator[Seen]]] = {
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
    workload: str = "",
    rule: int = RULE,
) -> Verdict:
    """Say what all checks say at one evaluation time about the canary, or another workload.

    `answers` are those to `questions(policy, spec, instants, scrape_ms=scrape_ms)`, or to those of
    records by the `rule` of their time. One failing check fails; otherwise one without a
    clear number makes it inconclusive.
    """
    [verdict] = judge_all(
        policy, spec, answers, instants, [at_ms],
        scrape_ms=scrape_ms, workload=workload, rule=rule,
    )  # fmt: skip
    return verdict


def judge_all(
    policy: Policy,
    spec: CanarySpec,
    answers: Answers,
    instants: Sequence[int],
    times: Sequence[int],
    *,
    scrape_ms: int,
    workload: str = "",
    rule: int = RULE,
) -> tuple[Verdict, ...]:
    """Judge at several of the instants; what was asked is worked out once for all of them."""
    who, limits = workload or spec.target.name, config(policy)
    ask = partial(_roles, scrape_ms=scrape_ms, workload=who, rule=rule)
    roles = [(check, ask(check, policy, spec, instants)) for check in policy.checks]
    span_ms = longest_window_ms(policy)

    def verdict(at_ms: int) -> Verdict:
        oldest_ms = _oldest_ms(at_ms, scrape_ms)
        readings = tuple(
            read(check, own, who, answers, at_ms=at_ms, oldest_ms=oldest_ms) for check, own in roles
        )
        block = Block(start_ms=at_ms - span_ms, end_ms=at_ms, weight=Decimal(0), readings=readings)
        _, found = threshold.step(limits, threshold.State(), block)
        # Failures are counted over the rollout, by whoever knows its earlier ones.
        return replace(found, final=False)

    return tuple(map(verdict, times))


def _oldest_ms(at_ms: int, scrape_ms: int) -> int:
    """Say from when on a sample is fresh enough."""
    return at_ms - FRESH_SCRAPES * scrape_ms


def value_at(
    check: Check,
    policy: Policy,
    spec: CanarySpec,
    answers: Answers,
    instants: Sequence[int],
    at_ms: int,
    *,
    scrape_ms: int,
    workload: str,
) -> Reading:
    """Read one check's value at one of the instants it was asked for."""
    return read(
        check,
        _roles(check, policy, spec, instants, scrape_ms=scrape_ms, workload=workload),
        workload,
        answers,
        at_ms=at_ms,
        oldest_ms=_oldest_ms(at_ms, scrape_ms),
    )


def results_at(
    check: Check,
    policy: Policy,
    spec: CanarySpec,
    answers: Answers,
    instants: Sequence[int],
    at_ms: int,
    *,
    scrape_ms: int,
    workload: str = "",
    rule: int = RULE,
) -> Reading:
    """Read one check as conditions see it: every series of a query is one number of `result`."""
    who = workload or spec.target.name
    roles = _roles(check, policy, spec, instants, scrape_ms=scrape_ms, workload=who, rule=rule)
    oldest_ms = _oldest_ms(at_ms, scrape_ms)
    found = read(check, roles, who, answers, at_ms=at_ms, oldest_ms=oldest_ms)
    if isinstance(roles, str) or found.trouble is not Trouble.SEVERAL:
        return found
    several = sides.present(sides.answer_at(roles[Role.VALUE], answers, at_ms), at_ms)
    ordered = sorted(several, key=lambda one: sorted(one[0].labels.items()))
    return Reading(metric=check.name, results=tuple(text for _, text in ordered))


def config(policy: Policy) -> threshold.Config:
    """Give the limits of a policy's checks."""
    return threshold.Config(
        limits={check.name: check.limits for check in policy.checks}, threshold=policy.threshold
    )


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
    check: Check,
    policy: Policy,
    spec: CanarySpec,
    instants: Sequence[int],
    *,
    scrape_ms: int,
    workload: str,
    rule: int = RULE,
) -> Roles | str:
    try:
        return asked(
            check, policy, spec, instants, scrape_ms=scrape_ms, workload=workload, rule=rule
        )
    except SpecError as error:
        return f"{error.problem} To go on: {error.remedy}"


def read(
    check: Check,
    roles: Roles | str,
    workload: str,
    answers: Answers,
    *,
    at_ms: int,
    oldest_ms: int,
) -> Reading:
    """Read one check's value of one workload at one instant."""
    if isinstance(roles, str):
        return _trouble(check, roles)
    if check.builtin is None:
        return _template(check, roles, answers, at_ms)
    ask = _BUILTINS[check.builtin]
    seen = ask(roles, answers, at_ms, canary=workload, oldest_ms=oldest_ms)
    whom = "the primary" if workload.endswith("-primary") else "the canary"
    return _worst(check, tuple(seen), whom)


def _template(check: Check, roles: Roles, answers: Answers, at_ms: int) -> Reading:
    """Read the answer of a query of the user's own: one series."""
    answer = sides.answer_at(roles[Role.VALUE], answers, at_ms)
    if answer.error:
        return _trouble(check, answer.error, Trouble.ERROR)
    found = sides.present(answer, at_ms)
    if len(found) > 1:
        why = f"the query gave {len(found)} series: aggregate them into one"
        return _trouble(check, why, Trouble.SEVERAL)
    if not found:
        return _trouble(check, "no data: the query gave no series at this instant")
    return Reading(metric=check.name, value=found[0][1])


def _worst(check: Check, seen: Sequence[Seen], whom: str) -> Reading:
    """Take the worst side with data; a side whose data is unclear keeps a pass from counting."""
    clear = [one for one in seen if one.value is not None]
    failing = [one for one in clear if not _within(one.value, check.limits)]
    unclear = [one for one in seen if one.value is None]
    if not failing and unclear:
        return _trouble(check, unclear[0].why)
    if not clear:
        window = duration(check.interval_ms)
        return _trouble(check, f"no traffic: no request to {whom} within {window}")
    worst = failing[0] if failing else _closest(clear, check.limits)
    assert worst.value is not None, "chosen from those with a value"
    return Reading(
        metric=check.name,
        value=percent(worst.value),
        why=worst.why,
        samples=f"{sides.count(worst.requests)} requests",
        baseline=None if worst.baseline is None else percent(worst.baseline),
    )


def _closest(seen: Sequence[Seen], limits: Limits) -> Seen:
    """Choose the side that is worst in the direction of the limit."""
    ordered = sorted(seen, key=lambda one: one.value or Decimal(0))
    return ordered[0] if limits.minimum is not None else ordered[-1]


def _within(value: Decimal | None, limits: Limits) -> bool:
    return value is not None and threshold.compare(value, limits)[0] is Outcome.PASS


def _trouble(check: Check, why: str, trouble: Trouble = Trouble.NO_DATA) -> Reading:
    return Reading(metric=check.name, trouble=trouble, why=why)
