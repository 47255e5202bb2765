"""Which routing objects a canary is bound to: by API group, by name, one for each claim."""

import re

import pytest
from checks import spec
from routes import CASES, ISTIO, Case
from single_routes import NGINX

from gitops_canary.errors import BindingError
from gitops_canary.manifest import bindings, catalog
from gitops_canary.model.names import Path
from gitops_canary.model.owned import Binding
from gitops_canary.routing import ROUTERS

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
