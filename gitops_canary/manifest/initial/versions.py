"""How the two versions are told apart: whole pod templates, or fields that hold images."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.document import Json, insert_key
from gitops_canary.manifest.field_path import Key, Pick, spoken
from gitops_canary.manifest.image_chain import bare
from gitops_canary.manifest.initial import overlay, patched
from gitops_canary.manifest.initial.canary_text import Pair
from gitops_canary.manifest.initial.draft import Draft, file_beside
from gitops_canary.manifest.initial.patches import Change
from gitops_canary.manifest.initial.terrain import Document, Terrain, images
from gitops_canary.manifest.kustomize import Entry
from gitops_canary.manifest.nodes import Node, parse
from gitops_canary.model.names import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What the Canary has to list, and what has to be written first."""

    pairs: tuple[Pair, ...] = ()
    """Empty where the pod templates themselves are compared."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The primary's image by container, where kustomize has to tell it from the candidate's."""
    entries: tuple[tuple[Entry, dict[str, str]], ...] = ()
    """An entry of kustomize for the candidate, and the primary's."""
    patched: tuple[Change, ...] = ()
    """Patches that versions lie in."""

    def begin(self, draft: Draft) -> None:
        """Write the primary's `images:` entries, last in the outermost kustomization."""
        for entry, item in self.entries:
            self._whole(draft, entry, item)
            draft.list("images", item, outer=True)

    def _whole(self, draft: Draft, entry: Entry, item: dict[str, str]) -> None:
        """Let the candidate's entry say its name too, so that both are whole references."""
        text = draft.texts[entry.file]
        index, root = _root(text, entry.file)
        at = ("images", entry.index)
        if root.get(*at, "newName") is None:
            name = item["newName"]
            draft.texts[entry.file] = insert_key(text, index, at, "newName", name, file=entry.file)


def bound(
    draft: Draft, workload: Document, outer: str | None, key: str, *, plain: bool
) -> Versions:
    """Find how a workload's versions can be told apart.

    `key` is the label its pods are selected by; `plain` says that its value is the workload's name,
    so that whole templates can be mapped.

    Raises:
        BindingError: the version does not lie in exactly one place that is this overlay's own.
    """
    found = _mains_first(workload)
    if outer is not None:
        by_patch = list(patched.found(draft.terrain, outer, workload, key))
        moved = {
            container: overlay.entries(draft.terrain, outer, workload.ref.file, bare(image))
            for container, image in found.items()
        }
        if any(moved.values()):
            return _by_entries(draft, workload, outer, {c: e for c, e in moved.items() if e})
        if by_patch:
            return _by_patches(draft, workload, outer, by_patch)
        if draft.home.shared:
            raise BindingError(
                f"Several overlays build {workload.ref.name}, and none of them sets its version.",
                remedy=f"give {draft.home.outer} an `images:` entry with the version first",
                place=workload.place,
            )
    return Versions() if plain else _by_fields(draft, workload, found)


def _mains_first(workload: Document) -> dict[str, str]:
    """Give the images by container, and those that run before it last: they name no version."""
    found = images(workload)
    listed = workload.root.get("spec", "template", "spec", "initContainers")
    before = {item.word("name") for item in (listed.items if listed else ())}
    return dict(sorted(found.items(), key=lambda one: one[0] in before))


def as_built(terrain: Terrain, outer: str | None, workload: Document) -> Mapping[str, str]:
    """Give each container's image as the cluster gets it, `images:` entries applied."""
    found = {}
    for container, image in images(workload).items():
        name, rest = bare(image), image.removeprefix(bare(image))
        file = workload.ref.file
        for entry in overlay.entries(terrain, outer, file, name) if outer is not None else ():
            node = _root(terrain.texts[entry.file], entry.file)[1].get("images", entry.index)
            tag, digest = (node.get(key) if node else None for key in ("newTag", "digest"))
            rest = f":{tag.value}" if tag else rest
            rest = f"@{digest.value}" if digest else rest
            name = entry.new_name
        found[container] = f"{name}{rest}"
    return found


def _by_fields(draft: Draft, workload: Document, found: Mapping[str, str]) -> Versions:
    def path(container: str) -> str:
        group = "containers"
        listed = workload.root.get("spec", "template", "spec", "initContainers")
        for one in listed.items if listed else ():
            name = one.get("name")
            group = "initContainers" if name and name.value == container else group
        steps = (Key("spec"), Key("template"), Key("spec"), Key(group), Pick("name", container))
        return spoken((*steps, Key("image")))

    primary = posixpath.join(draft.home.folder, file_beside(workload, "primary"))
    return Versions(
        pairs=tuple(
            Pair(
                container=container,
                file=workload.ref.file,
                document=f"{workload.ref.kind}/{workload.ref.name}",
                candidate=path(container),
                primary_file=_there(draft, workload) or primary,
                primary_document=f"{workload.ref.kind}/{workload.ref.name}-primary",
                primary=path(container),
            )
            for container in found
        )
    )


def _there(draft: Draft, workload: Document) -> str:
    found = draft.terrain.named(
        workload.ref.kind, f"{workload.ref.name}-primary", workload.ref.namespace
    )
    return found[0].ref.file if found else ""


def _by_entries(
    draft: Draft, workload: Document, outer: str, moved: Mapping[str, list[Entry]]
) -> Versions:
    file = draft.home.outer
    assert file is not None, "the overlay is named"
    pairs: list[Pair] = []
    renamed: dict[str, str] = {}
    entries: list[tuple[Entry, dict[str, str]]] = []
    for container, chain in moved.items():
        entry = _only(draft, workload, container, chain, outer)
        name = f"{entry.name}-primary"
        renamed[container] = name
        if all(one.name != entry.name for one, _ in entries):
            entries.append((entry, _item(draft, entry, name)))
            pairs.append(
                Pair(
                    container=container,
                    file=entry.file,
                    document="",
                    candidate=spoken((Key("images"), Pick("name", entry.name))),
                    primary_file=file,
                    primary_document="",
                    primary=spoken((Key("images"), Pick("name", name))),
                )
            )
    return Versions(pairs=tuple(pairs), renamed=renamed, entries=tuple(entries))


def _by_patches(
    draft: Draft, workload: Document, outer: str, found: list[patched.Patched]
) -> Versions:
    for one in found:
        shared = draft.home.shared and posixpath.dirname(one.change.file) != outer
        entry = next(
            (
                entry
                for layer in overlay.layers(draft.terrain, outer, workload.ref.file)
                for entry in layer.entries
                if entry.name == bare(one.image)
            ),
            None,
        )
        if entry is not None:
            raise BindingError(
                f"This entry changes the image of {one.container} once more, after the patch at "
                f"{one.change.place} set it.",
                remedy="write the version here alone, and take the image out of the patch",
                place=entry.place,
            )
        if shared:
            raise BindingError(
                f"This patch sets the version of {one.container} in every overlay at once.",
                remedy=f"move it into {draft.home.outer}, and into the others",
                place=one.change.place,
            )
    last = draft.home.outer
    assert last is not None, "the overlay is named"
    return Versions(
        pairs=patched.pairs(found, workload, last), patched=tuple(one.change for one in found)
    )


def _only(
    draft: Draft, workload: Document, container: str, chain: list[Entry], outer: str
) -> Entry:
    if len(chain) > 1:
        places = ", ".join(str(entry.place) for entry in chain)
        raise BindingError(
            f"Several `images:` entries set the version of {container} in {workload.ref.name}: "
            f"{places}.",
            remedy="keep the last one alone",
            place=chain[0].place,
        )
    if posixpath.dirname(chain[0].file) != outer and draft.home.shared:
        raise BindingError(
            f"This entry sets the version of {container} in every overlay at once.",
            remedy=f"move it into {draft.home.outer}, and into the others",
            place=chain[0].place,
        )
    return chain[0]


def _item(draft: Draft, entry: Entry, name: str) -> dict[str, str]:
    """Write the primary's entry: what the candidate's says, under the primary's name."""
    node = _root(draft.texts[entry.file], entry.file)[1].get("images", entry.index)
    assert node is not None, "the entry was read there"
    said = {key: found.value for key in ("newTag", "digest") if (found := node.get(key))}
    if not said:
        raise BindingError(
            f"The entry {entry.name} names no tag and no digest.",
            remedy="write the version as `newTag`",
            place=Place(entry.file, node.line, node.column),
        )
    return {"name": name, "newName": entry.new_name, **said}


def _root(text: str, file: Path) -> tuple[int, Node]:
    return next((i, r) for i, r in enumerate(parse(text, file=file)) if r is not None)


def source(pairs: tuple[Pair, ...]) -> Json:
    """Write the pairs as the value of `spec.source`."""

    def lies(file: str, document: str, field: str) -> Json:
        named: dict[str, Json] = {"document": document} if document else {}
        return {"file": file, **named, "field": field}

    return {
        "fields": [
            {
                "name": one.container,
                "container": one.container,
                "candidate": lies(one.file, one.document, one.candidate),
                "primary": lies(one.primary_file, one.primary_document, one.primary),
            }
            for one in pairs
        ]
    }
