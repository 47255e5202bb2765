"""Replacements of kustomize that write into a workload, and the same into its primary."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Json, Node, NodeKind, Pointer, append_item, data, parse
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.kustomize import Kustomization
from gitops_canary.model.names import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """One target of a replacement that is a workload."""

    file: Path
    """The kustomization, or a file it names."""
    document: int
    at: Pointer
    """To the list of targets."""
    target: Node

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.file, self.target.line, self.target.column)


def found(
    terrain: Terrain, layer: Kustomization, workload: Document, *, everything: bool
) -> Iterator[Replaced]:
    """Find what a kustomization writes into a workload; by kind alone too, where `everything`."""
    for file, document, at, one in _replacements(terrain, layer):
        targets = one.get("targets")
        for target in targets.items if targets else ():
            kind, name = target.get("select", "kind"), target.get("select", "name")
            here = kind is None or kind.value == workload.ref.kind
            if here and (name.value == workload.ref.name if name is not None else everything):
                yield Replaced(file=file, document=document, at=(*at, "targets"), target=target)


def _replacements(
    terrain: Terrain, layer: Kustomization
) -> Iterator[tuple[Path, int, Pointer, Node]]:
    """Give every replacement, where it stands: inline, or in a file, alone or in a list."""
    roots = enumerate(parse(terrain.texts[layer.file], file=layer.file))
    document, root = next((i, r) for i, r in roots if r is not None)
    listed = root.get("replacements")
    for index, item in enumerate(listed.items if listed else ()):
        named = item.get("path")
        if named is None:
            yield layer.file, document, ("replacements", index), item
            continue
        folder = posixpath.dirname(layer.file)
        file = Path(posixpath.normpath(posixpath.join(folder, named.value)))
        if file not in terrain.texts:
            raise BindingError(
                f"The replacement {file} is no YAML file of this repository.",
                remedy="let its name end in .yaml, or write it into the kustomization",
                place=Place(layer.file, item.line, item.column),
            )
        for number, one in enumerate(parse(terrain.texts[file], file=file)):
            if one is not None and one.kind is NodeKind.SEQUENCE:
                yield from ((file, number, (i,), each) for i, each in enumerate(one.items))
            elif one is not None:
                yield file, number, (), one


def check(one: Replaced, name: str, *, missed: bool) -> None:
    """Make sure that the primary can get the same.

    Raises:
        BindingError: it is an image, or stands where the primary does not come by.
    """
    paths = one.target.get("fieldPaths")
    if any(path.value.endswith("image") for path in (paths.items if paths else ())):
        raise BindingError(
            f"This replacement sets the image of {name}.",
            remedy="write the version into an `images:` entry, or into a patch",
            place=one.place,
        )
    if missed:
        raise BindingError(
            f"This replacement changes {name} here, and would not change {name}-primary.",
            remedy=f"move it into the overlay, or write the value into {name} itself",
            place=one.place,
        )


def followed(text: str, one: Replaced, name: str) -> str:
    """Let a replacement write into the primary too.

    Raises:
        EditRefused: the list of targets cannot grow without more changing.
    """
    target = data(one.target, file=one.file)
    assert isinstance(target, dict), "it selects by kind and name"
    select = target["select"]
    assert isinstance(select, dict), "it has a name"
    mine: dict[str, Json] = {**target, "select": {**select, "name": f"{name}-primary"}}
    return append_item(text, one.document, one.at, mine, file=one.file)
