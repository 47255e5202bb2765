"""Which routing objects a canary is bound to: by API group, by name, one for each claim."""

import re

import pytest
from checks import spec
from routes import CASES, ISTIO, Case
from single_routes import NGINX

from gitops_canary.errors import BindingError, SpecError
from gitops_canary.manifest import bindings, catalog
from gitops_canary.model.names import Path
from gitops_canary.model.owned import Binding
from gitops_canary.routing import ROUTERS

GLOO_HOST = """\
apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  virtualHost:
    domains: [a.example]
    routes:
    - routeAction:
        multi:
          destinations:
          - {destination: {kube: {ref: {name: shop-primary, namespace: prod}}}, weight: 1}
          - {destination: {kube: {ref: {name: shop-canary, namespace: prod}}}, weight: 0}
"""
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
WORKLOADS = "".join(
    f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n"
    for name in ("shop", "shop-primary")
)


def bind(provider: str, *routes: str) -> Binding:
    texts = {Path("apps.yaml"): WORKLOADS}
    texts |= {Path(f"route-{index}.yaml"): text for index, text in enumerate(routes)}
    found = [ref for file, text in texts.items() for ref in catalog.headers(text, file=file)]
    one = spec(provider=provider, apex="shop")
    return bindings.resolve(
        one, found, texts.__getitem__, ROUTERS[provider], exists=texts.__contains__
    )


@every
def test_an_object_is_found_by_what_it_names(case: Case) -> None:
    (route,) = bind(case.provider, case.text).routes
    assert route.file == "route-0.yaml"


@every
def test_the_same_kind_of_another_group_is_not(case: Case) -> None:
    other = re.sub(r"apiVersion: \S+", "apiVersion: example.com/v1", case.text)
    with pytest.raises(BindingError, match=r"No .* routes to shop-primary and shop-canary"):
        bind(case.provider, other)


@pytest.mark.parametrize(
    ("provider", "text", "claim"),
    [
        ("istio", ISTIO.replace("{proto}", "http"), "the host shop on mesh"),
        ("contour", CASES["contour"].text, "the host shop.example.com"),
        ("gatewayapi:v1", CASES["gateway-HTTPRoute-v1"].text, "any host .everything. at gate"),
        ("nginx", NGINX, "the canary of shop.example.com/"),
        ("smi:v1alpha2", CASES["smi-v1alpha2"].text, "the service shop"),
        ("emissary", CASES["emissary"].text, "the canary of ./shop/"),
        ("virtualserver", CASES["virtualserver"].text, "the host shop.example.com"),
        ("kubernetes", CASES["kubernetes"].text, "the Service shop"),
    ],
)
def test_two_objects_for_the_same_traffic_are_refused(provider: str, text: str, claim: str) -> None:
    again = re.sub(r"(name: )shop(-canary)?(?=[\s}])", r"\1again", text, count=1)
    if provider == "kubernetes":
        again = text
    with pytest.raises(BindingError, match=f"both own {claim}") as error:
        bind(provider, text, again)
    assert error.value.place is not None
    assert error.value.place.file == "route-1.yaml"


NOBODYS = {"traefik", "gloo", "knative", "emissary", "nginx", "alb-line", "skipper-ingress"}
"""Others lead to these, or only one can be there, or they have no rules; some are below."""


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOBODYS])
def test_no_kind_lets_two_objects_have_the_same_traffic(name: str) -> None:
    case = CASES[name]
    text = case.text
    if name == "openshift":
        text = text.replace("spec:\n", "spec:\n  host: a.example\n")
    if name == "contour-tcp":
        text = text.replace("spec:\n", "spec:\n  virtualhost: {fqdn: a.example}\n")
    again = re.sub(r"(metadata:\s+\{?name: )shop", r"\1again", text, count=1)
    if case.provider in {"kubernetes", "haproxy"}:
        again = text
    with pytest.raises(BindingError, match="both own") as error:
        bind(case.provider, text, again)
    assert error.value.place is not None


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("openshift", "  to:", "  host: b.example\n  to:"),
        ("apisix", "      backends:", "      priority: 5\n      backends:"),
        ("skipper", "  defaultBackends", "  hosts: [b.example]\n  defaultBackends"),
        ("skipper", "  defaultBackends", "  routes: [{path: /a}]\n  defaultBackends"),
        ("kuma", "  to:\n", "  targetRef: {kind: Mesh}\n  to:\n"),
        ("traefik-tcp", "HostSNI(`*`)", "HostSNI(`b`)"),
    ],
)
def test_what_differs_in_more_than_the_name_is_another_claim(name: str, old: str, new: str) -> None:
    case = CASES[name]
    other = case.text.replace(old, new, 1).replace("name: shop", "name: again", 1)
    assert other.count(new.strip().splitlines()[0]) == 1
    assert len(bind(case.provider, case.text, other).routes) == 2


def test_a_virtual_server_and_the_routes_of_its_host_are_no_conflict() -> None:
    text = CASES["virtualserver"].text
    route = text.replace("kind: VirtualServer", "kind: VirtualServerRoute").replace(
        "  routes:", "  subroutes:"
    )
    assert len(bind("virtualserver", text, route).routes) == 2
    with pytest.raises(BindingError, match=r"both own shop\.example\.com/"):
        bind("virtualserver", route, route.replace("{name: shop}", "{name: again}"))


def test_virtual_services_of_gloo_have_their_domains_with_and_without_tls() -> None:
    text = GLOO_HOST
    tls = text.replace("  virtualHost", "  sslConfig: {secretRef: {name: a}}\n  virtualHost")
    assert len(bind("gloo", text, tls.replace("{name: shop}", "{name: again}")).routes) == 2
    with pytest.raises(BindingError, match=r"both own the domain a\.example"):
        bind("gloo", text, text.replace("{name: shop}", "{name: again}"))


def test_a_delegate_without_hosts_is_found_beside_its_root() -> None:
    root = (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: root}\n"
        "spec:\n  hosts: [shop]\n  http:\n  - delegate: {name: shop, namespace: prod}\n"
    )
    delegate = ISTIO.replace("{proto}", "http").replace("  hosts: [shop]\n", "")
    (route,) = bind("istio", root, delegate).routes
    assert (route.name, route.file) == ("shop", "route-1.yaml")


def test_several_hosts_in_one_object_are_one_route() -> None:
    text = ISTIO.replace("{proto}", "http").replace("[shop]", "[shop, shop.example.com]")
    assert len(bind("istio", text).routes) == 1
    assert set(ROUTERS["istio"].claims(text, 0)) == {
        "the host shop on mesh",
        "the host shop.example.com on mesh",
    }


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("host: shop-", "host: shop-", False),
        (r"host: shop-(\w+)", r"host: shop-\1.prod.svc.cluster.local", True),
        (r"host: shop-(\w+)", r"host: shop-\1.edge", False),
    ],
)
def test_an_object_of_another_namespace_names_the_services_with_theirs(
    old: str, new: str, found: bool
) -> None:
    text = ISTIO.replace("{proto}", "http").replace("{name: shop}", "{name: shop, namespace: edge}")
    text = re.sub(old, new, text)
    if found:
        assert bind("istio", text).routes[0].namespace == "edge"
        return
    with pytest.raises(BindingError, match="No VirtualService routes to"):
        bind("istio", text)


def test_whether_there_is_a_router_is_no_error_to_ask() -> None:
    assert "istio" in ROUTERS
    assert "istoi" not in ROUTERS
    with pytest.raises(SpecError, match="no routing provider called 'istoi'") as refused:
        ROUTERS["istoi"]
    assert "did you mean 'istio'" in refused.value.remedy
