"""The evidence of one block, added to what there was: three ways to weigh it, and one spared."""

from dataclasses import replace

from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.eprocess import Mixture
from gitops_canary.core.judges.pod_faults import Strand
from gitops_canary.core.judges.sequential_types import Config, Metric
from gitops_canary.model.judging import Counts


def grown(config: Config, metric: Metric, before: Strand, c: Counts) -> Strand:
    """Weigh one block's counts, and add them up."""
    full = _ratios(config, metric, c)
    worse, floor = before.worse.times(full[0]), before.floor.times(full[1])
    steady = before.steady.times(full[2])
    return Strand(
        worse=worse,
        floor=floor,
        steady=steady,
        spared=before.spared
        if metric.known
        else _spared(config, metric, before, c, full, (worse, floor, steady)),
        total=_sum(before.total, c),
    )


def _ratios(config: Config, metric: Metric, c: Counts) -> tuple[eprocess.Logs, ...]:
    """Weigh one block three ways: against the primary, for materiality, and by itself."""
    bad, eta = eprocess.BAD, metric.eta
    # With nobody beside it, only what breaks the limit itself is a fault.
    part = 1.0 if config.alone else 0.5
    usual = max(metric.budget * part, 2 * (metric.history or 0.0))
    return (
        eprocess.relative(
            c.canary, c.canary_bad, c.primary, c.primary_bad, rho=config.rho, eta=eta
        ),
        eprocess.absolute(c.canary, c.canary_bad, metric.budget * config.floor, bad, eta=eta),
        eprocess.absolute(c.canary, c.canary_bad, usual, bad, eta=eta),
    )


def _spared(
    config: Config,
    metric: Metric,
    before: Strand,
    c: Counts,
    full: tuple[eprocess.Logs, ...],
    whole: tuple[Mixture, ...],
) -> tuple[Mixture, Mixture, Mixture]:
    """Weigh with one incident spared, be it in this block or in one before.

    A block's further bad requests are left out, which lowers every likelihood ratio: what is
    compared with the limit is never more than the whole evidence, so its guarantee stays.
    """
    more = max(c.canary_bad - 1, 0)
    if more:
        one = replace(c, canary=c.canary - more, canary_bad=1)
        so_far = (before.worse, before.floor, before.steady)
        less = _ratios(config, metric, one)
        whole = tuple(entire.times(part) for entire, part in zip(so_far, less, strict=True))
    worse, floor, steady = (
        min(earlier.times(all_of_it), here, key=lambda m: m.log)
        for earlier, all_of_it, here in zip(before.spared, full, whole, strict=True)
    )
    return worse, floor, steady


def _sum(a: Counts, b: Counts) -> Counts:
    return Counts(
        canary=a.canary + b.canary,
        canary_bad=a.canary_bad + b.canary_bad,
        primary=a.primary + b.primary,
        primary_bad=a.primary_bad + b.primary_bad,
    )
