"""Edits of texts in any layout: read by another reader, the model's edit and nothing else."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_layouts import WORDS, odd
from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from gitops_canary.errors import EditRefused, SpecError
from gitops_canary.manifest import document
from gitops_canary.manifest.document import Node, NodeKind, Pointer, parse

FILE = "odd.yaml"
_VALUES = ("new", "1.20", ["a", {"b": "c, d"}], {"k": "2"})


def read(text: str) -> list[Any]:
    """Read every document by the pure reader, every scalar as the text it is."""
    events = iter(YAML(typ="safe", pure=True).parse(text.removeprefix("\ufeff")))
    return [
        built(next(events), events) for event in events if isinstance(event, DocumentStartEvent)
    ]


def built(event: object, events: Iterator[object]) -> Any:
    if isinstance(event, ScalarEvent):
        return event.value
    if isinstance(event, AliasEvent):
        return f"*{event.anchor}"
    inside = []
    while not isinstance(one := next(events), MappingEndEvent | SequenceEndEvent):
        inside.append(built(one, events))
    if isinstance(event, MappingStartEvent):
        return dict(zip(inside[::2], inside[1::2], strict=True))
    return inside


def pointers(node: Node, at: Pointer = ()) -> Iterator[tuple[Pointer, Node]]:
    for key, value in node.entries:
        yield (*at, key.value), value
        yield from pointers(value, (*at, key.value))
    for index, item in enumerate(node.items):
        yield (*at, index), item
        yield from pointers(item, (*at, index))


def comments(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


def _set(tree: Any, path: Pointer, new: object) -> None:
    for part in path[:-1]:
        tree = tree[part]
    tree[path[-1]] = new


def _at(tree: Any, path: Pointer) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def scalar(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    new = random.choice(WORDS)
    changed = document.set_scalar(text, doc, path, new, file=FILE)
    _set(tree, path, new)
    return changed


def key(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    value = random.choice(_VALUES)
    changed = document.insert_key(text, doc, path, "zz", value, file=FILE)
    _at(tree, path)["zz"] = value
    return changed


def item(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    value = random.choice(_VALUES)
    changed = document.append_item(text, doc, path, value, file=FILE)
    _at(tree, path).append(value)
    return changed


def copy(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    del random
    changed = document.duplicate_item(text, doc, path, 0, file=FILE)
    _at(tree, path).append(_at(tree, path)[0])
    return changed


def gone(text: str, doc: int, path: Pointer, random: Random, tree: Any) -> str:
    del random
    changed = document.remove(text, doc, path, file=FILE)
    del _at(tree, path[:-1])[path[-1]]
    return changed


ANY = frozenset(NodeKind)


@pytest.mark.parametrize(
    ("edit", "kinds"),
    [
        (scalar, {NodeKind.SCALAR}),
        (key, {NodeKind.MAPPING}),
        (item, {NodeKind.SEQUENCE}),
        (copy, {NodeKind.SEQUENCE}),
        (gone, ANY),
    ],
)
@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_an_edit_of_any_layout_is_the_models_or_is_refused(
    edit: Callable[[str, int, Pointer, Random, Any], str], kinds: set[NodeKind], seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - a layout, no secret
    text = odd(random)
    try:
        roots, trees = parse(text, file=FILE), read(text)
    except SpecError:
        return  # a key twice
    doc = random.randrange(len(roots))
    root = roots[doc]
    assert root is not None
    fitting = [path for path, node in pointers(root) if node.kind in kinds]
    path = random.choice(fitting or [("nowhere",)])
    try:
        changed = edit(text, doc, path, random, trees[doc])
    except EditRefused:
        return
    assert read(changed) == trees
    node = root.get(*path)
    assert node is not None
    if edit is gone:
        stop = text.find("\n", node.end)
        assert stop < 0 or changed.endswith(text[stop + 1 :])
    else:
        lost = Counter(text.splitlines()) - Counter(changed.splitlines())
        whole = edit is not scalar and node.style == "block"
        assert lost.total() <= (0 if whole else text[node.start : node.end].count("\n") + 1)
        assert not comments(text) - comments(changed)
    if "\n" not in text.replace("\r\n", ""):
        assert "\n" not in changed.replace("\r\n", "")
