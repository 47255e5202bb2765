"""The request series of every mesh and router, under the names of Istio's.

Each provider counts requests in series of its own. A `Stream` selects one workload's (or one
Service's) of them; `normalised` gives the workload, the side that saw the request and the status
code Istio's label names, so that everything after the query reads one form.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_canary.core import istio
from gitops_canary.core.istio import Names
from gitops_canary.core.promql import escaped, exactly
from gitops_canary.errors import SpecError

_HASH = "[bcdfghjklmnpqrstvwxz2456789]"
"""Characters of the hashes in pod names; `primary` has others, so it is never taken for one."""
_POD = {
    "Deployment": f"-{_HASH}{{1,10}}-{_HASH}{{5}}",
    "DaemonSet": f"-{_HASH}{{5}}",
    "StatefulSet": "-[0-9]{1,10}",
}
"""What follows a workload's name in its pods' names, by kind."""
_PORT = "[0-9a-zA-Z-]+"
Wrap = Callable[[str], str]
"""Puts a selector into an expression, e.g. `increase(...[1m])`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One workload's requests as one side counts them."""

    workload: str
    metric: str
    where: tuple[str, ...]
    """Matchers."""
    side: str = ""
    code: str = ""
    """Label with the status code; empty where failures are told by `failure`."""
    failure: tuple[str, str] | None = None
    """(label, value) of a failed request, where there is no status code."""

    def selector(self, *more: str) -> str:
        """Write the selector."""
        return f"{self.metric}{{{','.join((*self.where, *more))}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What a provider counts of one canary and its primary."""

    requests: tuple[Stream, ...]
    latency: tuple[Stream, ...]
    """Histogram buckets, cumulative by `le`."""
    unit_ms: int = 1
    """Milliseconds in one unit of `le`."""


def normalised(stream: Stream, wrap: Wrap, *more: str) -> str:
    """Write a stream's expression with Istio's labels."""
    text = wrap(stream.selector(*more))
    if stream.code and stream.code != "response_code":
        text = f'label_replace({text}, "response_code", "$1", "{stream.code}", "(.*)")'
    if stream.failure:
        label, value = stream.failure
        text = f'label_replace({text}, "response_code", "500", "{label}", "{value}")'
    text = f'label_replace({text}, "reporter", "{stream.side}", "", "")'
    return f'label_replace({text}, "destination_workload", "{stream.workload}", "", "")'


def joined(streams: Sequence[Stream], wrap: Wrap, *more: str) -> str:
    """Join streams; their workloads or sides differ, so none hides another."""
    return " or ".join(normalised(stream, wrap, *more) for stream in streams)


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


def _streams(
    names: Names, metric: str, where: Callable[[str], tuple[str, ...]], *, side: str, code: str = ""
) -> tuple[Stream, ...]:
    """Make a stream of each workload; `where` gets `canary` or `primary`."""
    return tuple(
        Stream(workload=workload, metric=metric, where=where(arm), side=side, code=code)
        for arm, workload in (("canary", names.canary), ("primary", names.primary))
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


def _nginx(names: Names) -> Telemetry:
    """The controller's count; the label `canary` names the Service behind a weight, or nothing."""

    def where(arm: str) -> tuple[str, ...]:
        mark = 'canary!=""' if arm == "canary" else 'canary=""'
        return exactly("namespace", names.namespace), exactly("ingress", names.apex), mark

    slow = "nginx_ingress_controller_response_duration_seconds_bucket"
    requests = "nginx_ingress_controller_requests"
    return Telemetry(
        requests=_streams(names, requests, where, side="ingress", code="status"),
        latency=_streams(names, slow, where, side="ingress"),
        unit_ms=1000,
    )


def _clusters(names: Names, where: Callable[[str], tuple[str, ...]]) -> Telemetry:
    """Envoy's own counters of its upstream clusters."""
    requests, slow = "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket"
    return Telemetry(
        requests=_streams(names, requests, where, side="source", code="envoy_response_code"),
        latency=_streams(names, slow, where, side="source"),
    )


def _contour(names: Names) -> Telemetry:
    prefix = f"{escaped(names.namespace)}_{escaped(names.apex)}"
    return _clusters(names, lambda arm: (f'envoy_cluster_name=~"{prefix}-{arm}_{_PORT}"',))


def _gloo(names: Names) -> Telemetry:
    prefix = f"{escaped(names.namespace)}-{escaped(names.canary)}"
    return _clusters(
        names, lambda arm: (f'envoy_cluster_name=~"{prefix}-{arm}upstream-{_PORT}_{_PORT}"',)
    )


def _kuma(names: Names) -> Telemetry:
    apex, namespace = escaped(names.apex), escaped(names.namespace)
    return _clusters(names, lambda arm: (f'service=~"{apex}-{arm}_{namespace}_svc_{_PORT}"',))


def _application(names: Names) -> Telemetry:
    """What the application itself exports; pods are told apart by the end of their names."""

    def where(arm: str) -> tuple[str, ...]:
        workload = escaped(names.canary if arm == "canary" else names.primary)
        pod = f'kubernetes_pod_name=~"{workload}{_POD[names.kind]}"'
        return exactly("kubernetes_namespace", names.namespace), pod

    metric = "http_request_duration_seconds"
    return Telemetry(
        requests=_streams(names, f"{metric}_count", where, side="destination", code="status"),
        latency=_streams(names, f"{metric}_bucket", where, side="destination"),
        unit_ms=1000,
    )


def _skipper(names: Names) -> Telemetry:
    """Routes are named `kube_<namespace>__<ingress>__<host>__<path>__<service>`, `_` for others."""
    namespace, apex = (_NOT_WORD.sub("_", name) for name in (names.namespace, names.apex))

    def where(arm: str) -> tuple[str, ...]:
        ingress = f"{apex}_canary" if arm == "canary" else f"{apex}(_canary)?"
        route = f"kube(ew)?_{namespace}__{ingress}__.*__{apex}_{arm}(_[0-9]+)?"
        return (f'route=~"{route}"',)

    metric = "skipper_response_duration_seconds"
    return Telemetry(
        requests=_streams(names, f"{metric}_count", where, side="ingress", code="code"),
        latency=_streams(names, f"{metric}_bucket", where, side="ingress"),
        unit_ms=1000,
    )


def _traefik(names: Names) -> Telemetry:
    """Named by Service and port; Flagger puts the workload's name there, which need not be it."""
    prefix = f"{escaped(names.namespace)}-{escaped(names.apex)}"

    def where(arm: str) -> tuple[str, ...]:
        return (f'service=~"{prefix}-{arm}-{_PORT}@kubernetescrd"',)

    metric = "traefik_service_request_duration_seconds"
    return Telemetry(
        requests=_streams(names, f"{metric}_count", where, side="ingress", code="code"),
        latency=_streams(names, f"{metric}_bucket", where, side="ingress"),
        unit_ms=1000,
    )


def _apisix(names: Names) -> Telemetry:
    """The weighted route carries both sides, so only what it does as a whole is known.

    Routes are named `<namespace>_<ApisixRoute>_<rule>`; Flagger makes a route of its own beside the
    user's, here the user's is the weighted one.
    """
    own = f"{escaped(names.apex)}(-{escaped(names.canary)}-canary)?"
    route = f"{escaped(names.namespace)}_{own}_.+"

    def stream(metric: str, code: str, *more: str) -> tuple[Stream, ...]:
        where = (f'route=~"{route}"', *more)
        one = Stream(workload=names.canary, metric=metric, where=where, side="ingress", code=code)
        return (one,)

    return Telemetry(
        requests=stream("apisix_http_status", "code"),
        latency=stream("apisix_http_latency_bucket", "", 'type="request"'),
    )


_NOT_WORD = re.compile("[^0-9A-Za-z]")
_FAMILIES: Mapping[str, Callable[[Names], Telemetry]] = {
    "istio": _istio,
    "smi": _istio,
    "linkerd": _linkerd,
    "nginx": _nginx,
    "contour": _contour,
    "gloo": _gloo,
    "kuma": _kuma,
    "kubernetes": _application,
    "gatewayapi": _application,
    "skipper": _skipper,
    "traefik": _traefik,
    "apisix": _apisix,
}
_REFUSED = {
    "knative": (
        "its series name the revision, which Git does not know",
        "write the query in a MetricTemplate, e.g. by the label revision_name",
    ),
    "haproxy": (
        "HAProxy names pods srv001 and so on, whichever side they are, and keeps no histogram",
        "write a MetricTemplate over what the application exports, told apart by its pods' names",
    ),
    "appmesh": ("App Mesh is at its end", "move to gatewayapi:v1 or another router"),
}
PROVIDERS = frozenset(_FAMILIES)
"""Families of providers with builtin metrics; the version after a colon does not matter."""
