"""A text without some items of its lists: less to try edits on that leave these alone."""

import re
from collections.abc import Collection

from gitops_canary.errors import SpecError
from gitops_canary.manifest.compare import same
from gitops_canary.manifest.document import Node, Pointer, parse
from gitops_canary.manifest.tree import NodeKind

_SHARED = re.compile(r"(?:^|[\s\[{,])[&*]\S")
"""What may be an anchor or an alias: it ties two parts of a text together."""


def without(text: str, document: int, items: Collection[Pointer]) -> str | None:
    """Leave items of block lists out; None where that cannot be done plainly.

    What is left means what it did, and stands in its lines in the bytes it did.
    """
    roots = parse(text, file="")
    root = roots[document]
    if root is None or not items or _SHARED.search(text):
        return None
    cuts: list[tuple[int, int]] = []
    for at in dict.fromkeys(item[:-1] for item in items):
        node = root.get(*at)
        if node is None or node.kind is not NodeKind.SEQUENCE or node.style != "block":
            return None
        ends = [node.start, *(item.end for item in node.items)]
        gone = [n for n in range(len(node.items)) if (*at, n) in items]
        cuts += ((ends[n], ends[n + 1]) for n in gone)
        root = _pruned(root, at, frozenset(gone))
    rest = text
    for start, end in sorted(cuts, reverse=True):
        rest = rest[:start] + rest[end:]
    try:
        left = parse(rest, file="")
    except SpecError:
        return None
    now = left[document] if len(left) == len(roots) else None
    return rest if now is not None and same(now, root) else None


def _pruned(node: Node, at: Pointer, gone: frozenset[int]) -> Node:
    """Take items out of the list at a pointer."""
    if not at:
        return node._replace(items=tuple(i for n, i in enumerate(node.items) if n not in gone))
    first, *rest = at
    if isinstance(first, int):
        inner = _pruned(node.items[first], tuple(rest), gone)
        return node._replace(items=(*node.items[:first], inner, *node.items[first + 1 :]))
    return node._replace(
        entries=tuple(
            (key, _pruned(value, tuple(rest), gone) if key.value == first else value)
            for key, value in node.entries
        )
    )
