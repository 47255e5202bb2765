"""Which traffic an object of each kind has for itself: two with one claim would fight over it.

What tells two objects apart beside host and path (methods, headers, priorities, listeners) is part
of the claim, so that only what really is the same is refused.
"""

import json
from collections.abc import Iterator, Mapping

from gitops_canary.manifest.document import Node
from gitops_canary.routing.groups import words
from gitops_canary.routing.identity import word
from gitops_canary.routing.shape import bare


def host_and_path(root: Node) -> Iterator[str]:
    """Claim an OpenShift Route's host and path; without a host the router makes one up."""
    if host := word(root, ("spec", "host")):
        yield f"the host {host}{word(root, ('spec', 'path'))}"


def virtual_server(root: Node) -> Iterator[str]:
    """Claim a VirtualServer's host, or the paths that a VirtualServerRoute has of it."""
    host = word(root, ("spec", "host"))
    if word(root, ("kind",)) == "VirtualServer":
        yield f"the host {host}"
        return
    for one in _items(root, "spec", "subroutes"):
        yield f"{host}{word(one, ('path',))}"


def gloo(root: Node) -> Iterator[str]:
    """Claim a VirtualService's domains, with TLS and without; a RouteTable is delegated to."""
    if word(root, ("kind",)) != "VirtualService":
        return
    listener = " with TLS" if root.get("spec", "sslConfig") is not None else ""
    for domain in words(root, "spec", "virtualHost", "domains") or ("*",):
        yield f"the domain {domain}{listener}"


def apisix(root: Node) -> Iterator[str]:
    """Claim every host and path of each rule, beside what else it matches by."""
    for rule in _items(root, "spec", "http"):
        more = _rest(rule.get("match"), ("hosts", "paths")) | _only(rule, ("priority",))
        for host in words(rule, "match", "hosts") or ("any host",):
            for path in words(rule, "match", "paths") or ("/*",):
                yield f"{host}{path}{_told(more)}"


def route_group(root: Node) -> Iterator[str]:
    """Claim every host and path of each route, beside what else it matches by."""
    paths = ("path", "pathSubtree", "pathRegexp")
    listed = _items(root, "spec", "routes")
    for host in words(root, "spec", "hosts") or ("any host",):
        if not listed:
            yield f"{host}/"
        for route in listed:
            where = next((word(route, (key,)) for key in paths if word(route, (key,))), "/")
            more = _rest(route, (*paths, "backends", "filters"))
            exact = {"exactly": True} if word(route, ("path",)) else {}
            yield f"{host}{where}{_told({**more, **exact})}"


def traefik(root: Node) -> Iterator[str]:
    """Claim the rules of an IngressRouteTCP, or the entry points of an IngressRouteUDP."""
    points = ", ".join(words(root, "spec", "entryPoints")) or "every entry point"
    if word(root, ("kind",)) == "IngressRouteUDP":
        yield f"UDP at {points}"
    if word(root, ("kind",)) == "IngressRouteTCP":
        for route in _items(root, "spec", "routes"):
            yield f"{word(route, ('match',))} at {points}{_told(_only(route, ('priority',)))}"


def mesh_route(root: Node) -> Iterator[str]:
    """Claim, for one mesh and who is asked there, each destination and match."""
    mesh = word(root, ("metadata", "labels", "kuma.io/mesh")) or "default"
    asking = _json(root.get("spec", "targetRef"))
    for one in _items(root, "spec", "to"):
        to = f"{word(root, ('kind',))} of {mesh} from {asking} to {_json(one.get('targetRef'))}"
        for rule in _items(one, "rules") or (one,):
            yield f"{to} {_json(rule.get('matches'))}"


def traffic_route(root: Node) -> Iterator[str]:
    """Claim a mesh' sources and destinations; on Universal there is no `spec`."""
    inner = root.get("spec") or root
    ends = [_json(inner.get(key)) for key in ("sources", "destinations")]
    yield f"the traffic of {word(root, ('mesh',)) or 'default'} from {ends[0]} to {ends[1]}"


def _items(node: Node, *at: str) -> tuple[Node, ...]:
    found = node.get(*at)
    return found.items if found is not None else ()


def _json(node: Node | None) -> str:
    return json.dumps(bare(node), sort_keys=True) if node is not None else "anything"


def _rest(node: Node | None, without: tuple[str, ...]) -> dict[str, object]:
    entries = node.entries if node is not None else ()
    return {key.value: bare(value) for key, value in entries if key.value not in without}


def _only(node: Node, keys: tuple[str, ...]) -> dict[str, object]:
    return {key.value: bare(value) for key, value in node.entries if key.value in keys}


def _told(more: Mapping[str, object]) -> str:
    return f" ({json.dumps(more, sort_keys=True)})" if more else ""
