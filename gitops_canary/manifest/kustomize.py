"""Kustomizations as far as they matter here: what each builds on, and what it writes."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sys import intern

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import patching
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.model.names import Path

NOTHING = frozenset[Path]()
"""Shared, since most patch nothing and each empty set takes 200 bytes."""
FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an `images:` list."""

    file: Path
    index: int
    name: str
    new_name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What matters of one kustomization."""

    folder: str
    name: str
    resources: tuple[str, ...]
    """Files and folders it builds on, from the repository's root."""
    components: tuple[str, ...]
    entries: tuple[Entry, ...]
    patches: frozenset[Path] = NOTHING
    """Files that it puts onto what it builds."""
    namespace: str = ""
    """Where it puts everything it builds; empty where it leaves that alone."""
    prefix: str = ""
    suffix: str = ""
    """What it puts before and behind the name of everything it builds."""

    @property
    def file(self) -> Path:
        """Where it lies."""
        return Path(posixpath.join(self.folder, self.name))


def is_kustomization(file: str) -> bool:
    """Tell whether kustomize would read a file of this name.

    >>> is_kustomization("prod/kustomization.yml"), is_kustomization("my-kustomization.yaml")
    (True, False)
    """
    return posixpath.basename(file) in FILES


def twice(files: Iterable[Path]) -> Iterator[SpecError]:
    """Tell of folders that kustomize refuses to build, since they hold two kustomizations."""
    there: dict[str, list[Path]] = {}
    for file in sorted(files):
        if is_kustomization(file):
            there.setdefault(posixpath.dirname(file), []).append(file)
    for first, *others in there.values():
        if others:
            yield SpecError(
                f"kustomize builds no folder with two kustomizations: {first}, {others[0]}.",
                remedy="keep one of them",
                place=Place(others[0]),
            )


Roots = Sequence[Node | None]
"""What `parse` gives."""


def read(root: Node, file: Path) -> Kustomization:
    """Read one kustomization."""
    images = root.get("images")
    entries = []
    for index, item in enumerate(images.items if images else ()):
        name, new = item.get("name"), item.get("newName")
        if name is not None:
            place = Place(file, item.line, item.column)
            entries.append(Entry(file, index, name.value, (new or name).value, place))
    folder, base = posixpath.split(file)
    return Kustomization(
        folder=folder,
        name=intern(base),
        resources=(*_paths(root, "resources", file), *_paths(root, "bases", file)),
        components=_paths(root, "components", file),
        entries=tuple(entries),
        patches=frozenset(p.file for p in patching.listed(file, root) if not p.inside) or NOTHING,
        namespace=root.word("namespace"),
        prefix=root.word("namePrefix"),
        suffix=root.word("nameSuffix"),
    )


def listed_path(file: Path, item: Node) -> str | None:
    """Give the path, from the repository's root, of what a kustomization lists; None for a URL."""
    if item.kind is not NodeKind.SCALAR or "://" in item.value:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), item.value))
    return "" if path == "." else path


def _paths(root: Node, key: str, file: Path) -> tuple[str, ...]:
    node = root.get(key)
    found = (listed_path(file, item) for item in (node.items if node else ()))
    return tuple(path for path in found if path is not None)
