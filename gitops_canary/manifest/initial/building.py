"""Which folders kustomize is called on to build a file, worked out once for a whole repository."""

import posixpath
from collections.abc import Iterator, Mapping

from gitops_canary.manifest.kustomize import Kustomization
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.model.names import Path


def built(folders: Mapping[str, Kustomization]) -> Mapping[str, tuple[str, ...]]:
    """Give, by file, the outermost folders that build it, sorted."""
    inner = {one for own in folders.values() for one in (*own.resources, *own.components)}
    found: dict[str, list[str]] = {}
    for outer in sorted(folders.keys() - inner):
        for file in _files(folders, outer):
            found.setdefault(file, []).append(outer)
    return {file: tuple(outers) for file, outers in found.items()}


def patches(folders: Mapping[str, Kustomization], texts: Mapping[Path, str]) -> frozenset[str]:
    """List the files that kustomizations put onto what they build."""
    found: set[str] = set()
    for own in folders.values():
        for root in parse(texts[own.file], file=own.file):
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
