"""Where Flux puts what it renders: a Kustomization's `spec.path` and `spec.targetNamespace`.

Flux writes the namespace into the kustomization of that folder. Where the folder has none it makes
one of every file below, and takes folders with a kustomization of their own as they are (Flux'
documentation of Kustomization, `kustomize.toolkit.fluxcd.io/v1`).
"""

import posixpath
from collections.abc import Callable, Iterable
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

    def covers(self, folder: str, known: Iterable[str]) -> bool:
        """Whether it renders what a folder holds; `known` are the folders with a kustomization."""
        if folder == self.folder:
            return True
        if self.folder and not folder.startswith(f"{self.folder}/"):
            return False
        between, outer = set(known) - {folder}, folder
        while outer != self.folder:
            outer = posixpath.dirname(outer)
            if outer in between:
                return False
        return True


def layers(files: Iterable[Path], roots: Callable[[Path], Roots]) -> tuple[Layer, ...]:
    """Read every Kustomization of Flux that names a namespace; a broken file is left out.

    One that reads another repository than the one Flux was installed from says nothing about this.
    """
    found: list[Layer] = []
    for file in sorted(files):
        try:
            found += [layer for root in roots(file) if root and (layer := _read(root, file))]
        except SpecError:
            # Another application's broken file: Flux cannot read it either.
            continue
    own = [one for one in found if one.source == _OWN]
    return tuple(own or found)


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
