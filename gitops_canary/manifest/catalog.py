"""Which Kubernetes documents a file holds; files that cannot matter are never parsed."""

import re
from collections.abc import Iterable
from sys import intern

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import Node, NodeKind, parse
from gitops_canary.model.kept import remembered
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef

_KNOWN = 256
"""Files whose documents are kept, for all who read them: two branches of one repository share most
of theirs."""
KINDS = frozenset({
    "Canary", "MetricTemplate", "AlertProvider", "Deployment", "DaemonSet", "StatefulSet",
    "HorizontalPodAutoscaler", "ScaledObject",
    # what routes
    "ApisixRoute", "GRPCRoute", "HTTPProxy", "HTTPRoute", "Ingress", "IngressRoute",
    "IngressRouteTCP", "IngressRouteUDP", "Mapping", "MeshHTTPRoute", "MeshTCPRoute", "Route",
    "RouteGroup", "RouteTable", "Service", "TCPRoute", "TLSRoute", "TraefikService", "TrafficRoute",
    "TrafficSplit", "UDPRoute", "VirtualServer", "VirtualServerRoute", "VirtualService",
})  # fmt: skip
QUIET = frozenset({"ConfigMap", "Secret"})
"""Kinds that matter only where a workload of ours refers to them: a file without any of the kinds
above may be a template, or anything else, and is not told of."""
_GAP = r"(?:\s|#[^\n\r]*[\n\r])*"
_ODD_BREAK = "(?:\u0085|\u2028|\u2029)"
"""What ends a line too, and a comment with it, for readers of YAML 1.1, Kubernetes' among them."""
_KIND = rf"\bkind[\"']?{_GAP}:{_GAP}(?:(?:[&!]\S*|[|>][-+0-9]*)\s{_GAP})*"
"""The key, and what YAML lets stand before its value: comments, an anchor, a tag, a block's head"""


def mention(kinds: Iterable[str]) -> str:
    """Write the pattern of a document of one of some kinds, or of an alias for its kind.

    A bracket before the kind is a slip, and most often one that leaves no YAML: it is passed, so
    that reading it tells of it.
    """
    return rf"{_KIND}(?:(?:\[\s*)?[\"']?(?:{'|'.join(sorted(kinds))})(?![0-9A-Za-z-])|\*)"


HIDDEN = (
    rf"{_KIND}\"[^\"]*\\|\bkind[\"']?[^\n]*{_ODD_BREAK}"
    rf"|\"[kind]{{0,3}}\\(?:[xuU][0-9A-Fa-fkindxuU\\]*\"\s*:|[\r\n]|{_ODD_BREAK})"
)
"""The pattern of a document whose kind may be spelled by escapes, the key or its value, or stand
behind a line break that few know."""
_JSON = re.compile(rb'"kind"\s*:\s*"(Canary|Deployment|DaemonSet|StatefulSet)"')
_DECLARES = re.compile(rf"\bkind[\"']?{_GAP}:")
_SPELLED = re.compile(r"\"[kind]{0,3}\\")
_QUIET_MENTION = re.compile(mention(QUIET))
_MENTION = re.compile(mention({*KINDS, "List"}))
_HIDDEN = re.compile(HIDDEN)
_HIDING = ("\\", "\u0085", "\u2028", "\u2029")
"""What every text holds that the pattern of hidden kinds finds."""


def declares(text: str) -> bool:
    r"""Tell whether a text may hold a document that says its kind, however the key is written.

    >>> [declares(text) for text in ("a: 1", "? kind # of\n: Pod", '"k\x5cx69nd": Pod')]
    [False, True, True]
    """
    if _DECLARES.search(text):
        return True
    return _hiding(text) and (_HIDDEN.search(text) or _SPELLED.search(text)) is not None


def in_json(raw: bytes, file: Path) -> SpecError | None:
    """Tell of a document of a kind that matters which lies in JSON; None for any other file.

    Only files of YAML are searched: JSON holds data of all sorts, and most of it is large.
    """
    found = _JSON.search(raw)
    if found is None:
        return None
    return SpecError(
        f"This {found[1].decode()} lies in JSON, where none is looked for.",
        remedy="let the file's name end in .yaml: JSON is YAML",
        place=Place.behind(file, raw[: found.start()].decode(errors="replace")),
    )


def _hiding(text: str) -> bool:
    return any(one in text for one in _HIDING)


def headers(text: str, *, file: Path) -> tuple[DocRef, ...]:
    """List the documents of interest in a file, by identity.

    Raises:
        SpecError: the file mentions such a kind and cannot be read.
    """
    if not _MENTION.search(text) and not (_hiding(text) and _HIDDEN.search(text)):
        return _quiet(text, file)
    return _documents(text, file)


def _quiet(text: str, file: Path) -> tuple[DocRef, ...]:
    if not _QUIET_MENTION.search(text):
        return ()
    try:
        return _documents(text, file)
    except SpecError:
        # Nothing here can be bound; a workload that needs it says that it is not there.
        return ()


@remembered(_KNOWN)
def _documents(text: str, file: Path) -> tuple[DocRef, ...]:
    found = []
    for index, root in enumerate(parse(text, file=file)):
        if root is None or root.kind is not NodeKind.MAPPING:
            continue
        kind = _kind(root, file)
        if kind in KINDS | QUIET:
            found.append(_ref(root, index, kind, file))
    return tuple(found)


def _kind(root: Node, file: Path) -> str:
    node = root.get("kind")
    if node is not None and node.kind is NodeKind.ALIAS:
        raise SpecError(
            "The document's kind is an alias, which is not resolved.",
            remedy="write the kind out",
            place=Place(file, node.line, node.column),
        )
    return _text(root, "kind")


def _ref(root: Node, index: int, kind: str, file: Path) -> DocRef:
    name = _text(root, "metadata", "name")
    if not name:
        raise SpecError(
            f"This {kind} has no metadata.name.",
            remedy="name it; generateName is not followed",
            place=Place(file, root.line, root.column),
        )
    return DocRef(
        file=file,
        index=index,
        api_version=intern(_text(root, "apiVersion")),
        kind=intern(kind),
        namespace=intern(_text(root, "metadata", "namespace")),
        name=name,
    )


def _text(root: Node, *path: str) -> str:
    node = root.get(*path)
    return node.value if node is not None and node.kind is NodeKind.SCALAR else ""
