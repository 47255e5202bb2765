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
    if mine is None or others is None:
        # Complex keys: the whole mapping is compared as one.
        if [(k.value, v.value) for k, v in a.entries] != [(k.value, v.value) for k, v in b.entries]:
            yield at
        return
    for name in mine.keys() | others.keys():
        yield from _differences(mine.get(name), others.get(name), (*at, name))


def _keys(node: Node) -> dict[str, Node] | None:
    if any(
        key.kind is NodeKind.MAPPING or key.kind is NodeKind.SEQUENCE for key, _ in node.entries
    ):
        return None
    return {
        f"*{key.value}" if key.kind is NodeKind.ALIAS else key.value: value
        for key, value in node.entries
    }


def _typed(a: Node, b: Node) -> bool:
    """Whether quoting makes a difference: `"1"` is text, `1` a number."""
    plain, quoted = (a, b) if a.plain else (b, a)
    return typed(plain.value) != quoted.value
