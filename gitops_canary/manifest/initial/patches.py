"""What an overlay changes in one workload alone, and the same for its primary."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_canary.errors import BindingError, Place, SpecError
from gitops_canary.manifest.document import Json, Node, data, parse, set_scalar
from gitops_canary.manifest.initial import copies
from gitops_canary.manifest.initial.terrain import Terrain
from gitops_canary.manifest.kustomize import Kustomization
from gitops_canary.manifest.naming import Names
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef

_LISTS = ("patches", "patchesStrategicMerge", "patchesJson6902")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item of a kustomization that is about a workload."""

    key: str
    """The list it stands in."""
    item: Node
    file: Path
    """The kustomization."""
    patch: Path | None = None
    """The file that holds the patch; None where the item itself does, or names a target."""
    text: str = ""
    """The patch, where it names the workload itself."""
    document: int = 0

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.file, self.item.line, self.item.column)

    @property
    def what(self) -> str:
        """What it is, for a person."""
        return "This count of replicas" if self.key == "replicas" else "This patch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The same for the primary."""

    key: str
    item: Json
    name: str = ""
    """Of a file to add beside the kustomization; empty for none."""
    text: str = ""


def changes(terrain: Terrain, layer: Kustomization, workload: DocRef) -> Iterator[Change]:
    """Find what changes one workload alone: patches, and counts of replicas."""
    root = next((r for r in parse(terrain.texts[layer.file], file=layer.file) if r), None)
    counts = root.get("replicas") if root else None
    for one in counts.items if counts else ():
        named = one.get("name")
        if named is not None and named.value == workload.name:
            yield Change(key="replicas", item=one, file=layer.file)
    for key in _LISTS:
        listed = root.get(key) if root else None
        for one in listed.items if listed else ():
            yield from _patch(terrain, layer, key, one, workload)


def followed(change: Change, workload: str, names: Names) -> Followed:
    """Write the same for the primary.

    Raises:
        BindingError: it sets the image, so the version does not lie in an `images:` entry.
    """
    own = data(change.item, file=change.file)
    primary = f"{workload}-primary"
    if not change.text:
        assert isinstance(own, dict), "counts and patches with a target are mappings"
        target = own.get("target")
        new: dict[str, Json] = {"name": primary}
        if isinstance(target, dict):
            new = {"target": {**target, "name": primary}}
        return Followed(key=change.key, item={**own, **new})
    root = parse(change.text, file=change.file)[change.document]
    assert root is not None, "it was found there"
    if any(key.value == "image" for node in root.walk() for key, _ in node.entries):
        raise BindingError(
            f"This patch sets the image of {workload}.",
            remedy="write the version into the `images:` entry alone",
            place=change.place,
        )
    file = change.patch or change.file
    text = copies.relabelled(copies.body(change.text, root), names, file)
    text = set_scalar(text, 0, ("metadata", "name"), primary, file=file)
    stem, end = posixpath.splitext(posixpath.basename(change.patch or f"{workload}-patch.yaml"))
    name = f"{stem}-primary{end}"
    item: Json = name if change.key == "patchesStrategicMerge" else {"path": name}
    return Followed(key=change.key, item=item, name=name, text=text)


def _patch(
    terrain: Terrain, layer: Kustomization, key: str, item: Node, workload: DocRef
) -> Iterator[Change]:
    kind, target = item.get("target", "kind"), item.get("target", "name")
    if target is not None:
        if target.value == workload.name and (kind is None or kind.value == workload.kind):
            yield Change(key=key, item=item, file=layer.file)
        return
    inline, file = item.get("patch"), _file(layer, item)
    held = file in terrain.texts
    value = inline.value if inline else item.value
    text = terrain.texts[file] if held else value if "\n" in value else ""
    try:
        roots = parse(text, file=file if held else layer.file)
    except SpecError:
        return  # kustomize could not build with it either
    for index, root in enumerate(roots):
        kind, named = (root.get("kind"), root.get("metadata", "name")) if root else (None, None)
        if kind and named and (kind.value, named.value) == (workload.kind, workload.name):
            yield Change(
                key=key,
                item=item,
                file=layer.file,
                patch=file if held else None,
                text=text,
                document=index,
            )


def _file(layer: Kustomization, item: Node) -> Path:
    """Say which file an item names; a text that is no path names none that is there."""
    path = item.get("path")
    value = path.value if path else item.value
    return Path(posixpath.normpath(posixpath.join(posixpath.dirname(layer.file), value)))
