"""Putting a new item between the items of a list."""

from gitops_canary.manifest import guard
from gitops_canary.manifest.block_yaml import lines
from gitops_canary.manifest.compare import Pointer, same
from gitops_canary.manifest.items import check_meant, flow_gap, in_flow, is_json
from gitops_canary.manifest.nodes import Node, NodeKind


def insert_item(
    text: str, document: int, path: Pointer, index: int, value: object, *, file: str
) -> str:
    """Insert an item before the one at `index`, above the comments that stand right above that.

    Raises:
        EditRefused: there is no list with that item, or more than the list would change.
    """
    node = guard.target(text, document, path, file)
    item = node.get(index)
    if node.kind is not NodeKind.SEQUENCE or item is None:
        raise guard.refusal("there is no list with that item", node, file)
    if node.style == "flow":
        added = f"{in_flow(value, quoted=is_json(node))},{flow_gap(text, node, item)}"
        changed = text[: item.start] + added + text[item.start :]
    else:
        changed = _between_lines(text, item, value, file)
    guard.verified(text, changed, document, path, file=file)
    after = guard.root_of(changed, document, file).get(*path)
    _kept(node, after, index, file)
    check_meant(after.get(index) if after else None, value, node, file)
    return changed


def _between_lines(text: str, item: Node, value: object, file: str) -> str:
    dash = text.rindex("-", 0, item.start)
    start = text.rfind("\n", 0, dash) + 1
    indent = text[start:dash]
    if indent.strip():
        raise guard.refusal("its items share lines with something else", item, file)
    at = _above_comments(text, start, indent)
    end = guard.newline(text)
    added = "".join(f"{indent}{line}{end}" for line in lines([value]))
    return text[:at] + added + text[at:]


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
