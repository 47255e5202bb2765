"""What Envoy reads, as values; pure.

Clusters are one per Service and get their endpoints from files of their own, so that a change of
pods keeps the cluster, its statistics and its connections. Statistics are named after the workload
(`namespace_workload`), as a mesh reports them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gitops_canary.lab.desired import Deployment, Desired, Matched, Route, Service
from gitops_canary.lab.loopback import HOST

_TYPE = "type.googleapis.com/envoy"
_BUCKETS_MS = (1, 2.5, 5, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2500, 5000)
ROUTES = "lab"
_ANSWER = "20s"
"""How long a request may take: on a busy machine a healthy pod may be kept waiting."""


def bootstrap(directory: Path) -> dict[str, Any]:
    """Write the start configuration; both ports are free ones that Envoy chooses."""
    return {
        "node": {"id": "lab-gateway", "cluster": "lab"},
        "admin": {"address": _address(0)},
        "dynamic_resources": {
            "lds_config": _file(directory, "lds.json"),
            "cds_config": _file(directory, "cds.json"),
        },
        # Latency histograms show only what was flushed; as often as Prometheus scrapes.
        "stats_flush_interval": "0.500s",
        "stats_config": {
            "histogram_bucket_settings": [
                {
                    "match": {"safe_regex": {"regex": r"cluster\..*\.upstream_rq_time"}},
                    "buckets": list(_BUCKETS_MS),
                }
            ]
        },
        "overload_manager": {"resource_monitors": [_connection_limit()]},
    }


def listeners(directory: Path) -> dict[str, Any]:
    """Write the one listener."""
    manager = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3"
        ".HttpConnectionManager",
        "stat_prefix": "mesh",
        "strip_any_host_port": True,
        "rds": {"route_config_name": ROUTES, "config_source": _file(directory, "rds.json")},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPE}.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    chain = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    }
    listener = {
        "@type": f"{_TYPE}.config.listener.v3.Listener",
        "name": "mesh",
        "address": _address(0),
        "filter_chains": [{"filters": [chain]}],
    }
    return {"resources": [listener]}


def clusters(desired: Desired, directory: Path) -> dict[str, Any]:
    """Write one cluster a Service."""
    return {"resources": [_cluster(s, desired.deployments, directory) for s in desired.services]}


def endpoints(service: Service, ports: Sequence[int]) -> dict[str, Any]:
    """Write where the ready pods of a Service listen."""
    pods = [{"endpoint": {"address": _address(port)}} for port in ports]
    return {
        "resources": [
            {
                "@type": f"{_TYPE}.config.endpoint.v3.ClusterLoadAssignment",
                "cluster_name": cluster_name(service.namespace, service.name),
                "endpoints": [{"lb_endpoints": pods}],
            }
        ]
    }


def routes(wanted: Sequence[Route], revision: str) -> dict[str, Any]:
    """Write who gets which share; `version_info` proves which commit is live.

    The revision is also part of the routes, because Envoy skips routes it already has and then
    shows the version before.
    """
    return {
        "version_info": revision,
        "resources": [
            {
                "@type": f"{_TYPE}.config.route.v3.RouteConfiguration",
                "name": ROUTES,
                "metadata": {"filter_metadata": {"lab": {"revision": revision}}},
                "virtual_hosts": [_virtual_host(route) for route in wanted],
            }
        ],
    }


def endpoints_file(service: Service) -> str:
    """Name the file of a Service's endpoints; no Kubernetes name has an underscore."""
    return f"eds_{service.namespace}_{service.name}.json"


def cluster_name(namespace: str, service: str) -> str:
    """Name a Service's cluster."""
    return f"{namespace}_{service}"


def _cluster(
    service: Service, deployments: Sequence[Deployment], directory: Path
) -> dict[str, Any]:
    name = cluster_name(service.namespace, service.name)
    behind = [d.name for d in deployments if selects(service, d.namespace, d.labels)]
    workload = behind[0] if len(behind) == 1 else service.name
    return {
        "@type": f"{_TYPE}.config.cluster.v3.Cluster",
        "name": name,
        "alt_stat_name": cluster_name(service.namespace, workload),
        "connect_timeout": "5s",
        "type": "EDS",
        "eds_cluster_config": {
            "service_name": name,
            "eds_config": _file(directory, endpoints_file(service)),
        },
    }


def selects(service: Service, namespace: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a Service means pods with these labels."""
    return service.namespace == namespace and service.selector.items() <= labels.items()


def _virtual_host(route: Route) -> dict[str, Any]:
    name, space = route.host, route.namespace
    weights = [
        {"name": cluster_name(space, service), "weight": weight, **_cookie(route, service)}
        for service, weight in route.shares.items()
    ]
    return {
        "name": cluster_name(space, name),
        "domains": [name, f"{name}.{space}", f"{name}.{space}.svc.cluster.local"],
        "routes": [
            *(_matched(space, one) for one in route.matched),
            {
                "match": {"prefix": "/"},
                "route": {
                    "timeout": _ANSWER,
                    "weighted_clusters": {"clusters": weights},
                    **_mirror(route),
                },
            },
        ],
    }


def _cookie(route: Route, service: str) -> dict[str, Any]:
    if service not in route.cookies:
        return {}
    header = {"key": "set-cookie", "value": route.cookies[service]}
    added = {"header": header, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
    return {"response_headers_to_add": [added]}


def _matched(namespace: str, one: Matched) -> dict[str, Any]:
    headers = [
        {
            "name": name,
            "string_match": {how: value} if how != "regex" else {"safe_regex": {"regex": value}},
        }
        for name, (how, value) in one.headers.items()
    ]
    return {
        "match": {"prefix": "/", "headers": headers},
        "route": {"timeout": _ANSWER, "cluster": cluster_name(namespace, one.service)},
    }


def _mirror(route: Route) -> dict[str, Any]:
    if route.mirror is None:
        return {}
    share = {"numerator": round(route.mirror_percent * 10_000), "denominator": "MILLION"}
    return {
        "request_mirror_policies": [
            {
                "cluster": cluster_name(route.namespace, route.mirror),
                "runtime_fraction": {"default_value": share},
            }
        ]
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": HOST, "port_value": port}}


def _file(directory: Path, name: str) -> dict[str, Any]:
    source = {"path": str(directory / name), "watched_directory": {"path": str(directory)}}
    return {"resource_api_version": "V3", "path_config_source": source}


def _connection_limit() -> dict[str, Any]:
    return {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.resource_monitors.downstream_connections.v3"
            ".DownstreamConnectionsConfig",
            "max_active_downstream_connections": 10000,
        },
    }
