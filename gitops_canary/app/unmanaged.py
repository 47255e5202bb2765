"""What changed outside every canary, or outside every rollout: told, never acted on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.by_hand import PrimaryChange, by_hand
from gitops_canary.app.reading import Reader
from gitops_canary.core.edits import Ground
from gitops_canary.manifest.document import Node, parse
from gitops_canary.manifest.image_changes import ImageChange, image_changes
from gitops_canary.manifest.image_places import Form
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.model.owned import FieldRef, Templates

Unmanaged = ImageChange | PrimaryChange


def unmanaged(
    reader: Reader, graph: Graph, before: Revision, grounds: Mapping[CanaryId, Ground]
) -> tuple[Unmanaged, ...]:
    """List the images that changed outside every canary's versions up to the graph's tip.

    Charts are no images; files that are not YAML, and what was added or removed, are left out.
    The primaries that somebody changed outside every rollout come last.
    """
    owned = _by_file(grounds.values())
    files = tuple(reader.changed(before, graph.tip))
    images = (
        change
        for path, old, new in files
        for change in image_changes(old, new, file=path)
        if change.form is not Form.CHART
        and not any(_covers(ground, change) for ground in owned.get(path, ()))
    )
    touched = {path for path, _, _ in files}
    return (*images, *by_hand(reader, graph, before, touched, grounds))


def told(change: Unmanaged) -> str:
    """Say what changed, and what that means."""
    if isinstance(change, PrimaryChange):
        return f"{change}"
    return f"unmanaged image change, no canary watches over it: {change}"


def _by_file(grounds: Iterable[Ground]) -> Mapping[Path, Sequence[Ground]]:
    found: dict[Path, list[Ground]] = {}
    for ground in grounds:
        for path in ground.binding.versions.files:
            found.setdefault(path, []).append(ground)
    return found


def _covers(ground: Ground, change: ImageChange) -> bool:
    versions = ground.binding.versions
    if isinstance(versions, Templates):
        where = (change.file, change.document)
        return any((ref.file, ref.index) == where for ref in versions.documents)
    return any(
        ref.file == change.file
        and ref.index == change.document
        and change.line in _lines(ground.texts[ref.file], ref)
        for pair in versions.pairs
        for ref in (pair.candidate, pair.primary)
    )


def _lines(text: str, ref: FieldRef) -> Iterator[int]:
    """Give the lines of a field; inside of a text that stands on one line, those of all of it."""
    root = parse(text, file=ref.file)[ref.index]
    node: Node | None = root.get(*ref.path) if root else None
    if node is None:
        return
    if ref.inner and node.style == "|":
        index = next(i for i, one in enumerate(parse(node.value, file=ref.file)) if one)
        inner = replace(ref, index=index, path=ref.inner[0], inner=ref.inner[1:])
        yield from (node.line + line for line in _lines(node.value, inner))
    else:
        yield from range(node.line, node.line + text[node.start : node.end].count("\n") + 1)
