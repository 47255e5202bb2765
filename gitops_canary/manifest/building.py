"""What each kustomization builds on, and which folders kustomize is called on to build a file."""

import posixpath
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from gitops_canary.manifest.folders import Folders
from gitops_canary.manifest.kustomize import Entry, Kustomization
from gitops_canary.model.names import Path

_STEPS_MAX = 100_000
"""Kustomizations of one build, by what they put around names."""
_NAME_MAX = 253
"""Characters of a name in Kubernetes: those that name each other in a ring and put something before
it, which would never end, come to it soon."""


def outermost(folders: Mapping[str, Kustomization]) -> set[str]:
    """List the folders that no other one builds on."""
    return folders.keys() - {
        one for own in folders.values() for one in (*own.resources, *own.components)
    }


def builds_on(folders: Mapping[str, Kustomization], outer: str) -> set[str]:
    """List a kustomization and all that it builds on, through others too; empty if it is none."""

    def below(one: str) -> Iterable[str]:
        return (*folders[one].resources, *folders[one].components)

    return _walked(folders, outer, below)


def around(folders: Folders, folder: str) -> set[str]:
    """List a folder and everything that builds on it; empty if it is no kustomization's."""
    return _walked(folders, folder, lambda one: (own.folder for own in folders.building(one)))


def is_outermost(folders: Folders, folder: str) -> bool:
    """Tell whether no other folder builds on one."""
    return folder in folders and not folders.building(folder)


def outermost_of(folders: Folders, file: Path) -> frozenset[str]:
    """List the outermost folders that a file goes into: built, patched by, or lying beside one."""
    mine = users(folders, file)
    folder = posixpath.dirname(file)
    while not mine and folder and folder not in folders:
        folder = posixpath.dirname(folder)
    mine = mine or ({folder} & folders.keys())
    found = set().union(*(around(folders, one) for one in mine))
    return frozenset(one for one in found if is_outermost(folders, one))


def _walked(known: Container[str], begin: str, edges: Callable[[str], Iterable[str]]) -> set[str]:
    """List all that can be reached of what is known, what is begun with too."""
    seen: set[str] = set()
    todo = [begin]
    while todo:
        one = todo.pop()
        if one in known and one not in seen:
            seen.add(one)
            todo += edges(one)
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
        if at in seen or len(before) + len(behind) > _NAME_MAX or len(seen) > _STEPS_MAX:
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


def users(folders: Folders, file: Path) -> set[str]:
    """List the folders that a file is the kustomization, a resource or a patch of."""
    own = folders.get(posixpath.dirname(file))
    mine = {own.folder} if own is not None and own.file == file else set()
    found = folders.naming(file)
    return mine | {o.folder for o in found if file in o.resources or file in o.patches}
