"""Series as every mesh and router names them, neighbours that must not be counted among them."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_server import Written

T = 1_770_000_000_000
SCRAPE = 15_000
PHASE = 3_000
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
    return {**own, "classification": failed, "status_code": code(kind)}


def linkerd_caller(workload: str, kind: str) -> dict[str, str]:
    failed = "failure" if kind == "bad" else "success"
    own = {"namespace": "web", "deployment": "front", "direction": "outbound"}
    dst = {"dst_namespace": "prod", "dst_deployment": workload}
    return {**own, **dst, "classification": failed}


def nginx(workload: str, kind: str) -> dict[str, str]:
    canary = "prod-shop-canary-80" if arm(workload) == "canary" else ""
    own = {"namespace": "prod", "ingress": "shop", "service": "shop", "status": code(kind)}
    return {**own, **({"canary": canary} if canary else {})}


def envoy(name: Callable[[str], str], label: str = "envoy_cluster_name") -> Labels:
    return lambda workload, kind: {
        label: name(arm(workload)), "envoy_response_code": code(kind), "pod": f"gateway-{kind}",
    }  # fmt: skip


def application(workload: str, kind: str) -> dict[str, str]:
    return {
        "kubernetes_namespace": "prod", "kubernetes_pod_name": HASHES[workload],
        "status": code(kind),
    }  # fmt: skip


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
    return {"service": f"prod-shop-{arm(workload)}-80@kubernetescrd", "code": code(kind)}


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
        "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time_bucket", 1,
        envoy(lambda side: f"shop-{side}_prod_svc_80", label="service"),
    ),
    "kubernetes": (
        "http_request_duration_seconds_count", "http_request_duration_seconds_bucket", 1000,
        application,
    ),
    "skipper": (
        "skipper_response_duration_seconds_count", "skipper_response_duration_seconds_bucket",
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
RATES = {
    ("shop", "good"): 97, ("shop", "bad"): 2, ("shop", "odd"): 1,
    ("shop-primary", "good"): 899, ("shop-primary", "bad"): 1,
}  # fmt: skip


def rising(rate: float, *, since: int = -300, until: int = 80) -> list[tuple[int, float]]:
    """One sample a scrape; counted from the start, as a pod that lives as long."""
    return [(T + i * SCRAPE + PHASE, (i - since) * rate) for i in range(since, until)]


def world() -> Iterator[Written]:
    for requests, latency, unit, labels in MESHES.values():
        for (workload, kind), rate in RATES.items():
            yield Written(requests, labels(workload, kind), rising(rate))
        for workload, (fast, slow) in {"shop": (95, 5), "shop-primary": (900, 0)}.items():
            own = dict(labels(workload, "good"))
            for bound, part in ((100, fast // 2), (500, fast), (1000, fast + slow)):
                le = f"{bound / unit:g}"
                yield Written(latency, own | {"le": le}, rising(part))
            yield Written(latency, own | {"le": "+Inf"}, rising(fast + slow))
    # Who must not be counted: neighbours whose names begin alike, and the same names elsewhere.
    for other in (
        istio("shop-api", "bad"),
        istio("shop", "bad") | {"destination_workload_namespace": "x"},
    ):
        yield Written("istio_requests_total", other, rising(500))
    yield Written("response_total", linkerd("shop", "bad") | {"namespace": "other"}, rising(500))
    yield Written(
        "nginx_ingress_controller_requests", nginx("shop", "bad") | {"ingress": "x"}, rising(500)
    )
    for name in (
        "prod_shop-canary-two_80", "prod_my-shop-canary_80", "prodx_shop-canary_80",
        "kube-svc_prod-shop-canary-two-80_prod", "prod-shop-canary-api-80_gloo-system",
        "shop_canary_prod_eu_80", "my_shop_canary_prod_80", "shop_canary_80",
    ):  # fmt: skip
        yield Written(
            "envoy_cluster_upstream_rq",
            {"envoy_cluster_name": name, "envoy_response_code": "503"},
            rising(500),
        )
    for pod in ("shop-api-7d4b9c6f5-x2k4z", "shop-primary-x2k4z", "myshop-7d4b9c6f5-x2k4z"):
        yield Written(
            "http_request_duration_seconds_count",
            {"kubernetes_namespace": "prod", "kubernetes_pod_name": pod, "status": "503"},
            rising(500),
        )
    yield from _virtual_server()
    yield from _apisix()
    yield from _openshift()
    yield from _linkerd_caller()
    yield from _reset()


def _apisix() -> Iterator[Written]:
    """One route carries both sides; neighbours, and the gateway's own latency."""
    for kind, rate in (("good", 997), ("bad", 2), ("odd", 1)):
        yield Written(
            "apisix_http_status", {"route": "prod_shop_all", "code": code(kind)}, rising(rate)
        )
    for route in ("prod_shop-api_all", "other_shop_all", "prod_myshop_all"):
        yield Written("apisix_http_status", {"route": route, "code": "503"}, rising(500))
    for part, slow in (("request", 0), ("apisix", 900)):
        own = {"route": "prod_shop_all", "type": part}
        for bound, count in (("100", 500), ("500", 1000 - slow), ("1000", 1000), ("+Inf", 1000)):
            yield Written("apisix_http_latency_bucket", own | {"le": bound}, rising(count))


def _virtual_server() -> Iterator[Written]:
    for labels in (
        virtual_server("shop", "bad") | {"resource_namespace": "other"},
        virtual_server("shop", "odd") | {"service": "shop-canary-two"},
    ):
        yield Written(MESHES["virtualserver"][0], labels, rising(500))


def _openshift() -> Iterator[Written]:
    """Two routers, scraped in two ways; what fails of the canary gives no response at all."""
    answered, failed = "haproxy_server_http_responses_total", "haproxy_server_{}_errors_total"
    for index, ((workload, kind), rate) in enumerate(RATES.items()):
        if (workload, kind) != ("shop", "bad"):
            yield Written(answered, router(workload, kind, scraped=index % 2 == 0), rising(rate))
    for kind in ("connection", "response"):
        labels = router("shop", "bad", scraped=kind == "response")
        del labels["code"]
        yield Written(failed.format(kind), labels, rising(1))
    for other in ({"service": "shop-canary-two"}, {"namespace": "other"}):
        labels = router("shop", "bad", scraped=False) | other
        yield Written(answered, labels, rising(500))
        yield Written(failed.format("connection"), labels, rising(500))


def _linkerd_caller() -> Iterator[Written]:
    """A canary that crashes: its own proxy saw nothing, its callers saw all."""
    for kind, rate in (("good", 10), ("bad", 90)):
        yield Written(
            "response_total",
            linkerd_caller("crashed", kind),
            rising(rate),
        )
    yield Written("response_total", linkerd_caller("crashed-primary", "good"), rising(900))


def _reset() -> Iterator[Written]:
    """Pods of one Istio workload: one restarts, one is born, one misses the scrape at the start."""
    own = {"destination_workload_namespace": "prod", "reporter": "source", "response_code": "200"}
    canary = own | {"destination_workload": "pods"}
    restarted = [(at, value) for at, value in rising(10) if at < T + 5 * SCRAPE] + [
        (T + i * SCRAPE + PHASE, (i - 5) * 10 + 4) for i in range(5, 80)
    ]
    yield Written("istio_requests_total", canary | {"pod": "a"}, restarted)
    born = [(T + i * SCRAPE + PHASE, (i - 6) * 20 + 20) for i in range(6, 80)]
    yield Written("istio_requests_total", canary | {"pod": "b"}, born)
    missed = [(at, value) for at, value in rising(7) if not T - SCRAPE < at < T + 2 * SCRAPE]
    yield Written("istio_requests_total", canary | {"pod": "c"}, missed)
    yield Written(
        "istio_requests_total", own | {"destination_workload": "pods-primary"}, rising(1000)
    )
    whole = own | {"destination_workload": "parts"}
    yield Written("istio_requests_total", whole, rising(0.5))
