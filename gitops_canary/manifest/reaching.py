"""What sends traffic to the canary beside the objects that hold its weight: told, never written."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Node, NodeKind, parse
from gitops_canary.model.names import Path
from gitops_canary.model.owned import Binding, DocRef, Templates
from gitops_canary.model.spec import CanarySpec

_ROUTING = frozenset({
    "ApisixRoute", "GRPCRoute", "HTTPProxy", "HTTPRoute", "Ingress", "IngressRoute",
    "IngressRouteTCP", "IngressRouteUDP", "Mapping", "MeshHTTPRoute", "MeshTCPRoute", "Route",
    "RouteGroup", "RouteTable", "TCPRoute", "TLSRoute", "TraefikService", "TrafficRoute",
    "TrafficSplit", "UDPRoute", "VirtualServer", "VirtualServerRoute", "VirtualService",
})  # fmt: skip
"""Kinds of routing objects, whatever router is theirs."""
_HOST = re.compile(r"(?:[a-z]+://)?([a-z0-9.-]+?)(?:_([a-z0-9-]+)_svc)?(?:[_:][0-9]+)?(?:/.*)?")
"""A Service as routes name it: with a scheme, a port, or as `<name>_<namespace>_svc_<port>`."""
Read = Callable[[Path], str]


def reaching(
    spec: CanarySpec, binding: Binding, documents: Sequence[DocRef], text: Read
) -> tuple[str, ...]:
    """List file and line of what reaches the canary whatever the weight.

    That is a route that no weight of ours lies in and that names `<apex>-canary`, but for one with
    weight 0, and a Service of another name that selects the candidate's pods.
    """
    found = [
        f"{ref.file}:{node.line}"
        for ref in documents
        if ref.kind in _ROUTING and ref not in binding.routes
        for node in _routes(spec, ref, text)
    ]
    return tuple(dict.fromkeys((*found, *_selecting(spec, binding, documents, text))))


def _routes(spec: CanarySpec, ref: DocRef, text: Read) -> Iterator[Node]:
    root = _root(ref, text)
    own = ref.namespace in {"", spec.namespace}
    if _weighs_nothing(root):
        return
    for part in (root.get("spec"), root.get("metadata", "annotations")):
        if part is not None:
            yield from _naming(part, spec, own=own)


def _weighs_nothing(root: Node) -> bool:
    """Tell whether this is a canary Ingress of ingress-nginx with weight 0 and no other rule."""
    notes = root.words("metadata", "annotations")
    found = {key.rpartition("/")[2]: value for key, value in notes.items()}
    weighed = found.get("canary") == "true" and found.get("canary-weight", "0") == "0"
    return weighed and not _CHOICES.intersection(found)


_CHOICES = frozenset({"canary-by-header", "canary-by-cookie"})


def _naming(node: Node, spec: CanarySpec, *, own: bool) -> Iterator[Node]:
    """Find the values that name the canary's Service; nothing below a weight of 0."""
    if node.kind is NodeKind.SCALAR and _names(node.value, spec, own=own):
        yield node
    words = node.words()
    if words.get("weight", "").strip("m") == "0":
        return
    if space := words.get("namespace"):
        own = space == spec.namespace
    for _, value in node.entries:
        yield from _naming(value, spec, own=own)
    for item in node.items:
        yield from _naming(item, spec, own=own)


def _names(value: str, spec: CanarySpec, *, own: bool) -> bool:
    """Tell whether a value is the canary's Service, by its short name only where that is `own`."""
    found = _HOST.fullmatch(value)
    if found is None:
        return False
    name, _, rest = found[1].partition(".")
    space = found[2] or rest.removesuffix(".svc.cluster.local").removesuffix(".svc")
    return name == f"{spec.apex}-canary" and (space == spec.namespace if space else own)


def _selecting(
    spec: CanarySpec, binding: Binding, documents: Sequence[DocRef], text: Read
) -> Iterator[str]:
    """Find Services that select the candidate's pods, but for its own and what routes by that."""
    if not isinstance(binding.versions, Templates):
        return
    labels = _root(binding.versions.candidate, text).words(*_POD_LABELS)
    for ref, selector in _services(spec, documents, text):
        own = ref.name == f"{spec.apex}-canary" or ref in binding.routes
        if not own and _selects(selector, labels):
            yield f"{ref.file}:{selector.line}"


def crossed(spec: CanarySpec, binding: Binding, documents: Sequence[DocRef], text: Read) -> None:
    """Make sure that the two Services a route splits between select the pods of their own side.

    Raises:
        BindingError: one of them selects the other side's.
    """
    if not isinstance(binding.versions, Templates):
        return
    both = binding.versions
    labels = {
        side: _root(ref, text).words(*_POD_LABELS)
        for side, ref in (("canary", both.candidate), ("primary", both.primary))
    }
    for ref, selector in _services(spec, documents, text):
        for side, other in (("canary", "primary"), ("primary", "canary")):
            wrong = _selects(selector, labels[other]) and not _selects(selector, labels[side])
            if ref.name == f"{spec.apex}-{side}" and wrong:
                raise BindingError(
                    f"The Service {ref.name} selects the pods of the {other}.",
                    remedy=f"let its selector name a label that only the {side}'s pods have",
                    place=Place(ref.file, selector.line, selector.column),
                )


def _services(
    spec: CanarySpec, documents: Sequence[DocRef], text: Read
) -> Iterator[tuple[DocRef, Node]]:
    """Give the Services of the namespace with their selectors.

    One that is written down several times is patched: which selector it has is not known.
    """
    found = [ref for ref in documents if (ref.kind, ref.api_version) == ("Service", "v1")]
    times = Counter(ref.name for ref in found)
    for ref in found:
        selector = _root(ref, text).get("spec", "selector")
        here = ref.namespace in {"", spec.namespace} and times[ref.name] == 1
        if here and selector is not None and selector.entries:
            yield ref, selector


def _selects(selector: Node, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key.value) == value.value for key, value in selector.entries)


_POD_LABELS = ("spec", "template", "metadata", "labels")


def _root(ref: DocRef, text: Read) -> Node:
    root = parse(text(ref.file), file=ref.file)[ref.index]
    assert root is not None, "documents are named by their headers"
    return root
