"""A/B tests: rules that come and go in whole lines, whatever the object."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import spec
from routes import CASES
from shelf import expected

from gitops_canary.errors import BindingError
from gitops_canary.manifest import catalog
from gitops_canary.manifest.document import data, parse
from gitops_canary.manifest.providers import MATCHING_PROVIDERS, OWN_PROVIDERS
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Match, Strategy
from gitops_canary.ports import Router
from gitops_canary.routing import ROUTERS
from gitops_canary.strategy import outfitted
from gitops_canary.sync.cluster import live_facts
from gitops_canary.sync.live_object import Thing

FILE = Path("apps/route.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
INSIDER = Match(headers={"x-canary": ("exact", "insider")})
COOKIE = Match(headers={"cookie": ("regex", "^(.*?;)?(type=insider)(;.*)?$")})
NAMES = ("istio-http", "gateway-HTTPRoute-v1", "gateway-GRPCRoute-v1", "contour", "gloo", "nginx")
every = pytest.mark.parametrize("name", NAMES)


def ab(provider: str, *matches: Match) -> Router:
    one = spec(provider=provider, apex="shop")
    policy = replace(one.policy, strategy=Strategy.AB_TEST, match=matches or (INSIDER,))
    return outfitted(ROUTERS[provider], replace(one, policy=policy))


AB = replace(spec().policy, strategy=Strategy.AB_TEST, match=(INSIDER,))


def write(router: Router, text: str, weight: int) -> str:
    return router.set_weight(text, 0, Decimal(weight), file=FILE, **WHERE)


def read(router: Router, text: str) -> Decimal:
    return router.weight(text, 0, file=FILE, **WHERE)


def shape(router: Router, text: str) -> str:
    return router.shape(text, 0, file=FILE, **WHERE)


def rule(text: str, *path: str | int) -> object:
    root = parse(text, file=FILE)[0]
    assert root is not None
    found = root.get(*path)
    return data(found, file=FILE) if found else None


def test_a_cluster_shows_the_rules_and_not_the_weights() -> None:
    router = ab("istio")
    text = CASES["istio-http"].text.replace("{name: shop}", "{name: shop, namespace: prod}")
    on = write(router, text, 100)
    one = replace(spec(provider="istio", apex="shop"), policy=AB)
    (ref,) = catalog.headers(on, file=FILE)
    moves = expected("0", "100", routes=(ref,), provider="istio", apex="shop", spec=one)
    times = {"managedFields": [{"time": "2026-03-02T10:00:20Z", "fieldsV1": {"f:spec": {}}}]}

    def facts(now: str) -> list[int | None]:
        root = parse(now, file=FILE)[0]
        assert root is not None
        found = data(root, file=FILE)
        assert isinstance(found, dict)

        async def show(thing: Thing) -> dict[str, Any]:
            return {**found, "metadata": {"name": thing.name, "namespace": "prod", **times}}

        return [fact.at_ms for fact in asyncio.run(live_facts(moves, show))]

    assert None not in facts(on)
    assert facts(text) == [None]


def test_what_a_server_fills_in_hides_no_rule() -> None:
    """The Gateway API's defaults: a path for every match, group, kind and weight of backends."""
    one = replace(spec(provider="gatewayapi:v1", apex="shop"), policy=AB)
    text = CASES["gateway-HTTPRoute-v1"].text
    on = write(ab("gatewayapi:v1"), text, 100)
    filled = on.replace(
        "  - matches:\n      - ",
        "  - matches:\n      - path: {type: PathPrefix, value: /}\n        ",
    )
    filled = filled.replace(
        "      - name: shop-canary\n",
        "      - name: shop-canary\n        kind: Service\n        weight: 1\n",
    )
    assert filled.count("PathPrefix") == filled.count("kind: Service") == 1
    router = outfitted(ROUTERS["gatewayapi:v1"], one, live=True)
    assert [read(router, shown) for shown in (on, filled, text)] == [100, 100, 0]
    assert read(ab("gatewayapi:v1"), filled) == 0, "in Git it is somebody else's rule"


def test_providers_that_can_match_are_those_with_a_matcher() -> None:
    able = {name for name in OWN_PROVIDERS if ROUTERS[name].matcher is not None}
    assert able == set(MATCHING_PROVIDERS)


@every
def test_rules_are_added_as_lines_and_taken_out_to_the_same_bytes(name: str) -> None:
    case = CASES[name]
    router = ab(case.provider)
    assert read(router, case.text) == 0
    new = write(router, case.text, 100)
    assert read(router, new) == 100
    assert write(router, new, 100) == new
    lines = iter(new.splitlines())
    assert all(line in lines for line in case.text.splitlines()), "every old line, in order"
    assert "insider" in new
    assert shape(router, new) == shape(router, case.text)
    assert write(router, new, 0) == case.text


@every
def test_restore_takes_the_rules_out_and_keeps_what_else_changed(name: str) -> None:
    case = CASES[name]
    router = ab(case.provider)
    rolling = write(router, case.text, 100).replace("\nspec:", "\nother: 1\nspec:", 1)
    back = router.restore(rolling, 0, case.text, 0, file=FILE, **WHERE)
    assert back == case.text.replace("\nspec:", "\nother: 1\nspec:", 1)


@every
def test_a_rule_that_a_person_changed_is_seen_as_a_change(name: str) -> None:
    case = CASES[name]
    router = ab(case.provider)
    new = write(router, case.text, 100)
    edited = new.replace("insider", "everybody")
    assert read(router, edited) == 0
    assert shape(router, edited) != shape(router, new)
    assert router.exposure(edited, 0, **WHERE)
    assert not router.exposure(new, 0, **WHERE)


@every
def test_a_weight_beside_the_rules_is_a_change(name: str) -> None:
    case = CASES[name]
    router = ab(case.provider)
    new = write(router, case.text, 100)
    both = ROUTERS[case.provider].set_weight(new, 0, Decimal(50), file=FILE, **WHERE)
    assert shape(router, both) != shape(router, new)
    assert write(router, both, 0) == case.text


@every
def test_no_part_of_the_matching_requests_is_possible(name: str) -> None:
    case = CASES[name]
    with pytest.raises(BindingError, match="only none or all"):
        write(ab(case.provider), case.text, 50)


ISTIO = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
    - match:
        - uri: {prefix: /health}
      route:
        - destination: {host: health}
    # everybody
    - name: all
      match:
        - uri: {prefix: /shop}
          headers: {x-tenant: {exact: a}}
        - uri: {prefix: /cart}
      timeout: 3s
      route:
        - destination:
            host: shop-primary
            port: {number: 80}
"""


def test_old_conditions_and_settings_hold_in_the_copy_too() -> None:
    router = ab("istio", INSIDER, COOKIE)
    new = write(router, ISTIO, 100)
    assert rule(new, "spec", "http", 1) == {
        "match": [
            {
                "uri": {"prefix": "/shop"},
                "headers": {"x-tenant": {"exact": "a"}, "x-canary": {"exact": "insider"}},
            },
            {"uri": {"prefix": "/cart"}, "headers": {"x-canary": {"exact": "insider"}}},
            {
                "uri": {"prefix": "/shop"},
                "headers": {
                    "x-tenant": {"exact": "a"},
                    "cookie": {"regex": "^(.*?;)?(type=insider)(;.*)?$"},
                },
            },
            {
                "uri": {"prefix": "/cart"},
                "headers": {"cookie": {"regex": "^(.*?;)?(type=insider)(;.*)?$"}},
            },
        ],
        "timeout": "3s",
        "route": [{"destination": {"host": "shop-canary", "port": {"number": 80}}}],
    }
    assert new.index("/health") < new.index("insider") < new.index("# everybody")
    assert write(router, new, 0) == ISTIO


def test_a_contour_proxy_gets_one_route_for_each_alternative() -> None:
    router = ab("contour", INSIDER, COOKIE)
    new = write(router, CASES["contour"].text, 100)
    assert rule(new, "spec", "routes", 1, "conditions", 0, "header", "name") == "cookie"
    assert write(router, new, 0) == CASES["contour"].text


@pytest.mark.parametrize(
    ("name", "matches", "why"),
    [
        ("nginx", (INSIDER, COOKIE), "exactly one header"),
        ("nginx", (COOKIE,), "cannot compare the header cookie by regex"),
        ("contour", (Match(headers={"a": ("prefix", "b")}),), "cannot compare the header a"),
        ("contour", (Match(query={"a": ("exact", "b")}),), "cannot match queryParams"),
        (
            "gateway-HTTPRoute-v1",
            (Match(source_labels={"app": "web"}),),
            "cannot match sourceLabels",
        ),
        ("contour-odd", (INSIDER,), "conditions of this rule is no list"),
        ("istio-odd", (INSIDER,), "A condition of this rule is no mapping"),
        ("istio-tcp", (INSIDER,), "Only HTTP rules can match"),
        ("contour-tcp", (INSIDER,), "Only HTTP rules can match"),
    ],
)
def test_what_a_kind_cannot_match_is_refused(
    name: str, matches: tuple[Match, ...], why: str
) -> None:
    case = CASES[name.replace("istio-odd", "istio-http").removesuffix("-odd")]
    text = case.text
    if name.endswith("-odd"):
        text = text.replace("  - services:", "  - conditions: {prefix: /}\n    services:")
        text = text.replace("  - route:", "  - match: [/shop]\n    route:")
    with pytest.raises(BindingError, match=why) as error:
        write(ab(case.provider, *matches), text, 100)
    assert error.value.place is not None


def test_gateway_api_says_regular_expressions_its_own_way() -> None:
    new = write(ab("gatewayapi:v1", COOKIE), CASES["gateway-HTTPRoute-v1"].text, 100)
    assert rule(new, "spec", "rules", 0, "matches", 0, "headers", 0) == {
        "type": "RegularExpression",
        "name": "cookie",
        "value": "^(.*?;)?(type=insider)(;.*)?$",
    }


def test_nginx_can_follow_a_cookie() -> None:
    router = ab("nginx", Match(headers={"cookie": ("exact", "insider")}))
    new = write(router, CASES["nginx"].text, 100)
    assert "nginx.ingress.kubernetes.io/canary-by-cookie: insider\n" in new
    assert write(router, new, 0) == CASES["nginx"].text


def test_a_list_in_flow_style_takes_a_rule_and_loses_it_again() -> None:
    rules = "  http: [{route: [{destination: {host: shop-primary}}]}]\n"
    text = ISTIO[: ISTIO.index("  http:")] + rules
    new = write(ab("istio"), text, 100)
    assert new.count("\n") == text.count("\n")
    assert rule(new, "spec", "http", 0, "match", 0, "headers") is not None
    assert write(ab("istio"), new, 0) == text


def test_a_provider_that_cannot_match_is_refused() -> None:
    with pytest.raises(BindingError, match="no A/B test is possible"):
        ab("traefik")


@pytest.mark.parametrize("name", ["istio-http", "gateway-HTTPRoute-v1"])
def test_a_rule_that_asks_for_the_same_header_is_refused_and_not_widened(name: str) -> None:
    """Of two conditions on one header only one would count, so others would match too."""
    case = CASES[name]
    own = {
        "istio-http": ("  - route:", "  - match: [{headers: {X-Canary: {exact: a}}}]\n    route:"),
        "gateway-HTTPRoute-v1": (
            "  - backendRefs:",
            "  - matches: [{headers: [{name: X-Canary, value: a}]}]\n    backendRefs:",
        ),
    }[name]
    text = case.text.replace(*own)
    assert text != case.text
    with pytest.raises(BindingError, match="asks for x-canary itself"):
        write(ab(case.provider), text, 100)
    assert read(ab(case.provider, COOKIE), write(ab(case.provider, COOKIE), text, 100)) == 100
