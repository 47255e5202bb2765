"""Whether versions are what they look like, and can be put back."""

import re

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import guard
from gitops_canary.manifest.document import Node, NodeKind, parse
from gitops_canary.manifest.field_values import TAGS, only, terminal
from gitops_canary.manifest.scalars import PLACEHOLDER, printed, typed
from gitops_canary.manifest.template import TEMPLATE
from gitops_canary.model.owned import DocRef, FieldRef

_WHOLE = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
"""A digest as registries give them (OCI image specification, descriptors)."""


def field(text: str, ref: FieldRef) -> None:
    """Make sure that a version is what it looks like, and can be put back.

    Raises:
        SpecError: a tag stands without quotes and is printed otherwise, as 1.10 becomes 1.1; or a
            placeholder stands there.
        EditRefused: it cannot be changed alone.
    """
    outer = guard.target(text, ref.index, ref.path, ref.file)
    if ref.inner:
        guard.target(outer.value, only(outer.value, ref.file), ref.inner[0], ref.file)
    node = terminal(text, ref)[0]
    digest = node.get("digest")
    for one in (node, *(node.get(key) for key in TAGS), digest):
        wrong = _wrong(one, one is digest) if one and one.kind is NodeKind.SCALAR else None
        if wrong and one:
            at = outer if ref.inner else one
            raise SpecError(wrong[0], remedy=wrong[1], place=Place(ref.file, at.line, at.column))


def template(text: str, ref: DocRef) -> None:
    """Make sure that a pod template can be put back, and that its digests are some.

    Raises:
        SpecError: an image's digest is none.
        EditRefused: the template cannot be changed alone.
    """
    guard.target(text, ref.index, TEMPLATE, ref.file)
    root = parse(text, file=ref.file)[ref.index]
    for group in ("initContainers", "containers"):
        listed = root.get(*TEMPLATE, "spec", group) if root is not None else None
        for item in listed.items if listed is not None else ():
            image = item.get("image")
            if image is not None and (wrong := _digest(image.value.partition("@")[2])):
                place = Place(ref.file, image.line, image.column)
                raise SpecError(wrong[0], remedy=wrong[1], place=place)


def metadata(text: str, ref: DocRef) -> None:
    """Make sure that labels and annotations are texts, as ObjectMeta of Kubernetes has them.

    An API server refuses the whole object where one is a truth value or a number.

    Raises:
        SpecError: one stands without quotes and is read as something else.
    """
    root = parse(text, file=ref.file)[ref.index]
    for at in (("metadata",), (*TEMPLATE, "metadata")):
        for group in ("labels", "annotations"):
            found = root.get(*at, group) if root is not None else None
            for key, node in found.entries if found is not None else ():
                if node.plain and node.tag is None and isinstance(typed(node.value), int | float):
                    problem = f"{key.value} in {group} is {node.value}, which Kubernetes refuses"
                    raise SpecError(
                        f"{problem}: {group} are texts.",
                        remedy=f'put it in quotes: "{node.value}"',
                        place=Place(ref.file, node.line, node.column),
                    )


def _wrong(node: Node, digest: bool) -> tuple[str, str] | None:
    """Say what is wrong with a part of a version, and what to do; None where nothing is."""
    said = node.value
    if PLACEHOLDER.search(said):
        return (
            f"{said} is a placeholder that something else fills in.",
            "let spec.source name the field that holds the version itself",
        )
    if node.plain and not node.tag and printed(said) != said:
        return f"{said} is read as {printed(said)} here.", f'put it in quotes: "{said}"'
    tail = said.rpartition("@")[2]
    return _digest(tail) if digest or tail.startswith("sha256:") else None


def _digest(said: str) -> tuple[str, str] | None:
    if not said or _WHOLE.fullmatch(said):
        return None
    return (
        f"{said} is no digest of an image.",
        "write sha256: and the 64 hexadecimal digits that the registry gives",
    )
