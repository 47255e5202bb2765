"""Which `images:` entries of kustomize reach an image after another one did.

kustomize rewrites images by name: a kustomization's resources are complete first, then its
components follow in their order, then its own entries in theirs; then the kustomizations that list
it as a resource, a base or a component.
"""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.errors import BindingError, Place, SpecError
from gitops_canary.manifest import patching
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldBinding, FieldRef

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

    file: Path
    resources: tuple[str, ...]
    """Files and folders it builds on, from the repository's root."""
    components: tuple[str, ...]
    entries: tuple[Entry, ...]
    patches: frozenset[Path] = frozenset()
    """Files that it puts onto what it builds."""
    namespace: str = ""
    """Where it puts everything it builds; empty where it leaves that alone."""
    prefix: str = ""
    suffix: str = ""
    """What it puts before and behind the name of everything it builds."""


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


def check(
    pairs: Iterable[FieldBinding], files: Iterable[Path], text: Callable[[Path], str]
) -> None:
    """Make sure that no entry moves a candidate and its primary together.

    Raises:
        BindingError: one would, it names both places; or kustomize builds nothing there.
    """
    mine = [p for p in pairs if is_kustomization(p.primary.file)]
    around = {posixpath.dirname(pair.primary.file) for pair in mine}
    for error in twice(one for one in files if posixpath.dirname(one) in around):
        raise BindingError(error.problem, remedy=error.remedy, place=error.place)
    mine = [pair for pair in mine if pair.primary.path[:1] == _IMAGES]
    if not mine:
        return
    found = folders(files, lambda file: parse(text(file), file=file))
    for pair in mine:
        _check_pair(pair, found)


_IMAGES = ("images",)


def _check_pair(pair: FieldBinding, folders: Mapping[str, Kustomization]) -> None:
    primary = _entry(pair.primary, folders)
    candidate = _entry(pair.candidate, folders) if _is_entry(pair.candidate) else None
    if primary is None:
        return
    if candidate is not None and candidate.name == primary.name:
        raise _both(primary, candidate, "have the same image name, so the first changes both")
    for later in after(primary, folders):
        if later.name == primary.new_name:
            raise _both(primary, later, f"changes {later.name} once more, primary and all")
    for name, one in (("candidate", candidate), ("primary", primary)):
        taken = next((e for e in before(one, folders) if e.name == one.name), None) if one else None
        if one and taken and taken.new_name != one.name:
            raise _both(one, taken, f"takes the name {one.name} away before the {name}'s entry")


def after(entry: Entry, folders: Mapping[str, Kustomization]) -> Iterator[Entry]:
    """Give every entry that sees what this one wrote, in kustomize's order."""
    own = folders[posixpath.dirname(entry.file)]
    yield from own.entries[entry.index + 1 :]
    yield from _outside(own, folders, frozenset())


def before(entry: Entry, folders: Mapping[str, Kustomization]) -> Iterator[Entry]:
    """Give the entries of the same kustomization and its components that come first."""
    own = folders[posixpath.dirname(entry.file)]
    yield from own.entries[: entry.index]
    for folder in own.components:
        yield from _whole(folder, folders, frozenset())


def _outside(
    inner: Kustomization, folders: Mapping[str, Kustomization], seen: frozenset[str]
) -> Iterator[Entry]:
    folder = posixpath.dirname(inner.file)
    for outer in folders.values():
        if outer.file in seen:
            continue
        if folder in outer.components:
            rest = outer.components[outer.components.index(folder) + 1 :]
        elif folder in outer.resources:
            rest = outer.components
        else:
            continue
        for component in rest:
            yield from _whole(component, folders, frozenset())
        yield from outer.entries
        yield from _outside(outer, folders, seen | {outer.file})


def _whole(
    folder: str, folders: Mapping[str, Kustomization], seen: frozenset[str]
) -> Iterator[Entry]:
    """Give the entries a component applies to what it is put into."""
    own = folders.get(folder)
    if own is None or folder in seen:
        return
    for component in own.components:
        yield from _whole(component, folders, seen | {folder})
    yield from own.entries


def _is_entry(ref: FieldRef) -> bool:
    return is_kustomization(ref.file) and ref.path[:1] == _IMAGES


def _entry(ref: FieldRef, folders: Mapping[str, Kustomization]) -> Entry | None:
    own = folders.get(posixpath.dirname(ref.file))
    return next((e for e in own.entries if e.index == ref.path[1]), None) if own else None


Roots = Sequence[Node | None]
"""What `parse` gives."""


def folders(files: Iterable[Path], roots: Callable[[Path], Roots]) -> dict[str, Kustomization]:
    """Read every kustomization, by its folder; one that cannot be read is left out."""
    found = {}
    for file in sorted(files):
        if not is_kustomization(file):
            continue
        try:
            root = next((r for r in roots(file) if r is not None), None)
        except SpecError:
            # Another application's broken file: kustomize cannot build with it either.
            continue
        if root is not None:
            found[posixpath.dirname(file)] = _read(root, file)
    return found


def _read(root: Node, file: Path) -> Kustomization:
    images = root.get("images")
    entries = []
    for index, item in enumerate(images.items if images else ()):
        name, new = item.get("name"), item.get("newName")
        if name is not None:
            place = Place(file, item.line, item.column)
            entries.append(Entry(file, index, name.value, (new or name).value, place))
    return Kustomization(
        file=file,
        resources=(*_paths(root, "resources", file), *_paths(root, "bases", file)),
        components=_paths(root, "components", file),
        entries=tuple(entries),
        patches=frozenset(p.file for p in patching.listed(file, root) if not p.inside),
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


def _both(entry: Entry, other: Entry, why: str) -> BindingError:
    return BindingError(
        f"kustomize would not keep candidate and primary apart: the entry {other.name} "
        f"({other.place}) {why}.",
        remedy="give the primary's workload an image name of its own and put its entry last in the "
        "outermost kustomization",
        place=entry.place,
    )
