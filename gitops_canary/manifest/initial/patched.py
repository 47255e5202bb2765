"""Images that patches of kustomize set: where they lie, and where the primary's will."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_canary.errors import BindingError
from gitops_canary.manifest.document import parse
from gitops_canary.manifest.field_path import Inside, Key, Pick, Step, spoken
from gitops_canary.manifest.field_place import picked
from gitops_canary.manifest.initial import overlay, patches
from gitops_canary.manifest.initial.canary_text import Pair
from gitops_canary.manifest.initial.patches import Change
from gitops_canary.manifest.initial.terrain import Document, Terrain, images
from gitops_canary.model.names import Path

_POINTER = re.compile(r"/spec/template/spec/(containers|initContainers)/([0-9]+)/image")
_TEMPLATE: tuple[Step, ...] = (Key("spec"), Key("template"), Key("spec"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """One container's image, set by a patch of the workload alone."""

    container: str
    image: str
    change: Change
    path: tuple[Step, ...]
    """Inside of the patch."""
    key: str
    """By which its item is found in the kustomization; empty where several have that value."""


def found(terrain: Terrain, outer: str, workload: Document, key: str) -> Iterator[Patched]:
    """Find the patches on a workload's way that set an image of it."""
    for layer in overlay.layers(terrain, outer, workload.ref.file):
        for change in patches.changes(terrain, layer, workload, key):
            for container, path, image in _set(change, workload):
                key = _key(terrain.texts[layer.file], change, workload.ref.name)
                yield Patched(container=container, image=image, change=change, path=path, key=key)


def _key(text: str, change: Change, name: str) -> str:
    key = "patch|metadata.name" if change.text else "target.name"
    root = next((one for one in parse(text, file=change.file) if one is not None), None)
    listed = root.get(change.key) if root else None
    held = [picked(item, key) for item in (listed.items if listed else ())]
    same = [node for node in held if node is not None and node.value == name]
    return key if len(same) == 1 and change.document == 0 else ""


def _set(change: Change, workload: Document) -> Iterator[tuple[str, tuple[Step, ...], str]]:
    root = change.root  # a file of comments alone, or of blanks, holds no document at all
    if root is None:
        return
    names = list(images(workload))
    for one in root.items:
        words = {key.value: value.value for key, value in one.entries}
        pointer = _POINTER.fullmatch(words.get("path", ""))
        if pointer and words.get("op") in {"add", "replace"}:
            container = _name(workload, pointer[1], int(pointer[2]))
            yield container, (Pick("path", pointer[0]), Key("value")), words.get("value", "")
    for group in ("containers", "initContainers"):
        listed = root.get("spec", "template", "spec", group)
        for one in listed.items if listed else ():
            name, image = one.get("name"), one.get("image")
            if name is not None and image is not None and name.value in names:
                steps = (*_TEMPLATE, Key(group), Pick("name", name.value), Key("image"))
                yield name.value, steps, image.value


def _name(workload: Document, group: str, index: int) -> str:
    return workload.word("spec", "template", "spec", group, index, "name") or f"{group}-{index}"


def pairs(wanted: list[Patched], workload: Document, outer: Path) -> tuple[Pair, ...]:
    """Name both fields of each image; the primary's lie where `patches.followed` will put them.

    `outer` is the outermost kustomization.

    Raises:
        BindingError: one has no name of its own, or several patches set it.
    """
    containers = [one.container for one in wanted]
    for one in wanted:
        if containers.count(one.container) > 1:
            raise BindingError(
                f"Several patches set the image of {one.container} in {workload.ref.name}.",
                remedy="keep the last one alone",
                place=one.change.place,
            )
        if one.change.also:
            raise BindingError(
                f"This patch sets the image of {workload.ref.name} and of its primary at once.",
                remedy=f"let its target name {workload.ref.name} alone",
                place=one.change.place,
            )
    return tuple(_pair(one, workload, outer) for one in wanted)


def _pair(one: Patched, workload: Document, outer: Path) -> Pair:
    change, name = one.change, workload.ref.name
    primary, kind = f"{name}-primary", workload.ref.kind
    beside = patches.beside(change.patch or patches.inline(name))
    apart = Path(posixpath.join(posixpath.dirname(outer), beside))
    if change.patch is not None:
        titled = bool(change.text)
        here = (change.patch, f"{kind}/{name}" * titled, one.path)
        there = (apart, f"{kind}/{primary}" * titled, one.path)
    elif one.key:
        here = (change.file, "", _inside(one, name))
        inline = (outer, "", _inside(one, primary))
        there = (apart, f"{kind}/{primary}", one.path) if change.text else inline
    else:
        raise BindingError(
            f"This patch sets the image of {name}, and nothing tells it from the others here.",
            remedy="write it into a file of its own, and name that by `path`",
            place=change.place,
        )
    return Pair(
        container=one.container,
        file=here[0],
        document=here[1],
        candidate=spoken(here[2]),
        primary_file=there[0],
        primary_document=there[1],
        primary=spoken(there[2]),
    )


def _inside(one: Patched, name: str) -> tuple[Step, ...]:
    return (Key(one.change.key), Pick(one.key, name), Key("patch"), Inside(), *one.path)
