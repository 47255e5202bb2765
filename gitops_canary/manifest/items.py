"""Adding and removing entries of mappings and items of lists, whole lines where they have some."""

import json
from collections.abc import Iterable
from decimal import Decimal

from gitops_canary.manifest.block_yaml import lines
from gitops_canary.manifest.compare import Pointer, same
from gitops_canary.manifest.guard import (
    entry,
    line_end,
    newline,
    refusal,
    root_of,
    target,
    verified,
)
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.manifest.scalars import written

_FEW = 2


def insert_key(
    text: str,
    document: int,
    path: Pointer,
    key: str,
    value: object,
    *,
    file: str,
) -> str:
    """Add an entry at the end of a mapping, in the mapping's own style.

    Raises:
        EditRefused: there is no such mapping, it has the key, or it is an empty block.
    """
    node = target(text, document, path, file)
    flow = node.style == "flow"
    if node.kind is not NodeKind.MAPPING or node.get(key) is not None:
        raise refusal(f"it is no mapping that could take the key {key!r}", node, file)
    if flow:
        quoted = is_json(node)
        name = json.dumps(key) if quoted else written(key, style="", old="")
        changed = _into_flow(text, node, f"{name}: {in_flow(value, quoted=quoted)}")
    else:
        indent = " " * (node.entries[0][0].column - 1)
        changed = _below(text, node, indent, lines({key: value}))
    verified(text, changed, document, (*path, key), file=file)
    check_meant(root_of(changed, document, file).get(*path, key), value, node, file)
    return changed


def append_item(
    text: str,
    document: int,
    path: Pointer,
    value: object,
    *,
    file: str,
) -> str:
    """Add an item at the end of a list, in the list's own style.

    Raises:
        EditRefused: there is no such list, or it is an empty block.
    """
    node = target(text, document, path, file)
    if node.kind is not NodeKind.SEQUENCE:
        raise refusal("it is no list", node, file)
    if node.style == "flow":
        changed = _into_flow(text, node, in_flow(value, quoted=is_json(node)))
    else:
        begin = _dash(text, node.items[-1])
        indent = text[text.rfind("\n", 0, begin) + 1 : begin]
        if indent.strip():
            raise refusal("its items share lines with something else", node, file)
        changed = _below(text, node, indent, lines([value]))
    _appended(text, changed, document, path, None, file)
    check_meant(root_of(changed, document, file).get(*path, len(node.items)), value, node, file)
    return changed


def duplicate_item(text: str, document: int, path: Pointer, index: int, *, file: str) -> str:
    """Repeat one item of a list behind its last item.

    Raises:
        EditRefused: there is no such item, or more than the list would change.
    """
    sequence = target(text, document, path, file)
    item = sequence.get(index)
    if sequence.kind is not NodeKind.SEQUENCE or item is None:
        raise refusal("it is no list with that item", sequence, file)
    if sequence.style == "flow":
        changed = _into_flow(text, sequence, text[item.start : item.end])
        return _appended(text, changed, document, path, item, file)
    start = text.rfind("\n", 0, _dash(text, item)) + 1
    copy = text[start : line_end(text, item.end)]
    at = line_end(text, sequence.end)
    changed = f"{text[:at]}{newline(text)}{copy}{text[at:]}"
    return _appended(text, changed, document, path, item, file)


def remove(text: str, document: int, path: Pointer, *, file: str) -> str:
    """Delete a key or a list item: its lines in block style, its text in flow style.

    Raises:
        EditRefused: it is not there, is the only one, or shares its lines with something else.
    """
    parent = target(text, document, path[:-1], file)
    if len(parent.entries) + len(parent.items) < _FEW:
        raise refusal("it stands alone; remove what holds it", parent, file)
    part = path[-1] if path else ""
    if isinstance(part, str):
        key, value = entry(text, document, path, file)
        begin, end = key.start, value.end
    else:
        item = target(text, document, path, file)
        begin, end = item.start, item.end
        begin = _dash(text, item) if parent.style == "block" else begin
    if parent.style == "flow":
        changed = _out_of_flow(text, parent, begin, end)
    else:
        start = text.rfind("\n", 0, begin) + 1
        if text[start:begin].strip():
            raise refusal("it shares its first line with something else", parent, file)
        stop = text.find("\n", end)
        changed = text[:start] + text[stop + 1 :]
        if stop < 0:
            changed = text[:start].removesuffix("\n").removesuffix("\r")
    if isinstance(part, str):
        return verified(text, changed, document, path, file=file)
    verified(text, changed, document, path[:-1], file=file)
    after = root_of(changed, document, file).get(*path[:-1])
    kept = [one for index, one in enumerate(parent.items) if index != part]
    return _held(changed, parent, kept, after.items if after else (), file)


def _appended(
    old: str, new: str, document: int, path: Pointer, copied: Node | None, file: str
) -> str:
    """Make sure that a list kept its items and got one more."""
    verified(old, new, document, path, file=file)
    before, after = (root_of(text, document, file).get(*path) for text in (old, new))
    assert before is not None, "it was changed just now"
    items = after.items if after else ()
    wanted = [*before.items, *([copied] if copied else items[-1:])]
    return _held(new, before, wanted, items, file)


def check_meant(found: Node | None, value: object, node: Node, file: str) -> None:
    """Make sure that a new value reads as what was to be written, whatever stands below it.

    Raises:
        EditRefused: it reads as something else.
    """
    alone = parse("".join(f"{line}\n" for line in lines([value])), file="new")[0]
    wanted = alone.get(0) if alone else None
    if found is None or wanted is None or not same(found, wanted):
        raise refusal("the new value would read as another", node, file)


def _held(new: str, node: Node, wanted: list[Node], items: tuple[Node, ...], file: str) -> str:
    if len(wanted) != len(items) or not all(map(same, wanted, items)):
        raise refusal("another item would change too", node, file)
    return new


def _below(text: str, node: Node, indent: str, added: Iterable[str]) -> str:
    """Add lines below a block collection's last content."""
    end = newline(text)
    at = line_end(text, node.end)
    return f"{text[:at]}{end}{end.join(indent + line for line in added)}{text[at:]}"


def _into_flow(text: str, node: Node, added: str) -> str:
    """Add to a flow collection; on a line of its own where the last entry has one."""
    if not node.entries and not node.items:
        return f"{text[: node.end - 1]}{added}{text[node.end - 1 :]}"
    first, last = node.entries[-1] if node.entries else (node.items[-1], node.items[-1])
    return f"{text[: last.end]},{flow_gap(text, node, first)}{added}{text[last.end :]}"


def flow_gap(text: str, node: Node, entry: Node) -> str:
    """Give what stands between a flow collection's entry and the comma before it."""
    start = text.rfind("\n", 0, entry.start) + 1
    head = text[start : entry.start]
    return f"{newline(text)}{head}" if start > node.start and not head.strip() else " "


def _out_of_flow(text: str, parent: Node, begin: int, end: int) -> str:
    starts = [k.start for k, _ in parent.entries] or [i.start for i in parent.items]
    ends = [v.end for _, v in parent.entries] or [i.end for i in parent.items]
    later = [at for at in starts if at > begin]
    if later:
        return text[:begin] + text[min(later) :]
    return text[: max(at for at in ends if at <= begin)] + text[end:]


def _dash(text: str, item: Node) -> int:
    return text.rindex("-", 0, item.start)


def is_json(node: Node) -> bool:
    """Whether a flow collection is written as JSON."""
    nodes = list(node.items)
    nodes += [key for key, _ in node.entries]
    nodes += [key for item in node.items for key, _ in item.entries]
    return any(one.style == '"' for one in nodes)


def in_flow(value: object, *, quoted: bool) -> str:
    """Write a value in flow style; `quoted` writes JSON."""
    if isinstance(value, dict | list) or value is None or (quoted and isinstance(value, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return repr(value)
    assert isinstance(value, str | int | Decimal), "a JSON value, or a Decimal"
    return written(value, style="", old="")
