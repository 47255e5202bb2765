"""A label that the outermost kustomization puts on everything, so that it tells nothing apart."""

from collections.abc import Iterator

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Node
from gitops_canary.manifest.initial.commons import commons
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.kustomize import Kustomization

_SHOWN = 5
_SELECTORS = (("spec", "selector"), ("spec", "podSelector"))


def check(terrain: Terrain, layer: Kustomization, root: Node, workload: Document, key: str) -> None:
    """Make sure that a kustomization leaves a label of pods alone.

    Raises:
        BindingError: it does not; the remedy is an edit after which the same is built.
    """
    if key not in commons([root]).pods:
        return
    name, node = workload.ref.name, _said(root, key)
    word = f"`{key}: {node.value}`"
    several = len(terrain.built.get(workload.ref.file, ())) > 1
    others = list(dict.fromkeys(_selecting(terrain, workload)))
    listed = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
    where = f"by patches in {layer.file}, " if several else ""
    raise BindingError(
        f"This label {key} is put on every pod, so nothing tells {name} from {name}-primary.",
        remedy=f"write {word} into spec.selector.matchLabels and spec.template.metadata.labels of "
        f"{name} ({workload.ref.file}){' and into the selector of ' + listed if listed else ''}, "
        f"{where}and put `labels: [{{pairs: {{{key}: {node.value}}}}}]` in its place here: "
        "kustomize builds the same, and its selectors are left alone",
        place=Place(layer.file, node.line, node.column),
    )


def _said(root: Node, key: str) -> Node:
    """Find where the label gets its value."""
    node = root.get("commonLabels", key)
    more = root.get("labels")
    found = [one.get("pairs", key) for one in (more.items if more else ())]
    mine = next((one for one in (node, *found) if one is not None), None)
    assert mine is not None, "it is put on by one of them"
    return mine


def _selecting(terrain: Terrain, workload: Document) -> Iterator[str]:
    """Name what selects pods, of all that is built where the workload is."""
    built = terrain.built.get(workload.ref.file, ())
    for one in terrain.documents:
        here = set(built) & set(terrain.built.get(one.ref.file, ()))
        selects = any(one.root.get(*at) is not None for at in _SELECTORS)
        if here and selects and one is not workload:
            yield f"{one.ref.kind} {one.ref.name} ({one.ref.file})"
