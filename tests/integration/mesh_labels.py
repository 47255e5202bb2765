"""The names and labels that every mesh and router gives its series, as they are scraped."""

from collections.abc import Callable, Mapping

LONG = "recommendations-for-returning-shoppers-eu-1"
HASHES = {"shop": "shop-7d4b9c6f5-x2k4z", "shop-primary": "shop-primary-5f6d7c8b9-q8w9t"}
Labels = Callable[[str, str], dict[str, str]]
"""Workload and good, bad or 4xx to labels."""


def code(kind: str) -> str:
    return {"good": "200", "bad": "503", "odd": "404"}[kind]


def arm(workload: str) -> str:
    return "primary" if workload.endswith("-primary") else "canary"


def linkerd(workload: str, kind: str) -> dict[str, str]:
    failed = "failure" if kind == "bad" else "success"
    own = {"namespace": "prod", "deployment": workload, "direction": "inbound"}
    server = {"target_addr": "10.1.2.3:9898", "srv_port": "9898", "route_name": "default"}
    return {**own, **server, "classification": failed, "status_code": code(kind)}


def linkerd_caller(workload: str, kind: str) -> dict[str, str]:
    failed = "failure" if kind == "bad" else "success"
    own = {"namespace": "web", "deployment": "front", "direction": "outbound"}
    dst = {"dst_namespace": "prod", "dst_deployment": workload}
    return {**own, **dst, "classification": failed}


def nginx(workload: str, kind: str) -> dict[str, str]:
    """Scraped by annotations, by a ServiceMonitor and by a PodMonitor."""
    port = {"good": "80", "bad": "http", "odd": "http-web"}[kind]
    canary = f"prod-shop-canary-{port}" if arm(workload) == "canary" else ""
    own = {"ingress": "public", "status": code(kind)} | ({"canary": canary} if canary else {})
    by = {
        "good": {"namespace": "prod", "service": "shop"},
        "bad": {
            "exported_namespace": "prod", "exported_service": "shop",
            "namespace": "ingress-nginx", "service": "ingress-nginx-metrics",
        },
        "odd": {"exported_namespace": "prod", "namespace": "ingress-nginx", "service": "shop"},
    }  # fmt: skip
    return own | by[kind]


def kuma(workload: str, kind: str) -> dict[str, str]:
    """A proxy's own port; whose proxy it is stands in one label, the other, or both."""
    own = f"shop-{arm(workload)}_prod_svc_80"
    labels = {"good": ("service", "kuma_io_service"), "bad": ("kuma_io_service",)}
    cluster = "self_inbound_http" if kind == "bad" else "localhost_9898"
    named = dict.fromkeys(labels.get(kind, ("service",)), own)
    return {**named, "envoy_cluster_name": cluster, "envoy_response_code": code(kind)}


def envoy(name: Callable[[str], str]) -> Labels:
    return lambda workload, kind: {
        "envoy_cluster_name": name(arm(workload)), "envoy_response_code": code(kind),
        "pod": f"gateway-{kind}",
    }  # fmt: skip


def application(workload: str, kind: str) -> dict[str, str]:
    """As Flagger's Prometheus names namespace and pod, as Prometheus Operator does, and both."""
    pod = HASHES[workload]
    flaggers = {"kubernetes_namespace": "prod", "kubernetes_pod_name": pod}
    operators = {"namespace": "prod", "pod": pod}
    by = {"good": flaggers, "bad": operators, "odd": flaggers | operators}
    return {**by[kind], "status": code(kind)}


def gloo(workload: str, kind: str) -> dict[str, str]:
    """A Service of a route, an Upstream that Gloo made of one, and one that Flagger made."""
    service = f"shop-{arm(workload)}"
    name = {
        "good": f"kube-svc_prod-{service}-80_prod", "bad": f"prod-{service}-80_gloo-system",
        "odd": f"prod-{service}upstream-80_gloo-system",
    }[kind]  # fmt: skip
    return {"envoy_cluster_name": name, "envoy_response_code": code(kind)}


def skipper(workload: str, kind: str) -> dict[str, str]:
    side = arm(workload)
    ingress = "shop_canary" if side == "canary" and kind == "bad" else "shop"
    return {"route": f"kube_prod__{ingress}__shop_example_com____shop_{side}", "code": code(kind)}


def traefik(workload: str, kind: str) -> dict[str, str]:
    """A scrape by way of a Service takes the label `service`, and keeps the series' own."""
    name = f"prod-shop-{arm(workload)}-{'http-web' if kind == 'odd' else 80}@kubernetescrd"
    own = {"exported_service": name, "service": "traefik"} if kind == "bad" else {"service": name}
    return {**own, "code": code(kind)}


def virtual_server(workload: str, kind: str) -> dict[str, str]:
    """A scrape by way of a Service takes the label `service`, and keeps the series' own."""
    service = f"shop-{arm(workload)}"
    own = (
        {"exported_service": service, "service": "nginx"} if kind == "bad" else {"service": service}
    )
    return {
        "resource_namespace": "prod",
        "resource_type": "virtualserver",
        "code": code(kind),
        **own,
    }


def router(workload: str, kind: str, *, scraped: bool) -> dict[str, str]:
    """OpenShift's; its monitor keeps labels that the target has too under other names."""
    own = {"namespace": "prod", "service": f"shop-{arm(workload)}", "pod": HASHES[workload]}
    if scraped:
        kept = {f"exported_{name}": value for name, value in own.items()}
        own = {**kept, "namespace": "openshift-ingress", "service": "router-internal-default"}
    return {**own, "route": "shop", "code": {"good": "2xx", "bad": "5xx", "odd": "4xx"}[kind]}


def istio(workload: str, kind: str) -> dict[str, str]:
    return {
        "destination_workload_namespace": "prod", "destination_workload": workload,
        "reporter": "destination", "response_code": code(kind),
    }  # fmt: skip


MESHES: Mapping[str, tuple[str, str, int, Labels]] = {
    "istio": ("istio_requests_total", "istio_request_duration_milliseconds_bucket", 1, istio),
    "linkerd": ("response_total", "response_latency_ms_bucket", 1, linkerd),
    "nginx": (
        "nginx_ingress_controller_requests",
        "nginx_ingress_controller_response_duration_seconds_bucket", 1000, nginx,
    ),
    "contour": (
        "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket", 1,
        envoy(lambda side: f"prod_shop-{side}_80"),
    ),
    "gloo": (
        "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket", 1,
        gloo,
    ),
    "kuma": (
        "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket", 1, kuma,
    ),
    "kubernetes": (
        "http_request_duration_seconds_count", "http_request_duration_seconds_bucket", 1000,
        application,
    ),
    "skipper": (
        "skipper_serve_route_duration_seconds_count", "skipper_serve_route_duration_seconds_bucket",
        1000, skipper,
    ),
    "traefik": (
        "traefik_service_request_duration_seconds_count",
        "traefik_service_request_duration_seconds_bucket", 1000, traefik,
    ),
    "emissary": (
        "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket", 1,
        envoy(lambda side: f"shop_{side}_prod_80"),
    ),
    "virtualserver": (
        "nginx_ingress_controller_upstream_server_response_latency_ms_count",
        "nginx_ingress_controller_upstream_server_response_latency_ms_bucket", 1, virtual_server,
    ),
}  # fmt: skip
SAME = {
    "gatewayapi:v1": "kubernetes", "gatewayapi:v1beta1": "kubernetes", "smi:v1alpha2": "istio",
    "alb": "kubernetes", "haproxy": "kubernetes",
}  # fmt: skip
