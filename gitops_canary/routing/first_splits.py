"""How Gloo, NGINX, Skipper, OpenShift and Emissary objects come to split for the first time.

Facts relied on are those of the kinds' own references, as `docs/reference/routing.md` has them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gitops_canary.errors import Place
from gitops_canary.manifest.document import Json, Node, Pointer
from gitops_canary.model.initial import Wanted
from gitops_canary.routing.emissary import EMISSARY
from gitops_canary.routing.founding import Adoption, Made, metadata
from gitops_canary.routing.gateway_api import GATEWAY_API, GROUP, LINKERD_HTTP_ROUTE
from gitops_canary.routing.identity import shortened, word
from gitops_canary.routing.ingresses import SKIPPER_INGRESS_FOUNDER
from gitops_canary.routing.rewriting import (
    Drop,
    Edit,
    Item,
    Key,
    Put,
    Rewriting,
    Several,
    Stop,
    items,
    plain,
    sides,
)
from gitops_canary.routing.tables import (
    GLOO,
    OPENSHIFT,
    ROUTE_GROUP,
    SMI_QUANTITIES,
    VIRTUAL_SERVER,
)

_MOST_ALTERNATES = 3
_SERVICE = re.compile(r"((?:[a-z]+://)?)([^:/]+)(.*)")


def _gloo(root: Node, wanted: Wanted) -> Iterator[Edit]:
    """A single destination becomes two; a list of several gets one more."""
    for path in (("spec", "routes"), ("spec", "virtualHost", "routes")):
        for at, route in items(root, *path):
            action = (*at, "routeAction")
            single = route.get("routeAction", "single")
            if single is not None and _destined(single, wanted):
                both = _weighed(single, wanted)
                yield Key(action, "multi", {"destinations": both})
                yield Drop((*action, "single"))
            many = (*action, "multi", "destinations")
            for entry, one in items(root, *many):
                to = one.get("destination")
                if to is None or not _destined(to, wanted):
                    continue
                if to.get("kube") is None:
                    yield Stop(entry, "This list splits by an Upstream, which the primary has not")
                    return
                name = f"{wanted.apex}-primary"
                canary = {"destination": _kube(to, wanted, f"{wanted.apex}-canary"), "weight": 0}
                yield Put((*entry, "destination", "kube", "ref", "name"), name)
                yield Item(many, {**plain(one), **canary})


def _weighed(single: Node, wanted: Wanted) -> list[Json]:
    return sides(wanted, lambda service: {"destination": _kube(single, wanted, service)})


def _destined(to: Node, wanted: Wanted) -> bool:
    space = word(to, ("kube", "ref", "namespace"))
    kube = word(to, ("kube", "ref", "name")) == wanted.apex and space in {"", wanted.namespace}
    return kube or _discovered(to, wanted) is not None


def _discovered(to: Node, wanted: Wanted) -> int | None:
    """Give the port in the name of an Upstream that Gloo makes for a Service by itself."""
    prefix = f"{re.escape(wanted.namespace)}-{re.escape(wanted.apex)}"
    found = re.fullmatch(rf"{prefix}-([0-9]+)", word(to, ("upstream", "name")))
    return int(found[1]) if found else None


def _kube(to: Node, wanted: Wanted, service: str) -> Json:
    """Name a Service itself: nobody need discover an Upstream of it first."""
    port, whole = _discovered(to, wanted), plain(to)
    if port is not None:
        whole.pop("upstream")
        ref: Json = {"name": service, "namespace": wanted.namespace}
        return {**whole, "kube": {"ref": ref, "port": port}}
    kube: Any = whole["kube"]
    return {**whole, "kube": {**kube, "ref": {**kube["ref"], "name": service}}}


def _openshift(root: Node, wanted: Wanted) -> Iterator[Edit]:
    """The main backend or an alternate one is the primary; the canary is one more alternate."""
    listed = ("spec", "alternateBackends")
    others = list(items(root, *listed))
    for at, one in ((("spec", "to"), root.get("spec", "to")), *others):
        if one is None or word(one, ("name",)) != wanted.apex:
            continue
        if len(others) == _MOST_ALTERNATES:
            yield Stop(at, "A Route has at most three alternate backends, and there are three")
            return
        canary: Json = {"kind": "Service", "name": f"{wanted.apex}-canary", "weight": 0}
        yield Put((*at, "name"), f"{wanted.apex}-primary")
        if one.get("weight") is None:
            yield Key(at, "weight", 100)
        yield Item(listed, canary) if others else Key(("spec",), "alternateBackends", [canary])
        return


def _virtual_server(root: Node, wanted: Wanted) -> Iterator[Edit]:
    """An upstream gets a canary's beside it, and every action that passes to it splits."""
    for at, upstream in items(root, "spec", "upstreams"):
        name = word(upstream, ("name",))
        if word(upstream, ("service",)) != wanted.apex or not name:
            continue
        splits = list(_passing(root, name))
        if splits:
            yield Put((*at, "service"), f"{wanted.apex}-primary")
            copy = {"name": f"{name}-canary", "service": f"{wanted.apex}-canary"}
            yield Item(at[:-1], {**plain(upstream), **copy})
            yield from splits


_PASSING: tuple[Pointer, ...] = (("action", "pass"), ("action", "proxy", "upstream"))


def _passing(root: Node, upstream: str) -> Iterator[Edit]:
    """Let every action that passes to an upstream split between it and its canary's."""
    for listed in ("routes", "subroutes"):
        for at, route in items(root, "spec", listed):
            for where, one in ((at, route), *items(root, *at, "matches")):
                whole = plain(one)
                if (canary := _to_canary(one, whole, upstream)) is not None:
                    both: list[Json] = [
                        {"weight": 100, "action": whole["action"]},
                        {"weight": 0, "action": canary},
                    ]
                    yield Key(where, "splits", both)
                    yield Drop((*where, "action"))
                for entry, split in items(root, *where, "splits"):
                    canary = _to_canary(split, plain(split), upstream)
                    if canary is not None:
                        yield Item(entry[:-1], {"weight": 0, "action": canary})


def _to_canary(one: Node, whole: dict[str, Json], upstream: str) -> Json:
    """Give an action's copy that passes to the canary; None where it does not pass there."""
    action: Any = whole.get("action")
    if word(one, _PASSING[0]) == upstream:
        return {**action, "pass": f"{upstream}-canary"}
    if word(one, _PASSING[1]) == upstream:
        return {**action, "proxy": {**action["proxy"], "upstream": f"{upstream}-canary"}}
    return None


def _route_group(root: Node, wanted: Wanted) -> Iterator[Edit]:
    """A backend gets a canary's beside it, and every list that names it too."""
    lists: list[Pointer] = [("spec", "defaultBackends")]
    lists += [(*at, "backends") for at, _ in items(root, "spec", "routes")]
    for at, backend in items(root, "spec", "backends"):
        name = word(backend, ("name",))
        found = [
            (listed, entry, one)
            for listed in lists
            for entry, one in items(root, *listed)
            if word(one, ("backendName",)) == name
        ]
        if word(backend, ("serviceName",)) != wanted.apex or not found:
            continue
        yield Put((*at, "serviceName"), f"{wanted.apex}-primary")
        copy = {"name": f"{name}-canary", "serviceName": f"{wanted.apex}-canary"}
        yield Item(at[:-1], {**plain(backend), **copy})
        for listed, entry, one in found:
            if one.get("weight") is None:
                if len(list(items(root, *listed))) > 1:
                    yield Stop(entry, "A weight is missing in this list", "write every weight")
                    return
                yield Key(entry, "weight", 100)
            yield Item(listed, {**plain(one), "backendName": f"{name}-canary", "weight": 0})


def _mapping(root: Node, wanted: Wanted) -> Iterable[Edit]:
    """A Mapping without a weight leads to the primary; the canary's stands beside it."""
    at: Pointer = ("spec", "service")
    to = _SERVICE.fullmatch(word(root, at))
    if to is None or shortened(to[2], wanted.namespace) != wanted.apex:
        return
    if root.get("spec", "weight") is not None:
        yield Stop(("spec", "weight"), "This Mapping has a weight, so another one gets the rest")
    yield Put(at, _led(to, wanted, "primary"))


def _led(to: re.Match[str], wanted: Wanted, side: str) -> str:
    return f"{to[1]}{wanted.apex}-{side}{to[2].removeprefix(wanted.apex)}{to[3]}"


def _canary_mapping(root: Node, wanted: Wanted) -> Sequence[dict[str, Json]]:
    to = _SERVICE.fullmatch(word(root, ("spec", "service")))
    whole = plain(root)
    meta, spec = whole["metadata"], whole["spec"]
    assert to is not None, "it leads to the Service"
    assert isinstance(meta, dict), "documents have names"
    assert isinstance(spec, dict), "it has a service"
    kept: dict[str, Json] = {key: meta[key] for key in ("namespace", "labels") if key in meta}
    weighed: Json = {**spec, "service": _led(to, wanted, "canary"), "weight": 0}
    named: Json = {"name": f"{meta['name']}-canary", **kept}
    return ({**whole, "metadata": named, "spec": weighed},)


def _linkerd_route(wanted: Wanted, _: Place) -> Made:
    """Split what callers in the mesh send to the Service; Linkerd goes by its group `core`."""
    parent = {"name": wanted.apex, "kind": "Service", "group": "core", "port": wanted.port}
    both = sides(wanted, lambda to: {"name": to, "port": wanted.port})
    return (
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "HTTPRoute",
            "metadata": metadata(wanted, wanted.apex),
            "spec": {"parentRefs": [parent], "rules": [{"backendRefs": both}]},
        },
    )


GLOO_FOUNDER = Rewriting(kinds=GLOO.kinds, edits=_gloo, lists=GLOO)
OPENSHIFT_FOUNDER = Rewriting(kinds=OPENSHIFT.kinds, edits=_openshift, lists=OPENSHIFT)
VIRTUAL_SERVER_FOUNDER = Rewriting(
    kinds=VIRTUAL_SERVER.kinds, edits=_virtual_server, lists=VIRTUAL_SERVER
)
EMISSARY_FOUNDER = Rewriting(kinds=EMISSARY.kinds, edits=_mapping, beside=_canary_mapping)
SKIPPER_FOUNDER = Several(
    Rewriting(kinds=ROUTE_GROUP.kinds, edits=_route_group, lists=ROUTE_GROUP),
    SKIPPER_INGRESS_FOUNDER,
)
LINKERD_FOUNDER = Several(
    *(Adoption(lists=lists) for lists in (SMI_QUANTITIES, GATEWAY_API, LINKERD_HTTP_ROUTE)),
    created=_linkerd_route,
)
