"""The evidence of one block, added to what there was: four ways to weigh it, and one spared."""

import operator
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.eprocess import Mixture
from gitops_canary.core.judges.jumping import Edges, followed
from gitops_canary.core.judges.pod_faults import Strand
from gitops_canary.core.judges.sequential_types import EDGES, Config, Metric, Weighed
from gitops_canary.model.judging import Counts

Ratios = tuple[eprocess.Logs, ...]
"""One block's log likelihood ratios, by way; empty where a way does not look at it."""
_log = operator.attrgetter("log")


def grown(
    config: Config, metric: Metric, before: Strand, c: Counts, *, sole: float | None = None
) -> Strand:
    """Weigh one block's counts, and add them up.

    `sole` is the share of bad requests that is no fault where nobody is left to compare with; None
    where somebody is.
    """
    full = _ratios(config, metric, c, sole=sole)
    so_far = (before.worse, before.floor, before.steady, before.sole)
    ways = _times(so_far, full)
    spared = before.spared
    if not metric.known:
        here = ways
        if c.canary_bad:
            here = _times(so_far, _ratios(config, metric, _one(c), sole=sole))
        spared = _less(_times(before.spared, full), here)
    return Strand(
        worse=ways[0],
        floor=ways[1],
        steady=ways[2],
        sole=ways[3],
        spared=spared,
        total=before.total + c,
    )


def edged(
    config: Config, metric: Metric, before: Weighed, c: Counts, strands: tuple[Strand, Strand]
) -> Edges | None:
    """Follow what both sides meet; `strands` is all evidence before the block and with it.

    Beside a broken pod of the primary's nothing waits for that, nor ever does again.
    """
    if config.alone or config.rule < EDGES or before.faults.base:
        return None
    grow = partial(_tolerant, config, metric)
    return followed(
        before.edges, *strands, c, eta=metric.eta, suspicious=config.suspicious, grow=grow
    )


def _tolerant(config: Config, metric: Metric, before: Strand, c: Counts, times: int) -> Strand:
    """Add counts up, where so many times the tolerance is no fault."""
    less = config if times == 1 else replace(config, rho=config.rho * times)
    return grown(less, metric, before, c)


def _ratios(config: Config, metric: Metric, c: Counts, *, sole: float | None) -> Ratios:
    """Weigh one block: against the primary, for materiality, by itself, with nobody beside it."""
    bad, eta = eprocess.BAD, metric.eta
    usual = 2 * (metric.history or 0.0)
    # With nobody beside it, only what breaks the limit itself is a fault.
    part = 1.0 if config.alone else 0.5
    n, k, weigh = c.canary, c.canary_bad, eprocess.absolute
    return (
        eprocess.relative(n, k, c.primary, c.primary_bad, rho=config.rho, eta=eta),
        weigh(n, k, metric.budget * config.floor, bad, eta=eta),
        weigh(n, k, max(metric.budget * part, usual), bad, eta=eta),
        () if sole is None else weigh(n, k, sole, bad, eta=eta),
    )


def _times(before: Sequence[Mixture], ratios: Ratios) -> tuple[Mixture, ...]:
    pairs = zip(before, ratios, strict=True)
    return tuple([one.times(more) if more else one for one, more in pairs])


def _one(c: Counts) -> Counts:
    """Leave all of a block's bad requests out but one, as one incident.

    That lowers every likelihood ratio: what is compared with the limit is never more than the whole
    evidence, so its guarantee stays.
    """
    return replace(c, canary=c.canary - c.canary_bad + 1, canary_bad=1)


def _less(earlier: Sequence[Mixture], here: Sequence[Mixture]) -> tuple[Mixture, ...]:
    """Spare an incident of a block before, or the one of this block: whichever leaves less."""
    pairs = zip(earlier, here, strict=True)
    return tuple([min(pair, key=_log) for pair in pairs])
