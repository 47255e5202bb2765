"""Which series each mesh and router counts requests in, and by which names they are found."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from gitops_canary.core import ingress_series, istio
from gitops_canary.core.ingress_series import NOT_WORD, PORT
from gitops_canary.core.istio import Names
from gitops_canary.core.promql import escaped, exactly
from gitops_canary.core.streams import Stream, Telemetry, both
from gitops_canary.errors import SpecError
from gitops_canary.model.initial import Measured

_HASH = "[bcdfghjklmnpqrstvwxz2456789]"
"""Characters of the hashes in pod names; `primary` has others, so it is never taken for one."""
_POD = {
    "Deployment": f"-{_HASH}{{1,10}}-{_HASH}{{5}}",
    "DaemonSet": f"-{_HASH}{{5}}",
    "StatefulSet": "-[0-9]{1,10}",
}
"""What follows a workload's name in its pods' names, by kind."""
_KNOWN = 256
"""Canaries whose series are remembered: they are asked for at each look."""
_ANYBODY = Names(namespace="ns", canary="x", primary="x-primary", service="x-canary")


@lru_cache(_KNOWN)
def telemetry(provider: str, names: Names) -> Telemetry:
    """Say what a provider counts.

    Raises:
        SpecError: it counts nothing that could be found by name.
    """
    family = provider.partition(":")[0]
    if family in _REFUSED:
        problem, remedy = _REFUSED[family]
        raise SpecError(f"There is no builtin metric for {provider}: {problem}.", remedy=remedy)
    if family not in _FAMILIES:
        raise SpecError(
            f"There is no builtin metric for the provider {provider}.",
            remedy="write the query in a MetricTemplate: only you know its series",
        )
    return _FAMILIES[family](names)


def measured(provider: str) -> Measured:
    """Say which builtin metrics there are for a provider."""
    try:
        counted = telemetry(provider, _ANYBODY)
    except SpecError:
        # Not swallowed: that there are none is what is asked.
        return Measured()
    return Measured(
        requests=True,
        latency_ms=counted.usual_ms if counted.latency else None,
        compared=counted.compared(_ANYBODY.primary),
    )


def _istio(names: Names) -> Telemetry:
    """Every side by itself; a request that no endpoint took counts as the canary's."""
    namespace = exactly("destination_workload_namespace", names.namespace)
    requests = tuple(
        Stream(
            workload=workload,
            metric=istio.REQUESTS,
            where=(namespace, exactly("destination_workload", workload), f'reporter="{side}"'),
            side=side,
            code="response_code",
        )
        for side in ("source", "waypoint", "destination")
        for workload in (names.canary, names.primary)
    )
    lost = Stream(
        workload=names.canary,
        metric=istio.REQUESTS,
        where=(
            exactly("destination_service_namespace", names.namespace),
            exactly("destination_service_name", names.service),
            'destination_workload="unknown"',
        ),
        side="source",
        code="response_code",
    )
    latency = tuple(replace(one, metric=istio.LATENCY) for one in requests)
    return Telemetry(requests=(*requests, lost), latency=latency)


def _linkerd(names: Names) -> Telemetry:
    """The proxy of the pod, and those of its callers, which still count when it crashes."""

    def streams(metric: str) -> tuple[Stream, ...]:
        return tuple(
            Stream(
                workload=workload,
                metric=metric,
                where=(
                    exactly(f"{prefix}namespace", names.namespace),
                    exactly(f"{prefix}{names.kind.lower()}", workload),
                    f'direction="{direction}"',
                ),
                side=side,
                failure=("classification", "failure"),
            )
            for workload in (names.canary, names.primary)
            for prefix, direction, side in (
                ("dst_", "outbound", "source"),
                ("", "inbound", "destination"),
            )
        )

    return Telemetry(
        requests=streams("response_total"), latency=streams("response_latency_ms_bucket")
    )


def _clusters(names: Names, where: Callable[[str], tuple[str, ...]]) -> Telemetry:
    """Envoy's own counters of its upstream clusters."""
    requests, slow = "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket"
    return Telemetry(
        requests=both(names, requests, where, side="source", code="envoy_response_code"),
        latency=both(names, slow, where, side="source"),
    )


def _contour(names: Names) -> Telemetry:
    prefix = f"{escaped(names.namespace)}_{escaped(names.apex)}"
    return _clusters(names, lambda arm: (f'envoy_cluster_name=~"{prefix}-{arm}_{PORT}"',))


def _gloo(names: Names) -> Telemetry:
    """A Service that a route names is `kube-svc:<namespace>-<service>-<port>_<namespace>`.

    An Upstream that Gloo made of it goes without the prefix; one that Flagger made is named after
    the workload. With Kubernetes Gateway API on, namespace, Service and port follow once more.
    """
    namespace, apex = escaped(names.namespace), escaped(names.apex)
    flagger = f"{namespace}-{escaped(names.canary)}"

    def where(arm: str) -> tuple[str, ...]:
        again = f"(_{namespace}_{apex}-{arm}_[0-9]+)?"
        own = f"(kube-(svc|upstream)[:_])?{namespace}-{apex}-{arm}-[0-9]+_{PORT}{again}"
        made = f"{flagger}-{arm}upstream-{PORT}_{PORT}"
        return (f'envoy_cluster_name=~"{own}|{made}"',)

    return _clusters(names, where)


def _kuma(names: Names) -> Telemetry:
    apex, namespace = escaped(names.apex), escaped(names.namespace)
    return _clusters(names, lambda arm: (f'service=~"{apex}-{arm}_{namespace}_svc_{PORT}"',))


def _emissary(names: Names) -> Telemetry:
    """Named after the Mapping's `service`, `_` for what is no letter or digit.

    Since 2.0 statistics go by that alone (`stats_name`), before by `cluster_` and more around it.
    Emissary adds the namespace to a Service without one where it is not its own.
    """
    namespace, apex = (NOT_WORD.sub("_", name) for name in (names.namespace, names.apex))

    def where(arm: str) -> tuple[str, ...]:
        service = f"{apex}_{arm}_{namespace}(_svc(_cluster_local)?)?"
        name = f"(cluster_)?(https?___)?{service}(_[0-9]+)?(_otls)?(_{namespace})?"
        return (f'envoy_cluster_name=~"{name}"',)

    return _clusters(names, where)


def _application(names: Names) -> Telemetry:
    """What the application itself exports; pods are told apart by the end of their names."""

    def where(arm: str) -> tuple[str, ...]:
        workload = escaped(names.canary if arm == "canary" else names.primary)
        pod = f'kubernetes_pod_name=~"{workload}{_POD[names.kind]}"'
        return exactly("kubernetes_namespace", names.namespace), pod

    metric = "http_request_duration_seconds"
    return Telemetry(
        requests=both(names, f"{metric}_count", where, side="destination", code="status"),
        latency=both(names, f"{metric}_bucket", where, side="destination"),
        unit_ms=1000,
    )


def _skipper(names: Names) -> Telemetry:
    """By Service in an Ingress; a RouteGroup's routes are numbered, so the application tells."""
    routed, own = ingress_series.skipper(names), _application(names)
    return replace(
        routed, requests=routed.requests + own.requests, latency=routed.latency + own.latency
    )


_FAMILIES: Mapping[str, Callable[[Names], Telemetry]] = {
    "istio": _istio,
    "smi": _istio,
    "linkerd": _linkerd,
    "nginx": ingress_series.nginx,
    "contour": _contour,
    "gloo": _gloo,
    "kuma": _kuma,
    "kubernetes": _application,
    "gatewayapi": _application,
    "skipper": _skipper,
    "traefik": ingress_series.traefik,
    "apisix": ingress_series.apisix,
    "emissary": _emissary,
    "openshift": ingress_series.openshift,
    "virtualserver": ingress_series.virtual_server,
    "alb": _application,
    "haproxy": _application,
}
_REFUSED = {
    "knative": (
        "its series name the revision, which Git does not know",
        "write the query in a MetricTemplate, e.g. by the label revision_name",
    ),
    "appmesh": ("App Mesh is at its end", "move to gatewayapi:v1 or another router"),
}
