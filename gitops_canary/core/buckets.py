"""Bounds of latency histograms, and what becomes of a limit that is none of them, or the largest.

A percentile of a histogram is interpolated between two bounds and never more than the largest
finite one (prometheus.io, `histogram_quantile`); requests can be counted at a bound alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from gitops_canary.core.judges import WINDOWED
from gitops_canary.core.numbers import bound
from gitops_canary.core.text import percent
from gitops_canary.errors import Place, SpecError
from gitops_canary.model.observation import Answer
from gitops_canary.model.spec import CanarySpec, Check

_SHOWN = 30
_NEAR = 3


def _ms(text: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, text.split()))


_ENVOY = _ms(
    "0.5 1 5 10 25 50 100 250 500 1000 2500 5000 10000 30000 60000 300000 600000 1800000 3600000"
)
"""Envoy's, `histogram_bucket_settings`; Istio's standard metrics are written by it."""
_CLIENT = _ms("5 10 25 50 100 250 500 1000 2500 5000 10000")
"""`prometheus.DefBuckets` of client_golang."""
_USUAL_MS: Mapping[str, tuple[Decimal, ...]] = {
    **dict.fromkeys(("istio", "smi", "contour", "gloo", "kuma", "emissary"), _ENVOY),
    # linkerd2-proxy, linkerd/metrics/src/latency.rs
    "linkerd": _ms("1 10 50 100 200 300 400 500 1000 5000 10000"),
    # ingress-nginx, `--time-buckets`; skipper, `-histogram-metric-buckets`
    **dict.fromkeys(("nginx", "skipper"), _CLIENT),
    # doc.traefik.io, `metrics.prometheus.buckets`
    "traefik": _ms("100 300 1200 5000"),
    # apisix/plugins/prometheus/exporter.lua
    "apisix": _ms("1 2 5 10 20 50 100 200 500 1000 2000 5000 10000 30000 60000"),
    # kubernetes-ingress, internal/metrics/collectors/latency.go
    "virtualserver": _ms(
        "1 2 3 4 5 10 20 30 40 50 100 200 300 400 500 1000 2000 3000 4000 5000 10000 20000 30000 "
        "40000 50000"
    ),
}
"""Those a provider has where nobody chose others; an application's own are known to nobody."""


def usual_ms(provider: str) -> tuple[Decimal, ...]:
    """Give the bounds a provider's histogram has where nobody chose others, smallest first.

    >>> [str(one) for one in usual_ms("traefik")], usual_ms("kubernetes")
    (['100', '300', '1200', '5000'], ())
    """
    return _USUAL_MS.get(provider.partition(":")[0], ())


def read_ms(answer: Answer, unit_ms: int) -> tuple[Decimal, ...]:
    """Read the finite bounds out of an answer that counts series by `le`, smallest first."""
    found = (bound(series.labels.get("le", "")) for series in answer.series)
    return tuple(sorted({one * unit_ms for one in found if isinstance(one, Decimal)}))


def no_bound(check: Check, bounds: Sequence[Decimal]) -> str | None:
    """Say that a latency limit is no bound, and what the bounds are; None where it is."""
    limit = check.limits.maximum
    if not bounds or limit in bounds:
        return None
    known = ", ".join(percent(one) for one in bounds[:_SHOWN])
    return f"the limit {limit} is no bound of a bucket, so it cannot be counted: use one of {known}"


def unusual(spec: CanarySpec) -> Iterator[SpecError]:
    """Say which latency limits do not fit the buckets that their provider usually has."""
    bounds = usual_ms(spec.provider)
    whose = f"that {spec.provider} has unless it is configured otherwise"
    for index, check in enumerate(spec.policy.checks):
        if found := misfit(check, spec, bounds, whose):
            place = Place.read(spec.origins.get(f"checks[{index}].maximum", "")) or spec.place
            yield SpecError(found.problem, remedy=found.remedy, place=place)


def misfit(
    check: Check, spec: CanarySpec, bounds: Sequence[Decimal], whose: str
) -> SpecError | None:
    """Say why a latency limit can never fail, or never be counted; None where it can.

    `whose` says which buckets they are.
    """
    limit = check.limits.maximum
    if check.builtin != "request-duration" or limit is None or not bounds:
        return None
    top, judge = bounds[-1], spec.policy.judge.type
    near = ", ".join(percent(one) for one in _nearest(bounds, limit))
    if judge not in WINDOWED:
        if limit in bounds:
            return None
        return SpecError(
            f"The limit of {check.name}, {percent(limit)} ms, is no bound of the buckets {whose}: "
            f"{judge} counts at bounds, so nothing would ever pass.",
            remedy=f"use a bound, e.g. {near}, or give the histogram this one",
        )
    if limit < top:
        return None
    return SpecError(
        f"The limit of {check.name}, {percent(limit)} ms, is not below {percent(top)}, the largest "
        f"finite bound of the buckets {whose}: a percentile is never more, so no look ever fails.",
        remedy=f"use less than {percent(top)}, give the histogram larger buckets, or let "
        f"`judge: {{type: sequential}}` count what lies beyond {percent(top)}",
    )


def _nearest(bounds: Sequence[Decimal], limit: Decimal) -> list[Decimal]:
    return sorted(sorted(bounds, key=lambda one: abs(one - limit))[:_NEAR])
