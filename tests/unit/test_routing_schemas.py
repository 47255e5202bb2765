"""What is written into routing objects is what their published CRDs take (tests/data/crds)."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path as LocalPath
from typing import Any

import pytest
from first_canary import after, initialised, plain
from first_routes import ROUTES
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # has no stubs
from routes import CASES

from gitops_canary.manifest.document import data, parse
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Affinity, Match
from gitops_canary.routing import ROUTERS

SCHEMAS = LocalPath(__file__).resolve().parents[1] / "data" / "crds"
FILE = Path("route.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
KINDS = {
    "istio-http": "VirtualService",
    "istio-tcp": "VirtualService",
    "istio-tls": "VirtualService",
    "gateway-HTTPRoute-v1": "HTTPRoute",
    "gateway-GRPCRoute-v1": "GRPCRoute",
    "gateway-TCPRoute-v1": "TCPRoute",
    "traefik": "TraefikService",
    "contour": "HTTPProxy",
    "contour-tcp": "HTTPProxy",
    "kuma": "MeshHTTPRoute",
    "kuma-labels": "MeshHTTPRoute",
    "kuma-tcp": "MeshTCPRoute",
    "kuma-traffic": "TrafficRoute",
    "traefik-tcp": "IngressRouteTCP",
    "linkerd-route": "LinkerdHTTPRoute",
    "knative": "KnativeService",
    "gloo": "RouteTable",
    "virtualserver": "VirtualServer",
    "emissary": "Mapping",
    "nginx": "Ingress",
    "alb-line": "Ingress",
    "skipper-ingress": "Ingress",
    "haproxy": "Ingress",
}
ABLE = ("istio-http", "gateway-HTTPRoute-v1", "gateway-GRPCRoute-v1")
MATCHES = {
    how: (Match(headers={"x-user": (how, "insider.*")}),)
    for how in ("exact", "prefix", "suffix", "regex")
}
COOKIES = Affinity(
    cookie="a", max_age_s=5, primary_cookie="b", primary_max_age_s=5, attributes="Path=/"
)


def closed(schema: Any) -> Any:
    """Refuse fields that a cluster would drop without a word."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if "properties" in found and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found


def wrong(kind: str, text: str) -> list[str]:
    schema = closed(json.loads((SCHEMAS / f"{kind}.json").read_text()))
    root = parse(text, file=FILE)[0]
    node = root.get("spec") if root else None
    assert node is not None
    errors = Draft202012Validator(schema).iter_errors(data(node, file=FILE))
    notes = root.get("metadata", "annotations") if root else None
    values = data(notes, file=FILE) if notes else {}
    assert isinstance(values, dict)
    return [f"{error.json_path}: {error.message[:200]}" for error in errors] + [
        f"the annotation {key} is no text"
        for key, one in values.items()
        if not isinstance(one, str)
    ]


def test_a_schema_refuses_what_is_no_field_and_no_number() -> None:
    text = CASES["istio-http"].text
    assert wrong("VirtualService", text) == []
    assert wrong("VirtualService", text.replace("weight: 0}", "wieght: 0}"))
    assert wrong("VirtualService", text.replace("weight: 0}", "weight: many}"))
    traffic = CASES["kuma-traffic"].text
    assert wrong("TrafficRoute", traffic) == []
    assert wrong("TrafficRoute", traffic.replace("weight: 0", "weight: -1"))
    assert wrong("TrafficRoute", traffic.replace("weight: 0", "wieght: 0"))
    both = "    destination: {a: b}\n    split:"
    assert wrong("TrafficRoute", traffic.replace("    split:", both))
    nginx = CASES["nginx"].text
    assert wrong("Ingress", nginx) == []
    assert wrong("Ingress", nginx.replace('weight: "0"', "weight: 0"))
    assert wrong("Ingress", nginx.replace("pathType: Prefix", "pathTyp: Prefix"))


@pytest.mark.parametrize("name", KINDS)
def test_every_weight_is_what_the_crd_takes(name: str) -> None:
    case = CASES[name]
    router = ROUTERS[case.provider]
    for text in filter(None, (case.text, case.lone, case.bare)):
        for weight in ("0", "5", "37", "100"):
            now = router.set_weight(text, 0, Decimal(weight), file=FILE, **WHERE)
            assert wrong(KINDS[name], now) == []


FIRST = {
    "istio": "VirtualService",
    "gatewayapi:v1": "HTTPRoute",
    "apisix": "ApisixRoute",
    "openshift": "Route",
    "skipper": "RouteGroup",
    "traefik": "TraefikService",
    "smi:v1alpha4": "TrafficSplit",
    "contour": "HTTPProxy",
    "kuma": "MeshHTTPRoute",
    "gloo": "VirtualService",
    "virtualserver": "VirtualServer",
    "emissary": "Mapping",
    "linkerd": "HTTPRoute",
    "nginx": "Ingress",
    "alb": "Ingress",
    "skipper ingress": "Ingress",
}
"""Routers whose first splits are held against a CRD too; by the kind they end in."""


@pytest.mark.parametrize("name", FIRST)
def test_every_first_split_is_what_the_crd_takes(name: str) -> None:
    kind, router = FIRST[name], ROUTERS[name.partition(" ")[0]]
    schema = "GlooVirtualService" if name == "gloo" else kind
    where = {"namespace": "prod", "apex": "web"}
    texts = plain(name)
    now = after(texts, initialised(texts, router=name))
    objects = [text for text in now.values() if f"\nkind: {kind}\n" in text]
    before = ROUTES.get(name, "")
    assert f"\nkind: {kind}\n" not in before or wrong(schema, before) == [], (
        "what people have is right"
    )
    splitting = [text for text in objects if router.matches(text, 0, **where)]
    assert splitting
    for text in objects:
        assert wrong(schema, text) == []
    for text in splitting:
        for weight in ("0", "5", "25", "100"):
            new = router.set_weight(text, 0, Decimal(weight), file=FILE, **where)
            assert wrong(schema, new) == []
            if kind != "Ingress":
                assert wrong(schema, new.replace("weight:", "wieght:"))
                assert wrong(schema, new.replace("weight: ", "weight: x"))


def strategies(name: str) -> Iterator[str]:
    case = CASES[name]
    router = ROUTERS[case.provider]
    assert router.matcher is not None
    assert router.mirror is not None
    assert router.keeper is not None
    for text in filter(None, (case.text, case.lone, case.bare)):
        for matches in MATCHES.values():
            yield router.matcher.add(text, 0, matches, file=FILE, **WHERE)
        yield router.mirror.start(text, 0, Decimal(100), file=FILE, **WHERE)
        five = router.set_weight(text, 0, Decimal(5), file=FILE, **WHERE)
        yield router.keeper.keep(five, 0, COOKIES, "0123456789ab", file=FILE, **WHERE)


@pytest.mark.parametrize("name", ABLE)
def test_rules_mirrors_and_cookies_are_what_the_crd_takes(name: str) -> None:
    found = list(strategies(name))
    assert len(found) >= 6
    for text in found:
        assert wrong(KINDS[name], text) == []
