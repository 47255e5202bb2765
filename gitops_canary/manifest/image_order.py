"""Which `images:` entries of kustomize reach an image after another one did.

kustomize rewrites images by name: a kustomization's resources are complete first, then its
components follow in their order, then its own entries in theirs; then the kustomizations that list
it as a resource, a base or a component.
"""

import posixpath
from collections.abc import Container, Iterable, Iterator

from gitops_canary.errors import BindingError
from gitops_canary.manifest.folders import Folders
from gitops_canary.manifest.kustomize import FILES, Entry, Kustomization, is_kustomization, twice
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldBinding, FieldRef


def check(pairs: Iterable[FieldBinding], files: Container[Path], folders: Folders) -> None:
    """Make sure that no entry moves a candidate and its primary together.

    Raises:
        BindingError: one would, it names both places; or kustomize builds nothing there.
    """
    mine = [p for p in pairs if is_kustomization(p.primary.file)]
    around = {posixpath.dirname(pair.primary.file) for pair in mine}
    beside = (Path(posixpath.join(folder, name)) for folder in around for name in FILES)
    for error in twice(one for one in beside if one in files):
        raise BindingError(error.problem, remedy=error.remedy, place=error.place)
    for pair in mine:
        if pair.primary.path[:1] == _IMAGES:
            _check_pair(pair, folders)


_IMAGES = ("images",)


def _check_pair(pair: FieldBinding, folders: Folders) -> None:
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


def after(entry: Entry, folders: Folders) -> Iterator[Entry]:
    """Give every entry that sees what this one wrote, in kustomize's order."""
    own = folders[posixpath.dirname(entry.file)]
    yield from own.entries[entry.index + 1 :]
    yield from _outside(own, folders, frozenset())


def before(entry: Entry, folders: Folders) -> Iterator[Entry]:
    """Give the entries of the same kustomization and its components that come first."""
    own = folders[posixpath.dirname(entry.file)]
    yield from own.entries[: entry.index]
    for folder in own.components:
        yield from _whole(folder, folders, frozenset())


def _outside(inner: Kustomization, folders: Folders, seen: frozenset[str]) -> Iterator[Entry]:
    folder = inner.folder
    for outer in folders.building(folder):
        if outer.file in seen:
            continue
        if folder in outer.components:
            rest = outer.components[outer.components.index(folder) + 1 :]
        else:
            rest = outer.components
        for component in rest:
            yield from _whole(component, folders, frozenset())
        yield from outer.entries
        yield from _outside(outer, folders, seen | {outer.file})


def _whole(folder: str, folders: Folders, seen: frozenset[str]) -> Iterator[Entry]:
    """Give the entries a component applies to what it is put into."""
    own = folders.get(folder)
    if own is None or folder in seen:
        return
    for component in own.components:
        yield from _whole(component, folders, seen | {folder})
    yield from own.entries


def _is_entry(ref: FieldRef) -> bool:
    return is_kustomization(ref.file) and ref.path[:1] == _IMAGES


def _entry(ref: FieldRef, folders: Folders) -> Entry | None:
    own = folders.get(posixpath.dirname(ref.file))
    return next((e for e in own.entries if e.index == ref.path[1]), None) if own else None


def _both(entry: Entry, other: Entry, why: str) -> BindingError:
    return BindingError(
        f"kustomize would not keep candidate and primary apart: the entry {other.name} "
        f"({other.place}) {why}.",
        remedy="give the primary's workload an image name of its own and put its entry last in the "
        "outermost kustomization",
        place=entry.place,
    )
