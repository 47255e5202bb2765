"""Series as every mesh and router names them, neighbours that must not be counted among them."""

from collections.abc import Iterator

from mesh_labels import (
    HASHES,
    LONG,
    MESHES,
    code,
    istio,
    kuma,
    linkerd,
    linkerd_caller,
    nginx,
    router,
    skipper,
    virtual_server,
)
from prometheus_server import Written

T = 1_770_000_000_000
SCRAPE = 15_000
PHASE = 3_000
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
    yield from _same_labels()
    yield from _same_beginnings()
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
    yield from _callers()
    yield from _cut()
    yield from _reset()


def _same_labels() -> Iterator[Written]:
    """Series of others, and of nobody, that bear what the canary's do but for one label."""
    http, port = linkerd("shop", "bad"), {"target_addr": "0.0.0.0:4191", "srv_port": "4191"}
    for more in ({"route_name": "probe"}, port):
        yield Written("response_total", http | more, rising(500))
    requests, plain = "nginx_ingress_controller_requests", nginx("shop-primary", "good")
    for more in (
        {"service": "api"}, {"namespace": "x"}, {"exported_namespace": "x"},
        {"canary": "prod-api-canary-80"}, {"canary": "prod-shop-canary-two-80"},
    ):  # fmt: skip
        yield Written(requests, plain | more | {"status": "503"}, rising(500))
    for cluster in ("db_prod_svc_5432", "kuma_envoy_admin", "ads_cluster", "kuma_metrics_hijacker"):
        other = kuma("shop", "good") | {"envoy_cluster_name": cluster}
        yield Written(
            "envoy_cluster_upstream_rq", other | {"envoy_response_code": "503"}, rising(9)
        )
    two = {"service": "prod-shop-canary-two-80@kubernetescrd", "code": "503"}
    yield Written(MESHES["traefik"][0], two, rising(500))
    # Without a status code nobody knows whether a request failed.
    for mesh, label in (("kubernetes", "status"), ("skipper", "code")):
        for workload in HASHES:
            own = dict(MESHES[mesh][3](workload, "good"))
            del own[label]
            yield Written(MESHES[mesh][0], own, rising(500))
    # The time to copy an answer that came: always quick, and never that nobody was there.
    for le in ("0.1", "+Inf"):
        copied = skipper("shop", "good") | {"le": le}
        yield Written("skipper_response_duration_seconds_bucket", copied, rising(500))
    yield Written("skipper_response_duration_seconds_count", skipper("shop", "good"), rising(500))


def _same_beginnings() -> Iterator[Written]:
    """The same names elsewhere, and names with more before or behind them, of every mesh."""
    for requests, _, _, labels in MESHES.values():
        for workload in HASHES:
            for old, new in (("prod", "other"), ("shop", "myshop"), ("shop", "shop-two")):
                own = labels(workload, "bad").items()
                other = {name: value.replace(old, new) for name, value in own}
                yield Written(requests, other, rising(500))


def _cut() -> Iterator[Written]:
    """Pods whose names are cut, as long Deployments have; neighbours share the beginning."""
    for workload, rate in ((LONG, 10), (f"{LONG}-primary", 90), (f"{LONG}-two", 500)):
        pod = f"{workload}-7d4b9c6f5z-"[:58] + "x2k4z"
        own = {"namespace": "prod", "pod": pod, "status": "200"}
        yield Written(MESHES["kubernetes"][0], own, rising(rate))


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
    labels = virtual_server("shop", "odd") | {"service": "shop-canary-two"}
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


def _callers() -> Iterator[Written]:
    """A canary that crashes: its own proxy saw nothing, its callers saw all."""
    for kind, rate in (("good", 10), ("bad", 60)):
        yield Written("response_total", linkerd_caller("crashed", kind), rising(rate))
    # Those that found no endpoint know the Service alone.
    lost = {
        "backend_namespace": "prod",
        "backend_name": "crashed-canary",
        "backend_kind": "Service",
    }
    routed = "outbound_http_route_backend_response_statuses_total"
    yield Written(routed, lost | {"http_status": "", "error": "FAIL_FAST"}, rising(30))
    yield Written(routed, lost | {"http_status": "503", "error": ""}, rising(60))
    yield Written("response_total", linkerd_caller("crashed-primary", "good"), rising(900))
    for cluster, status, rate in (
        ("crashed-canary_prod_svc_80", "200", 10),
        ("default_crashed-canary_prod_zone-1_msvc_80-5d788f7a87b92639", "503", 60),
        ("kri_msvc_default_zone-1_prod_crashed-canary_http", "503", 30),
        ("kri_msvc_default_zone-1_other_crashed-canary_http", "503", 500),
        ("crashed-primary_prod_svc_80", "200", 900),
    ):
        labels = {"envoy_cluster_name": cluster, "envoy_response_code": status}
        yield Written("envoy_cluster_upstream_rq", labels | {"service": "front_web_svc_80"},
                      rising(rate))  # fmt: skip


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
