"""Putting a new item between the items of a block list, in lines of its own."""

from gitops_canary.manifest import guard
from gitops_canary.manifest.block_yaml import lines
from gitops_canary.manifest.compare import Pointer, same
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.scalars import written


def insert_item(
    text: str, document: int, path: Pointer, index: int, value: object, *, file: str
) -> str:
    """Insert an item before the one at `index`, above the comments that stand right above that.

    Raises:
        EditRefused: there is no block list with that item, or more than the list would change.
    """
    node = guard.target(text, document, path, file)
    item = node.get(index)
    if node.style != "block" or item is None:
        raise guard.refusal("there is no list in block style with that item", node, file)
    dash = text.rindex("-", 0, item.start)
    start = text.rfind("\n", 0, dash) + 1
    indent = text[start:dash]
    if indent.strip():
        raise guard.refusal("its items share lines with something else", item, file)
    at = _above_comments(text, start, indent)
    end = guard.newline(text)
    added = "".join(f"{indent}{line}{end}" for line in lines([value]))
    changed = text[:at] + added + text[at:]
    guard.verified(text, changed, document, path, file=file)
    _kept(node, guard.root_of(changed, document, file).get(*path), index, file)
    return changed


def append_item(text: str, document: int, path: Pointer, value: str, *, file: str) -> str:
    """Append a text to a list of single lines, in either style.

    Raises:
        EditRefused: there is no such list, or more than the list would change.
    """
    node = guard.target(text, document, path, file)
    if node.kind is not NodeKind.SEQUENCE:
        raise guard.refusal("it is no list", node, file)
    new = written(value, style="", old="")
    if node.style != "block":
        close = text.rindex("]", node.start, node.end)
        comma = ", " if node.items else ""
        changed = f"{text[:close].rstrip()}{comma}{new}{text[close:]}"
    else:
        last = node.items[-1]
        dash = text.rindex("-", 0, last.start)
        indent = text[text.rfind("\n", 0, dash) + 1 : dash]
        if indent.strip():
            raise guard.refusal("its items share lines with something else", last, file)
        at = guard.line_end(text, last.end)
        changed = f"{text[:at]}{guard.newline(text)}{indent}- {new}{text[at:]}"
    guard.verified(text, changed, document, path, file=file)
    _kept(node, guard.root_of(changed, document, file).get(*path), len(node.items), file)
    return changed


def _above_comments(text: str, start: int, indent: str) -> int:
    """Go up over the comment lines that belong to what begins at `start`."""
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].startswith(f"{indent}#"):
            break
        start = above
    return start


def _kept(before: Node, after: Node | None, index: int, file: str) -> None:
    found = list(after.items) if after else []
    left = [item for at, item in enumerate(found) if at != index]
    if len(left) != len(before.items) or not all(map(same, left, before.items)):
        raise guard.refusal("another item would change too", before, file)
