"""Patches as kustomizations list them: in files or inline, with a target or by their own names."""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.model.names import Path

LISTS = ("patchesStrategicMerge", "patches", "patchesJson6902")
"""In kustomize's order."""
Pointer = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One item of such a list."""

    key: str
    place: Place
    file: Path
    """Where its text lies; the kustomization's own for one that stands inline."""
    inside: Pointer = ()
    """Where in the kustomization its text stands; empty for a file."""
    inline: str = ""
    target: Node | None = None
    renames: bool = False
    """Whether it may change the name or the kind."""

    @property
    def chooses(self) -> bool:
        """Whether its target goes by labels or annotations."""
        keys = ("labelSelector", "annotationSelector")
        return self.target is not None and any(self.target.get(key) for key in keys)

    def text(self, found: Callable[[Path], str | None]) -> str | None:
        """Give its text; None where that does not lie in this repository."""
        return self.inline if self.inside else found(self.file)

    def roots(self, found: Callable[[Path], str | None]) -> tuple[Node | None, ...] | None:
        """Take it apart; None where there is nothing that can be read."""
        text = self.text(found)
        try:
            return parse(text, file=self.file) if text is not None else None
        except SpecError:
            return None  # kustomize could not build with it either


def listed(file: Path, root: Node) -> Iterator[Patch]:
    """Give every patch of a kustomization, in kustomize's order."""
    for key in LISTS:
        items = root.get(key)
        for index, item in enumerate(items.items if items is not None else ()):
            inline, said = item.get("patch"), item.get("path") or item
            if inline is not None:
                yield _patch(file, item, key, (key, index, "patch"), inline)
            elif said.kind is NodeKind.SCALAR and "\n" in said.value:
                yield _patch(file, item, key, (key, index), said)
            elif said.kind is NodeKind.SCALAR:
                yield _patch(file, item, key, (), said)


def _patch(file: Path, item: Node, key: str, inside: Pointer, said: Node) -> Patch:
    named = posixpath.normpath(posixpath.join(posixpath.dirname(file), said.value))
    changes = ("allowNameChange", "allowKindChange")
    return Patch(
        key=key,
        place=Place(file, item.line, item.column),
        file=file if inside else Path(named),
        inside=inside,
        inline=said.value if inside else "",
        target=item.get("target"),
        renames=any(item.get("options", one) is not None for one in changes),
    )


def matches(pattern: Node | None, word: str) -> bool:
    """Tell whether a target's pattern is a whole word; one that is not there is any."""
    if pattern is None or not pattern.value:
        return True
    try:
        return re.fullmatch(pattern.value, word) is not None
    except re.error:
        return False  # kustomize could not build with it either
