"""Byte-exact changes to YAML texts: the only way anything in this program writes YAML.

Every function finds its node, splices the text, parses the result and compares: unless exactly the
intended pointer differs the change is refused and the text stays as it was.
"""

import re

from gitops_canary.errors import EditRefused, Place, SpecError
from gitops_canary.manifest.compare import Pointer, differing, same
from gitops_canary.manifest.nodes import BOM, Node, NodeKind, parse
from gitops_canary.manifest.scalars import Entries, Json, Value, entry, spelled, typed, written

__all__ = [
    "BOM", "Json", "Node", "NodeKind", "Pointer", "Value", "data", "differing",
    "duplicate_item", "insert_key", "parse", "remove", "set_scalar", "splice", "text_of",
]  # fmt: skip

_TEMPLATE = re.compile(r"\$\{|\{\{|ENC\[")
_PREFIX = re.compile(r"(?:[&!][^\s]*\s+)*")


def text_of(raw: bytes, *, file: str) -> str:
    """Decode a file; line endings and a byte-order mark stay.

    Raises:
        SpecError: it is not UTF-8, or holds NUL bytes.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(
            f"The file is not UTF-8 (byte {error.start}).",
            remedy="save it as UTF-8",
            place=Place(file),
        ) from error
    if "\0" in text:
        raise SpecError("The file holds NUL bytes.", remedy="save it as text", place=Place(file))
    return text


def data(node: Node, *, file: str) -> Json:
    """Give a node as plain values, typed as Kubernetes reads them.

    Raises:
        SpecError: it holds an alias or a merge key, which are not resolved.
    """
    match node.kind:
        case NodeKind.SCALAR:
            return typed(node.value) if node.plain and node.tag is None else node.value
        case NodeKind.SEQUENCE:
            return [data(item, file=file) for item in node.items]
        case NodeKind.ALIAS:
            raise _alias(node, file)
        case NodeKind.MAPPING:
            for key, _ in node.entries:
                if key.kind is not NodeKind.SCALAR or (key.plain and key.value == "<<"):
                    raise _alias(key, file)
            return {key.value: data(value, file=file) for key, value in node.entries}


def set_scalar(text: str, document: int, path: Pointer, value: Value, *, file: str) -> str:
    """Replace one scalar's value, in its own style.

    Raises:
        EditRefused: it is not there, is no plain or quoted scalar, or cannot be changed alone.
    """
    node = _target(text, document, path, file)
    if node.kind is not NodeKind.SCALAR or node.style in {"|", ">"}:
        raise _refuse("it is not a plain or quoted scalar", node, file)
    if _TEMPLATE.search(node.value):
        raise _refuse("it is a placeholder that something else fills in", node, file)
    new = written(value, style=node.style, old=node.value)
    if node.start == node.end:
        new = f" {new}"
    prefix = _PREFIX.match(text[node.start : node.end])
    start = node.start + (prefix.end() if prefix else 0)
    changed = text[:start] + new + text[node.end :]
    _verified(text, changed, document, path, file=file)
    result = _root(changed, document, file).get(*path)
    if result is None or result.value != spelled(value):
        raise _refuse("the new value would read as another", node, file)
    return changed


def insert_key(
    text: str, document: int, path: Pointer, key: str, value: Value | Entries, *, file: str
) -> str:
    """Add an entry, a scalar or a mapping of scalars, at the end of a mapping.

    Raises:
        EditRefused: there is no such mapping, it has the key, or it is empty.
    """
    node = _target(text, document, path, file)
    if node.kind is not NodeKind.MAPPING or not node.entries or node.get(key) is not None:
        raise _refuse(f"it is no mapping that could take the key {key!r}", node, file)
    if node.style == "flow":
        quotes = node.entries[0][0].style == '"'
        last = node.entries[-1][1]
        changed = f"{text[: last.end]}, {entry(key, value, quotes=quotes)}{text[last.end :]}"
    else:
        at, newline = _line_end(text, node.end), _newline(text)
        indent = newline + " " * (node.entries[0][0].column - 1)
        changed = f"{text[:at]}{indent}{entry(key, value, indent=indent)}{text[at:]}"
    return _verified(text, changed, document, (*path, key), file=file)


def splice(
    text: str,
    document: int,
    path: Pointer,
    source_text: str,
    source_document: int,
    source_path: Pointer,
    *,
    file: str,
) -> str:
    """Replace a mapping's value, comments inside included, by the bytes of another text's.

    Both paths must end in a mapping's key. Lines are re-indented where the two stand at different
    columns; equal bytes give the same text back.

    Raises:
        EditRefused: one of the two is not there, or the result would not be the source's value.
    """
    old_key, old = _entry(text, document, path, file)
    new_key, new = _entry(source_text, source_document, source_path, file)
    piece = source_text[new_key.end : new.end].replace("\r\n", "\n")
    piece = _indented(piece, old_key.column - new_key.column)
    if _newline(text) == "\r\n":
        piece = piece.replace("\n", "\r\n")
    changed = text[: old_key.end] + piece + text[old.end :]
    _verified(text, changed, document, path, file=file)
    result = _root(changed, document, file).get(*path)
    if result is None or not same(result, new):
        raise _refuse("the bytes do not mean the same at this place", old, file)
    return changed


def remove(text: str, document: int, path: Pointer, *, file: str) -> str:
    """Delete the lines of a key or of a list item in block style.

    Raises:
        EditRefused: it is not there, is the only one, or shares its lines with something else.
    """
    parent = _target(text, document, path[:-1], file)
    if parent.style != "block" or len(parent.entries) + len(parent.items) < 2:  # noqa: PLR2004 - itself and another
        raise _refuse("it stands alone, or in flow style", parent, file)
    part = path[-1]
    if isinstance(part, str):
        key, value = _entry(text, document, path, file)
        begin, end = key.start, value.end
    else:
        item = _target(text, document, path, file)
        begin, end = text.rindex("-", 0, item.start), item.end
    start = text.rfind("\n", 0, begin) + 1
    if text[start:begin].strip():
        raise _refuse("it shares its first line with something else", parent, file)
    stop = text.find("\n", end)
    changed = text[:start] + (text[stop + 1 :] if stop >= 0 else "")
    return _verified(text, changed, document, path, file=file, at=path[:-1])


def duplicate_item(text: str, document: int, path: Pointer, index: int, *, file: str) -> str:
    """Repeat one item of a block list behind its last item.

    Raises:
        EditRefused: there is no such item, or the list is in flow style.
    """
    sequence = _target(text, document, path, file)
    item = sequence.get(index)
    if sequence.style != "block" or item is None:
        raise _refuse("it is no block list with that item", sequence, file)
    start = text.rfind("\n", 0, text.rindex("-", 0, item.start)) + 1
    lines = text[start : _line_end(text, item.end)]
    at = _line_end(text, sequence.end)
    changed = f"{text[:at]}{_newline(text)}{lines}{text[at:]}"
    return _verified(text, changed, document, path, file=file, at=path)


def _target(text: str, document: int, path: Pointer, file: str) -> Node:
    """Find a node that may be changed."""
    root = _root(text, document, file)
    if isinstance(root.get("sops"), Node):
        raise _refuse(
            "the document is encrypted by SOPS, whose checksum it would break", root, file
        )
    node: Node | None = root
    for part in path:
        above, node = node, node.get(part) if node else None
        if node is None or node.kind is NodeKind.ALIAS:
            why = "there is nothing there" if node is None else "it is an alias"
            raise _refuse(f"{why} ({_spoken(path)})", above or root, file)
    assert node is not None, "the root is there"
    _unshared(root, node, file)
    return node


def _unshared(root: Node, node: Node, file: str) -> None:
    """Refuse a node whose value is also used elsewhere by an alias."""
    anchors = {n.anchor for n in node.walk() if n.anchor}
    used = {n.value for n in root.walk() if n.kind is NodeKind.ALIAS}
    if anchors & used:
        name = min(anchors & used)
        raise _refuse(f"its anchor &{name} is used elsewhere, which would change too", node, file)


def _entry(text: str, document: int, path: Pointer, file: str) -> tuple[Node, Node]:
    parent = _target(text, document, path[:-1], file)
    part = path[-1]
    key = parent.key(part) if isinstance(part, str) else None
    if key is None:
        raise _refuse(f"there is no key ({_spoken(path)})", parent, file)
    return key, _target(text, document, path, file)


def _root(text: str, document: int, file: str) -> Node:
    roots = parse(text, file=file)
    root = roots[document] if document < len(roots) else None
    if root is None:
        raise EditRefused(
            f"There is no document {document + 1}.", remedy="fetch again", place=Place(file)
        )
    return root


def _verified(
    old: str, new: str, document: int, path: Pointer, *, file: str, at: Pointer | None = None
) -> str:
    """Parse the new text and make sure that only the meant pointer differs."""
    allowed = path if at is None else at
    before = parse(old, file=file)
    try:
        after = parse(new, file=file)
    except SpecError as error:
        raise EditRefused(
            f"The change would leave a file that is not YAML: {error.problem}",
            remedy="write the value by hand once, in the usual block style",
            place=error.place,
        ) from error
    wrong = len(before) != len(after) or any(
        found[: len(allowed)] != allowed or index != document
        for index, (a, b) in enumerate(zip(before, after, strict=False))
        for found in differing(a, b)
    )
    if wrong:
        raise EditRefused(
            f"The change would touch more than {_spoken(path)}.",
            remedy="write the value by hand once, in the usual block style",
            place=Place(file),
        )
    return new


def _indented(piece: str, by: int) -> str:
    """Shift every line after the first."""
    first, *rest = piece.split("\n")
    if by >= 0:
        moved = [" " * by + line if line.strip() else line for line in rest]
    else:
        moved = [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in rest]
    return "\n".join([first, *moved])


def _line_end(text: str, at: int) -> int:
    """Find the end of the line that `at` stands on, before its line ending."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def _newline(text: str) -> str:
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def _spoken(path: Pointer) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".") or "root"


def _alias(node: Node, file: str) -> SpecError:
    return SpecError(
        "An alias or merge key stands where a value is read.",
        remedy="write the value out",
        place=Place(file, node.line, node.column),
    )


def _refuse(why: str, node: Node, file: str) -> EditRefused:
    return EditRefused(
        f"This cannot be changed safely: {why}.",
        remedy="write it as a plain value in block style, or bind another field",
        place=Place(file, node.line, node.column),
    )
