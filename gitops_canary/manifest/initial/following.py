"""Patches of what is copied for the primary: written for the copy too, or told to a person."""

from collections.abc import Container, Iterator

from gitops_canary.errors import Place
from gitops_canary.manifest.initial import copies, overlay, patches, replacing
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.patches import Change
from gitops_canary.manifest.initial.replacing import Replaced
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.nodes import NodeKind, parse
from gitops_canary.manifest.patching import matches
from gitops_canary.manifest.scaler_copy import KINDS, asked
from gitops_canary.model.names import Path

_DIFFERENT = ("scaleTargetRef", "triggers", "elector", "$patch", "metadata/name")
"""Words of a patch that may set what differs in the copy; `elector` is in every selector's key."""


def missed(terrain: Terrain, choice: Choice, one: Document) -> Iterator[Change]:
    """Find the patches of an object that a copy of it for the primary does not get by itself."""
    outer, workload = choice.outer, choice.workload
    if outer is None:
        return
    key, _ = overlay.label(terrain, outer, workload)
    home = overlay.home(terrain, workload, outer, key)
    further = overlay.inner(terrain, outer, workload.ref.file) if home.shared else []
    found = list(overlay.layers(terrain, outer, workload.ref.file))
    passed = [layer for layer in found if layer not in further]
    for layer in overlay.layers(terrain, outer, one.ref.file):
        for change in patches.changes(terrain, layer, one, key):
            by_itself = change.also and layer in passed
            if change.key != "replicas" and not by_itself and not _named_alike(change, one, choice):
                yield change


def replaced(terrain: Terrain, choice: Choice, one: Document) -> Iterator[Replaced]:
    """Find the replacements into an object that can be written for its copy too."""
    for found, passed in _replacements(terrain, choice, one):
        if passed and _fits(found, one):
            yield found


def unreplaced(terrain: Terrain, choice: Choice, one: Document) -> Iterator[Replaced]:
    """Find the other replacements into an object: those that its copy does not get."""
    for found, passed in _replacements(terrain, choice, one):
        if not (passed and _fits(found, one)):
            yield found


def _replacements(
    terrain: Terrain, choice: Choice, one: Document
) -> Iterator[tuple[Replaced, bool]]:
    """Give what is written into an object by its name, and whether its copy comes by there."""
    outer = choice.outer
    if outer is None:
        return
    key, _ = overlay.label(terrain, outer, choice.workload)
    shared = overlay.home(terrain, choice.workload, outer, key).shared
    further = overlay.inner(terrain, outer, choice.workload.ref.file) if shared else []
    for layer in overlay.layers(terrain, outer, one.ref.file):
        for found in replacing.found(terrain, layer, one, everything=layer in further):
            yield found, layer not in further


def _fits(found: Replaced, one: Document) -> bool:
    """Tell whether a replacement writes nothing that the copy has otherwise."""
    paths = found.target.get("fieldPaths")
    words = [path.value for path in (paths.items if paths else ())]
    if one.ref.kind not in KINDS | copies.POLICIES.keys():
        return False
    return bool(words) and not any(d.replace("/", ".") in w for d in _DIFFERENT for w in words)


def _named_alike(change: Change, one: Document, choice: Choice) -> bool:
    """Tell whether it is a patch of the workload as well, so that the primary's is the copy's."""
    target = None if change.text else change.item.get("target")
    ref = choice.workload.ref
    return (
        target is not None
        and one.ref.name == ref.name
        and matches(target.get("kind"), ref.kind)
        and matches(target.get("name"), ref.name)
    )


def follows(change: Change, one: Document, choice: Choice) -> bool:
    """Tell whether the same patch fits the copy: it says nothing that the copy has otherwise.

    A copied Service is another kind of Service, and a ConfigMap is kept in step by its text.
    """
    if one.ref.kind not in KINDS | copies.POLICIES.keys():
        return False
    mapping, text = change.item.kind is NodeKind.MAPPING, change.said
    limits = asked(choice.canary.root)[0] if choice.canary is not None else (None, None)
    if one.ref.kind in KINDS and limits != (None, None):
        return False
    if not change.text and change.item.word("target", "kind") != one.ref.kind:
        return False
    renames = mapping and change.item.get("options") is not None
    return bool(text) and not renames and not any(word in text for word in _DIFFERENT)


def place(change: Change) -> Place:
    """Say where a patch itself stands: its file, or the item that holds it."""
    if change.patch is None:
        return change.place
    root = parse(change.text, file=change.patch)[change.document] if change.text else None
    return Place(change.patch, root.line, root.column) if root else Place(change.patch, 1, 1)


def base(change: Change, one: Document, folder: str, taken: Container[str]) -> Path:
    """Name a file whose neighbour for the primary is free: the patch's own, if that one is."""
    kind = f"{one.ref.kind.lower()}-{one.ref.name}"
    begin = change.patch or patches.inline(kind)
    names = (begin, *(Path(f"{kind}-patch{end}.yaml") for end in ("", *range(2, 10))))
    at = f"{folder}/" if folder else ""
    free = (name for name in names if f"{at}{patches.beside(name)}" not in taken)
    return next(free, begin)
