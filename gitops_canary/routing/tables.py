"""Kinds that need nothing but a row: where their lists lie and what their weights mean.

Each row states facts of the kind's own reference; `docs/reference/routing.md` has them in words.
"""

import re
from collections.abc import Iterator

from gitops_canary.errors import Place
from gitops_canary.manifest.document import Node, Pointer
from gitops_canary.model.initial import Wanted
from gitops_canary.ports import Router
from gitops_canary.routing import claims
from gitops_canary.routing.annotations import ALB, SKIPPER_INGRESS
from gitops_canary.routing.either import Either
from gitops_canary.routing.founding import Adoption, Made, metadata
from gitops_canary.routing.gateway_api import GATEWAY_API, LINKERD_HTTP_ROUTE
from gitops_canary.routing.groups import Group, listed
from gitops_canary.routing.identity import SIDES, Found, Identify, Names, Side, named, side_of, word
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.matching import gloo_rules
from gitops_canary.routing.numbers import QUANTITY, WHOLE, Form
from gitops_canary.routing.rules import Rules
from gitops_canary.routing.splits import Absent, Meaning


def _smi(form: Form) -> Lists:
    """TrafficSplit: weights are required and relative; quantities up to v1alpha1."""
    return Lists(
        kinds=frozenset({("split.smi-spec.io", "TrafficSplit")}),
        groups=listed("spec.backends"),
        meaning=Meaning(identify=named(("service",)), absent=Absent.REQUIRED, form=form),
        claimed=_claim("the service", ("spec", "service")),
    )


def _claim(what: str, at: Pointer) -> "_Claim":
    return _Claim(what, at)


class _Claim:
    """Claims whatever one field names."""

    def __init__(self, what: str, at: Pointer) -> None:
        self._what = what
        self._at = at

    def __call__(self, root: Node) -> Iterator[str]:
        name = word(root, self._at)
        if name:
            yield f"{self._what} {name}"


def _gloo(_: Node, entry: Node, names: Names) -> Found | None:
    """Gloo names a Kubernetes Service, or an Upstream that is named after it."""
    to = entry.get("destination")
    side = _gloo_side(to, names) if to is not None else None
    kube = ("destination", "kube", "ref", "name")
    at = kube if word(entry, kube) else ("destination", "upstream", "name")
    return Found(side, at) if side else None


def _gloo_side(to: Node, names: Names) -> Side | None:
    """Tell which side a destination is."""
    side = side_of(word(to, ("kube", "ref", "name")), names)
    if side and word(to, ("kube", "ref", "namespace")) in {"", names.namespace}:
        return side
    for one in SIDES:
        prefix = f"(?:{re.escape(names.namespace)}-)?{re.escape(names.apex)}-{one}"
        if re.fullmatch(rf"{prefix}(?:upstream)?(?:-[0-9]+)?", word(to, ("upstream", "name"))):
            return one
    return None


_SINGLE = ("routeAction", "single")


def _gloo_alone(root: Node, names: Names) -> Iterator[Pointer]:
    """Find routes with a single destination, the canary."""
    for group in listed("spec.routes", "spec.virtualHost.routes")(root):
        for at in group.entries:
            single = root.get(*at, *_SINGLE)
            if single is not None and _gloo_side(single, names) == "canary":
                yield (*at, *_SINGLE)


def _actions_alone(root: Node, names: Names) -> Iterator[Pointer]:
    """Find actions that pass to the canary, outside of splits."""
    routes = ("spec.routes", "spec.subroutes")
    for group in listed(*routes, *(f"{one}.*.matches" for one in routes))(root):
        for at in group.entries:
            node = root.get(*at)
            found = _by_action(root, node, names) if node is not None else None
            if found is not None and found.side == "canary":
                yield (*at, "action")


def _knative(root: Node, entry: Node, names: Names) -> Found | None:
    """The latest revision is the canary, the revision named by itself the primary."""
    if word(root, ("metadata", "name")) != names.apex or word(entry, ("tag",)):
        return None
    if word(entry, ("latestRevision",)) == "true":
        return Found("canary", ("latestRevision",))
    return Found("primary", ("revisionName",)) if word(entry, ("revisionName",)) else None


def _by_reference(*places: Pointer, backends: Pointer, name: str, service: str) -> Identify:
    """Entries name a backend of the same object, which names the Service."""

    def identify(root: Node, entry: Node, names: Names) -> Found | None:
        at = next((one for one in places if word(entry, one)), places[0])
        wanted, known = word(entry, at), root.get(*backends)
        for one in known.items if known and wanted else ():
            if word(one, (name,)) == wanted:
                side = side_of(word(one, (service,)), names)
                return Found(side, at) if side else None
        return None

    return identify


def _openshift(root: Node) -> Iterator[Group]:
    """One main backend and up to three more."""
    more = root.get("spec", "alternateBackends")
    others = [("spec", "alternateBackends", i) for i in range(len(more.items) if more else 0)]
    yield Group(entries=(("spec", "to"), *others))


SMI_QUANTITIES = _smi(QUANTITY)
SMI = _smi(WHOLE)
_GLOO_GROUPS = listed(
    "spec.routes.*.routeAction.multi.destinations",
    "spec.virtualHost.routes.*.routeAction.multi.destinations",
)
_GLOO_MEANING = Meaning(identify=_gloo, absent=Absent.REQUIRED)
GLOO = Lists(
    kinds=frozenset({("gateway.solo.io", "RouteTable"), ("gateway.solo.io", "VirtualService")}),
    groups=_GLOO_GROUPS,
    meaning=_GLOO_MEANING,
    claimed=claims.gloo,
    shared=True,
    alone=_gloo_alone,
    matcher=Rules(
        path=("spec", "routes"),
        groups=_GLOO_GROUPS,
        meaning=_GLOO_MEANING,
        build=gloo_rules,
        able=frozenset({"RouteTable"}),
    ),
)
APISIX = Lists(
    kinds=frozenset({("apisix.apache.org", "ApisixRoute")}),
    groups=listed("spec.http.*.backends"),
    meaning=Meaning(identify=named(("serviceName",)), absent=Absent.REQUIRED),
    claimed=claims.apisix,
)
KNATIVE = Lists(
    kinds=frozenset({("serving.knative.dev", "Service")}),
    groups=listed("spec.traffic"),
    meaning=Meaning(
        identify=_knative,
        absent=Absent.REQUIRED,
        weight_at=("percent",),
        most=100,
        total=100,
        copied=False,
    ),
)
_by_action = _by_reference(
    ("action", "pass"),
    ("action", "proxy", "upstream"),
    backends=("spec", "upstreams"),
    name="name",
    service="service",
)
VIRTUAL_SERVER = Lists(
    kinds=frozenset({("k8s.nginx.org", "VirtualServer"), ("k8s.nginx.org", "VirtualServerRoute")}),
    groups=listed(
        "spec.routes.*.splits", "spec.routes.*.matches.*.splits",
        "spec.subroutes.*.splits", "spec.subroutes.*.matches.*.splits",
    ),
    meaning=Meaning(
        identify=_by_action,
        absent=Absent.REQUIRED,
        most=100,
        total=100,
        copied=False,
    ),
    claimed=claims.virtual_server,
    alone=_actions_alone,
)  # fmt: skip
ROUTE_GROUP = Lists(
    kinds=frozenset({("zalando.org", "RouteGroup")}),
    groups=listed("spec.defaultBackends", "spec.routes.*.backends"),
    meaning=Meaning(
        identify=_by_reference(
            ("backendName",), backends=("spec", "backends"), name="name", service="serviceName"
        ),
        absent=Absent.REQUIRED,
        copied=False,
    ),
    claimed=claims.route_group,
)
OPENSHIFT = Lists(
    kinds=frozenset({("route.openshift.io", "Route")}),
    groups=_openshift,
    meaning=Meaning(identify=named(("name",)), absent=Absent.HUNDRED, most=256),
    claimed=claims.host_and_path,
)

SMI_VERSIONS = {"v1alpha1": SMI_QUANTITIES, "v1alpha2": SMI, "v1alpha3": SMI, "v1alpha4": SMI}


def traffic_split(version: str) -> Adoption:
    """Write the first TrafficSplit of a Service, which needs nothing else to be there."""

    def created(wanted: Wanted, _: Place) -> Made:
        sides = [
            {"service": f"{wanted.apex}-{side}", "weight": weight}
            for side, weight in (("primary", wanted.whole), ("canary", 0))
        ]
        return (
            {
                "apiVersion": f"split.smi-spec.io/{version}",
                "kind": "TrafficSplit",
                "metadata": metadata(wanted, wanted.apex),
                "spec": {"service": wanted.apex, "backends": sides},
            },
        )

    return Adoption(lists=SMI_VERSIONS[version], created=created)


TABLE: dict[str, Router] = {
    **{f"smi:{version}": router for version, router in SMI_VERSIONS.items()},
    "linkerd": Either(SMI_QUANTITIES, GATEWAY_API, LINKERD_HTTP_ROUTE),
    "gloo": GLOO,
    "apisix": APISIX,
    "knative": KNATIVE,
    "skipper": Either(SKIPPER_INGRESS, ROUTE_GROUP),
    "alb": ALB,
    "virtualserver": VIRTUAL_SERVER,
    "openshift": OPENSHIFT,
}
"""Provider name to router."""
