"""Istio VirtualService: `route[].weight` below `spec.http`, `spec.tcp` and `spec.tls`.

Facts relied on (Istio's VirtualService reference): a lone destination takes all traffic, with
several a missing weight is 0, weights are non-negative integers and relative to their sum. A
delegate has no hosts of its own; it is found like any other by the Services it names.
"""

from collections.abc import Iterator
from dataclasses import replace

from gitops_canary.errors import Place
from gitops_canary.manifest.document import Node
from gitops_canary.model.initial import Wanted
from gitops_canary.routing.cookie_headers import IstioHeader
from gitops_canary.routing.cookies import Cookies
from gitops_canary.routing.founding import Adoption, Made, metadata
from gitops_canary.routing.groups import listed, words
from gitops_canary.routing.identity import SIDES, Found, Names, shortened, side_of, word
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.matching import istio_rules
from gitops_canary.routing.mirrors import IstioStyle, Mirrors
from gitops_canary.routing.rules import Rules
from gitops_canary.routing.splits import Absent, Meaning

HOST, SUBSET = ("destination", "host"), ("destination", "subset")


def _identify(_: Node, entry: Node, names: Names) -> Found | None:
    """Tell which side a destination is: by host, or by subset of the apex host."""
    host = word(entry, HOST)
    side = side_of(host, names)
    if side:
        return Found(side, HOST)
    if shortened(host, names.namespace) != names.apex:
        return None
    subset = word(entry, SUBSET)
    return next((Found(s, SUBSET) for s in SIDES if subset in {s, f"{names.apex}-{s}"}), None)


def _claims(root: Node) -> Iterator[str]:
    """Claim each host on each gateway: the mesh uses only one object of each."""
    for gateway in words(root, "spec", "gateways") or ("mesh",):
        for host in words(root, "spec", "hosts"):
            yield f"the host {host} on {gateway}"


_GROUPS = listed("spec.http.*.route", "spec.tcp.*.route", "spec.tls.*.route")
_MEANING = Meaning(identify=_identify, absent=Absent.ZERO)
_ABLE = frozenset({"VirtualService"})
_RULES = Rules(
    path=("spec", "http"), groups=_GROUPS, meaning=_MEANING, build=istio_rules, able=_ABLE
)
ISTIO = Lists(
    kinds=frozenset({("networking.istio.io", "VirtualService")}),
    groups=_GROUPS,
    meaning=_MEANING,
    claimed=_claims,
    shared=True,
    matcher=_RULES,
    mirror=Mirrors(
        path=("spec", "http"),
        groups=_GROUPS,
        meaning=_MEANING,
        style=IstioStyle(_MEANING),
        able=_ABLE,
    ),
    keeper=Cookies(canary=_RULES, primary=replace(_RULES, side="primary"), header=IstioHeader()),
)
"""The Router of VirtualServices."""


def _subset(_: Node, entry: Node) -> str:
    subset = word(entry, SUBSET)
    return f"This destination is the subset {subset}, which the primary has not" if subset else ""


def _virtual_service(wanted: Wanted, _: Place) -> Made:
    """Split inside the mesh, and at a gateway where one is named."""
    sides = [
        {"destination": {"host": f"{wanted.apex}-{side}"}, "weight": weight}
        for side, weight in (("primary", wanted.whole), ("canary", 0))
    ]
    gateways = {"gateways": [wanted.gateway, "mesh"]} if wanted.gateway else {}
    spec = {"hosts": [wanted.apex, *wanted.hosts], **gateways, "http": [{"route": sides}]}
    return (
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": metadata(wanted, wanted.apex),
            "spec": spec,
        },
    )


ISTIO_FOUNDER = Adoption(lists=ISTIO, check=_subset, created=_virtual_service)
"""The Founder of VirtualServices."""
