"""Where two YAML trees differ in meaning."""

from collections.abc import Iterator

from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.scalars import typed

Pointer = tuple[str | int, ...]


def same(a: Node, b: Node) -> bool:
    """Tell whether two nodes mean the same."""
    return not differing(a, b)


def differing(a: Node | None, b: Node | None) -> tuple[Pointer, ...]:
    """Give the smallest pointers at which two trees differ; empty where they mean the same."""
    return tuple(_differences(a, b, ()))


def _differences(a: Node | None, b: Node | None, at: Pointer) -> Iterator[Pointer]:
    if a is None or b is None:
        if a is not b:
            yield at
        return
    if a.kind is not b.kind or (a.tag, a.anchor) != (b.tag, b.anchor):
        yield at
    elif a.kind is NodeKind.MAPPING:
        yield from _in_mapping(a, b, at)
    elif a.kind is NodeKind.SEQUENCE:
        yield from _in_sequence(a, b, at)
    elif a.value != b.value or (a.kind is NodeKind.SCALAR and a.plain != b.plain and _typed(a, b)):
        yield at


def _in_sequence(a: Node, b: Node, at: Pointer) -> Iterator[Pointer]:
    if len(a.items) != len(b.items):
        yield at
        return
    for index, (one, other) in enumerate(zip(a.items, b.items, strict=True)):
        yield from _differences(one, other, (*at, index))


def _in_mapping(a: Node, b: Node, at: Pointer) -> Iterator[Pointer]:
    mine, others = _keys(a), _keys(b)
    if len(mine) < len(a.entries) or len(others) < len(b.entries):
        # Keys that are told apart by more than their names: the whole mapping is compared as one.
        pairs = zip(_all(a), _all(b), strict=False)
        if len(a.entries) != len(b.entries) or not all(same(one, other) for one, other in pairs):
            yield at
        return
    for name in mine.keys() | others.keys():
        yield from _differences(mine.get(name), others.get(name), (*at, name))


def _all(node: Node) -> Iterator[Node]:
    for pair in node.entries:
        yield from pair


def _keys(node: Node) -> dict[str, Node]:
    scalar = NodeKind.SCALAR  # which nearly every key is
    return {key.value if key.kind is scalar else _named(key): value for key, value in node.entries}


def _named(key: Node) -> str:
    """Give a key's name; of one that is a collection itself, what it means."""
    match key.kind:
        case NodeKind.SCALAR:
            return key.value
        case NodeKind.ALIAS:
            return f"*{key.value}"
        case NodeKind.SEQUENCE:
            return f"[{', '.join(map(_named, key.items))}]"
        case NodeKind.MAPPING:
            return f"{{{', '.join(f'{_named(k)}: {_named(v)}' for k, v in key.entries)}}}"


def _typed(a: Node, b: Node) -> bool:
    """Whether quoting makes a difference: `"1"` is text, `1` a number."""
    plain, quoted = (a, b) if a.plain else (b, a)
    return typed(plain.value) != quoted.value
