"""From a policy to the configurations of its judges."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from gitops_canary.core.hour_before import Past
from gitops_canary.core.judges import conditions, expression, mannwhitney, sequential, threshold
from gitops_canary.core.judges.classify import Rule
from gitops_canary.core.judges.sequential_types import (
    BURSTY,
    HEEDS,
    KEPT,
    PACED,
    RULE,
    SPLIT,
    ZEROS,
)
from gitops_canary.core.text import percent
from gitops_canary.errors import Place, SpecError
from gitops_canary.model.spec import CanarySpec, Check, Criteria, JudgePolicy, Limits, Policy

QUANTILE_BUDGET = 0.01
"""Part of the requests that may be slower than a limit on the 99th percentile."""
PHI_MAX = 20.0
"""The largest overdispersion that is believed of any service; see `_believed`."""
FREE_LEAST = 6
"""Degrees of freedom from which an estimate of the overdispersion counts (two bad minutes)."""
_NEVER = 1_000_000_000


def ranked(policy: Policy, rule: int) -> mannwhitney.Config:
    """Compare every counted check by ranks; more is worse."""
    compared = Rule(
        direction="increase", critical=True, alike_too=rule >= SPLIT, from_none=rule >= ZEROS
    )
    counted = (check for check in policy.checks if check.builtin)
    return mannwhitney.Config(
        metrics=tuple(mannwhitney.Metric(name=check.name, rule=compared) for check in counted),
        interval_ms=policy.interval_ms if rule >= PACED else 0,
        heeds=rule >= HEEDS,
    )


def counted(
    policy: Policy, metrics: tuple[sequential.Metric, ...],
    *, weight: Decimal, alone: bool, seen_ms: int, rule: int,
) -> sequential.Config:  # fmt: skip
    """Weigh counts; checks without counts are judged by their limits."""
    said = policy.judge
    valued = {c.name: c.limits for c in policy.checks if not c.builtin}
    found = sequential.Config(
        metrics=metrics,
        # Failures are counted over the rollout, by whoever knows its earlier ones.
        values=threshold.Config(limits=valued, threshold=_NEVER),
        alpha=float(said.alpha),
        rho=float(said.rho),
        dwell_ms=said.dwell_ms,
        seen_ms=seen_ms,
        min_soak_ms=said.min_soak_ms,
        max_hold_ms=said.max_hold_ms,
        min_requests=said.min_requests,
        fast=said.fast_advance,
        pod_grace_ms=said.pod_grace_ms,
        on_inconclusive=said.on_inconclusive,
        # After a promotion there is no step, and nothing to count.
        looks=1 if alone else policy.needed(1 if weight else 0),
        interval_ms=policy.interval_ms,
        alone=alone,
        rule=rule,
    )
    if not said.share_guard or (policy.affinity is not None and rule >= KEPT):
        # Whoever met the candidate stays with it, so its share is more than the weight.
        return replace(found, mismatch=None)
    return found


def metric(check: Check, said: JudgePolicy, past: Past, rule: int = RULE) -> sequential.Metric:
    """Weigh one check by its budget, and by what the primary did before the rollout."""
    slow = check.builtin == "request-duration"
    most = _believed(check, past) if rule >= BURSTY else PHI_MAX
    phi = max(past.phi, float(said.overdispersion or 1), 1.0)
    return sequential.Metric(
        name=check.name,
        budget=budget(check),
        eta=1 / min(phi, most),
        known=past.free >= FREE_LEAST or said.overdispersion is not None,
        history=past.share,
        warmup_ms=said.warmup_ms if slow else 0,
        what=f"took over {percent(check.limits.maximum or Decimal(0))} ms" if slow else "failed",
        limit=_limit(check),
    )


def _believed(check: Check, past: Past) -> float:
    """Give the largest overdispersion that is believed: 20, or more where much comes at once.

    Of a pod that stops for a second, bursts grow with its requests. But what lies in two minutes
    alone is one incident, and so is a burst that takes the budget of a minute of the whole service.
    """
    return max(PHI_MAX, min(past.lasting, budget(check) * past.minute))


def _limit(check: Check) -> str:
    """Write a check's limit as the percentage of good requests that it is."""
    if check.builtin == "request-duration":
        return f">= 99 within {percent(check.limits.maximum or Decimal(0))} ms"
    return threshold.limit_words(check.limits)


def budget(check: Check) -> float:
    """Give the share of bad requests that a builtin check allows."""
    if check.builtin == "request-duration":
        return QUANTILE_BUDGET
    return float(1 - (check.limits.minimum or Decimal(0)) / 100)


def conditioned(
    policy: Policy, spec: CanarySpec, *, endless: bool = False, rule: int = RULE
) -> conditions.Config:
    """Ask every check's conditions, or its limits as one, every interval of the analysis.

    `endless` measures on where enough good measurements would be the end.

    Raises:
        SpecError: a condition cannot be read; it names its place.
    """
    found = tuple(
        _condition(check, policy, spec.origins, f"checks[{index}].criteria")
        for index, check in enumerate(policy.checks)
    )
    if endless:
        found = tuple(replace(one, count=None, consecutive_success_limit=0) for one in found)
    return conditions.Config(metrics=found, heeds=rule >= HEEDS)


def checked(spec: CanarySpec) -> None:
    """Read the conditions of a Canary that is judged by them.

    Raises:
        SpecError: one cannot be read.
    """
    judge = spec.policy.judge
    if conditions.NAME in {judge.type, *judge.shadows}:
        conditioned(spec.policy, spec)


def _condition(
    check: Check, policy: Policy, origins: Mapping[str, str], at: str
) -> conditions.Metric:
    said = check.criteria or Criteria()
    success = said.success or ("" if said.failure else _within(check.limits))
    return conditions.Metric(
        name=check.name,
        success=_expression(check, success, origins.get(f"{at}.success", "")),
        failure=_expression(check, said.failure, origins.get(f"{at}.failure", "")),
        failure_limit=said.failure_limit,
        inconclusive_limit=said.inconclusive_limit,
        consecutive_error_limit=said.consecutive_error_limit,
        consecutive_success_limit=said.consecutive_success_limit,
        count=said.count,
        interval_ms=policy.interval_ms,
        initial_delay_ms=said.initial_delay_ms,
        dry_run=said.dry_run,
    )


def _expression(check: Check, text: str, origin: str) -> expression.Condition | None:
    if not text:
        return None
    try:
        return expression.read(text)
    except SpecError as error:
        problem = f"The check {check.name}: {error.problem}"
        raise SpecError(problem, remedy=error.remedy, place=Place.read(origin)) from error


def _within(limits: Limits) -> str:
    """Write limits as a condition; both ends are included."""
    ends = ((">=", limits.minimum), ("<=", limits.maximum))
    return " && ".join(f"result[0] {sign} {percent(end)}" for sign, end in ends if end is not None)
