"""The series asked for before decision 58, for records of then: others than today where named here.

A record holds the answers to the questions of its time, so these stay to the last character.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from gitops_canary.core.ingress_series import NOT_WORD, PORT
from gitops_canary.core.istio import Names
from gitops_canary.core.pod_series import POD
from gitops_canary.core.promql import escaped, exactly
from gitops_canary.core.streams import Stream, Telemetry, both


def _linkerd(names: Names) -> Telemetry:
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


def _counted(
    names: Names, metric: str, where: Callable[[str], tuple[str, ...]], *, side: str, code: str
) -> Telemetry:
    return Telemetry(
        requests=both(names, f"{metric}_count", where, side=side, code=code),
        latency=both(names, f"{metric}_bucket", where, side=side),
        unit_ms=1000,
    )


def _nginx(names: Names) -> Telemetry:
    def where(arm: str) -> tuple[str, ...]:
        mark = 'canary!=""' if arm == "canary" else 'canary=""'
        return exactly("namespace", names.namespace), exactly("ingress", names.apex), mark

    metric = "nginx_ingress_controller"
    slow = _counted(names, f"{metric}_response_duration_seconds", where, side="ingress", code="")
    requests = both(names, f"{metric}_requests", where, side="ingress", code="status")
    return replace(slow, requests=requests)


def _kuma(names: Names) -> Telemetry:
    apex, namespace = escaped(names.apex), escaped(names.namespace)

    def where(arm: str) -> tuple[str, ...]:
        return (f'service=~"{apex}-{arm}_{namespace}_svc_{PORT}"',)

    metric, code = "envoy_cluster_upstream_rq", "envoy_response_code"
    return Telemetry(
        requests=both(names, metric, where, side="source", code=code),
        latency=both(names, f"{metric}_time_bucket", where, side="source"),
    )


def _application(names: Names) -> Telemetry:
    def where(arm: str) -> tuple[str, ...]:
        workload = escaped(names.canary if arm == "canary" else names.primary)
        pod = f'kubernetes_pod_name=~"{workload}{POD[names.kind]}"'
        return exactly("kubernetes_namespace", names.namespace), pod

    metric = "http_request_duration_seconds"
    return _counted(names, metric, where, side="destination", code="status")


def _skipper(names: Names) -> Telemetry:
    namespace, apex = (NOT_WORD.sub("_", name) for name in (names.namespace, names.apex))

    def where(arm: str) -> tuple[str, ...]:
        return (f'route=~"kube(ew)?_{namespace}__.+__{apex}_{arm}(_[0-9]+)?"',)

    metric = "skipper_response_duration_seconds"
    routed, own = (
        _counted(names, metric, where, side="ingress", code="code"),
        _application(names),
    )
    return replace(
        routed, requests=routed.requests + own.requests, latency=routed.latency + own.latency
    )


def _traefik(names: Names) -> Telemetry:
    prefix = f"{escaped(names.namespace)}-{escaped(names.apex)}"

    def where(arm: str) -> tuple[str, ...]:
        return (f'service=~"{prefix}-{arm}-{PORT}@kubernetescrd"',)

    metric = "traefik_service_request_duration_seconds"
    found = _counted(names, metric, where, side="ingress", code="code")
    return replace(found, usual_ms=1200)


BEFORE: Mapping[str, Callable[[Names], Telemetry]] = {
    "linkerd": _linkerd,
    "nginx": _nginx,
    "kuma": _kuma,
    "skipper": _skipper,
    "traefik": _traefik,
    **dict.fromkeys(("kubernetes", "gatewayapi", "alb", "haproxy"), _application),
}
"""By provider; whoever is not here was asked as today."""
