"""Edits at any place of any text: the model's and nothing else, or a refusal with its place."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from gitops_canary.errors import EditRefused, SpecError
from gitops_canary.manifest import document, inserting
from gitops_canary.manifest.document import Node, NodeKind, Pointer, parse

FILE = "hostile.yaml"
WORDS = (
    "new", "1.20", "2024", "0x1F", "1e3", "on", "acme/web:2", "acme/web@sha256:00", "a: b", "x #y",
    "it's", 'say "x"', "- q", "{a}", "*al", "", "~", "ünï", "a\\b", "tab\tx", "host:5000/a:1",
    "two\nlines", "trail ", "x\u2028y", "?", ":", "a:", "#", "%x", "---", "...", "012", "1_0",
)  # fmt: skip
_VALUES = ("new", "1.20", 7, ["a", {"b": "c, d"}], {"k": "2", "on": "yes"}, None, "multi\nline")
_LATER_MARK = re.compile("[\r\n\x85\u2028\u2029] *\ufeff")
_BREAK = re.compile("\r\n|\r|\n")
Edit = Callable[[str, int, Pointer, Random, Any], str]


class Inexact(AssertionError):  # noqa: N818 - named for what it says
    """An edit went through and is not what was meant."""


def read(text: str) -> list[Any]:
    """Read every document: every scalar as its text, mappings as entries.

    The pure reader shares no code with ours; some tabs and blank lines only libyaml reads, and a
    mark at the beginning of a later line is no letter to it, as to Kubernetes.
    """
    try:
        return _read(text, pure=not _LATER_MARK.search(text))
    except YAMLError:
        return _read(text, pure=False)


def _read(text: str, *, pure: bool) -> list[Any]:
    events = iter(YAML(typ="safe", pure=pure).parse(text.removeprefix("\ufeff")))
    return [_built(next(events), events) for e in events if isinstance(e, DocumentStartEvent)]


def _built(event: Any, events: Iterator[Any]) -> Any:
    if isinstance(event, ScalarEvent):
        return event.value
    if isinstance(event, AliasEvent):
        return f"*{event.anchor}"
    inside = []
    while not isinstance(one := next(events), MappingEndEvent | SequenceEndEvent):
        inside.append(_built(one, events))
    if isinstance(event, MappingStartEvent):
        return [list(pair) for pair in zip(inside[::2], inside[1::2], strict=True)], "mapping"
    return inside


def _child(tree: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return tree[part]
    return next(value for key, value in tree[0] if key == part)


def _at(tree: Any, path: Pointer) -> Any:
    for part in path:
        tree = _child(tree, part)
    return tree


def _put(tree: Any, path: Pointer, new: Any) -> None:
    above, part = _at(tree, path[:-1]), path[-1]
    if isinstance(part, int):
        above[part] = new
    else:
        next(entry for entry in above[0] if entry[0] == part)[1] = new


def model(value: object) -> Any:
    """Give a value as `read` would."""
    if isinstance(value, dict):
        return [[key, model(inner)] for key, inner in value.items()], "mapping"
    if isinstance(value, list):
        return [model(inner) for inner in value]
    return "null" if value is None else str(value)


def scalar(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    new = random.choice(WORDS)
    changed = document.set_scalar(text, doc, path, new, file=FILE)
    _put(tree, path, new)
    return changed


def held(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    """Change one line of the text that a scalar holds."""
    old = _at(tree, path)
    lines = old.split("\n")
    lines[random.randrange(len(lines))] = random.choice(("changed", "  x: 1", "one\ntwo"))
    new = "\n".join(lines)
    changed = document.set_text(text, doc, path, new, file=FILE)
    _put(tree, path, new)
    return changed


def key(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    value, name = random.choice(_VALUES), random.choice(("zz", "on", "a/b", "1", "x y"))
    changed = document.insert_key(text, doc, path, name, value, file=FILE)
    _at(tree, path)[0].append([name, model(value)])
    return changed


def item(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    value = random.choice(_VALUES)
    changed = document.append_item(text, doc, path, value, file=FILE)
    _at(tree, path).append(model(value))
    return changed


def between(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    value, found = random.choice(_VALUES), _at(tree, path)
    index = random.randrange(len(found) or 1)
    changed = inserting.insert_item(text, doc, path, index, value, file=FILE)
    found.insert(index, model(value))
    return changed


def copy(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    found = _at(tree, path)
    index = random.randrange(len(found) or 1)
    changed = document.duplicate_item(text, doc, path, index, file=FILE)
    found.append(found[index])
    return changed


def gone(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    del random
    changed = document.remove(text, doc, path, file=FILE)
    above = _at(tree, path[:-1])
    if isinstance(path[-1], int):
        del above[path[-1]]
    else:
        above[0].remove(next(entry for entry in above[0] if entry[0] == path[-1]))
    return changed


EDITS: Mapping[Edit, frozenset[NodeKind]] = {
    scalar: frozenset({NodeKind.SCALAR}),
    held: frozenset({NodeKind.SCALAR}),
    key: frozenset({NodeKind.MAPPING}),
    item: frozenset({NodeKind.SEQUENCE}),
    between: frozenset({NodeKind.SEQUENCE}),
    copy: frozenset({NodeKind.SEQUENCE}),
    gone: frozenset(NodeKind),
}
"""Every edit, and at what it is aimed."""


def pointers(node: Node, at: Pointer = ()) -> Iterator[tuple[Pointer, Node]]:
    """Give every place of a tree; what lies below a complex key or an alias has none."""
    yield at, node
    for name, value in node.entries:
        if name.kind is NodeKind.SCALAR:
            yield from pointers(value, (*at, name.value))
    for index, one in enumerate(node.items):
        yield from pointers(one, (*at, index))


def tried(text: str, edit: Edit, random: Random) -> str:
    """Make one edit at a random place; tell what came of it: made, or why not.

    Raises:
        Inexact: it went through, and more or something else changed.
    """
    try:
        roots = parse(text, file=FILE)
    except SpecError as error:
        return f"unread: {error.problem[:30]}"
    try:
        trees = read(text)
    except (YAMLError, ValueError, AttributeError) as error:
        return f"the other reader: {type(error).__name__}"
    found = [(d, p, n) for d, r in enumerate(roots) if r for p, n in pointers(r)]
    fitting = [one for one in found if one[2].kind in EDITS[edit] and one[1] != ()]
    if not fitting:
        return "no place"
    doc, path, node = random.choice(fitting)
    if len(roots) != len(trees):
        raise Inexact(f"{len(roots)} documents, another reader finds {len(trees)}")
    try:
        changed = edit(text, doc, path, random, trees[doc])
    except EditRefused as error:
        if error.place is None or not error.remedy:
            raise Inexact(f"a refusal without place or remedy: {error}") from error
        return f"refused: {error.problem.partition(':')[2][:40] or error.problem[:40]}"
    _held_to(text, changed, edit, node, trees, f"{edit.__name__} at {doc} {path}")
    return "made"


def _held_to(text: str, changed: str, edit: Edit, node: Node, trees: list[Any], what: str) -> None:
    try:
        after = read(changed)
    except (YAMLError, ValueError) as error:
        raise Inexact(f"{what}: another reader cannot read it: {error}") from error
    if after != trees:
        raise Inexact(f"{what}: another reader finds something else")
    if edit in {scalar, held}:
        wrong = _around(text, changed, node)
    elif edit is gone:
        wrong = _without(text, changed, node)
    else:
        wrong = _with(text, changed, node)
    ends = set(_BREAK.findall(text))
    if len(ends) == 1 and ends != set(_BREAK.findall(changed)) != set():
        wrong = "a line ends otherwise than the others"
    if wrong:
        raise Inexact(f"{what}: {wrong}")


def _around(text: str, changed: str, node: Node) -> str:
    outside = text[: node.start], text[node.end :]
    same = changed.startswith(outside[0]) and changed.endswith(outside[1])
    return "" if same else "bytes outside of the scalar changed"


def _without(text: str, changed: str, node: Node) -> str:
    flow = node.style == "flow" or "," in text
    return "a line was added or changed" if not flow and lines(changed) - lines(text) else ""


def _with(text: str, changed: str, node: Node) -> str:
    lost = (lines(text) - lines(changed)).total()
    most = 0 if node.style == "block" else len(_BREAK.findall(text, node.start, node.end)) + 1
    if lost > most:
        return f"{lost} lines changed, not only added to"
    return "a comment is lost" if comments(text) - comments(changed) else ""


def lines(text: str) -> Counter[str]:
    """Count the lines of a text, their endings aside."""
    return Counter(_BREAK.split(text))


def comments(text: str) -> Counter[str]:
    """Count the lines that are comments; what looks like one inside of a text is none."""
    found: Counter[str] = Counter()
    inside = {
        at
        for root in parse(text, file=FILE)
        for node in (root.walk() if root else ())
        if node.kind is NodeKind.SCALAR and node.style != ""
        for at in range(node.start, node.end)
    }
    for line in re.finditer(r"[^\r\n]+", text):
        if line[0].lstrip().startswith("#") and line.start() not in inside:
            found[line[0].strip()] += 1
    return found
