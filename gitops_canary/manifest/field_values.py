"""Mode `fields`: the values of listed fields, and carrying one field's value to another."""

import re

from gitops_canary.errors import EditRefused, Place, SpecError
from gitops_canary.manifest.compare import same
from gitops_canary.manifest.document import (
    Json,
    Node,
    NodeKind,
    Pointer,
    data,
    insert_key,
    parse,
    remove,
    set_scalar,
    set_text,
    splice,
)
from gitops_canary.model.owned import FieldRef

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}")
_REPOSITORIES = ("newName", "repository", "name")
TAGS = ("newTag", "tag", "version")
_NAMED, _RENAMED = "name", "newName"
"""Of an entry of kustomize's `images:`: the name it is found by, and the one it gives."""


def value(text: str, ref: FieldRef) -> Json:
    """Give a field's value as texts, without the key its list item was found by.

    A tag like 1.10 is text to whoever pulls it, whatever a YAML reader makes of it.

    Raises:
        SpecError: it holds an alias or a merge key.
    """
    node = terminal(text, ref)[0]
    data(node, file=ref.file)
    found = _texts(node)
    if isinstance(found, dict):
        return {key: inner for key, inner in found.items() if key != ref.aside}
    return found


def beside(text: str, ref: FieldRef, other: str, other_ref: FieldRef) -> Json:
    """Give a field's value as it is compared with another field's.

    An entry of kustomize's `images:` that gives no new name keeps the image's own; where the other
    one gives it, that is what stands here too.

    Raises:
        SpecError: as `value`.
    """
    own, theirs = value(text, ref), value(other, other_ref)
    entries = ref.aside == other_ref.aside == _NAMED
    if entries and isinstance(own, dict) and isinstance(theirs, dict):
        named = terminal(text, ref)[0].get(_NAMED)
        if named is not None and _RENAMED in theirs and _RENAMED not in own:
            return {_RENAMED: named.value, **own}
    return own


def _texts(node: Node) -> Json:
    match node.kind:
        case NodeKind.MAPPING:
            return {key.value: _texts(inner) for key, inner in node.entries}
        case NodeKind.SEQUENCE:
            return [_texts(item) for item in node.items]
        case _:
            return node.value


def whole(text: str, ref: FieldRef) -> int:
    """Read a number of replicas, plain or in quotes.

    Raises:
        SpecError: it is none.
    """
    node, _ = terminal(text, ref)
    if node.kind is not NodeKind.SCALAR or not re.fullmatch(r"0|[1-9][0-9]{0,4}", node.value):
        raise SpecError(
            "This is no number of replicas.",
            remedy="let spec.source.replicas name a whole number",
            place=Place(ref.file, node.line, node.column),
        )
    return int(node.value)


def put(text: str, ref: FieldRef, number: int) -> str:
    """Write a number of replicas, in the style that stands there.

    Raises:
        EditRefused: nothing else than it can be kept.
    """
    outer = _node(text, ref.index, ref.path, ref.file)
    if ref.inner:
        below = FieldRef(
            file=ref.file,
            index=only(outer.value, ref.file),
            path=ref.inner[0],
            inner=ref.inner[1:],
        )
        changed = put(outer.value, below, number)
        return set_text(text, ref.index, ref.path, changed, file=ref.file)
    if outer.value == str(number):
        return text
    new: int | str = number if outer.plain else str(number)
    return set_scalar(text, ref.index, ref.path, new, file=ref.file)


def shown(text: str, ref: FieldRef) -> str:
    """Give a field's value in one word: an image reference where it is one.

    >>> from gitops_canary.model.names import Path
    >>> text = "images: [{name: web, newTag: v2}]"
    >>> shown(text, FieldRef(file=Path("f"), index=0, path=("images", 0), aside="name"))
    'web:v2'
    """
    node = terminal(text, ref)[0]
    if node.kind is NodeKind.SCALAR:
        return node.value if _REFERENCE.fullmatch(node.value) else "?"
    parts = {key.value: entry.value for key, entry in node.entries}
    registry = f"{parts['registry']}/" if "registry" in parts else ""
    repository = registry + next((parts[key] for key in _REPOSITORIES if key in parts), "")
    tag = next((parts[key] for key in TAGS if parts.get(key)), "")
    digest = parts.get("digest", "")
    # kustomize leaves the tag out where there is a digest.
    whole = f"{repository}@{digest}" if digest else f"{repository}:{tag}" if tag else repository
    return whole if _REFERENCE.fullmatch(whole) else "?"


def complete(text: str, ref: FieldRef) -> bool:
    """Tell whether the field says the whole image reference, as pods report it."""
    node = terminal(text, ref)[0]
    if node.kind is NodeKind.SCALAR:
        return "/" in node.value and bool(re.search(r"[:@][^/]+$", node.value))
    word = shown(text, ref)
    return bool(re.search(r"[:@][^/]+$", word))


def carry(text: str, ref: FieldRef, source: str, source_ref: FieldRef, *, exact: bool) -> str:
    """Make a field's value that of another field, changing as few bytes as possible.

    With `exact` the other's spelling is copied too, quotes included: that is how a stable
    revision's bytes come back. Without it a value keeps the style of its place.

    Raises:
        EditRefused: the result would mean something else, or would change anything else.
    """
    new, inside = terminal(source, source_ref)
    if ref.inner:
        outer = _node(text, ref.index, ref.path, ref.file)
        below = FieldRef(
            file=ref.file,
            index=only(outer.value, ref.file),
            path=ref.inner[0],
            inner=ref.inner[1:],
            aside=ref.aside,
        )
        changed = carry(outer.value, below, source, source_ref, exact=exact)
        return set_text(text, ref.index, ref.path, changed, file=ref.file)
    if _equal(text, ref, source, source_ref) and not exact:
        return text
    hand = _Hand(text, ref, inside[0], inside[1], exact=exact)
    hand.carry(ref.path, inside[2], new, aside=(ref.aside, source_ref.aside))
    if not _equal(hand.text, ref, source, source_ref):
        raise EditRefused(
            "The value would read as another at this place.",
            remedy="write both fields in the same block style",
            place=Place(ref.file),
        )
    return hand.text


def _equal(text: str, ref: FieldRef, other: str, other_ref: FieldRef) -> bool:
    own = beside(text, ref, other, other_ref)
    return own == beside(other, other_ref, text, ref)


class _Hand:
    """One text while a value is written into it."""

    def __init__(self, text: str, ref: FieldRef, source: str, index: int, *, exact: bool) -> None:
        self.text = text
        self._ref = ref
        self._source = source
        self._source_index = index
        self._exact = exact

    def carry(self, path: Pointer, other: Pointer, new: Node, *, aside: tuple[str, str]) -> None:
        old = _node(self.text, self._ref.index, path, self._ref.file)
        if old.kind is NodeKind.MAPPING and new.kind is NodeKind.MAPPING:
            self._mapping(path, other, old, new, aside)
        elif not same(old, new) or (self._exact and old.style != new.style):
            self._value(path, other, new)

    def _mapping(
        self, path: Pointer, other: Pointer, old: Node, new: Node, aside: tuple[str, str]
    ) -> None:
        mine, theirs = ({k.value for k, _ in n.entries} for n in (old, new))
        for key in sorted(theirs - {aside[1]}):
            node = new.get(key)
            assert node is not None, "it is one of its keys"
            if key not in mine:
                fresh = data(node, file=self._ref.file)
                self.text = insert_key(
                    self.text, self._ref.index, path, key, fresh, file=self._ref.file
                )
                if node.style in {"|", ">"}:
                    self._value((*path, key), (*other, key), node)
                    continue
            self.carry((*path, key), (*other, key), node, aside=("", ""))
        gone = mine - theirs - {aside[0]}
        if aside == (_NAMED, _NAMED) and _RENAMED in gone and not self._exact:
            gone -= {_RENAMED}
            self._rename((*path, _RENAMED), new.get(_NAMED))
        for key in sorted(gone):
            self.text = remove(self.text, self._ref.index, (*path, key), file=self._ref.file)

    def _rename(self, path: Pointer, named: Node | None) -> None:
        """Let an entry of kustomize's `images:` give the name that the other one keeps."""
        index, file = self._ref.index, self._ref.file
        old = _node(self.text, index, path, file)
        if named is not None and old.value != named.value:
            self.text = set_scalar(self.text, index, path, named.value, file=file)

    def _value(self, path: Pointer, other: Pointer, new: Node) -> None:
        index, file = self._ref.index, self._ref.file
        old = _node(self.text, index, path, file)
        plain = all(n.kind is NodeKind.SCALAR and n.style not in {"|", ">"} for n in (old, new))
        if not self._exact and plain:
            changed = set_scalar(self.text, index, path, new.value, file=file)
            if _node(changed, index, path, file).value == new.value:
                self.text = changed
                return
        self.text = splice(
            self.text, index, path, self._source, self._source_index, other, file=file
        )


def terminal(text: str, ref: FieldRef) -> tuple[Node, tuple[str, int, Pointer]]:
    """Find the node a reference ends at, and the text, document and path it has there."""
    index, path = ref.index, ref.path
    for inner in ref.inner:
        text = _node(text, index, path, ref.file).value
        index, path = only(text, ref.file), inner
    return _node(text, index, path, ref.file), (text, index, path)


def only(text: str, file: str) -> int:
    """Count the documents before the first one that is not empty."""
    return next(i for i, root in enumerate(parse(text, file=file)) if root is not None)


def _node(text: str, index: int, path: Pointer, file: str) -> Node:
    root = parse(text, file=file)[index]
    node = root.get(*path) if root else None
    assert node is not None, "references are resolved in the same text"
    return node
