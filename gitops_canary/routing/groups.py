"""Where the weighted lists of a kind lie."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitops_canary.manifest.document import Node, NodeKind, Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries that share traffic; `path` is the list they stand in, where it is one."""

    entries: tuple[Pointer, ...]
    path: Pointer | None = None


Groups = Callable[[Node], Iterator[Group]]
Claims = Callable[[Node], Iterator[str]]


def no_claims(_: Node) -> Iterator[str]:
    """Claim nothing: other objects name this one."""
    yield from ()


def words(root: Node, *path: str) -> tuple[str, ...]:
    """Give the texts of a list of scalars; empty where there is none."""
    node = root.get(*path)
    return tuple(item.value for item in node.items) if node else ()


def listed(*patterns: str) -> Groups:
    """Find lists by patterns such as `spec.http.*.route`; `*` is any item of a list."""

    def groups(root: Node) -> Iterator[Group]:
        for pattern in patterns:
            for path, node in _reached(root, tuple(pattern.split(".")), ()):
                if node.kind is NodeKind.SEQUENCE and node.items:
                    entries = tuple((*path, index) for index in range(len(node.items)))
                    yield Group(entries=entries, path=path)

    return groups


def _reached(node: Node, pattern: tuple[str, ...], at: Pointer) -> Iterator[tuple[Pointer, Node]]:
    if not pattern:
        yield at, node
        return
    first, *rest = pattern
    if first != "*":
        child = node.get(first) if node.kind is NodeKind.MAPPING else None
        if child is not None:
            yield from _reached(child, tuple(rest), (*at, first))
        return
    for index, item in enumerate(node.items):
        yield from _reached(item, tuple(rest), (*at, index))
