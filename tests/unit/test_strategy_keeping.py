"""Session affinity: cookies and rules come with a weight and go to the same bytes."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from canary_texts import analysis, flagger, own, read, refusal
from checks import spec
from routes import CASES

from gitops_canary.core.rehearsal import always, rehearse
from gitops_canary.errors import BindingError
from gitops_canary.manifest import catalog
from gitops_canary.manifest.document import data, parse
from gitops_canary.manifest.providers import KEEPING_PROVIDERS, OWN_PROVIDERS
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Affinity, CanarySpec
from gitops_canary.ports import Router
from gitops_canary.routing import ROUTERS
from gitops_canary.rule_ports import Keeper
from gitops_canary.strategy import outfitted

FILE = Path("apps/route.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
TOKEN, OTHER = "0123456789ab", "ba9876543210"
BOTH = Affinity(
    cookie="shop.canary",
    max_age_s=3600,
    primary_cookie="shop-primary",
    primary_max_age_s=60,
    attributes="Path=/; Secure",
)
ONE = Affinity(cookie="shop.canary", max_age_s=3600)
NAMES = ("istio-http", "gateway-HTTPRoute-v1", "gateway-GRPCRoute-v1")
every = pytest.mark.parametrize("name", NAMES)
both = pytest.mark.parametrize("affinity", [ONE, BOTH], ids=["one", "both"])


def keeping(provider: str, affinity: Affinity = BOTH) -> tuple[Router, Keeper, CanarySpec]:
    one = spec(provider=provider, apex="shop")
    one = replace(one, policy=replace(one.policy, affinity=affinity))
    router = outfitted(ROUTERS[provider], one)
    assert router.keeper is not None
    return router, router.keeper, one


def values(text: str, *path: str | int) -> Any:
    root = parse(text, file=FILE)[0]
    node = root.get(*path) if root else None
    assert node is not None
    return data(node, file=FILE)


def test_providers_that_can_keep_users_are_those_with_a_keeper() -> None:
    able = {name for name in OWN_PROVIDERS if ROUTERS[name].keeper is not None}
    assert able == set(KEEPING_PROVIDERS)
    with pytest.raises(BindingError, match="cannot set cookies"):
        keeping("nginx")


@both
@every
def test_cookies_come_as_lines_and_go_with_weight_0(name: str, affinity: Affinity) -> None:
    case = CASES[name]
    router, keeper, _ = keeping(case.provider, affinity)
    five = router.set_weight(case.text, 0, Decimal(5), file=FILE, **WHERE)
    on = keeper.keep(five, 0, affinity, TOKEN, file=FILE, **WHERE)
    lines = iter(on.splitlines())
    missing = [line for line in five.splitlines() if line not in lines]
    # An entry in braces grows on its own line.
    assert all("{destination: {host: shop-canary}" in line for line in missing)
    assert router.weight(on, 0, file=FILE, **WHERE) == 5
    assert router.shape(on, 0, file=FILE, **WHERE) == router.shape(case.text, 0, file=FILE, **WHERE)
    assert keeper.kept(on, 0, affinity, **WHERE) == TOKEN
    assert keeper.kept(five, 0, affinity, **WHERE) == ""
    assert keeper.release(on, 0, affinity, file=FILE, **WHERE) == five
    assert router.set_weight(on, 0, Decimal(0), file=FILE, **WHERE) == case.text
    assert router.restore(on, 0, case.text, 0, file=FILE, **WHERE) == case.text
    assert router.exposure(on, 0, **WHERE) == ()


@every
def test_a_later_weight_brings_the_cookies_of_its_rollout(name: str) -> None:
    case = CASES[name]
    router, keeper, _ = keeping(case.provider)
    old = keeper.keep(case.text, 0, BOTH, OTHER, file=FILE, **WHERE)
    plain = router.set_weight(old, 0, Decimal(37), file=FILE, **WHERE)
    assert OTHER not in plain
    new = keeper.keep(plain, 0, BOTH, TOKEN, file=FILE, **WHERE)
    assert keeper.kept(new, 0, BOTH, **WHERE) == TOKEN


def test_istio_sets_cookies_on_destinations_and_matches_them_before() -> None:
    _, keeper, _ = keeping("istio")
    on = keeper.keep(CASES["istio-http"].text, 0, BOTH, TOKEN, file=FILE, **WHERE)
    canary, primary, split = values(on, "spec", "http")
    pattern = canary["match"][0]["headers"]["cookie"]["regex"]
    assert canary["route"] == [{"destination": {"host": "shop-canary"}}]
    assert primary["route"] == [{"destination": {"host": "shop-primary"}}]
    for cookie in (
        f"shop.canary={TOKEN}",
        f"a=b; shop.canary={TOKEN}; c=d",
        f"shop.canary={TOKEN};x",
    ):
        assert re.fullmatch(pattern, cookie)
        assert re.search(pattern, cookie)
    for cookie in (f"shopXcanary={TOKEN}", f"xshop.canary={TOKEN}", f"shop.canary={TOKEN}0", "a=b"):
        assert not re.search(pattern, cookie)
    added = [entry["headers"]["response"]["add"] for entry in split["route"]]
    assert added == [
        {"Set-Cookie": f"shop-primary={TOKEN}; Max-Age=60; Path=/; Secure"},
        {"Set-Cookie": f"shop.canary={TOKEN}; Max-Age=3600; Path=/; Secure"},
    ]


def test_the_gateway_api_modifies_response_headers_of_a_backend() -> None:
    _, keeper, _ = keeping("gatewayapi:v1")
    on = keeper.keep(CASES["gateway-HTTPRoute-v1"].text, 0, ONE, TOKEN, file=FILE, **WHERE)
    sticky, split = values(on, "spec", "rules")
    assert sticky["matches"][0]["headers"][0]["type"] == "RegularExpression"
    assert "filters" not in split["backendRefs"][0]
    assert split["backendRefs"][1]["filters"] == [
        {
            "type": "ResponseHeaderModifier",
            "responseHeaderModifier": {
                "add": [{"name": "Set-Cookie", "value": f"shop.canary={TOKEN}; Max-Age=3600"}]
            },
        }
    ]


ISTIO_HEADERS = {
    "request": "      headers:\n        request:\n          set: {x-side: new}\n",
    "response": "      headers:\n        response:\n          remove: [server]\n",
    "added": "      headers:\n        response:\n          add: {x-side: new} # ours\n",
}
BLOCK = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  # audit keeps an eye on this
  - match:
    - uri: {prefix: /buy}
    timeout: 3s
    route:
    - destination:
        host: shop-primary
      weight: 100
    - destination:
        host: shop-canary
      weight: 0
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("headers", ISTIO_HEADERS.values(), ids=ISTIO_HEADERS)
def test_headers_of_ones_own_stay_as_they_are(headers: str, newline: str) -> None:
    _, keeper, _ = keeping("istio")
    text = (BLOCK + headers).replace("\n", newline)
    on = keeper.keep(text, 0, BOTH, TOKEN, file=FILE, **WHERE)
    assert on.count("Set-Cookie") == 2
    assert keeper.kept(on, 0, BOTH, **WHERE) == TOKEN
    assert keeper.release(on, 0, BOTH, file=FILE, **WHERE) == text
    assert [r["timeout"] for r in values(on, "spec", "http")] == ["3s"] * 3


FILTERS = {
    "modified": "      filters:\n      - type: ResponseHeaderModifier\n"
    "        responseHeaderModifier:\n          set: [{name: x-side, value: new}]\n",
    "added": "      filters:\n      - type: ResponseHeaderModifier\n"
    "        responseHeaderModifier:\n          add:\n          - {name: x-side, value: new}\n",
    "other": "      filters:\n      - type: URLRewrite # ours\n        urlRewrite: {hostname: a}\n",
    "request": "      filters:\n"
    "        [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}]\n",
}


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
def test_filters_of_ones_own_stay_as_they_are(filters: str) -> None:
    router, keeper, _ = keeping("gatewayapi:v1")
    text = CASES["gateway-HTTPRoute-v1"].text.replace("  # the end\n", filters)
    on = keeper.keep(text, 0, BOTH, TOKEN, file=FILE, **WHERE)
    assert len(values(on, "spec", "rules", 2, "backendRefs", 1, "filters")) <= 2
    assert on.count("Set-Cookie") == 2
    assert keeper.release(on, 0, BOTH, file=FILE, **WHERE) == text
    assert router.set_weight(on, 0, Decimal(0), file=FILE, **WHERE) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BLOCK + "      headers: {response: {add: {set-cookie: a=b}}}\n", "another cookie"),
        (BLOCK + "      headers: {response: {}}\n", "odd form"),
        (BLOCK + "      headers: {}\n", "odd form"),
        (
            BLOCK.replace("uri: {prefix: /buy}", "headers: {cookie: {regex: .*x.*}}"),
            "asks for cookie",
        ),
        (CASES["istio-tcp"].text, "Only HTTP rules"),
    ],
)
def test_a_route_that_cannot_keep_anybody_is_refused_before_the_start(
    text: str, problem: str
) -> None:
    router, _, one = keeping("istio")
    (ref,) = catalog.headers(text, file=FILE)
    with pytest.raises(BindingError, match=problem):
        rehearse(one, ref, text, router)


@pytest.mark.parametrize("kind", ["TCPRoute"])
def test_routes_of_connections_have_no_cookies_no_matches_and_no_mirrors(kind: str) -> None:
    router, keeper, _ = keeping("gatewayapi:v1")
    text = CASES[f"gateway-{kind}-v1"].text
    with pytest.raises(BindingError, match="A TCPRoute cannot match requests by header"):
        keeper.keep(text, 0, BOTH, TOKEN, file=FILE, **WHERE)
    assert router.mirror is not None
    with pytest.raises(BindingError, match="A TCPRoute cannot mirror"):
        router.mirror.start(text, 0, Decimal(5), file=FILE, **WHERE)


def test_what_a_person_changed_shows() -> None:
    router, keeper, one = keeping("istio")
    on = keeper.keep(BLOCK, 0, BOTH, TOKEN, file=FILE, **WHERE)
    longer = on.replace("Max-Age=3600", "Max-Age=7200")
    assert keeper.kept(longer, 0, BOTH, **WHERE) == "changed by a person"
    (ref,) = catalog.headers(on, file=FILE)
    assert always(one, ref, on, router) == ()
    first = on.index("  - match:")
    cut = on[:first] + on[on.index("  - match:", first + 1) :]
    assert keeper.kept(cut, 0, BOTH, **WHERE) == "changed by a person"
    assert keeper.release(cut, 0, BOTH, file=FILE, **WHERE) == BLOCK


AFFINITY = {"cookieName": "shop-canary"}


def asked(**changes: Any) -> dict[str, Any]:
    return own(analysis=analysis(sessionAffinity={**AFFINITY, **changes}))


def test_every_leaf_is_read() -> None:
    found = read(
        flagger(
            analysis=analysis(
                interval="90s",
                sessionAffinity={
                    "cookieName": "a", "primaryCookieName": "b", "maxAge": 5, "domain": "x.org",
                    "path": "/", "sameSite": "None", "secure": True, "httpOnly": True,
                    "partitioned": True,
                },
            )
        )
    ).policy.affinity  # fmt: skip
    assert found == Affinity(
        cookie="a",
        max_age_s=5,
        primary_cookie="b",
        primary_max_age_s=90,
        attributes="Domain=x.org; Path=/; SameSite=None; HttpOnly; Secure; Partitioned",
    )
    least = read(asked()).policy.affinity
    assert least == Affinity(cookie="shop-canary", max_age_s=86_400)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (asked(primaryCookieName="shop-canary"), "is the candidate's cookie"),
        (asked(cookieName="a=b"), "cookieName"),
        (asked(path="/; HttpOnly"), "path"),
        (asked(sameSite="None"), "only a secure one may be"),
        (asked(partitioned=True), "only a secure one may be"),
        (asked(maxAge=0), "out of bounds"),
        (own(analysis=analysis(sessionAffinity={})), "cookieName is missing"),
        (own(provider="contour", analysis=analysis(sessionAffinity=AFFINITY)), "not possible with"),
        (
            own(analysis=analysis(stepWeights=None, iterations=3, sessionAffinity=AFFINITY)),
            "no use beside iterations",
        ),
    ],
)
def test_what_keeps_nobody_is_refused(document: dict[str, Any], problem: str) -> None:
    assert problem in str(refusal(document))
