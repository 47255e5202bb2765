"""A number of pods that kustomize sets, written into the workload instead.

Where whole templates are compared the controller writes the candidate's number, and an entry of
`replicas:` would have the last word.
"""

from collections.abc import Iterator
from dataclasses import replace

from gitops_canary.manifest import template
from gitops_canary.manifest.document import Node, parse, remove
from gitops_canary.manifest.initial import overlay
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.terrain import Document, Terrain, survey
from gitops_canary.model.names import Path


def moved(terrain: Terrain, choice: Choice) -> tuple[Terrain, Choice]:
    """Move the one number of a workload of one overlay; kustomize builds the same then.

    Raises:
        EditRefused: a text cannot be changed without touching more than was meant.
    """
    ref, outer = choice.workload.ref, choice.outer
    found = list(_entries(terrain, choice)) if outer is not None else []
    if len(found) != 1 or overlay.is_shared(terrain, ref.file):
        return terrain, choice
    file, document, index, count = found[0]
    texts = dict(terrain.texts)
    root = parse(texts[file], file=file)[document]
    listed = root.get("replicas") if root is not None else None
    alone = listed is not None and len(listed.items) == 1
    at = ("replicas",) if alone else ("replicas", index)
    texts[file] = remove(texts[file], document, at, file=file)
    texts[ref.file] = template.scale(texts[ref.file], ref, count)
    new = overlay.scoped(survey(texts), outer, choice.namespace, choice.workload)
    return new, _again(choice, new)


def _entries(terrain: Terrain, choice: Choice) -> Iterator[tuple[Path, int, int, int]]:
    """Give the entries of a workload: the file, the document in it, the place in the list."""
    assert choice.outer is not None, "asked where kustomize builds"
    workload = choice.workload.ref
    for layer in overlay.layers(terrain, choice.outer, workload.file):
        roots = enumerate(parse(terrain.texts[layer.file], file=layer.file))
        document, root = next((i, one) for i, one in roots if one is not None)
        for index, item in enumerate(_items(root)):
            count = item.word("count")
            if item.word("name") == workload.name and count.isdigit():
                yield layer.file, document, index, int(count)


def _items(root: Node) -> tuple[Node, ...]:
    listed = root.get("replicas")
    return listed.items if listed is not None else ()


def _again(choice: Choice, terrain: Terrain) -> Choice:
    """Find the same documents where they stand now."""
    known = {one.ref: one for one in terrain.documents}

    def same(one: Document | None) -> Document | None:
        return known[one.ref] if one is not None else None

    return replace(
        choice,
        workload=known[choice.workload.ref],
        service=same(choice.service),
        canary=same(choice.canary),
        fronts=tuple(known[one.ref] for one in choice.fronts),
    )
