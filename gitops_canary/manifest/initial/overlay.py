"""Where kustomize builds a workload, and what else it does to it on the way."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest import template
from gitops_canary.manifest.building import builds_on
from gitops_canary.manifest.clusters import elsewhere
from gitops_canary.manifest.document import Node, append_item, insert_key, parse
from gitops_canary.manifest.initial import copies, labelling, patches, renaming, replacing
from gitops_canary.manifest.initial.commons import Commons, commons
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.kustomize import Entry, Kustomization, twice
from gitops_canary.model.names import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where new documents of an application belong."""

    folder: str
    kustomization: Path | None
    """Which has to list them; None where a folder is applied as it is."""
    outer: Path | None
    """The outermost kustomization that builds the application; its entries have the last word."""
    shared: bool
    """Whether the workload itself is built into other overlays too, so that it stays as it is."""


def outermost(terrain: Terrain, file: Path) -> tuple[str, ...]:
    """List the folders that kustomize is called on to build a file; empty where it is not."""
    return terrain.built.get(file, ())


def home(terrain: Terrain, workload: Document, outer: str | None, key: str) -> Home:
    """Find where an application's new documents belong; `outer` is the overlay that is meant.

    `key` is the label by which primary and candidate are told apart: where something further in
    puts it on everything, the new documents go further out.
    """
    file = workload.ref.file
    known = terrain.kustomizations
    if outer is None:
        return Home(folder=posixpath.dirname(file), kustomization=None, outer=None, shared=False)
    last = known[outer].file
    if is_shared(terrain, file) or key in commons(roots(terrain, inner(terrain, outer, file))).pods:
        return Home(folder=outer, kustomization=last, outer=last, shared=True)
    lists = next(own.file for own in known.values() if file in own.resources)
    return Home(folder=posixpath.dirname(lists), kustomization=lists, outer=last, shared=False)


def is_shared(terrain: Terrain, file: Path) -> bool:
    """Tell whether several overlays build a file."""
    return len(outermost(terrain, file)) > 1


def scoped(terrain: Terrain, outer: str | None, namespace: str, workload: Document) -> Terrain:
    """Leave out what other overlays or clusters have, and what nothing says is of a namespace."""
    known = terrain.kustomizations
    same = terrain.named(workload.ref.kind, workload.ref.name, namespace)
    whole = {one.ref.file for one in same if one.root.get("spec", "selector") is not None}
    files = {one.ref.file for one in terrain.documents} if len(whole) > 1 else ()
    gone = elsewhere(workload.ref.file, whole, files, known)

    def mine(one: Document) -> bool:
        file = one.ref.file
        if file in gone:
            return False
        built = outermost(terrain, file)
        if built:
            return outer in built or (outer is None and one.ref.namespace == namespace)
        folder = posixpath.dirname(file)
        while folder and folder not in known:
            folder = posixpath.dirname(folder)
        # A file that no kustomization lists, e.g. a patch, goes with the one it lies beside.
        return folder not in known or outer is None or folder in builds_on(known, outer)

    return replace(terrain, documents=tuple(one for one in terrain.documents if mine(one)))


def holds(terrain: Terrain, outer: str | None, file: Path) -> bool:
    """Tell whether an overlay builds a file, or one lies in its folder without being listed."""
    if outer is None or outer in outermost(terrain, file):
        return True
    folder = posixpath.dirname(file)
    while folder and folder not in terrain.kustomizations:
        folder = posixpath.dirname(folder)
    return not outermost(terrain, file) and folder == outer


def is_patch(terrain: Terrain, one: Document) -> bool:
    """Tell whether a document is put onto another one, and is not applied by itself."""
    return one.ref.file in terrain.patches and not outermost(terrain, one.ref.file)


def applies(terrain: Terrain, outer: str | None, one: Document) -> bool:
    """Tell whether a document is applied: it is no patch of another one, and none deletes it."""
    if outer is None:
        return True
    return outer in outermost(terrain, one.ref.file) and not any(
        change.deletes
        for layer in layers(terrain, outer, one.ref.file)
        for change in patches.changes(terrain, layer, one, "")
    )


def namespace(terrain: Terrain, outer: str | None, file: Path) -> str:
    """Give the namespace that Flux or an overlay sets for a file; empty where neither does."""
    known = terrain.kustomizations
    folder = posixpath.dirname(file) if outer is None else outer
    said = {one.namespace for one in terrain.flux if one.covers(folder, known)}
    if len(said) == 1:
        return said.pop()
    node = _root(terrain, known[outer]).get("namespace") if outer is not None else None
    return node.value if node is not None else ""


def space(terrain: Terrain, outer: str | None, one: Document) -> str:
    """Give the namespace of a document as it is built; empty where nothing says it."""
    return namespace(terrain, outer, one.ref.file) or one.ref.namespace


def prefix(terrain: Terrain, outer: str | None, file: Path) -> str:
    """Give what kustomize puts before the names of a file's documents, the outermost first."""
    found = list(roots(terrain, layers(terrain, outer, file))) if outer is not None else []
    return "".join(renaming.prefix(root) for root in reversed(found))


def layers(terrain: Terrain, outer: str, file: Path) -> Iterator[Kustomization]:
    """Give every kustomization a file goes through, the innermost first."""
    known = terrain.kustomizations
    own = known[outer]
    for one in (*own.resources, *own.components):
        if one in known and (one in own.components or _builds(known, one, file)):
            yield from layers(terrain, one, file)
    yield own


def inner(terrain: Terrain, outer: str, file: Path) -> list[Kustomization]:
    """List what a file goes through before the overlay, and a document of the overlay does not."""
    known = terrain.kustomizations
    return [
        layer
        for one in known[outer].resources
        if one in known and _builds(known, one, file)
        for layer in layers(terrain, one, file)
    ]


def everywhere(terrain: Terrain, outer: str | None, workload: Document) -> Commons:
    """Say what kustomize puts on a workload, and on all that goes its way."""
    found = layers(terrain, outer, workload.ref.file) if outer is not None else ()
    return commons(roots(terrain, found))


def label(terrain: Terrain, outer: str | None, workload: Document) -> tuple[str, str]:
    """Find the label by which a workload's pods are told from its primary's, as it is built.

    Raises:
        BindingError: it selects its pods by no label that could serve.
    """
    forced, file = everywhere(terrain, outer, workload).selectors, workload.ref.file
    missed = inner(terrain, outer, file) if outer is not None else []
    found = layers(terrain, outer, file) if outer is not None else ()
    later = [layer for layer in found if layer not in missed]
    return copies.label(workload, forced, commons(roots(terrain, later)).pods.keys())


def replicas(terrain: Terrain, outer: str | None, workload: Document, key: str) -> int | None:
    """Give how many pods a workload has; None where it does not say, or an overlay may."""
    found = layers(terrain, outer, workload.ref.file) if outer is not None else ()
    if any(list(patches.changes(terrain, layer, workload, key)) for layer in found):
        return None
    return template.replicas(terrain.texts[workload.ref.file], workload.ref)


def roots(terrain: Terrain, found: Iterable[Kustomization]) -> Iterator[Node]:
    """Give the documents of kustomizations."""
    for layer in found:
        yield _root(terrain, layer)


def entries(terrain: Terrain, outer: str, file: Path, image: str) -> list[Entry]:
    """List the `images:` entries that change an image of a file, in the order they do."""
    found, name = [], image
    for layer in layers(terrain, outer, file):
        for entry in layer.entries:
            if entry.name == name:
                found.append(entry)
                name = entry.new_name
    return found


def check(
    terrain: Terrain, there: Home, workload: Document, key: str, *, listed: bool, provider: str
) -> None:
    """Make sure that nothing on the way keeps primary and candidate from being told apart.

    `listed` says that versions lie in fields. Else whole templates are compared, and the controller
    writes the canary's replicas: then a kustomization that sets them has the last word.

    Raises:
        BindingError: something does; it names the place.
    """
    assert there.outer is not None, "asked where kustomize builds"
    name, outer = workload.ref.name, posixpath.dirname(there.outer)
    missed = inner(terrain, outer, workload.ref.file) if there.shared else []
    around = {posixpath.dirname(one.file) for one in layers(terrain, outer, workload.ref.file)}
    for error in twice(one for one in terrain.texts if posixpath.dirname(one) in around):
        raise BindingError(error.problem, remedy=error.remedy, place=error.place)
    for layer in layers(terrain, outer, workload.ref.file):
        root = _root(terrain, layer)
        renaming.check(root, layer, name, listed=listed, missed=layer in missed, provider=provider)
        if layer not in missed:
            labelling.check(terrain, layer, root, workload, key)
        for one in replacing.found(terrain, layer, workload, everything=layer in missed):
            replacing.check(one, name, missed=layer in missed)
        for change in patches.changes(terrain, layer, workload, key):
            if not listed and change.counts:
                raise BindingError(
                    f"{change.what} says how many pods {name} has, which the controller writes.",
                    remedy=f"write the number into {name} itself, or let the version of {name} be "
                    "an `images:` entry of the outermost kustomization",
                    place=change.place,
                )
    _placed(terrain, outer, missed, workload.ref.file)


def _placed(terrain: Terrain, outer: str, missed: list[Kustomization], file: Path) -> None:
    """Refuse a namespace that only what stands further in would get."""
    if namespace(terrain, outer, file):
        return
    for layer in missed:
        node = _root(terrain, layer).get("namespace")
        if node is not None:
            raise BindingError(
                f"What stands here is put into {node.value}, and what the overlay adds is not.",
                remedy=f"write `namespace: {node.value}` into {terrain.kustomizations[outer].file}",
                place=Place(layer.file, node.line, node.column),
            )


def listed(text: str, key: str, item: object, *, file: Path) -> str:
    """Add an item at the end of a kustomization's list, which may be missing.

    Raises:
        EditRefused: it cannot be added without changing anything else.
    """
    root = next((i, r) for i, r in enumerate(parse(text, file=file)) if r is not None)
    node = root[1].get(key)
    if node is None or not node.items:
        if node is not None:
            raise BindingError(
                f"The list `{key}` is empty.",
                remedy=f"take `{key}` out",
                place=Place(file, node.line, node.column),
            )
        return insert_key(text, root[0], (), key, [item], file=file)
    return append_item(text, root[0], (key,), item, file=file)


def _builds(known: Mapping[str, Kustomization], folder: str, file: Path) -> bool:
    return any(file in known[one].resources for one in builds_on(known, folder))


def _root(terrain: Terrain, layer: Kustomization) -> Node:
    root = next((r for r in parse(terrain.texts[layer.file], file=layer.file) if r), None)
    assert root is not None, "it was read before"
    return root
