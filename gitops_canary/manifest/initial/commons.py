"""What kustomizations put on everything they build, which a document added further out misses."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitops_canary.manifest.document import Node, Pointer, insert_key, parse, set_scalar
from gitops_canary.model.names import Path

_TEMPLATE: Pointer = ("spec", "template", "metadata")
_PODS: Pointer = ("spec", "template", "spec")
_SELECTOR: Pointer = ("spec", "selector", "matchLabels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commons:
    """Labels and annotations, by key; those of outer layers win."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Of every object."""
    pods: Mapping[str, str] = field(default_factory=dict)
    """Of pod templates."""
    selectors: Mapping[str, str] = field(default_factory=dict)
    """Of whatever selects pods; what is in here is in `pods` too."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Of every object and pod template."""


def commons(roots: Iterable[Node]) -> Commons:
    """Read what kustomizations put on everything, the innermost first."""
    labels: dict[str, str] = {}
    pods: dict[str, str] = {}
    selectors: dict[str, str] = {}
    annotations: dict[str, str] = {}
    for root in roots:
        annotations |= _words(root.get("commonAnnotations"))
        for pairs, into in _labelled(root):
            labels |= pairs
            pods |= pairs if into in {"templates", "selectors"} else {}
            selectors |= pairs if into == "selectors" else {}
    return Commons(labels=labels, pods=pods, selectors=selectors, annotations=annotations)


def _labelled(root: Node) -> Iterable[tuple[dict[str, str], str]]:
    """Give labels, and how deep they are put into what is built."""
    yield _words(root.get("commonLabels")), "selectors"
    more = root.get("labels")
    for one in more.items if more else ():
        asked = [
            name
            for name, key in (("selectors", "includeSelectors"), ("templates", "includeTemplates"))
            if (node := one.get(key)) is not None and node.value == "true"
        ]
        paths = [path.value for path in _paths(one)]
        asked += [into for into in ("selectors", "templates") if any(into[:-1] in p for p in paths)]
        yield _words(one.get("pairs")), asked[0] if asked else "objects"


def _paths(one: Node) -> Iterator[Node]:
    """Give the paths that labels are put to besides."""
    fields = one.get("fields")
    for item in fields.items if fields else ():
        if path := item.get("path"):
            yield path


def put_on(text: str, found: Commons, *, workload: bool, file: Path) -> str:
    """Write into the first document of a text what kustomize would have put on it further in.

    Raises:
        EditRefused: a mapping cannot take a key without more changing.
    """
    at: list[tuple[Pointer, str, Mapping[str, str]]] = [
        (("metadata",), "labels", found.labels),
        (("metadata",), "annotations", found.annotations),
    ]
    if workload:
        at += [
            (_SELECTOR[:-1], _SELECTOR[-1], found.selectors),  # type: ignore[list-item]  # a word
            (_TEMPLATE, "labels", found.pods),
            (_TEMPLATE, "annotations", found.annotations),
        ]
    for above, key, pairs in at:
        text = _with(text, above, key, pairs, file)
    root = parse(text, file=file)[0]
    for above in list(_chosen(root.get(*_PODS), _PODS)) if root and workload else ():
        text = _with(text, above, "matchLabels", found.selectors, file)
    return text


def _chosen(node: Node | None, at: Pointer) -> Iterator[Pointer]:
    """Point at the selectors of a pod template that choose pods by labels."""
    if node is None:
        return
    for key, value in node.entries:
        if key.value == "labelSelector" and value.get("matchLabels") is not None:
            yield (*at, key.value)
        yield from _chosen(value, (*at, key.value))
    for index, item in enumerate(node.items):
        yield from _chosen(item, (*at, index))


def _with(text: str, above: Pointer, key: str, pairs: Mapping[str, str], file: Path) -> str:
    if not pairs:
        return text
    root = parse(text, file=file)[0]
    assert root is not None, "it is a document"
    if root.get(*above, key) is None:
        value: dict[str, object] = {key: dict(pairs)}
        while root.get(*above) is None:
            above, value = above[:-1], {str(above[-1]): value}
        ((name, new),) = value.items()
        return insert_key(text, 0, above, name, new, file=file)
    for name, value_ in pairs.items():
        node = root.get(*above, key, name)
        if node is None:
            text = insert_key(text, 0, (*above, key), name, value_, file=file)
        elif node.value != value_:
            text = set_scalar(text, 0, (*above, key, name), value_, file=file)
    return text


def _words(node: Node | None) -> dict[str, str]:
    return {key.value: value.value for key, value in node.entries} if node else {}
