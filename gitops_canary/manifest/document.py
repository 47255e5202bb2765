"""Byte-exact changes to YAML texts: the only way anything in this program writes YAML.

Every function finds its node, splices the text, parses the result and compares: unless exactly the
intended pointer differs the change is refused and the text stays as it was.
"""

import json
import re

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import guard
from gitops_canary.manifest.compare import Pointer, differing, same
from gitops_canary.manifest.flowing import flowed
from gitops_canary.manifest.items import append_item, duplicate_item, insert_key, remove
from gitops_canary.manifest.nodes import BOM, Node, NodeKind, parse
from gitops_canary.manifest.scalars import PLACEHOLDER, Json, Value, spelled, typed, written
from gitops_canary.model.kept import remembered

__all__ = [
    "BOM", "Json", "Node", "NodeKind", "Pointer", "Value", "append_item", "data",
    "differing", "duplicate_item", "insert_key", "parse", "remove", "set_scalar", "set_text",
    "splice", "text_of",
]  # fmt: skip

_TEXTS = (None, "!", "tag:yaml.org,2002:str")
_KNOWN = 4096
"""Changes that are kept: verifying makes the same ones again and again."""
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
            place=Place.behind(file, raw[: error.start].decode()),
        ) from error
    before, nul, _ = text.partition("\0")
    if nul:
        place = Place.behind(file, before)
        raise SpecError("The file holds NUL bytes.", remedy="save it as text", place=place)
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


@remembered(_KNOWN)
def set_scalar(text: str, document: int, path: Pointer, value: Value, *, file: str) -> str:
    """Replace one scalar's value, in its own style.

    Raises:
        EditRefused: it is not there, is no plain or quoted scalar, or cannot be changed alone.
    """
    node = guard.target(text, document, path, file)
    if node.kind is not NodeKind.SCALAR or node.style in {"|", ">"}:
        raise guard.refusal("it is not a plain or quoted scalar", node, file)
    if PLACEHOLDER.search(node.value):
        raise guard.refusal("it is a placeholder that something else fills in", node, file)
    if node.tag not in _TEXTS and isinstance(value, str):
        raise guard.refusal(f"its tag {node.tag} says what it is", node, file)
    new = written(value, style=node.style, old=node.value)
    if node.start == node.end:
        new = f" {new}"
    prefix = _PREFIX.match(text[node.start : node.end])
    start = node.start + (prefix.end() if prefix else 0)
    changed = text[:start] + new + text[node.end :]
    guard.verified(text, changed, document, path, file=file)
    result = guard.root_of(changed, document, file).get(*path)
    if result is None or result.value != spelled(value):
        raise guard.refusal("the new value would read as another", node, file)
    return changed


def set_text(text: str, document: int, path: Pointer, value: str, *, file: str) -> str:
    """Replace the text a scalar holds, e.g. YAML or JSON inside of it, line by line.

    Of a literal block (`|`) the lines that stay the same keep their bytes; any other scalar must
    stand on one line.

    Raises:
        EditRefused: it is not there, is folded, or has escapes that would be written anew.
    """
    node = guard.target(text, document, path, file)
    if node.kind is not NodeKind.SCALAR or node.style == ">":
        raise guard.refusal("it is no text, or a folded one", node, file)
    raw = text[node.start : node.end]
    if node.style == "|":
        changed = text[: node.start] + _block(raw, node.value, value) + text[node.end :]
    elif "\n" in raw or (node.style == '"' and json.dumps(node.value, ensure_ascii=False) != raw):
        raise guard.refusal("its escapes or line breaks would be lost", node, file)
    else:
        new = written(value, style=node.style, old=node.value)
        changed = text[: node.start] + new + text[node.end :]
    guard.verified(text, changed, document, path, file=file)
    result = guard.root_of(changed, document, file).get(*path)
    if result is None or result.value != value:
        raise guard.refusal("the new text would read as another", node, file)
    return changed


def _block(raw: str, old: str, new: str) -> str:
    """Replace the lines of a literal block that differ, in its indentation and line ending."""
    header, _, body = raw.partition("\n")
    outer = body.split("\n")
    before, after = old.rstrip("\n").split("\n"), new.rstrip("\n").split("\n")
    pairs = zip(outer, before, strict=False)
    indent = next((o[: len(o.rstrip("\r")) - len(i)] for o, i in pairs if i), "")
    end = "\r" if header.endswith("\r") else ""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    middle = [f"{indent}{line}{end}" if line else end for line in after[head : len(after) - tail]]
    kept = outer[len(outer) - tail :] if tail else []
    if head == len(outer) and middle:
        outer[-1] += end  # it was the last line, which has no ending here
    # A block's last line ending is no part of it.
    return "\n".join([header, *outer[:head], *middle, *kept]).removesuffix("\r")


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
    columns; equal bytes give the same text back. Inside of brackets a block is written with some.

    Raises:
        EditRefused: one of the two is not there, or the result would not be the source's value.
    """
    old_key, old = guard.entry(text, document, path, file)
    new_key, new = guard.entry(source_text, source_document, source_path, file)
    parent = guard.target(text, document, path[:-1], file)
    if parent.style == "flow" and _blocks(new):
        changed = text[: old.start] + _within(text, old_key, old, new, file) + text[old.end :]
    else:
        piece = source_text[new_key.end : new.end].replace("\r\n", "\n")
        piece = _indented(piece, old_key.column - new_key.column)
        piece = piece.replace("\n", guard.newline(text))
        changed = text[: old_key.end] + piece + text[old.end :]
    guard.verified(text, changed, document, path, file=file)
    result = guard.root_of(changed, document, file).get(*path)
    if result is None or not same(result, new):
        raise guard.refusal("the bytes do not mean the same at this place", old, file)
    return changed


def _blocks(new: Node) -> bool:
    """Whether a value, or a part of it, is written in lines that brackets do not allow."""
    return any(one.style in {"block", "|", ">"} for one in new.walk())


def _within(text: str, key: Node, old: Node, new: Node, file: str) -> str:
    """Write a value for a place in brackets: as JSON, or in lines, where the old one is so."""
    start = text.rfind("\n", 0, key.start) + 1
    lead = text[start : len(text) - len(text[start:].lstrip(" "))]
    lines = "\n" in text[old.start : old.end]
    end = guard.newline(text)
    new_text = flowed(new, quoted=key.style == '"', file=file, indent=f"{end}{lead}" * lines)
    return f" {new_text}" if old.start == old.end else new_text


def _indented(piece: str, by: int) -> str:
    """Shift every line after the first."""
    first, *rest = piece.split("\n")
    if by >= 0:
        moved = [" " * by + line if line.strip() else line for line in rest]
    else:
        moved = [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in rest]
    return "\n".join([first, *moved])


def _alias(node: Node, file: str) -> SpecError:
    return SpecError(
        "An alias or merge key stands where a value is read.",
        remedy="write the value out",
        place=Place(file, node.line, node.column),
    )
