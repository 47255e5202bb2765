"""Mode `template`: two plain Deployments, and the pod template that passes between them.

Names that differ between the two (manifest/naming.py) are mapped to and fro; everything else in the
template is compared, copied and restored as it is.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from gitops_canary.errors import EditRefused, Place, SpecError
from gitops_canary.manifest.compare import Pointer, differing
from gitops_canary.manifest.document import (
    Json,
    Node,
    NodeKind,
    data,
    insert_key,
    parse,
    set_scalar,
    splice,
)
from gitops_canary.manifest.naming import Names, named
from gitops_canary.manifest.scalars import PLACEHOLDER
from gitops_canary.model.kept import remembered
from gitops_canary.model.names import Digest
from gitops_canary.model.owned import DocRef

TEMPLATE: Pointer = ("spec", "template")
REPLICAS: Pointer = ("spec", "replicas")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}")
_KNOWN = 4096
"""Templates whose digests are kept: most stay as they are from one revision to the next."""
_CONTAINERS = ("containers", "initContainers")


def canonical(text: str, ref: DocRef, *, names: Names) -> Json:
    """Give a workload's pod template as plain values in the candidate's names."""
    return names.in_candidate(_values(text, ref))


@remembered(_KNOWN)
def version(text: str, ref: DocRef, *, names: Names) -> Digest:
    """Digest a workload's pod template in the candidate's names."""
    return digest(canonical(text, ref, names=names))


def digest(template: Json) -> Digest:
    """Digest a canonical template: equal digests mean that a promotion would change nothing."""
    dumped = json.dumps(template, sort_keys=True, separators=(",", ":"))
    return Digest(f"sha256:{hashlib.sha256(dumped.encode()).hexdigest()}")


@remembered(_KNOWN)
def images(text: str, ref: DocRef) -> Mapping[str, str]:
    """Read container name to image reference, init containers included.

    Raises:
        SpecError: a container has no name or image, or the image is no image reference.
    """
    found: dict[str, str] = {}
    for group in _CONTAINERS:
        containers = _root(text, ref).get(*TEMPLATE, "spec", group)
        for item in containers.items if containers else ():
            name, image = item.get("name"), item.get("image")
            if image is not None and PLACEHOLDER.search(image.value):
                raise SpecError(
                    f"The image {image.value} is a placeholder that something else fills in.",
                    remedy="write the image here, or let spec.source list the field that fills it",
                    place=Place(ref.file, image.line, image.column),
                )
            if name is None or image is None or not _REFERENCE.fullmatch(image.value):
                raise SpecError(
                    "This container has no name, or no valid image reference.",
                    remedy="write `name:` and `image: repository:tag`",
                    place=Place(ref.file, item.line, item.column),
                )
            found[name.value] = image.value
    return found


def replicas(text: str, ref: DocRef) -> int | None:
    """Read spec.replicas; None where the manifest does not say.

    Raises:
        SpecError: it is no whole number.
    """
    node = _root(text, ref).get(*REPLICAS)
    if node is None:
        return None
    if not node.plain or not re.fullmatch(r"0|[1-9][0-9]{0,4}", node.value):
        raise SpecError(
            "spec.replicas is no whole number.",
            remedy="write it as a plain number",
            place=Place(ref.file, node.line, node.column),
        )
    return int(node.value)


def scale(text: str, ref: DocRef, count: int) -> str:
    """Set spec.replicas, adding the key where it is missing."""
    if replicas(text, ref) is None:
        return insert_key(text, ref.index, REPLICAS[:1], "replicas", count, file=ref.file)
    if replicas(text, ref) == count:
        return text
    return set_scalar(text, ref.index, REPLICAS, count, file=ref.file)


def promote(
    primary_text: str, primary: DocRef, candidate_text: str, candidate: DocRef, *, names: Names
) -> str:
    """Make the primary's pod template that of the candidate, changing as few bytes as possible.

    Raises:
        EditRefused: the result would not be the same version, or would change anything else.
    """
    wanted = canonical(candidate_text, candidate, names=names)

    def carry(text: str, pointer: Pointer) -> str:
        old = _root(text, primary).get(*TEMPLATE, *pointer)
        new = _root(candidate_text, candidate).get(*TEMPLATE, *pointer)
        if _scalars(old, new):
            assert new is not None, "both are scalars"
            value = names.to_primary(new.value, pointer)
            return set_scalar(text, primary.index, (*TEMPLATE, *pointer), value, file=primary.file)
        text = _spliced(text, primary, candidate_text, candidate, pointer)
        return _renamed(text, primary, pointer, names)

    text = primary_text
    for pointer in _carried(text, primary, candidate_text, candidate, names):
        text = carry(text, pointer)
    if canonical(text, primary, names=names) != wanted:
        text = carry(primary_text, ())
    reached = canonical(text, primary, names=names) == wanted
    _confirm(primary_text, text, primary, reached=reached)
    return text


def restore(text: str, ref: DocRef, stable_text: str, stable: DocRef) -> str:
    """Put the pod template's values back to their bytes in the stable text.

    Only what differs is touched, so other edits in the same file stay.

    Raises:
        EditRefused: the result would not be the stable template, or would change anything else.
    """
    changed = text
    then = _values(stable_text, stable)
    now_node, then_node = _template(text, ref), _template(stable_text, stable)
    pointers = (_keyed(p, now_node, then_node) for p in differing(now_node, then_node))
    for pointer in _outermost(pointers):
        changed = _spliced(changed, ref, stable_text, stable, pointer)
    if _values(changed, ref) != then:
        changed = _spliced(text, ref, stable_text, stable, ())
    _confirm(text, changed, ref, reached=_values(changed, ref) == then)
    return changed


def _carried(
    primary_text: str, primary: DocRef, candidate_text: str, candidate: DocRef, names: Names
) -> list[Pointer]:
    """Find where the primary has to change, leaving out names that only look different."""
    old, new = _template(primary_text, primary), _template(candidate_text, candidate)
    found: list[Pointer] = []
    for pointer in differing(old, new):
        one, other = old.get(*pointer), new.get(*pointer)
        if _scalars(one, other) and one is not None and other is not None:
            if one.value != names.to_primary(other.value, pointer):
                found.append(pointer)
        else:
            found.append(_keyed(pointer, old, new))
    return _outermost(found)


def _outermost(pointers: Iterable[Pointer]) -> list[Pointer]:
    """Leave out pointers below another one."""
    kept: list[Pointer] = []
    for pointer in sorted(set(pointers), key=len):
        if not any(pointer[: len(above)] == above for above in kept):
            kept.append(pointer)
    return kept


def _keyed(pointer: Pointer, old: Node, new: Node) -> Pointer:
    """Raise a pointer to the nearest key that both sides have."""
    while pointer and (
        isinstance(pointer[-1], int) or old.get(*pointer) is None or new.get(*pointer) is None
    ):
        pointer = pointer[:-1]
    return pointer


def _scalars(a: Node | None, b: Node | None) -> bool:
    """Whether both are scalars that `set_scalar` can write."""
    return all(
        n is not None and n.kind is NodeKind.SCALAR and n.style not in {"|", ">"} for n in (a, b)
    )


def _renamed(text: str, ref: DocRef, pointer: Pointer, names: Names) -> str:
    """Map names inside a subtree that was copied from the candidate."""
    root = _root(text, ref).get(*TEMPLATE, *pointer)
    assert root is not None, "it was just written"
    for inner, value in list(named(root, pointer)):
        new = names.to_primary(value, inner)
        if new != value:
            text = set_scalar(text, ref.index, (*TEMPLATE, *inner), new, file=ref.file)
    return text


def _spliced(text: str, ref: DocRef, source: str, source_ref: DocRef, pointer: Pointer) -> str:
    path = (*TEMPLATE, *pointer)
    return splice(text, ref.index, path, source, source_ref.index, path, file=ref.file)


def _confirm(before: str, after: str, ref: DocRef, *, reached: bool) -> None:
    outside = [p for p in differing(_root(before, ref), _root(after, ref)) if p[:2] != TEMPLATE]
    if outside or not reached:
        raise EditRefused(
            f"The pod template of {ref.kind} {ref.name} cannot be written without other changes.",
            remedy="write both Deployments in the same block style, without aliases",
            place=Place(ref.file, _root(before, ref).line),
        )


def _values(text: str, ref: DocRef) -> Json:
    return data(_template(text, ref), file=ref.file)


def _template(text: str, ref: DocRef) -> Node:
    root = _root(text, ref)
    node = root.get(*TEMPLATE)
    if node is None:
        raise SpecError(
            f"{ref.kind} {ref.name} has no spec.template.",
            remedy="bind a workload with a pod template",
            place=Place(ref.file, root.line, root.column),
        )
    return node


def _root(text: str, ref: DocRef) -> Node:
    root = parse(text, file=ref.file)[ref.index]
    assert root is not None, "documents are named by their headers"
    return root
