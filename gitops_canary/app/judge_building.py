"""From a judge as people write it to a judge's configuration."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from gitops_canary.app import judge_models as models
from gitops_canary.app.judge_problems import Source
from gitops_canary.app.model_fields import Loc
from gitops_canary.core.judges import Config, conditions, expression, mannwhitney, sequential
from gitops_canary.core.judges import threshold as thresholds
from gitops_canary.core.judges.classify import Rule
from gitops_canary.errors import SpecError
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.model.spec import Limits

Placing = Callable[..., AbstractContextManager[None]]
"""Lets an error name the place that a path leads to."""
ALL = 100
"""Percent that the weights of groups share."""
DIGITS = 12
"""Decimals of the evidence: enough to compare it with another implementation's."""


def judges(document: models.Document, source: Source) -> list[Config]:
    """Build the configurations of all judges, the deciding one first.

    Raises:
        SpecError: a condition cannot be read, names clash, or a limit is missing; it names its
            place.
    """
    shadows = enumerate(document.shadows)
    every: list[tuple[models.AnyJudge, Loc]] = [(document.judge, ("judge",))]
    every += [(one, ("shadows", index)) for index, one in shadows]
    return [_built(judge, partial(source.placing, *path)) for judge, path in every]


def _built(judge: models.AnyJudge, placing: Placing) -> Config:
    """Build one; `placing` lets errors name the place of a part of it."""
    _named(judge, placing)
    match judge:
        case models.Threshold():
            return _threshold(judge.metrics, judge.threshold, partial(placing, "metrics"))
        case models.Conditions():
            every = enumerate(judge.metrics)
            metrics = (_condition(one, partial(placing, "metrics", at)) for at, one in every)
            return conditions.Config(metrics=tuple(metrics))
        case models.MannWhitney():
            return _ranked(judge, placing)
        case models.Sequential():
            return _sequential(judge, placing)


def _named(judge: models.AnyJudge, placing: Placing) -> None:
    """Refuse a judge without metrics, or with two of one name."""
    lists = {"metrics": judge.metrics, "values": getattr(judge, "values", ())}
    known: set[str] = set()
    for field, at, one in (
        (f, at, one) for f, listed in lists.items() for at, one in enumerate(listed)
    ):
        with placing(field, at, "name"):
            if one.name in known:
                raise SpecError(
                    f"The judge has two metrics named {shown(one.name)}.",
                    remedy="give each a name of its own",
                )
        known.add(one.name)
    with placing("metrics"):
        if not known:
            raise SpecError(
                "The judge has no metric.", remedy="give it metrics, each with a name of its own"
            )


def _threshold(
    metrics: Sequence[models.ThresholdMetric], threshold: int, placing: Placing
) -> thresholds.Config:
    for at, one in enumerate(metrics):
        with placing(at):
            _possible(one)
    limits = {one.name: Limits(minimum=one.min, maximum=one.max) for one in metrics}
    return thresholds.Config(limits=limits, threshold=max(threshold, 1))


def _possible(one: models.ThresholdMetric) -> None:
    """Refuse limits that nothing can fail or keep."""
    if one.min is None and one.max is None:
        problem = "has neither min nor max, so that it never passes"
    elif one.min is not None and one.max is not None and one.min > one.max:
        problem = "has a min above its max, so that it never passes"
    else:
        return
    raise SpecError(f"The metric {shown(one.name)} {problem}.", remedy="correct its limits")


def _condition(one: models.ConditionsMetric, placing: Placing) -> conditions.Metric:
    return conditions.Metric(
        name=one.name,
        success=_expression(one.success_condition, partial(placing, "successCondition")),
        failure=_expression(one.failure_condition, partial(placing, "failureCondition")),
        failure_limit=one.failure_limit,
        inconclusive_limit=one.inconclusive_limit,
        consecutive_error_limit=one.consecutive_error_limit,
        consecutive_success_limit=one.consecutive_success_limit,
        count=one.count,
        interval_ms=one.interval_ms,
        initial_delay_ms=one.initial_delay_ms,
        dry_run=one.dry_run,
    )


def _expression(text: str | None, placing: Placing) -> expression.Condition | None:
    if text is None:
        return None
    with placing():
        return expression.read(text)


def _ranked(judge: models.MannWhitney, placing: Placing) -> mannwhitney.Config:
    groups = {group for one in judge.metrics for group in one.groups}
    for name in judge.group_weights:
        with placing("groupWeights", name):
            if name not in groups:
                problem = f"No metric is in the group {shown(name)}, so its weight says nothing."
                raise SpecError(problem, remedy=nearest(name, groups))
    with placing("groupWeights"):
        if (total := sum(judge.group_weights.values())) > ALL:
            problem = f"The weights of groups add up to {total:g}."
            raise SpecError(problem, remedy=f"let them be {ALL} at the most")
    with placing("marginal"):
        if judge.marginal > judge.passing:
            problem = f"A score of {judge.marginal:g} is marginal, and {judge.passing:g} passes."
            raise SpecError(problem, remedy="let marginal be passing at the most")
    return mannwhitney.Config(
        metrics=tuple(_rank(one) for one in judge.metrics),
        group_weights=judge.group_weights,
        passing=judge.passing,
        marginal=judge.marginal,
        every=judge.every,
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


def _sequential(judge: models.Sequential, placing: Placing) -> sequential.Config:
    every = enumerate(judge.metrics)
    return sequential.Config(
        metrics=tuple(_counted(one, partial(placing, "metrics", at)) for at, one in every),
        values=_threshold(judge.values, judge.threshold, partial(placing, "values")),
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
        rule=judge.rule,
        mismatch=1000.0 if judge.share_guard else None,
    )


def _counted(one: models.SequentialMetric, placing: Placing) -> sequential.Metric:
    with placing():
        if (one.budget is None) == (one.min is None):
            problem = f"The metric {shown(one.name)} has no budget, or two."
            raise SpecError(problem, remedy="give budget or min")
    budget = one.budget if one.budget is not None else round(1 - (one.min or 0) / 100, 12)
    return sequential.Metric(
        name=one.name,
        budget=budget,
        eta=1 / max(one.phi, 1.0),
        history=one.history,
        known=one.known,
        warmup_ms=one.warmup_ms,
        limit=f">= {one.min:g}% good" if one.min is not None else "",
    )
