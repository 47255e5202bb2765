"""What a YAML text is taken apart into, and documents that stand inside of others."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple


class NodeKind(Enum):
    """What a node is."""

    SCALAR = "scalar"
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    ALIAS = "alias"


class Node(NamedTuple):
    """One node. `start` and `end` are offsets in the text, `end` behind its last content.

    Comments and blank lines after the content are not part of a node. Lines and columns count
    from 1. (A named tuple because files have thousands, and it is made in a third of the time.)
    """

    kind: NodeKind
    start: int
    end: int
    line: int
    column: int
    value: str = ""
    """Of a scalar its unescaped text, of an alias its name."""
    style: str = ""
    """Of a scalar: empty (plain), `'`, `"`, `|` or `>`; of a collection: `flow` or `block`."""
    tag: str | None = None
    anchor: str | None = None
    entries: tuple[tuple["Node", "Node"], ...] = ()
    items: tuple["Node", ...] = ()

    @property
    def plain(self) -> bool:
        """Whether this is a scalar without quotes."""
        return self.kind is NodeKind.SCALAR and not self.style

    def get(self, *path: str | int) -> "Node | None":
        """Follow keys (str) and indices (int); None where there is nothing."""
        node = self
        for part in path:
            if isinstance(part, int):
                if not 0 <= part < len(node.items):
                    return None
                node = node.items[part]
                continue
            for key, value in node.entries:
                if key.value == part:
                    node = value
                    break
            else:
                return None
        return node

    def word(self, *path: str | int) -> str:
        """Read a scalar; empty where there is none."""
        node = self.get(*path)
        return node.value if node is not None and node.kind is NodeKind.SCALAR else ""

    def words(self, *path: str | int) -> dict[str, str]:
        """Read the scalars of a mapping; empty where there is none."""
        node = self.get(*path)
        pairs = node.entries if node is not None else ()
        return {key.value: value.value for key, value in pairs if value.kind is NodeKind.SCALAR}

    def key(self, name: str) -> "Node | None":
        """Find the node of a mapping's key itself."""
        return next((k for k, _ in self.entries if k.value == name), None)

    def walk(self) -> Iterator["Node"]:
        """Give this node and everything below it, in the text's order."""
        yield self
        for key, value in self.entries:
            yield from key.walk()
            yield from value.walk()
        for item in self.items:
            yield from item.walk()


def listed(root: Node | None) -> tuple[Node, ...]:
    """Give the documents that one of kind `List` holds; none of any other."""
    kind = root.get("kind") if root is not None else None
    if root is None or kind is None or not kind.value.endswith("List"):
        return ()
    items = root.get("items")
    return tuple(one for one in items.items if one.get("kind") is not None) if items else ()


def real(roots: Sequence[Node | None]) -> Sequence[Node | None]:
    """Leave out of what `parse` gave the documents that stand inside of another one."""
    inside = 0
    for count, root in enumerate(roots):
        if count + inside == len(roots):
            return roots[:count]
        inside += len(listed(root))
    return roots


def within(roots: Sequence[Node | None], document: int) -> tuple[int, tuple[str | int, ...]]:
    """Tell in which document of the text one stands, and at which pointer: of most at none."""
    whole = real(roots)
    if document < len(whole):
        return document, ()
    at = document - len(whole)
    for index, root in enumerate(whole):
        found = listed(root)
        if at < len(found):
            items = root.get("items") if root else None
            assert items is not None, "it holds some"
            return index, ("items", next(n for n, i in enumerate(items.items) if i is found[at]))
        at -= len(found)
    raise AssertionError("it is one of these")
