"""Where Flux puts what it renders: a Kustomization's `spec.path` and `spec.targetNamespace`.

Flux writes the namespace into the kustomization of that folder. Where the folder has none it makes
one of every file below, and takes folders with a kustomization of their own as they are (Flux'
documentation of Kustomization, `kustomize.toolkit.fluxcd.io/v1`).
"""

import posixpath
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass

from gitops_canary.errors import SpecError
from gitops_canary.manifest.kustomize import Roots
from gitops_canary.manifest.nodes import Node
from gitops_canary.model.names import Path

WORD = "targetNamespace"
"""Stands in every file that holds such a Kustomization."""
_GROUP = "kustomize.toolkit.fluxcd.io/"
_OWN = "flux-system"
"""Flux' own name for the repository it was installed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One Kustomization of Flux that names a namespace."""

    file: Path
    folder: str
    """What it renders, from the repository's root."""
    namespace: str
    source: str
    """Name of the repository it reads."""

    def covers(self, folder: str, known: Container[str]) -> bool:
        """Whether it renders what a folder holds; `known` are the folders with a kustomization."""
        if folder == self.folder:
            return True
        if self.folder and not folder.startswith(f"{self.folder}/"):
            return False
        outer = folder
        while outer != self.folder:
            outer = posixpath.dirname(outer)
            if outer in known:
                return False
        return True


def layers(files: Iterable[Path], roots: Callable[[Path], Roots]) -> tuple[Layer, ...]:
    """Read every Kustomization of Flux that names a namespace; a broken file is left out."""
    return speaking(layer for file in sorted(files) for layer in held(roots, file))


def held(roots: Callable[[Path], Roots], file: Path) -> tuple[Layer, ...]:
    """Read those of one file; none where it is broken."""
    try:
        return tuple(one for root in roots(file) if root and (one := _read(root, file)))
    except SpecError:
        # Another application's broken file: Flux cannot read it either.
        return ()


def speaking(every: Iterable[Layer]) -> tuple[Layer, ...]:
    """Leave out those that read another repository than the one Flux was installed from.

    Those say nothing about this one, unless there are no others.
    """
    found = tuple(every)
    return tuple(one for one in found if one.source == _OWN) or found


def _read(root: Node, file: Path) -> Layer | None:
    group, kind = root.word("apiVersion"), root.word("kind")
    namespace, path = root.word("spec", WORD), root.word("spec", "path")
    of_git = root.word("spec", "sourceRef", "kind") in {"", "GitRepository"}
    if not group.startswith(_GROUP) or kind != "Kustomization" or not namespace or not of_git:
        return None
    folder = posixpath.normpath(path.lstrip("/") or ".")
    return Layer(
        file=file,
        folder="" if folder == "." else folder,
        namespace=namespace,
        source=root.word("spec", "sourceRef", "name"),
    )
