"""What kustomize builds that no document of this repository tells of."""

import re
from collections.abc import Callable, Iterator, Mapping

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import patching
from gitops_canary.manifest.kustomize import Kustomization, listed_path
from gitops_canary.manifest.nodes import Node, parse
from gitops_canary.model.names import Path

BRINGING = (
    "configurations", "crds", "generators", "helmCharts", "helmChartInflationGenerator",
    "replacements", "transformers", "vars",
)  # fmt: skip
"""Keys of a kustomization that add or rename what no document here tells."""
_RENAMING = re.compile(r"/metadata(/name|[\"'\s])|/kind")
_TELLING = re.compile(r"\b(name|kind|image|labels|selector|matchLabels)\b")
Found = Callable[[Path], str | None]
Unseen = tuple[Place, str]
"""Where something is named that is not looked into, and why."""


def unseen(
    own: Kustomization, folders: Mapping[str, Kustomization], text: Found
) -> Iterator[Unseen]:
    """Tell what a kustomization builds that is not read, or that gets a name which is not known."""
    root = next((r for r in parse(text(own.file) or "", file=own.file) if r is not None), None)
    if root is None:
        yield Place(own.file), "this kustomization cannot be read"
        return
    for key, node in root.entries:
        harmless = key.value == "replacements" and _harmless(own, node, text)
        if key.value in BRINGING and not harmless:
            place = Place(own.file, key.line, key.column)
            yield place, f"`{key.value}` may add or change what no file here tells"
    for name in ("resources", "bases", "components"):
        items = root.get(name)
        for item in items.items if items is not None else ():
            yield from _elsewhere(own, item, folders, text, component=name == "components")
    patches = ((patch.place, _veiled(patch, text)) for patch in patching.listed(own.file, root))
    yield from ((place, why) for place, why in patches if why)


def _harmless(own: Kustomization, listed: Node, text: Found) -> bool:
    """Tell whether replacements write into no name, image, label or selector."""
    held = [_replacement(own, item, text) for item in listed.items]
    known = all(one is not None for one in held)
    paths = (path for one in held for node in one or () for path in _written(node))
    return known and not any(_TELLING.search(path) for path in paths)


def _replacement(own: Kustomization, item: Node, text: Found) -> list[Node] | None:
    """Take a replacement apart, inline or in a file; None where it cannot be read."""
    named = item.get("path")
    if named is None:
        return [item]
    path = listed_path(own.file, named)
    found = text(Path(path)) if path else None
    if found is None:
        return None
    try:
        return [node for node in parse(found, file=path or "") if node is not None]
    except SpecError:
        return None  # kustomize could not build with it either


def _written(root: Node) -> Iterator[str]:
    """Give the paths that replacements write to."""
    for node in root.walk():
        paths = node.get("fieldPaths")
        yield from (one.value for one in (paths.items if paths is not None else ()))


def _veiled(patch: patching.Patch, text: Found) -> str:
    """Say what is not known of a patch; empty where all is."""
    said = patch.text(text)
    if said is None:
        return f"the patch {patch.file} does not lie in this repository"
    if patch.renames or _RENAMING.search(said):
        return "this patch may rename what it is put onto"
    if patch.chooses and "image" in said:
        return "which objects this patch chooses by their labels is not followed"
    return ""


def _elsewhere(
    own: Kustomization,
    item: Node,
    folders: Mapping[str, Kustomization],
    text: Found,
    *,
    component: bool,
) -> Iterator[Unseen]:
    why = _why(listed_path(own.file, item), folders, text, component=component)
    if why:
        yield Place(own.file, item.line, item.column), f"{item.value or 'this'} {why}"


def _why(
    path: str | None, folders: Mapping[str, Kustomization], text: Found, *, component: bool
) -> str:
    """Say what is not known of one thing that a kustomization lists; empty where all is."""
    if path is None:
        return "lies elsewhere"
    if path in folders:
        renames = component and (folders[path].prefix or folders[path].suffix)
        return "renames what other resources build" if renames else ""
    found = text(Path(path))
    if found is None:
        return "does not lie in this repository"
    try:
        roots = parse(found, file=path)
    except SpecError:
        return "cannot be read"
    kinds = (root.get("kind") for root in roots if root is not None)
    return "holds a list" if any(kind and kind.value == "List" for kind in kinds) else ""
