"""Kuma: MeshHTTPRoute, MeshTCPRoute, and the older TrafficRoute.

Facts relied on (Kuma's policy reference): a Kubernetes Service is named by itself or as
`<name>_<namespace>_svc_<port>`, and a MeshService by its labels too; in the new policies a missing
weight is 1; weights are relative. On Universal a TrafficRoute has no `spec`.
"""

from gitops_canary.manifest.document import Node, Pointer
from gitops_canary.routing import claims
from gitops_canary.routing.either import Either
from gitops_canary.routing.groups import listed
from gitops_canary.routing.identity import Found, Identify, Names, side_of, word
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.splits import Absent, Meaning

_GROUP = "kuma.io"
_SERVICES = ("", "MeshService", "MeshServiceSubset")
_OLD_NAME = ("destination", "kuma.io/service")


def _by_service(at: Pointer, *, namespace: Pointer = ()) -> Identify:
    def identify(_: Node, entry: Node, names: Names) -> Found | None:
        short, _joint, rest = word(entry, at).partition("_")
        space = rest.partition("_svc")[0]
        if namespace and not space:
            space = word(entry, namespace)
        if word(entry, ("kind",)) not in _SERVICES or space not in {"", names.namespace}:
            return None
        side = side_of(short, names)
        return Found(side, at) if side else None

    return identify


_by_name = _by_service(("name",), namespace=("namespace",))
_LABELLED = ("labels", "kuma.io/display-name")
_SPACE = ("labels", "k8s.kuma.io/namespace")


def _mesh_service(root: Node, entry: Node, names: Names) -> Found | None:
    """A MeshService goes by its name, or by the labels that Kuma puts on it."""
    if word(entry, ("name",)):
        return _by_name(root, entry, names)
    mine = word(entry, ("kind",)) in _SERVICES and word(entry, _SPACE) in {"", names.namespace}
    side = side_of(word(entry, _LABELLED), names) if mine else None
    return Found(side, _LABELLED) if side else None


MESH_ROUTES = Lists(
    kinds=frozenset({(_GROUP, "MeshHTTPRoute"), (_GROUP, "MeshTCPRoute")}),
    groups=listed("spec.to.*.rules.*.default.backendRefs"),
    meaning=Meaning(identify=_mesh_service, absent=Absent.ONE),
    claimed=claims.mesh_route,
    shared=True,
)
_TRAFFIC_ROUTE = Lists(
    kinds=frozenset({(_GROUP, "TrafficRoute")}),
    groups=listed("spec.conf.split", "spec.conf.http.*.split", "conf.split", "conf.http.*.split"),
    meaning=Meaning(identify=_by_service(_OLD_NAME), absent=Absent.REQUIRED),
    claimed=claims.traffic_route,
    scope=(("spec",), ("conf",), ("sources",), ("destinations",)),
)

KUMA = Either(MESH_ROUTES, _TRAFFIC_ROUTE)
"""The Router of Kuma's routes."""
