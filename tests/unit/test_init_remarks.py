"""What `init` finds beside the application: what names its pods, and what Flagger said."""

import pytest
from first_canary import DEPLOYMENT, POLICY, SERVICE, Texts, after, initialised, objects, plain
from first_routes import NGINX

from gitops_canary.manifest.scalars import Json


def test_what_names_the_pods_elsewhere_is_told_with_its_place() -> None:
    caller = POLICY.replace("app: web", "app: db").replace("app: caller", "app: web")
    told = initialised(plain("istio", {"db.yaml": caller})).remarks

    assert any(
        str(one.place) == "db.yaml:6:55" and "NetworkPolicy web names pods" in one.what
        for one in told
    ), [str(one.place) for one in told]


EXPRESSION = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: few, namespace: prod}
spec: {selector: {matchExpressions: [{key: app, operator: In, values: [db, web]}]}}
"""
CRON = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: clean, namespace: prod}
spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: web}}}}}}
"""


@pytest.mark.parametrize(
    ("text", "place", "says", "remedy"),
    [
        (
            EXPRESSION,
            "x.yaml:4:76",
            "PodDisruptionBudget few names pods by app: web",
            "web-primary",
        ),
        (EXPRESSION.replace("key: app", "key: tier"), "", "", ""),
        (CRON, "x.yaml:4:65", "Services take them for the canary's", "give them another app"),
    ],
)
def test_what_selects_or_is_selected_beside_is_told(
    text: str, place: str, says: str, remedy: str
) -> None:
    told = [
        o for o in initialised(plain("istio", {"x.yaml": text})).remarks if o.place.file == "x.yaml"
    ]
    assert [str(one.place) for one in told] == [place] * bool(place)
    assert all(says in one.what and remedy in one.remedy for one in told)


def test_ports_of_nodes_are_told() -> None:
    texts = plain("istio")
    for old, new in (
        ("      containers:", "      hostNetwork: true\n      containers:"),
        ("containerPort: 8080", "containerPort: 8080\n          hostPort: 80"),
    ):
        changed = texts | {"apps/deploy.yaml": DEPLOYMENT.replace(old, new)}
        assert any("ports of their nodes" in one.what for one in initialised(changed).remarks)
    assert not any("ports of their nodes" in one.what for one in initialised(texts).remarks)


def test_metrics_that_would_miss_or_double_are_told() -> None:
    monitor = """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: shop, namespace: prod}
spec: {selector: {matchLabels: {team: shop}}}
"""
    texts = plain("nginx", {"m.yaml": monitor})
    texts["apps/service.yaml"] = SERVICE.replace(
        "  annotations", "  labels: {team: shop}\n  annotations"
    )
    texts["apps/route.yaml"] = NGINX.replace(
        "  name: web\n  namespace", "  name: shop\n  namespace"
    )
    told = [one.what for one in initialised(texts).remarks]

    assert any("scraped twice" in one for one in told)
    assert any("an Ingress called web" in one for one in told)


def test_what_the_builtin_metrics_of_a_router_need_is_told() -> None:
    def told(router: str, old: str = "", new: str = "") -> str:
        texts = {path: text.replace(old, new) for path, text in plain(router).items()}
        return "; ".join(one.what for one in initialised(texts, router=router).remarks)

    assert "without its namespace" in told("emissary", "http://web.prod:80", "web:80")
    assert "without its namespace" not in told("emissary")
    assert "counts both sides in one" in told("apisix")
    assert "numbers a RouteGroup's routes" in told("skipper")
    assert "RouteGroup" not in told("skipper ingress")
    assert "counts no latency" in told("openshift")
    assert "-enable-latency-metrics" in told("virtualserver")
    assert "nobody calls web-canary by itself" in told("kubernetes")
    for router in ("alb", "haproxy", "gatewayapi:v1"):
        assert "own series http_request_duration_seconds" in told(router)


FLAGGER = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: shop, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  service:
    name: shop
    port: 9898
    targetPort: http
    portName: web
    gateways: [mesh, istio-system/public]
    hosts: [shop.example]
  analysis:
    interval: 1m
    threshold: 5
    stepWeights: [10, 50]
    metrics: [{name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}]
"""


def test_what_flagger_made_in_the_cluster_comes_into_git() -> None:
    texts: Texts = {"apps/deploy.yaml": DEPLOYMENT, "apps/canary.yaml": FLAGGER}
    prepared = initialised(texts)
    now = after(texts, prepared)

    assert (prepared.choice.title, prepared.choice.provider) == ("prod/shop", "istio")
    assert now["apps/canary.yaml"] == FLAGGER
    assert now["apps/deploy.yaml"] == DEPLOYMENT
    ports: Json = [{"name": "web", "port": 9898, "targetPort": "http"}]
    services = objects(now, "Service")
    assert services["shop"]["spec"] == {"selector": {"app": "web-primary"}, "ports": ports}
    assert services["shop-canary"]["spec"] == {"selector": {"app": "web"}, "ports": ports}
    route = objects(now, "VirtualService")["shop"]["spec"]
    assert isinstance(route, dict)
    assert route["hosts"] == ["shop", "shop.example"]
    assert route["gateways"] == ["istio-system/public", "mesh"]
    assert any("Flagger" in one.what for one in prepared.remarks)
    crds = [one.remedy for one in prepared.remarks if "CRD" in one.remedy or "/crd" in one.remedy]
    assert crds == ["keep Flagger's CRD in the cluster where Flagger itself goes"]
    assert [(one.step, bool(one.until)) for one in prepared.stages] == [
        ("1/2", True),
        ("2/2", False),
    ]
    assert initialised(now).stages == ()


def test_the_canary_says_what_its_judge_makes_of_the_threshold() -> None:
    def line(router: str) -> str:
        texts = plain(router)
        now = after(texts, initialised(texts, router=router))
        return now["apps/canary.yaml"].partition("threshold: 3 # ")[2].partition("stepWeights")[0]

    assert line("istio").startswith("failed looks at a query, to roll back; builtin metrics")
    assert "unproven 10m at the last step, it is promoted, given 100 requests" in line("istio")
    assert line("apisix").startswith("failed looks before the version is rolled back\n")
    assert "promoted" not in line("apisix")
