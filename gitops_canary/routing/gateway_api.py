"""Gateway API routes, v1 and v1beta1: `spec.rules[].backendRefs[].weight`.

Facts relied on (its reference): a missing weight is 1, weights are relative integers from 0 to
1,000,000, rules are chosen by how specific they match and not by their order. Routes of a gateway
and host are merged, so only the same match in two of them is a conflict.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Node
from gitops_canary.model.initial import Wanted
from gitops_canary.routing.cookie_headers import GatewayFilter
from gitops_canary.routing.cookies import Cookies
from gitops_canary.routing.founding import Adoption, Made, metadata
from gitops_canary.routing.groups import listed, words
from gitops_canary.routing.identity import named, word
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.matching import gateway_rules
from gitops_canary.routing.mirrors import GatewayStyle, Mirrors
from gitops_canary.routing.rules import Rules
from gitops_canary.routing.shape import bare
from gitops_canary.routing.splits import Absent, Meaning

GROUP = "gateway.networking.k8s.io"
KINDS = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")


def _claims(root: Node) -> Iterator[str]:
    """Claim each match of each host at each parent."""
    parents, rules = root.get("spec", "parentRefs"), root.get("spec", "rules")
    matches = [match for rule in (rules.items if rules else ()) for match in _matches(rule)]
    for parent in parents.items if parents else ():
        for host in words(root, "spec", "hostnames") or ("any host",):
            for match in dict.fromkeys(matches):
                section = word(parent, ("sectionName",))
                where = "/".join(filter(None, (word(parent, ("name",)), section)))
                yield f"{host} ({match}) at {where}"


def _matches(rule: Node) -> Iterator[str]:
    found = rule.get("matches")
    if found is None or not found.items:
        yield "everything"
        return
    for match in found.items:
        yield json.dumps(bare(match), sort_keys=True)


_GROUPS = listed("spec.rules.*.backendRefs")
_MEANING = Meaning(identify=named(("name",), namespace=("namespace",)), absent=Absent.ONE)
_ABLE = frozenset({"HTTPRoute", "GRPCRoute"})
"""Kinds whose rules know requests, and not connections alone."""
_RULES = Rules(
    path=("spec", "rules"), groups=_GROUPS, meaning=_MEANING, build=gateway_rules, able=_ABLE
)
GATEWAY_API = Lists(
    kinds=frozenset((GROUP, kind) for kind in KINDS),
    groups=_GROUPS,
    meaning=_MEANING,
    claimed=_claims,
    shared=True,
    matcher=_RULES,
    mirror=Mirrors(
        path=("spec", "rules"),
        groups=_GROUPS,
        meaning=_MEANING,
        style=GatewayStyle(_MEANING),
        able=_ABLE,
    ),
    keeper=Cookies(canary=_RULES, primary=replace(_RULES, side="primary"), header=GatewayFilter()),
)
"""The Router of Gateway API routes."""

LINKERD_HTTP_ROUTE = Lists(
    kinds=frozenset({("policy.linkerd.io", "HTTPRoute")}),
    groups=_GROUPS,
    meaning=_MEANING,
    claimed=_claims,
    shared=True,
)
"""Linkerd's own copy of the HTTPRoute."""


def _http_route(wanted: Wanted, place: Place) -> Made:
    """Split at the gateway that is named."""
    if not wanted.gateway:
        raise BindingError(
            f"No route leads to the Service {wanted.apex}, and no Gateway is named.",
            remedy="say `gateway: namespace/name` in the answers, or commit an HTTPRoute first",
            place=place,
        )
    space, _, gateway = wanted.gateway.rpartition("/")
    parent = {"name": gateway, **({"namespace": space} if space else {})}
    hosts = {"hostnames": list(wanted.hosts)} if wanted.hosts else {}
    sides = [
        {"name": f"{wanted.apex}-{side}", "port": wanted.port, "weight": weight}
        for side, weight in (("primary", wanted.whole), ("canary", 0))
    ]
    return (
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "HTTPRoute",
            "metadata": metadata(wanted, wanted.apex),
            "spec": {"parentRefs": [parent], **hosts, "rules": [{"backendRefs": sides}]},
        },
    )


GATEWAY_FOUNDER = Adoption(lists=GATEWAY_API, created=_http_route)
"""The Founder of Gateway API routes."""
