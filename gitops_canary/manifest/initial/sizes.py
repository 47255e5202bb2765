"""How many pods a scaler may make, as kustomize builds it: what patches say of it is put on top."""

from collections.abc import Mapping

from gitops_canary.manifest.initial import overlay, patches
from gitops_canary.manifest.initial.patches import Change
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.scaler_copy import LIMITS


def sizes(terrain: Terrain, outer: str | None, one: Document) -> tuple[str, str]:
    """Give the least and the most pods of a HorizontalPodAutoscaler or a ScaledObject.

    Each is empty where nothing says it. Replacements are not followed.
    """
    keys = LIMITS[one.ref.kind]
    found = {key: one.word("spec", key) for key in keys}
    for layer in overlay.layers(terrain, outer, one.ref.file) if outer is not None else ():
        for change in patches.changes(terrain, layer, one, ""):
            found |= {key: word for key, word in _said(change).items() if key in found}
    least, most = keys
    return found[least], found[most]


def _said(change: Change) -> Mapping[str, str]:
    """Give the fields of `spec` that a patch sets, by merging or by operations (RFC 6902)."""
    root = change.root
    if root is None:
        return {}
    operations = ((one.word("op"), one.word("path"), one.word("value")) for one in root.items)
    set_by = {p.removeprefix("/spec/"): v for op, p, v in operations if op in {"add", "replace"}}
    return {**root.words("spec"), **set_by}
