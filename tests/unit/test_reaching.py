"""What sends traffic to the canary beside its weight is told; crossed Services are refused."""

from pathlib import Path

import pytest
from routes import CASES

from gitops_canary.app.linting import Finding, findings

WORKLOAD = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: prod}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}, tier: front}}}}
    spec: {{containers: [{{name: app, image: "acme/web:1"}}]}}
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: prod}}
spec: {{selector: {selector}, ports: [{{port: 80}}]}}
"""
CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: shop, namespace: prod}}
spec:
  provider: {provider}
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: shop}}
  analysis:
    threshold: 1
    judge: {{type: threshold}}
    stepWeights: [10, 50]
    metrics: [{{name: errors, query: errors, thresholdRange: {{max: 1}}}}]
"""


def service(name: str, selector: str) -> str:
    return SERVICE.format(name=name, selector=selector)


SIDES = service("shop-primary", "{app: shop-primary}") + service("shop-canary", "{app: shop}")


def finding(
    folder: Path, more: str, *, provider: str = "istio", route: str = "", services: str = SIDES
) -> Finding:
    (folder / "canary.yaml").write_text(CANARY.format(provider=provider))
    workloads = (WORKLOAD.format(name=name) for name in ("shop", "shop-primary"))
    (folder / "apps.yaml").write_text("".join(workloads))
    (folder / "services.yaml").write_text(services)
    (folder / "route.yaml").write_text(route or CASES["istio-http"].text)
    (folder / "more.yaml").write_text(more)
    (one,) = findings(folder, default_provider=None, allow_missing=frozenset())
    return one


VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: preview, namespace: {space}}}
spec:
  hosts: [preview.example]
  http: [{{route: [
    {{destination: {{host: {host}}}{more}}}]}}]
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: preview
  annotations: {notes}
spec:
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service: {{name: shop-canary, port: {{number: 80}}}}
"""
MAPPING = """\
apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: preview, namespace: edge}
spec: {prefix: /preview/,
  service: "http://shop-canary.prod:80"}
"""
NGINX = "nginx.ingress.kubernetes.io/canary"
REACH = {
    "a host of its own": (VIRTUAL_SERVICE.format(space="prod", host="shop-canary", more=""), 7),
    "from another namespace": (
        VIRTUAL_SERVICE.format(space="edge", host="shop-canary.prod.svc.cluster.local", more=""), 7,
    ),
    "another router": (INGRESS.format(notes="{}"), 13),
    "a weight of another router": (
        INGRESS.format(notes=f'{{{NGINX}: "true", {NGINX}-weight: "5"}}'), 13,
    ),
    "a header whatever the weight": (
        INGRESS.format(notes=f'{{{NGINX}: "true", {NGINX}-by-header: x}}'), 13,
    ),
    "a Mapping": (MAPPING, 5),
    "a Service over both": (service("shop-all", "{tier: front}") + "# of shop\n", 5),
    "the Service users call": (service("shop", "{app: shop}"), 5),
}  # fmt: skip


@pytest.mark.parametrize("what", REACH)
def test_what_reaches_the_canary_elsewhere_is_told_by_its_place(what: str, tmp_path: Path) -> None:
    more, line = REACH[what]
    one = finding(tmp_path, more)
    assert one.error is None
    assert f"the canary also gets what more.yaml:{line} sends it" in one.summary


NOTHING = {
    "weight 0": VIRTUAL_SERVICE.format(space="prod", host="shop-canary", more=", weight: 0"),
    "another namespace's": VIRTUAL_SERVICE.format(space="edge", host="shop-canary", more=""),
    "a name that begins alike": VIRTUAL_SERVICE.format(
        space="prod", host="shop-canary-two", more=""
    ),
    "the same name elsewhere": VIRTUAL_SERVICE.format(
        space="prod", host="shop-canary.edge", more=""
    ),
    "a canary Ingress at 0": INGRESS.format(notes=f'{{{NGINX}: "true", {NGINX}-weight: "0"}}'),
    "the Service users call": service("shop", "{app: shop-primary}"),
    "a Service and its patch": service("shop", "{app: shop}")
    + service("shop", "{app: shop-primary}"),
    "another Service": service("cart", "{app: cart, tier: front}"),
    "no selector": service("shop", "{}"),
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_sends_it_nothing_is_not(what: str, tmp_path: Path) -> None:
    one = finding(tmp_path, NOTHING[what])
    assert one.error is None
    assert "also gets" not in one.summary


def test_a_second_object_for_the_same_host_is_refused_though_it_names_the_canary_alone(
    tmp_path: Path,
) -> None:
    """Only one of the two would be used, and it may be the one without a weight."""
    more = VIRTUAL_SERVICE.format(space="prod", host="shop-canary", more="")
    one = finding(tmp_path, more.replace("preview.example", "shop"))
    assert one.error is not None
    assert "both own the host shop on mesh" in one.error.problem


def test_a_selector_that_is_the_route_is_no_way_around_it(tmp_path: Path) -> None:
    text = CANARY.replace("stepWeights: [10, 50]", "iterations: 1")
    one = finding(
        tmp_path, "# nothing\n", provider="kubernetes", route=CASES["kubernetes"].text,
    )  # fmt: skip
    assert one.error is not None, "a Service knows no shares"
    (tmp_path / "canary.yaml").write_text(text.format(provider="kubernetes"))
    (one,) = findings(tmp_path, default_provider=None, allow_missing=frozenset())
    assert one.error is None
    assert "also gets" not in one.summary


@pytest.mark.parametrize(
    ("primary", "canary", "named"),
    [
        (
            "{app: shop-primary}",
            "{app: shop-primary}",
            "shop-canary selects the pods of the primary",
        ),
        ("{app: shop}", "{app: shop}", "shop-primary selects the pods of the canary"),
    ],
)
def test_services_that_select_the_other_side_are_refused(
    primary: str, canary: str, named: str, tmp_path: Path
) -> None:
    """Else the primary would be judged in the canary's place."""
    services = service("shop-primary", primary) + service("shop-canary", canary)
    one = finding(tmp_path, "# nothing\n", services=services)
    assert one.error is not None
    assert named in one.error.problem
    assert str(one.error.place).startswith("services.yaml:")
