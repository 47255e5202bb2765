"""Writing a node in flow style, for a place inside of brackets, where no block can stand."""

import json

from gitops_canary.manifest.guard import refusal
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.scalars import typed, written


def flowed(node: Node, *, quoted: bool, file: str, indent: str = "") -> str:
    """Write a node in flow style; its comments are left behind.

    `quoted` writes JSON. With `indent`, what stands before a line's content in front of it, every
    entry gets a line of its own, two spaces further in.

    Raises:
        EditRefused: it holds an alias, an anchor or a tag.
    """
    if node.kind is NodeKind.ALIAS or node.anchor or node.tag:
        raise refusal("an alias, an anchor or a tag has no place in brackets", node, file)
    if node.kind is NodeKind.SCALAR:
        return _scalar(node, quoted=quoted)
    inner = f"{indent}  " if indent else ""

    def below(one: Node) -> str:
        return flowed(one, quoted=quoted, file=file, indent=inner)

    if node.kind is NodeKind.SEQUENCE:
        return _joined("[]", [below(item) for item in node.items], indent, inner)
    entries = [f"{below(key)}: {below(value)}" for key, value in node.entries]
    return _joined("{}", entries, indent, inner)


def _scalar(node: Node, *, quoted: bool) -> str:
    if node.plain and not isinstance(typed(node.value), str):
        return node.value or "null"
    if quoted or node.style:
        return json.dumps(node.value, ensure_ascii=False)
    return written(node.value, style="", old="")


def _joined(brackets: str, parts: list[str], indent: str, inner: str) -> str:
    if not indent or not parts:
        return brackets[0] + ", ".join(parts) + brackets[1]
    return brackets[0] + inner + f",{inner}".join(parts) + indent + brackets[1]
