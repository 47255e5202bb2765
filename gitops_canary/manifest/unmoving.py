"""Images whose references stay as they are when a new version is built, so none would start."""

from collections.abc import Callable, Iterator

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import Node, NodeKind, parse
from gitops_canary.manifest.field_values import TAGS, terminal
from gitops_canary.manifest.template import TEMPLATE
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef, FieldRef, Fields, Templates

_INJECTED = "auto"
"""What Istio writes an image in the place of."""


def unmoving(versions: Templates | Fields, text: Callable[[Path], str]) -> Iterator[SpecError]:
    """Say which of the candidate's images have no tag, or the tag `latest`, and no digest.

    Without a tag is told of whole references only: what else sets one is not looked for.
    """
    if isinstance(versions, Templates):
        for image in _images(versions.candidate, text):
            yield from _told(image, image.value, versions.candidate.file, whole=True)
        return
    for pair in versions.pairs:
        ref = pair.candidate
        node = terminal(text(ref.file), ref)[0]
        parts = (node, *(node.get(key) for key in TAGS))
        tags = [one for one in parts if one is not None and one.kind is NodeKind.SCALAR]
        if node.get("digest") is None:
            for one in tags:
                whole = one is node and _last(ref) == "image" and pair.container is not None
                yield from _told(one, one.value, ref.file, whole=whole)


def _images(ref: DocRef, text: Callable[[Path], str]) -> Iterator[Node]:
    root = parse(text(ref.file), file=ref.file)[ref.index]
    for group in ("initContainers", "containers"):
        listed = root.get(*TEMPLATE, "spec", group) if root else None
        for item in listed.items if listed else ():
            if (image := item.get("image")) is not None:
                yield image


def _last(ref: FieldRef) -> str | int:
    return (ref.inner[-1] if ref.inner else ref.path)[-1]


def _told(node: Node, said: str, file: Path, *, whole: bool) -> Iterator[SpecError]:
    """Tell of one reference, or tag alone, that says no version."""
    if "@" in said or said == _INJECTED:
        return
    name, _, tag = said.rpartition("/")[2].rpartition(":")
    if tag == "latest":
        what = f"{said} is" if not name else f"The image {said} has the tag latest,"
    elif whole and not name:
        what = f"The image {said} has no tag,"
    else:
        return
    yield SpecError(
        f"{what} whatever was pushed last: a new version changes no byte here, so it starts no "
        "rollout, and the pods of both sides take it whenever they start.",
        remedy="write a tag that each version has to itself, or its digest, @sha256:…",
        place=Place(file, node.line, node.column),
    )
