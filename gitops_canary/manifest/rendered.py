"""Into which namespaces kustomize and Flux render the documents of a file."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from gitops_canary.errors import BindingError
from gitops_canary.manifest.flux_layers import Layer
from gitops_canary.manifest.folders import Folders
from gitops_canary.manifest.kustomize import Kustomization
from gitops_canary.model.names import Path
from gitops_canary.model.spec import CanarySpec


def placed(spec: CanarySpec, folders: Folders, layers: Sequence[Layer] = ()) -> None:
    """Make sure that kustomize and Flux leave a Canary in the namespace that its document says.

    Raises:
        BindingError: it is put into another one, or into several.
    """
    found = namespaces(Path(spec.place.file), folders, layers)
    others = {name: file for name, file in found.items() if name != spec.namespace}
    if not others:
        return
    where = ", ".join(f"{name} ({file})" for name, file in sorted(found.items()))
    several = len(found) > 1
    raise BindingError(
        f"kustomize renders this Canary into {'several namespaces' if several else 'another'}: "
        f"{where}; the document says {spec.namespace}.",
        remedy="commit one Canary for each, beside its kustomization, with a spec.id of its own"
        if several
        else f"write metadata.namespace: {next(iter(others))}",
        place=spec.place,
    )


def reached(
    spec: CanarySpec,
    homes: Mapping[Path, str],
    folders: Folders,
    layers: Sequence[Layer] = (),
) -> None:
    """Make sure that the workloads of a Canary are rendered into its namespace.

    `homes` are their files, and the namespace that each says for itself.

    Raises:
        BindingError: the documents of one of the files go to others only.
    """
    for file, own in sorted(homes.items()):
        found = namespaces(file, folders, layers) or ({own: file} if own else {})
        if found and spec.namespace not in found:
            where = ", ".join(f"{name} ({by})" for name, by in sorted(found.items()))
            raise BindingError(
                f"What {file} holds is rendered into {where}; the Canary says {spec.namespace}.",
                remedy=f"write metadata.namespace: {min(found)} into the Canary",
                place=spec.place,
            )


def away(
    spec: CanarySpec, files: Iterable[Path], folders: Folders, layers: Sequence[Layer] = ()
) -> tuple[tuple[Path, str], ...]:
    """Give the files that are put into other namespaces than a Canary's, and one of these.

    None where nothing is put into the Canary's: then it is the Canary that is wrong.
    """
    found = {one: namespaces(one, folders, layers) for one in files}
    if not any(spec.namespace in spaces for spaces in found.values()):
        return ()
    return tuple(
        (file, min(spaces))
        for file, spaces in sorted(found.items())
        if spaces and spec.namespace not in spaces
    )


def namespaces(file: Path, folders: Folders, layers: Sequence[Layer] = ()) -> Mapping[str, Path]:
    """Give the namespaces that a file's documents are put into, by who says so.

    The outermost kustomization that names one has the last word, and Flux after it.
    """
    found: dict[str, Path] = {}

    def topped(folder: str) -> bool:
        own = [one for one in layers if one.covers(folder, folders)]
        found.update({one.namespace: one.file for one in own})
        return bool(own)

    def outwards(own: Kustomization, said: tuple[str, Path] | None, seen: frozenset[str]) -> None:
        said = (own.namespace, own.file) if own.namespace else said
        folder = own.folder
        outer = [one for one in folders.building(folder) if one.file not in seen]
        for one in outer:
            outwards(one, said, seen | {one.file})
        if not topped(folder) and said and not outer:
            found.setdefault(*said)

    for own in folders.building(file):
        if file in own.resources:
            outwards(own, None, frozenset({own.file}))
    if posixpath.dirname(file) not in folders:
        topped(posixpath.dirname(file))
    return found
