"""Where scalars stand, by our reader and by one that shares no code with it: tree-sitter.

    pip install tree-sitter tree-sitter-yaml        (not a dependency of anything else here)
    python benchmarks/yaml_spans.py <folder of YAML files>

An edit replaces the characters of one scalar, so the two have to agree on every one of them. Files
that tree-sitter reads with errors are counted and left out. Ends with 1 where a span differs.
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gitops_canary.errors import CanaryError
from gitops_canary.manifest.document import Node, NodeKind, parse

SCALARS = {"plain_scalar", "single_quote_scalar", "double_quote_scalar"}
"""Blocks (`|`, `>`) are left out: they are edited line by line, and not by their span."""
SHOWN = 10


def ours(node: Node, text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of plain and quoted scalars, without anchors and tags before them."""
    if node.kind is NodeKind.SCALAR and node.style in {"", "'", '"'} and node.end > node.start:
        start = node.start
        while text[start] in "&!":
            word = next(i for i in range(start, node.end + 1) if i == node.end or text[i].isspace())
            start = word + len(text[word : node.end]) - len(text[word : node.end].lstrip())
        if start < node.end:
            yield start, node.end
    for key, value in node.entries:
        yield from ours(key, text)
        yield from ours(value, text)
    for item in node.items:
        yield from ours(item, text)


def theirs(node: Any) -> Iterator[tuple[int, int]]:
    """Give the spans of plain and quoted scalars, in bytes."""
    stack = [node]
    while stack:
        one = stack.pop()
        if one.type in SCALARS:
            yield one.start_byte, one.end_byte
        else:
            stack.extend(one.children)


def main() -> int:
    """Compare every file and print what differs."""
    languages, tree_sitter = (
        importlib.import_module(n) for n in ("tree_sitter_yaml", "tree_sitter")
    )
    parser = tree_sitter.Parser(tree_sitter.Language(languages.language()))
    files = scalars = broken = unread = 0
    differing: list[str] = []
    for path in sorted(p for p in Path(sys.argv[1]).rglob("*") if p.is_file()):
        raw = path.read_bytes()
        try:
            text = raw.decode()
            roots = parse(text, file=path.name)
        except (CanaryError, UnicodeDecodeError):
            unread += 1
            continue
        tree = parser.parse(raw)
        if tree.root_node.has_error:
            broken += 1
            continue
        files += 1
        mine = {span for root in roots if root for span in ours(root, text)}
        bytes_of = (
            [len(text[:i].encode()) for i in range(len(text) + 1)] if not text.isascii() else None
        )
        if bytes_of:
            mine = {(bytes_of[a], bytes_of[b]) for a, b in mine}
        other = set(theirs(tree.root_node))
        scalars += len(mine)
        differing += [f"{path.name}: {raw[a:b]!r}" for a, b in sorted(mine - other)]
    print(f"{scalars} scalars of {files} files, {len(differing)} spans differ;")
    print(f"{broken} files that tree-sitter cannot read, {unread} that we refuse")
    print("\n".join(differing[:SHOWN]))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
