"""What an overlay changes in one workload alone, and the same for its primary."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_canary.errors import BindingError, Place, SpecError
from gitops_canary.manifest.document import Json, Node, NodeKind, data, parse, set_scalar
from gitops_canary.manifest.initial import copies
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.kustomize import Kustomization
from gitops_canary.manifest.naming import Names
from gitops_canary.manifest.patching import LISTS, matches
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef


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
    copied: str = ""
    """The file of a patch that names a target."""
    also: bool = False
    """Whether it changes the primary by itself, where the primary goes through here too."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.file, self.item.line, self.item.column)

    @property
    def said(self) -> str:
        """The patch, however it is written; empty for a count."""
        inline = self.item.get("patch") if self.item.kind is NodeKind.MAPPING else None
        return self.text or self.copied or (inline.value if inline else "")

    @property
    def counts(self) -> bool:
        """Whether it says how many pods there are."""
        return self.key == "replicas" or re.search(r"\breplicas\b", self.said) is not None

    @property
    def deletes(self) -> bool:
        """Whether it takes the object away."""
        root = self.root if "$patch" in self.said else None
        return root is not None and root.word("$patch") == "delete"

    @property
    def root(self) -> Node | None:
        """The patch taken apart; None where there is nothing that can be read."""
        try:
            return next(iter(parse(self.said, file=self.file)[self.document :]), None)
        except SpecError:
            return None  # kustomize could not build with it either

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


def changes(
    terrain: Terrain, layer: Kustomization, workload: Document, key: str
) -> Iterator[Change]:
    """Find what changes a workload: patches, and counts of replicas."""
    root = next((r for r in parse(terrain.texts[layer.file], file=layer.file) if r), None)
    counts = root.get("replicas") if root else None
    for one in counts.items if counts else ():
        named = one.get("name")
        if named is not None and named.value == workload.ref.name:
            yield Change(key="replicas", item=one, file=layer.file)
    for listed in LISTS:
        found = root.get(listed) if root else None
        for one in found.items if found else ():
            if one.get("target") is not None:
                yield from _targeted(terrain, layer, listed, one, workload, key)
            else:
                yield from _patch(terrain, layer, listed, one, workload.ref)


def followed(
    change: Change,
    workload: str,
    names: Names,
    outer: str,
    *,
    versioned: bool = False,
    base: Path | None = None,
) -> Followed:
    """Write the same for the primary, for the kustomization in the folder `outer`.

    `versioned` says that the version lies in this patch, so that the primary needs its own file;
    `base` is the file that a new one is called after, where it is not the patch's.

    Raises:
        BindingError: it sets the image, and the version lies elsewhere too.
    """
    if not change.text:
        return _aimed(change, f"{workload}-primary", outer, versioned=versioned, base=base)
    root = parse(change.text, file=change.file)[change.document]
    assert root is not None, "it was found there"
    if not versioned and any(
        key.value == "image" for node in root.walk() for key, _ in node.entries
    ):
        raise BindingError(
            f"This patch sets the image of {workload}.",
            remedy="write the version into the `images:` entry alone",
            place=change.place,
        )
    file = change.patch or change.file
    text = copies.relabelled(copies.body(change.text, root), names, file)
    text = set_scalar(text, 0, ("metadata", "name"), f"{workload}-primary", file=file)
    name = beside(base or change.patch or inline(workload))
    listed: Json = name if change.key == "patchesStrategicMerge" else {"path": name}
    return Followed(key=change.key, item=listed, name=name, text=text)


def _aimed(
    change: Change, primary: str, outer: str, *, versioned: bool, base: Path | None
) -> Followed:
    """Aim a count, or a patch that names a target, at the primary."""
    own = data(change.item, file=change.file)
    assert isinstance(own, dict), "counts and patches with a target are mappings"
    if change.key == "replicas":
        return Followed(key=change.key, item={**own, "name": primary})
    target = own.get("target")
    assert isinstance(target, dict), "it has a target"
    kept = {k: v for k, v in target.items() if k not in {"labelSelector", "annotationSelector"}}
    item: dict[str, Json] = {**own, "target": {**kept, "name": primary}}
    if change.patch is None:
        return Followed(key=change.key, item=item)
    if change.copied and posixpath.dirname(change.file) == outer and not versioned:
        return Followed(key=change.key, item=item)
    if not change.copied:
        raise BindingError(
            f"{change.patch} is no YAML or JSON of this repository, so it cannot be copied.",
            remedy="let its name end in .yaml, or write the patch into the kustomization",
            place=change.place,
        )
    name = beside(base or change.patch)
    path = {**item, "path": name}
    return Followed(key=change.key, item=path, name=name, text=change.copied)


def _targeted(
    terrain: Terrain, layer: Kustomization, key: str, item: Node, workload: Document, label: str
) -> Iterator[Change]:
    """Find a patch by its target, whose kind and name are patterns of the whole word."""
    ref = workload.ref
    kind, name = item.get("target", "kind"), item.get("target", "name")
    if not matches(kind, ref.kind) or not matches(name, ref.name):
        return
    chosen = item.get("target", "labelSelector")
    apart = chosen is not None and label in chosen.value
    file = _file(layer, item) if item.get("path") is not None else None
    yield Change(
        key=key,
        item=item,
        file=layer.file,
        patch=file,
        copied=terrain.texts.get(file, "") if file else "",
        also=not apart and matches(name, f"{ref.name}-primary"),
    )


def _patch(
    terrain: Terrain, layer: Kustomization, key: str, item: Node, workload: DocRef
) -> Iterator[Change]:
    """Find a patch that names the workload itself."""
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


def inline(workload: str) -> Path:
    """Name the file that a patch would have which stands inline."""
    return Path(f"{workload}-patch.yaml")


def beside(file: Path) -> str:
    """Name the file of the primary's patch."""
    stem, end = posixpath.splitext(posixpath.basename(file))
    return f"{stem}-primary{end}"


def _file(layer: Kustomization, item: Node) -> Path:
    """Say which file an item names; a text that is no path names none that is there."""
    path = item.get("path")
    value = path.value if path else item.value
    return Path(posixpath.normpath(posixpath.join(posixpath.dirname(layer.file), value)))
