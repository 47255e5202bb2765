"""How Ingresses come to split that do so by annotations: AWS', HAProxy Ingress' and Skipper's.

Facts relied on: of the AWS Load Balancer Controller's Ingress annotations (a backend whose port is
`use-annotation` goes by the action of its name) and of Skipper's (`backend-weights` shares a path
out among the backends that stand at it).
"""

import json
from collections.abc import Iterator

from gitops_canary.manifest.document import Json, Node, Pointer
from gitops_canary.model.initial import Wanted
from gitops_canary.routing.annotations import ALB_MOST
from gitops_canary.routing.haproxy import (
    HAPROXY_BALANCES,
    HAPROXY_MOST,
    HAPROXY_PREFIXES,
    balances,
)
from gitops_canary.routing.identity import word
from gitops_canary.routing.nginx import ANNOTATIONS, INGRESS, served
from gitops_canary.routing.rewriting import (
    Drop,
    Edit,
    Item,
    Key,
    Put,
    Rewriting,
    Stop,
    items,
    plain,
    weights,
)

_OTHER_HAPROXY = "haproxy.org/"
_ALB = "alb.ingress.kubernetes.io/actions."
_WEIGHTS = "zalando.org/backend-weights"
_USE = "use-annotation"


def _skipper(root: Node, wanted: Wanted) -> Iterator[Edit]:
    """Two backends stand at each path, and an annotation shares out between them."""
    found = [(at, name_at) for at, name_at, _ in _paths(root, wanted)]
    if not found or not served(root, "skipper"):
        return
    if root.get(*ANNOTATIONS, _WEIGHTS) is not None:
        yield Stop((*ANNOTATIONS, _WEIGHTS), "This Ingress shares out among other backends already")
        return
    for at, name_at in found:
        node = root.get(*at)
        assert node is not None, "it was found just now"
        yield Item(at[:-1], _renamed(plain(node), name_at, f"{wanted.apex}-canary"))
    for at, name_at in found:
        yield Put((*at, *name_at), f"{wanted.apex}-primary")
    yield _annotated(root, _WEIGHTS, json.dumps(weights(wanted)))


def _alb(root: Node, wanted: Wanted) -> Iterator[Edit]:
    """Each path goes by an action of the Service's name, which forwards to both."""
    found = [one for one in _paths(root, wanted) if one[2].value != _USE]
    if not found or not served(root, "alb"):
        return
    key = _ALB + wanted.apex
    if root.get(*ANNOTATIONS, key) is not None:
        yield Stop((*ANNOTATIONS, key), f"There is an action {wanted.apex} already")
        return
    ports = {port.value for _, _, port in found}
    if len(ports) > 1:
        yield Stop(found[0][0], "Its paths lead to several ports, and one action has one")
        return
    if wanted.whole > ALB_MOST:
        yield Stop(found[0][0], f"A target group's weight is at most {ALB_MOST}, and the steps ask "
                   f"for parts of {wanted.whole}", "use whole percents")  # fmt: skip
        return
    groups = [
        {"serviceName": name, "servicePort": min(ports), "weight": weight}
        for name, weight in weights(wanted).items()
    ]
    action = {"type": "forward", "forwardConfig": {"targetGroups": groups}}
    yield _annotated(root, key, json.dumps(action))
    for at, name_at, _ in found:
        if name_at[-1] == "serviceName":
            yield Put((*at, "backend", "servicePort"), _USE)
            continue
        port: Pointer = (*at, "backend", "service", "port")
        node = root.get(*port, "name")
        yield Put((*port, "name"), _USE) if node is not None else Key(port, "name", _USE)
        if root.get(*port, "number") is not None:
            yield Drop((*port, "number"))


def _haproxy(root: Node, wanted: Wanted) -> Iterator[Edit]:
    """The Ingress stays, and an annotation shares out between the pods of the Service."""
    found = [at for at, _, _ in _paths(root, wanted)]
    if not found or not served(root, "haproxy") or next(balances(root), None) is not None:
        return
    notes = root.get(*ANNOTATIONS)
    keys = [key.value for key, _ in notes.entries] if notes is not None else []
    if any(key.startswith(_OTHER_HAPROXY) for key in keys):
        yield Stop(found[0], "HAProxy Technologies' controller knows no weights",
                   "let HAProxy Ingress serve it, or drive another field (`field`)")  # fmt: skip
        return
    if wanted.whole > HAPROXY_MOST:
        yield Stop(found[0], f"A weight of HAProxy Ingress is at most {HAPROXY_MOST}, and the "
                   f"steps ask for parts of {wanted.whole}", "use whole percents")  # fmt: skip
        return
    key, value = wanted.label
    balance = f"{key}={value}-primary={wanted.whole},{key}={value}=0"
    yield _annotated(root, HAPROXY_PREFIXES[0] + HAPROXY_BALANCES[0], balance)


def _annotated(root: Node, key: str, value: str) -> Edit:
    annotations = root.get(*ANNOTATIONS)
    if annotations is None:
        return Key(ANNOTATIONS[:-1], ANNOTATIONS[-1], {key: value})
    return Key(ANNOTATIONS, key, value)


def _paths(root: Node, wanted: Wanted) -> Iterator[tuple[Pointer, Pointer, Node]]:
    """Give each path that leads to the Service, where its name stands in it, and its port."""
    new, old = ("backend", "service"), ("backend",)
    for rule, _ in items(root, "spec", "rules"):
        for at, path in items(root, *rule, "http", "paths"):
            for name_at in ((*new, "name"), (*old, "serviceName")):
                ports = ((*new, "port", "number"), (*new, "port", "name"), (*old, "servicePort"))
                port = next((node for p in ports if (node := path.get(*p)) is not None), None)
                if word(path, name_at) == wanted.apex and port is not None:
                    yield at, name_at, port


def _renamed(path: dict[str, Json], at: Pointer, name: str) -> Json:
    inner: Json = path
    for part in at[:-1]:
        assert isinstance(inner, dict), "the name was found there"
        inner = inner[str(part)]
    assert isinstance(inner, dict), "the name was found there"
    inner[str(at[-1])] = name
    return path


HAPROXY_FOUNDER = Rewriting(kinds=INGRESS, edits=_haproxy)
ALB_FOUNDER = Rewriting(kinds=INGRESS, edits=_alb)
SKIPPER_INGRESS_FOUNDER = Rewriting(kinds=INGRESS, edits=_skipper)
