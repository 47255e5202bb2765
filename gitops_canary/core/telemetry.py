"""Which series each mesh and router counts requests in, and by which names they are found."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from gitops_canary.core import ingress_series, istio
from gitops_canary.core.ingress_series import NOT_WORD, PORT
from gitops_canary.core.istio import Names
from gitops_canary.core.judges.sequential_types import NAMED, RULE
from gitops_canary.core.pod_series import application
from gitops_canary.core.promql import escaped, exactly
from gitops_canary.core.series_before import BEFORE
from gitops_canary.core.streams import Stream, Telemetry, both
from gitops_canary.errors import SpecError
from gitops_canary.model.initial import Measured

_NOBODYS = ('target_addr!~".*:4191"', 'srv_port!="4191"', 'route_name!="probe"')
"""Linkerd's own port, and probes that it lets through without asking who calls."""
_KNOWN = 256
"""Canaries whose series are remembered: they are asked for at each look."""
_ANYBODY = Names(namespace="ns", canary="x", primary="x-primary", service="x-canary")


@lru_cache(_KNOWN)
def telemetry(provider: str, names: Names, rule: int = RULE) -> Telemetry:
    """Say what a provider counts; records are of what was counted by the `rule` of their time.

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
    older = BEFORE.get(family) if rule < NAMED else None
    return (older or _FAMILIES[family])(names)


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
    """The proxy of the pod, and those of its callers, which still count when it crashes.

    What the cluster asks of the pod itself is left out: scrapes of the proxy, and probes. A caller
    that finds no endpoint knows the Service alone.
    """

    def streams(metric: str) -> tuple[Stream, ...]:
        return tuple(
            Stream(
                workload=workload,
                metric=metric,
                where=(
                    exactly(f"{prefix}namespace", names.namespace),
                    exactly(f"{prefix}{names.kind.lower()}", workload),
                    f'direction="{direction}"',
                    *own,
                ),
                side=side,
                failure=("classification", "failure"),
            )
            for workload in (names.canary, names.primary)
            for prefix, direction, side, own in (
                ("dst_", "outbound", "source", ()),
                ("", "inbound", "destination", _NOBODYS),
            )
        )

    lost = Stream(
        workload=names.canary,
        metric="outbound_http_route_backend_response_statuses_total",
        where=(
            exactly("backend_namespace", names.namespace),
            exactly("backend_name", names.service),
            'error="FAIL_FAST"',
        ),
        side="source",
        always="503",
    )
    return Telemetry(
        requests=(*streams("response_total"), lost), latency=streams("response_latency_ms_bucket")
    )


def _clusters(
    names: Names, where: Callable[[str], tuple[str, ...]], *, side: str = "source"
) -> Telemetry:
    """Envoy's own counters of its upstream clusters."""
    requests, slow = "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket"
    return Telemetry(
        requests=both(names, requests, where, side=side, code="envoy_response_code"),
        latency=both(names, slow, where, side=side),
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
    """What a pod's proxy hands to the pod, and what others send to its Service.

    A proxy's label says whose it is, so it also stands at what the pod asks of others, and at what
    the control plane and Prometheus ask of the proxy: only the clusters of its own port count.
    Callers' clusters are named after the Service, the MeshService, or by unified naming.
    """
    apex, namespace = escaped(names.apex), escaped(names.namespace)

    def called(arm: str) -> tuple[str, ...]:
        service = f"([^_]+_)?{apex}-{arm}_{namespace}_([^_]*_m)?svc_{PORT}"
        unified = f"kri_msvc_[^_]*_[^_]*_{namespace}_{apex}-{arm}_[^_]*"
        return (f'envoy_cluster_name=~"{service}|{unified}"',)

    def own(label: str) -> Telemetry:
        port = 'envoy_cluster_name=~"(localhost|self_inbound)_.+"'

        def where(arm: str) -> tuple[str, ...]:
            return f'{label}=~"{apex}-{arm}_{namespace}_svc_{PORT}"', port

        return _clusters(names, where, side="destination")

    every = (_clusters(names, called), own("kuma_io_service"), own("service"))
    return Telemetry(
        requests=tuple(stream for one in every for stream in one.requests),
        latency=tuple(stream for one in every for stream in one.latency),
    )


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


def _skipper(names: Names) -> Telemetry:
    """By Service in an Ingress; a RouteGroup's routes are numbered, so the application tells."""
    routed, own = ingress_series.skipper(names), application(names)
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
    "kubernetes": application,
    "gatewayapi": application,
    "skipper": _skipper,
    "traefik": ingress_series.traefik,
    "apisix": ingress_series.apisix,
    "emissary": _emissary,
    "openshift": ingress_series.openshift,
    "virtualserver": ingress_series.virtual_server,
    "alb": application,
    "haproxy": application,
}
_REFUSED = {
    "knative": (
        "its series name the revision, which Git does not know",
        "write the query in a MetricTemplate, e.g. by the label revision_name",
    ),
    "appmesh": ("App Mesh is at its end", "move to gatewayapi:v1 or another router"),
}
