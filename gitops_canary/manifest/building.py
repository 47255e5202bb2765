"""What each kustomization builds on, and which folders kustomize is called on to build a file."""

from collections.abc import Iterable, Iterator, Mapping

from gitops_canary.manifest.kustomize import Entry, Kustomization
from gitops_canary.model.names import Path

_STEPS_MAX = 1000
"""Kustomizations of one build: those that name each other in a ring would never end."""


def outermost(folders: Mapping[str, Kustomization]) -> set[str]:
    """List the folders that no other one builds on."""
    return folders.keys() - {
        one for own in folders.values() for one in (*own.resources, *own.components)
    }


def builds_on(folders: Mapping[str, Kustomization], outer: str) -> set[str]:
    """List a kustomization and all that it builds on, through others too; empty if it is none."""
    return _walked(outer, {one: (*own.resources, *own.components) for one, own in folders.items()})


def around(folders: Mapping[str, Kustomization], folder: str) -> set[str]:
    """List a folder and everything that builds on it; empty if it is no kustomization's."""
    outwards: dict[str, list[str]] = {one: [] for one in folders}
    for one, own in folders.items():
        for inner in (*own.resources, *own.components):
            if inner in folders:
                outwards[inner].append(one)
    return _walked(folder, outwards)


def _walked(begin: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    """List all that can be reached, what is begun with too; what has no edges is none of it."""
    seen: set[str] = set()
    todo = [begin]
    while todo:
        one = todo.pop()
        if one in edges and one not in seen:
            seen.add(one)
            todo += edges[one]
    return seen


def files(folders: Mapping[str, Kustomization], outer: str) -> set[str]:
    """List the files whose documents a folder builds, through others too."""
    return {
        file
        for one in builds_on(folders, outer)
        for file in folders[one].resources
        if file not in folders
    }


def built(folders: Mapping[str, Kustomization]) -> Mapping[str, tuple[str, ...]]:
    """Give, by file, the outermost folders that build it, sorted."""
    found: dict[str, list[str]] = {}
    for outer in sorted(outermost(folders)):
        for file in files(folders, outer):
            found.setdefault(file, []).append(outer)
    return {file: tuple(outers) for file, outers in found.items()}


def chains(folders: Mapping[str, Kustomization]) -> Mapping[str, list[Entry]]:
    """Give, by file, the entries that are applied to what it declares."""
    found: dict[str, list[Entry]] = {}
    within: dict[str, list[str]] = {}
    for folder, own in folders.items():
        for component in own.components:
            within.setdefault(component, []).append(folder)
    for folder, own in folders.items():
        if own.entries:
            begin = (folder, *within.get(folder, ()))
            for file in set().union(*(files(folders, one) for one in begin)):
                found.setdefault(file, []).extend(own.entries)
    return found


Affixes = tuple[str, str]
"""What stands before and behind a name."""


def affixes(folders: Mapping[str, Kustomization]) -> Mapping[str, frozenset[Affixes]]:
    """Give, by file, what outermost folders put before and behind the names in it."""
    found: dict[str, set[Affixes]] = {}
    for outer in outermost(folders):
        for file, both in named(folders, outer):
            found.setdefault(file, set()).add(both)
    return {file: frozenset(several) for file, several in found.items()}


def named(folders: Mapping[str, Kustomization], outer: str) -> Iterator[tuple[str, Affixes]]:
    """Give the files that a folder builds, and what stands before and behind the names there."""
    todo: list[tuple[str, Affixes]] = [(outer, ("", ""))]
    seen: set[tuple[str, Affixes]] = set()
    while todo:
        at = todo.pop()
        folder, (before, behind) = at
        if at in seen or len(seen) > _STEPS_MAX:
            continue
        seen.add(at)
        own = folders[folder]
        both = before + own.prefix, own.suffix + behind
        for one in (*own.resources, *own.components):
            if one in folders:
                todo.append((one, both))
            elif one in own.resources:
                yield one, both


def called(name: str, several: Iterable[Affixes]) -> frozenset[str]:
    """Give the names a document may have in a cluster; its own is always one of them.

    What kustomize does not know to name another object keeps the name that it gives.

    >>> sorted(called("web", [("prod-", "")]))
    ['prod-web', 'web']
    """
    return frozenset({name, *(f"{before}{name}{behind}" for before, behind in several)})


def patches(folders: Mapping[str, Kustomization]) -> frozenset[str]:
    """List the files that kustomizations put onto what they build."""
    return frozenset(file for own in folders.values() for file in own.patches)


def users(folders: Mapping[str, Kustomization], file: Path) -> set[str]:
    """List the folders that a file is the kustomization, a resource or a patch of."""
    return {
        folder
        for folder, own in folders.items()
        if file == own.file or file in own.resources or file in own.patches
    }
