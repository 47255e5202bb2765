"""Which folders kustomize is called on to build a file, worked out once for a whole repository."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from gitops_canary.manifest.kustomize import Kustomization, Roots
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.model.names import Path

_STEPS_MAX = 1000
"""Kustomizations of one build: those that name each other in a ring would never end."""


def built(folders: Mapping[str, Kustomization]) -> Mapping[str, tuple[str, ...]]:
    """Give, by file, the outermost folders that build it, sorted."""
    inner = {one for own in folders.values() for one in (*own.resources, *own.components)}
    found: dict[str, list[str]] = {}
    for outer in sorted(folders.keys() - inner):
        for file in _files(folders, outer):
            found.setdefault(file, []).append(outer)
    return {file: tuple(outers) for file, outers in found.items()}


Affixes = tuple[str, str]
"""What stands before and behind a name."""


def affixes(folders: Mapping[str, Kustomization]) -> Mapping[str, frozenset[Affixes]]:
    """Give, by file, what outermost folders put before and behind the names in it."""
    inner = {one for own in folders.values() for one in (*own.resources, *own.components)}
    found: dict[str, set[Affixes]] = {}
    for outer in folders.keys() - inner:
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


def patches(folders: Mapping[str, Kustomization], roots: Callable[[Path], Roots]) -> frozenset[str]:
    """List the files that kustomizations put onto what they build."""
    found: set[str] = set()
    for own in folders.values():
        for root in roots(own.file):
            found.update(_patches(root, own.file) if root else ())
    return frozenset(found)


def _files(folders: Mapping[str, Kustomization], outer: str) -> Iterator[str]:
    todo, seen = [outer], {outer}
    while todo:
        own = folders[todo.pop()]
        for one in (*own.resources, *own.components):
            if one in seen:
                continue
            seen.add(one)
            if one in folders:
                todo.append(one)
            elif one in own.resources:
                yield one


def _patches(root: Node, file: Path) -> Iterator[str]:
    for key in ("patches", "patchesStrategicMerge", "patchesJson6902"):
        listed = root.get(key)
        for one in listed.items if listed else ():
            named = one.get("path") or one
            if named.kind is NodeKind.SCALAR and "\n" not in named.value:
                yield posixpath.normpath(posixpath.join(posixpath.dirname(file), named.value))
