"""The first canary: three commits that harm nobody, byte for byte what they have to be."""

import difflib
from collections.abc import Mapping

import pytest
from first_canary import DEPLOYMENT, PLAIN, POLICY, Texts, after, initialised, objects, plain
from first_routes import ISTIO, NGINX, ROUTES

from gitops_canary.errors import CanaryError
from gitops_canary.manifest.initial.terrain import survey
from gitops_canary.manifest.scalars import Json
from gitops_canary.model.names import Path

ROUTERS = [*ROUTES, "kubernetes"]
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: prod}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 9
"""


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """List the lines that existing files lose and gain."""
    return [
        line
        for path, old in sorted(before.items())
        for line in difflib.unified_diff(old.splitlines(), now[path].splitlines(), n=0)
        if line[0] in "+-" and line[:3] not in {"+++", "---"}
    ]


@pytest.mark.parametrize("router", ROUTERS)
def test_nothing_that_runs_is_touched_before_users_are_sent_over(router: str) -> None:
    texts = plain(router)
    prepared = initialised(texts, router=router)
    steps = [after(texts, prepared, count) for count in range(4)]

    assert [stage.step for stage in prepared.stages] == ["1/3", "2/3", "3/3"]
    assert changed(texts, steps[1]) == []
    assert changed(steps[2], steps[3]) == ["-  replicas: 3", "+  replicas: 0"]
    assert "-    app: web" in changed(steps[1], steps[2])


def test_users_stay_on_pods_that_are_there() -> None:
    """After every commit each Service that users reach selects pods of a workload that runs."""
    texts = plain("istio")
    prepared = initialised(texts)
    for count in range(4):
        now = after(texts, prepared, count)
        terrain = survey({Path(path): text for path, text in now.items()})
        serving = {
            service.ref.name: [
                one.ref.name
                for one in terrain.workloads
                if one.word("spec", "replicas") != "0"
                and service in terrain.serving(one, "prod", {})
            ]
            for service in terrain.of("Service")
        }
        assert serving["web"] == (["web"] if count < 2 else ["web-primary"])
        if count:
            assert serving["web-primary"] == ["web-primary"]


def test_the_primary_is_the_workload_in_its_own_style() -> None:
    prepared = initialised(plain("istio"))
    text = after(PLAIN, prepared)["apps/deploy-primary.yaml"].partition("---\n")[0]

    assert text == (
        DEPLOYMENT.removeprefix("# the shop\n")
        .replace("name: web\n  namespace", "name: web-primary\n  namespace")
        .replace("app: web", "app: web-primary")
        .replace(' # {"$imagepolicy": "flux-system:web"}', "")
        .replace("  annotations:\n    keel.sh/policy: all\n", "")
    )


def test_services_of_the_two_sides_stay_inside_the_cluster() -> None:
    found = objects(after(PLAIN, initialised(plain("istio"))), "Service")
    ports: Json = [{"port": 80, "targetPort": 8080}]

    assert found["web-primary"]["spec"] == {"selector": {"app": "web-primary"}, "ports": ports}
    assert found["web-canary"]["spec"] == {"selector": {"app": "web"}, "ports": ports}
    assert found["web-canary"]["metadata"] == {"name": "web-canary", "namespace": "prod"}


def test_every_list_of_a_virtual_service_splits_and_keeps_its_total() -> None:
    texts = plain("istio")
    now = after(texts, initialised(texts))["apps/route.yaml"]

    assert changed({"r": ISTIO}, {"r": now}) == [
        "-        host: web.prod.svc.cluster.local # in the mesh",
        "+        host: web-primary.prod.svc.cluster.local # in the mesh",
        "+      weight: 100",
        "+    - destination:",
        "+        host: web-canary.prod.svc.cluster.local # in the mesh",
        "+      weight: 0",
        "-    - destination: {host: web}",
        "+    - destination: {host: web-primary}",
        "+    - destination: {host: web-canary}",
        "+      weight: 0",
    ]


def test_an_ingress_stays_and_gets_a_canary_beside_it() -> None:
    texts = plain("nginx")
    now = after(texts, initialised(texts))
    made = objects(now, "Ingress")["web-canary"]
    assert now["apps/route.yaml"] == NGINX
    assert made["metadata"] == {
        "name": "web-canary",
        "namespace": "prod",
        "annotations": {
            "nginx.ingress.kubernetes.io/proxy-body-size": "8m",
            "nginx.ingress.kubernetes.io/canary": "true",
            "nginx.ingress.kubernetes.io/canary-weight": "0",
        },
    }
    backend: Json = {"service": {"name": "web-canary", "port": {"number": 80}}}
    paths: Json = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    assert made["spec"] == {
        "ingressClassName": "nginx",
        "rules": [{"host": "shop.example", "http": {"paths": paths}}],
    }


def test_an_ingress_route_leads_to_a_weighted_service() -> None:
    texts = plain("traefik")
    now = after(texts, initialised(texts))
    sides: Json = [
        {"name": "web-primary", "port": 80, "weight": 100},
        {"name": "web-canary", "port": 80, "weight": 0},
    ]
    assert objects(now, "TraefikService")["web"]["spec"] == {"weighted": {"services": sides}}
    assert changed({"r": texts["apps/route.yaml"]}, {"r": now["apps/route.yaml"]}) == [
        "-      port: 80",
        "+      kind: TraefikService",
    ]


def test_what_a_reference_says_of_its_service_the_weighted_one_says_of_both() -> None:
    """Else an IngressRoute that goes to the Service's own address would go to pods, unasked."""
    route = ROUTES["traefik"].rstrip() + "\n      nativeLB: true\n      scheme: h2c\n"
    now = after(PLAIN, initialised(PLAIN | {"apps/route.yaml": route}))
    weighted = objects(now, "TraefikService")["web"]["spec"]
    kept = {"port": 80, "scheme": "h2c", "nativeLB": True}
    assert weighted == {"weighted": {"services": [
        {"name": "web-primary", **kept, "weight": 100},
        {"name": "web-canary", **kept, "weight": 0},
    ]}}  # fmt: skip
    assert "nativeLB" not in now["apps/route.yaml"]


def test_whatever_selects_the_pods_gets_a_copy() -> None:
    texts = plain("istio", {"apps/more.yaml": SCALER + "---\n" + POLICY})
    prepared = initialised(texts)
    now = after(texts, prepared)

    assert objects(now, "HorizontalPodAutoscaler")["web-primary"]["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-primary"},
        "maxReplicas": 9,
    }
    policy = objects(now, "NetworkPolicy")["web-primary"]["spec"]
    assert isinstance(policy, dict)
    assert policy["podSelector"] == {"matchLabels": {"app": "web-primary"}}
    assert now["apps/deploy.yaml"] == DEPLOYMENT, "a scaler owns the replicas"


def test_an_application_that_serves_nobody_needs_one_commit() -> None:
    texts: Texts = {"apps/deploy.yaml": DEPLOYMENT}
    prepared = initialised(texts, router="istio", serving="no")
    (only,) = prepared.stages
    now = after(texts, prepared)

    assert only.step == "1/1"
    assert set(objects(now, "Service")) == {
        "web", "web-primary", "web-canary",
    }  # fmt: skip
    assert initialised(now).stages == ()
    careful = initialised(texts, router="istio")
    assert [stage.step for stage in careful.stages] == ["1/3", "2/3", "3/3"], "where nobody says so"
    assert after(texts, careful) == now


@pytest.mark.parametrize("router", ROUTERS)
@pytest.mark.parametrize("merged", [0, 1, 2, 3])
def test_it_goes_on_from_what_is_there(router: str, merged: int) -> None:
    texts = plain(router)
    whole = initialised(texts, router=router)
    rest = initialised(after(texts, whole, merged), router=router)

    assert [stage.step for stage in rest.stages] == ["1/3", "2/3", "3/3"][merged:]
    assert after(after(texts, whole, merged), rest) == after(texts, whole)


def test_line_endings_are_those_of_the_repository() -> None:
    texts = {path: text.replace("\n", "\r\n") for path, text in plain("istio").items()}
    for path, text in after(texts, initialised(texts)).items():
        assert text.count("\n") == text.count("\r\n"), path


def test_labels_that_are_not_the_name_are_told_apart_by_fields() -> None:
    texts = {path: text.replace("app: web", "app: shop") for path, text in plain("istio").items()}
    prepared = initialised(texts)
    now = after(texts, prepared)

    assert 'field: "spec.template.spec.containers[name=app].image"' in now["apps/canary.yaml"]
    assert "app: shop-primary" in now["apps/deploy-primary.yaml"]
    assert changed(after(texts, prepared, 2), now) == []


def test_a_route_that_is_missing_is_written_where_its_gateway_is_known() -> None:
    with pytest.raises(CanaryError, match="no Gateway is named"):
        initialised(PLAIN, router="gatewayapi:v1")
    answers = {"router": "gatewayapi:v1", "gateway": "infra/public", "hosts": "shop.example"}
    made = objects(after(PLAIN, initialised(PLAIN, **answers)), "HTTPRoute")["web"]["spec"]
    assert made == {
        "parentRefs": [{"name": "public", "namespace": "infra"}],
        "hostnames": ["shop.example"],
        "rules": [{"backendRefs": [
            {"name": "web-primary", "port": 80, "weight": 100},
            {"name": "web-canary", "port": 80, "weight": 0},
        ]}],
    }  # fmt: skip
