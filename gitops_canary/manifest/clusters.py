"""One application that stands once for each cluster: what belongs to another one than a Canary's.

`clusters/eu/web` and `clusters/us/web` hold the same objects, of one name and one namespace, or two
overlays build them of one base. A Canary drives those nearest to it, and nothing beside the others.
"""

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import replace

from gitops_canary.manifest import building
from gitops_canary.manifest.folders import Folders
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef

GONE = "-"
"""A namespace that cannot be, for what is of another cluster."""


def elsewhere(
    canary: Path, workloads: Collection[Path], files: Iterable[Path], folders: Folders
) -> frozenset[Path]:
    """Tell which files are of other clusters than the Canary that lies in a file.

    `workloads` are the files that hold the workload whole, once for each cluster or once for all.
    Nothing is where it does not say which of them is meant: none lies nearest, or no kustomization
    that builds it is the Canary's.
    """
    mine = building.outermost_of(folders, canary)
    others = {outer for one in workloads for outer in building.outermost_of(folders, one)} - mine
    branches = _branches(canary, workloads)

    def apart(file: Path) -> bool:
        built = building.outermost_of(folders, file)
        if built and mine:
            return built <= others
        parts = file.split("/")
        return not built & mine and any(parts[: len(one)] == one for one in branches)

    return frozenset(file for file in files if apart(file)) if others or branches else frozenset()


def strangers(file: Path, others: Iterable[Path], folders: Folders) -> bool:
    """Tell whether nothing builds a file together with one of the others, and none lies above it.

    Nor below it. That alone makes nobody another cluster's: it is where to look closer.
    """
    built, here = building.outermost_of(folders, file), posixpath.dirname(file).split("/")
    for other in others:
        there = posixpath.dirname(other).split("/")
        if _shared(here, there) == min(len(here), len(there)) or [*here, *there].count("") > 0:
            return False
        if built & building.outermost_of(folders, other):
            return False
    return True


def moved(documents: Iterable[DocRef], namespace: str | None) -> list[DocRef]:
    """Give documents as they are in a cluster: in another namespace, or not at all."""
    if namespace == GONE:
        return []
    return [replace(one, namespace=namespace) if namespace else one for one in documents]


def _branches(canary: Path, workloads: Collection[Path]) -> list[list[str]]:
    """Give the folders of the other clusters: where their way parts from the Canary's."""
    here = posixpath.dirname(canary).split("/")
    shared = {one: _shared(here, posixpath.dirname(one).split("/")) for one in workloads}
    most = max(shared.values(), default=0)
    if len(shared) < 2 or list(shared.values()).count(most) > 1:  # noqa: PLR2004 - one and another
        return []
    found = (posixpath.dirname(one).split("/")[: n + 1] for one, n in shared.items() if n < most)
    # One that lies further out than the Canary is nobody's other cluster.
    return [one for one in found if one != here[: len(one)]]


def _shared(one: list[str], other: list[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
