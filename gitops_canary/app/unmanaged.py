"""Images that changed although no canary watches over them: told, never acted on."""

from collections.abc import Iterable, Iterator

from gitops_canary.app.reading import Reader
from gitops_canary.core.edits import Ground
from gitops_canary.manifest.document import Node, parse
from gitops_canary.manifest.image_changes import ImageChange, image_changes
from gitops_canary.manifest.image_places import Form
from gitops_canary.model.names import Revision
from gitops_canary.model.owned import Templates


def unmanaged(
    reader: Reader, before: Revision, after: Revision, grounds: Iterable[Ground]
) -> tuple[ImageChange, ...]:
    """List the images that changed between two revisions outside every canary's versions.

    Charts are no images; files that are not YAML, and what was added or removed, are left out.
    """
    owned = list(grounds)
    return tuple(
        change
        for path, old, new in reader.changed(before, after)
        for change in image_changes(old, new, file=path)
        if change.form is not Form.CHART and not any(_covers(ground, change) for ground in owned)
    )


def _covers(ground: Ground, change: ImageChange) -> bool:
    versions = ground.binding.versions
    if isinstance(versions, Templates):
        where = (change.file, change.document)
        return any((ref.file, ref.index) == where for ref in versions.documents)
    return any(
        ref.file == change.file
        and ref.index == change.document
        and change.line in _lines(ground.texts[ref.file], ref.index, ref.path, ref.file)
        for pair in versions.pairs
        for ref in (pair.candidate, pair.primary)
    )


def _lines(text: str, index: int, path: tuple[str | int, ...], file: str) -> Iterator[int]:
    root = parse(text, file=file)[index]
    node: Node | None = root.get(*path) if root else None
    if node is not None:
        yield from range(node.line, node.line + text[node.start : node.end].count("\n") + 1)
