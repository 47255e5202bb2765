"""What a change looks like to a reader of the record: changed lines alone, and none of a Secret.

The evidence branch and what is exported from it reach more readers than the manifests do. A line
beside a changed one may hold anything, so it is not copied.
"""

import difflib
from collections.abc import Iterator

from gitops_canary.errors import SpecError
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.model.names import Path

HIDDEN = "(a line of a Secret)\n"
_MARK = "\0"
"""In front of a Secret's line; no manifest holds it (`document.text_of`)."""
Span = tuple[int, int]


def diff(path: Path, before: str, after: str) -> str:
    """Write a unified diff without context; of a Secret it tells where and how many lines."""
    return _unified(path, _marked(path, before), _marked(path, after), 0)


def diff_around(path: Path, before: str, after: str) -> str:
    """Write a unified diff with three lines of context, as decisions held it at first."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return _unified(path, old, new, 3)


def _unified(path: Path, before: list[str], after: list[str], context: int) -> str:
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", n=context)
    return "".join(map(_shown, lines))


def _shown(line: str) -> str:
    if line[1:2] == _MARK:
        return f"{line[0]}{HIDDEN}"
    return line if line.endswith("\n") else f"{line}\n"


def _marked(path: Path, text: str) -> list[str]:
    """Give the lines of a text, those that lie in a Secret with a mark in front."""
    spans = list(_secrets(path, text))
    marked, start = [], 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        hidden = any(first < end and start < last for first, last in spans)
        marked.append(_MARK + line if hidden else line)
        start = end
    return marked


def _secrets(path: Path, text: str) -> Iterator[Span]:
    """Find where Secrets lie, comments before and behind included; none in what is no YAML."""
    if "Secret" not in text:
        return
    try:
        roots = [root for root in parse(text, file=path) if root is not None]
    except SpecError:
        return
    ends = [0, *(root.end for root in roots)]
    starts = [*(root.start for root in roots[1:]), len(text)]
    for root, before, behind in zip(roots, ends, starts, strict=False):
        if _is_secret(root):
            yield before, behind
        else:
            yield from ((node.start, node.end) for node in root.walk() if _is_secret(node))


def _is_secret(node: Node) -> bool:
    kind = node.get("kind") if node.kind is NodeKind.MAPPING else None
    return kind is not None and kind.value == "Secret"
