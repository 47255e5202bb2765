"""What every change of a YAML text is held to: one target that may change, and nothing else."""

from gitops_canary.errors import EditRefused, Place, SpecError
from gitops_canary.manifest.compare import Pointer, differing
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.manifest.tree import real, within

_BY_HAND = "write the value by hand once, in the usual block style"


def root_of(text: str, document: int, file: str) -> Node:
    """Find a document's root.

    Raises:
        EditRefused: there is no such document, or it is empty.
    """
    roots = parse(text, file=file)
    root = roots[document] if document < len(roots) else None
    if root is None:
        raise EditRefused(
            f"There is no document {document + 1}.", remedy="fetch again", place=Place(file)
        )
    return root


def target(text: str, document: int, path: Pointer, file: str) -> Node:
    """Find a node that may be changed.

    Raises:
        EditRefused: there is none, or changing it would change or break something else.
    """
    root_of(text, document, file)
    roots = parse(text, file=file)
    document, at = within(roots, document)
    root, path = roots[document], (*at, *path)
    assert root is not None, "something stands in it"
    if isinstance(root.get("sops"), Node):
        raise refusal(
            "the document is encrypted by SOPS, whose checksum it would break", root, file
        )
    node: Node | None = root
    shared = {root.anchor}
    for part in path:
        above, node = node, node.get(part) if node else None
        if node is None or node.kind is NodeKind.ALIAS:
            raise refusal(f"{_missing(above, node)} ({spoken(path)})", above or root, file)
        shared.add(node.anchor)
    assert node is not None, "the root is there"
    _unshared(root, node, shared, file)
    return node


def entry(text: str, document: int, path: Pointer, file: str) -> tuple[Node, Node]:
    """Find a mapping's key and value, which may be changed.

    Raises:
        EditRefused: as `target`; or the path does not end in a key.
    """
    parent = target(text, document, path[:-1], file)
    part = path[-1] if path else None
    key = parent.key(part) if isinstance(part, str) else None
    if key is None:
        raise refusal(f"there is no key ({spoken(path)})", parent, file)
    return key, target(text, document, path, file)


def verified(old: str, new: str, document: int, path: Pointer, *, file: str) -> str:
    """Parse the new text and make sure that only the meant pointer differs.

    Raises:
        EditRefused: the new text is no YAML, or something else differs too.
    """
    document, at = within(parse(old, file=file), document)
    path = (*at, *path)
    before = real(parse(old, file=file))
    try:
        after = real(parse(new, file=file))
    except SpecError as error:
        raise EditRefused(
            f"The change would leave a file that is not YAML: {error.problem}",
            remedy=_BY_HAND,
            place=error.place,
        ) from error
    wrong = len(before) != len(after) or any(
        found[: len(path)] != path or index != document
        for index, (a, b) in enumerate(zip(before, after, strict=False))
        for found in differing(a, b)
    )
    if wrong:
        raise EditRefused(
            f"The change would touch more than {spoken(path)}.", remedy=_BY_HAND, place=Place(file)
        )
    return new


def line_end(text: str, at: int) -> int:
    """Find the end of the line that `at` stands on, before its line ending."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def newline(text: str) -> str:
    """Give the line ending of a text's first line."""
    end = text.find("\n")
    if end < 0:
        return "\r" if "\r" in text else "\n"
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def spoken(path: Pointer) -> str:
    """Write a pointer for people."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".") or "root"


def refusal(why: str, node: Node, file: str) -> EditRefused:
    """Say why a node cannot be changed."""
    return EditRefused(
        f"This cannot be changed safely: {why}.",
        remedy="write it as a plain value in block style, or bind another field",
        place=Place(file, node.line, node.column),
    )


def _missing(above: Node | None, node: Node | None) -> str:
    if node is not None:
        return "it is an alias"
    if above is not None and above.key("<<") is not None:
        return "there is nothing there, only what a merge key (<<) brings in"
    return "there is nothing there"


def _unshared(root: Node, node: Node, above: set[str | None], file: str) -> None:
    """Refuse a node that an alias elsewhere also stands for, as a whole or as a part."""
    anchors = (above | {n.anchor for n in node.walk()}) - {None}
    if not anchors:
        return
    shared = anchors & {n.value for n in root.walk() if n.kind is NodeKind.ALIAS}
    if shared:
        name = min(str(one) for one in shared)
        raise refusal(f"its anchor &{name} is used elsewhere, which would change too", node, file)
