"""From a judge as people write it to a judge's configuration."""

from collections.abc import Sequence

from gitops_canary.app import judge_models as models
from gitops_canary.core.judges import Config, conditions, expression, mannwhitney, sequential
from gitops_canary.core.judges import threshold as thresholds
from gitops_canary.core.judges.classify import Rule
from gitops_canary.errors import SpecError
from gitops_canary.model.spec import Limits

PHI_MAX = 20.0
DIGITS = 12
"""Decimals of the evidence: enough to compare it with another implementation's."""


def built(
    judge: models.Threshold | models.Conditions | models.MannWhitney | models.Sequential,
) -> Config:
    """Build the configuration.

    Raises:
        SpecError: a condition cannot be read, names clash, or a budget is missing.
    """
    _named([metric.name for metric in judge.metrics])
    match judge:
        case models.Threshold():
            return _threshold(judge.metrics, judge.threshold)
        case models.Conditions():
            return conditions.Config(metrics=tuple(_condition(one) for one in judge.metrics))
        case models.MannWhitney():
            return mannwhitney.Config(
                metrics=tuple(_rank(one) for one in judge.metrics),
                group_weights=judge.group_weights,
                passing=judge.passing,
                marginal=judge.marginal,
                every=judge.every,
            )
        case models.Sequential():
            return _sequential(judge)


def _named(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise SpecError(
            f"The judge has {f'two metrics named {twice[0]!r}' if twice else 'no metric'}.",
            remedy="give it metrics, each with a name of its own",
        )


def _threshold(metrics: Sequence[models.ThresholdMetric], threshold: int) -> thresholds.Config:
    for one in metrics:
        if one.min is None and one.max is None:
            problem = "has neither min nor max, so that it never passes"
        elif one.min is not None and one.max is not None and one.min > one.max:
            problem = "has a min above its max, so that it never passes"
        else:
            continue
        raise SpecError(f"The metric {one.name!r} {problem}.", remedy="correct its limits")
    limits = {one.name: Limits(minimum=one.min, maximum=one.max) for one in metrics}
    return thresholds.Config(limits=limits, threshold=threshold)


def _condition(one: models.ConditionsMetric) -> conditions.Metric:
    success, failure = one.success_condition, one.failure_condition
    return conditions.Metric(
        name=one.name,
        success=None if success is None else expression.read(success),
        failure=None if failure is None else expression.read(failure),
        failure_limit=one.failure_limit,
        inconclusive_limit=one.inconclusive_limit,
        consecutive_error_limit=one.consecutive_error_limit,
        consecutive_success_limit=one.consecutive_success_limit,
        count=one.count,
        interval_ms=one.interval_ms,
        initial_delay_ms=one.initial_delay_ms,
        dry_run=one.dry_run,
    )


def _rank(one: models.RankMetric) -> mannwhitney.Metric:
    rule = Rule(
        direction=one.direction,
        tolerance=one.tolerance,
        confidence=one.confidence,
        effect=one.effect,
        critical=one.critical,
        must_have_data=one.must_have_data,
        replace_nan=one.nan_strategy == "replace",
        remove_outliers=one.outliers == "remove",
        outlier_factor=one.outlier_factor,
        partial=one.partial_ratio,
        least_points=one.least_points,
        allowed=_pair(one.allowed_decrease, one.allowed_increase, one.effect),
        critical_at=_pair(one.critical_decrease, one.critical_increase, one.effect),
    )
    return mannwhitney.Metric(name=one.name, rule=rule, groups=one.groups, muted=one.muted)


def _pair(down: float | None, up: float | None, effect: str) -> tuple[float, float]:
    neutral = 0.5 if effect == "cles" else 1.0
    return neutral if down is None else down, neutral if up is None else up


def _sequential(judge: models.Sequential) -> sequential.Config:
    return sequential.Config(
        metrics=tuple(_counted(one) for one in judge.metrics),
        values=_threshold(judge.values, judge.threshold),
        alpha=judge.alpha,
        rho=judge.rho,
        floor=judge.floor,
        dwell_ms=judge.dwell_ms,
        seen_ms=judge.seen_ms,
        fast_dwell_ms=judge.fast_dwell_ms,
        fast=judge.fast_advance,
        min_soak_ms=judge.min_soak_ms,
        max_hold_ms=judge.max_hold_ms,
        min_requests=judge.min_requests,
        on_inconclusive=judge.on_inconclusive,
        pod_grace_ms=judge.pod_grace_ms,
        digits=DIGITS,
        mismatch=1000.0 if judge.share_guard else None,
    )


def _counted(one: models.SequentialMetric) -> sequential.Metric:
    if (one.budget is None) == (one.min is None):
        raise SpecError(
            f"The metric {one.name!r} has no budget, or two.", remedy="give budget or min"
        )
    budget = one.budget if one.budget is not None else round(1 - (one.min or 0) / 100, 12)
    return sequential.Metric(
        name=one.name,
        budget=budget,
        eta=1 / min(max(one.phi, 1.0), PHI_MAX),
        history=one.history,
        known=one.known,
        warmup_ms=one.warmup_ms,
        limit=f">= {one.min:g}% good" if one.min is not None else "",
    )
