"""The series of what stands at the edge: ingress controllers and routers."""

import re

from gitops_canary.core.istio import Names
from gitops_canary.core.promql import escaped, exactly
from gitops_canary.core.streams import Stream, Telemetry, both

PORT = "[0-9a-zA-Z-]+"
NOT_WORD = re.compile("[^0-9A-Za-z]")
_PART = "[0-9a-z]*[a-z][0-9a-z]*"
_ONE_PORT = f"([0-9]+|{_PART}(-{_PART})*)"
"""A port behind a Service's name and `-`: `two-80` is the port of a neighbour, `<service>-two`."""
_SCRAPED = ("", "exported_")
"""Before labels that a scrape may have given another value: then the series' own is kept so."""


def nginx(names: Names) -> Telemetry:
    """The controller's count; `canary` names the Service behind a weight, or nothing.

    The Ingress may have any name, and paths to other Services, with canaries of their own. The
    primary is the Service users call, its namespace and name as the scrape left them.
    """
    slow = "nginx_ingress_controller_response_duration_seconds_bucket"
    upstream = f"{escaped(names.namespace)}-{escaped(names.apex)}-canary-{_ONE_PORT}"
    service = f'service=~"{escaped(names.apex)}(-primary)?"'
    other = exactly("exported_namespace", names.namespace)
    primary = (
        (exactly("namespace", names.namespace), 'exported_namespace=""', service),
        (other, f"exported_{service}"),
        (other, service),
    )

    def streams(metric: str, code: str = "") -> tuple[Stream, ...]:
        found = (
            (names.canary, (f'canary=~"{upstream}"',)),
            *((names.primary, (*where, 'canary=""')) for where in primary),
        )
        return tuple(
            Stream(workload=workload, metric=metric, where=where, side="ingress", code=code)
            for workload, where in found
        )

    return Telemetry(
        requests=streams("nginx_ingress_controller_requests", "status"),
        latency=streams(slow),
        unit_ms=1000,
    )


def skipper(names: Names) -> Telemetry:
    """Routes are named `kube_<namespace>__<ingress>__<host>__<path>__<service>`, `_` for others.

    `skipper_response_duration_seconds` would be the time of copying an answer that came, without
    the wait for it and without a backend that cannot be reached. Without a `code`, which can be
    turned off, all requests would seem fine: they are no data.
    """
    namespace, apex = (NOT_WORD.sub("_", name) for name in (names.namespace, names.apex))

    def where(arm: str) -> tuple[str, ...]:
        route = f"kube(ew)?_{namespace}__.+__{apex}_{arm}(_[0-9]+)?"
        return (f'route=~"{route}"',)

    metric = "skipper_serve_route_duration_seconds"
    return Telemetry(
        requests=both(
            names,
            f"{metric}_count",
            lambda arm: (*where(arm), 'code!=""'),
            side="ingress",
            code="code",
        ),
        latency=both(names, f"{metric}_bucket", where, side="ingress"),
        unit_ms=1000,
    )


def traefik(names: Names) -> Telemetry:
    """Named by Service and port; Flagger puts the workload's name there, which need not be it."""
    prefix = f"{escaped(names.namespace)}-{escaped(names.apex)}"
    metric = "traefik_service_request_duration_seconds"

    def streams(kept: str, end: str, code: str = "") -> tuple[Stream, ...]:
        def where(arm: str) -> tuple[str, ...]:
            return (f'{kept}service=~"{prefix}-{arm}-{_ONE_PORT}@kubernetescrd"',)

        return both(names, f"{metric}_{end}", where, side="ingress", code=code)

    return Telemetry(
        requests=tuple(one for kept in _SCRAPED for one in streams(kept, "count", "code")),
        latency=tuple(one for kept in _SCRAPED for one in streams(kept, "bucket")),
        unit_ms=1000,
        usual_ms=1200,
    )


def apisix(names: Names) -> Telemetry:
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


def openshift(names: Names) -> Telemetry:
    """The router's counters of each server, which is one pod behind one Service.

    A connection that fails, or ends without an answer, is no response of the server; each such
    attempt counts as a failed request, or a canary that crashes would look silent.
    """
    counted = (("http_responses", "code", ""), ("connection_errors", "", "503"),
               ("response_errors", "", "502"))  # fmt: skip
    found = (
        Stream(
            workload=workload,
            metric=f"haproxy_server_{metric}_total",
            where=(
                exactly(f"{kept}namespace", names.namespace),
                exactly(f"{kept}service", f"{names.apex}-{arm}"),
            ),
            side="ingress",
            code=code,
            always=always,
        )
        for metric, code, always in counted
        for arm, workload in (("canary", names.canary), ("primary", names.primary))
        for kept in _SCRAPED
    )
    untimed = (
        "the router keeps averages of the last 1,024 requests, no histogram; take this check out, "
        "or write a query over what the application exports"
    )
    return Telemetry(requests=tuple(found), untimed=untimed)


def virtual_server(names: Names) -> Telemetry:
    """NGINX's histogram of upstream servers, by the Service behind them."""
    metric = "nginx_ingress_controller_upstream_server_response_latency_ms"

    def streams(kept: str, end: str, code: str = "") -> tuple[Stream, ...]:
        def where(arm: str) -> tuple[str, ...]:
            service = exactly(f"{kept}service", f"{names.apex}-{arm}")
            return exactly("resource_namespace", names.namespace), service

        return both(names, f"{metric}_{end}", where, side="ingress", code=code)

    return Telemetry(
        requests=tuple(one for kept in _SCRAPED for one in streams(kept, "count", "code")),
        latency=tuple(one for kept in _SCRAPED for one in streams(kept, "bucket")),
    )
