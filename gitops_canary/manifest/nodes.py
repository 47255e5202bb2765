"""YAML as a tree of nodes that know where in the text they stand.

The parser's events come from libyaml (ruamel.yaml.clib); positions are code points of the text.
Bombs are stopped by size, bracket depth, nesting and alias count before anything is built.
"""

import re
from collections.abc import Iterator
from typing import Any

from _ruamel_yaml import CParser  # ruamel.yaml.clib
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.tree import Node, NodeKind, listed
from gitops_canary.model.kept import Kept

__all__ = ["BOM", "PARSED", "SIZE_MAX", "Node", "NodeKind", "parse"]

SIZE_MAX = 1_048_576
SLOW_SIZE_MAX = 131_072
DEPTH_MAX = 64
BRACKETS_MAX = 1000
ALIASES_MAX = 64
BOM = "\ufeff"
_KEPT_MAX = 1 << 17
"""Characters; taken apart, each takes some 40 bytes. It is enough for all files of some canaries,
which are looked at one after another; what was made of the others is kept by who made it."""
_BRACKET = re.compile(r"[\[\]{}]")


PARSED: Kept[tuple[str, str], tuple[Node | None, ...]] = Kept(_KEPT_MAX)
"""What `parse` gave last, by text and file."""


def parse(text: str, *, file: str) -> tuple[Node | None, ...]:
    """Parse every document of a text; None for an empty one. The last ones are kept.

    The items of documents of kind `List` follow as documents of their own, as `kubectl get -o yaml`
    writes them and Kubernetes applies them; `within` tells where they stand.

    Raises:
        SpecError: it is not YAML, has a duplicate key, or is too large or too deep to be honest.
    """
    found = PARSED.get((text, file))
    if found is None:
        roots = _parse(text, file)
        items = (item for root in roots for item in listed(root))
        found = PARSED.keep((text, file), (*roots, *items), len(text))
    return found


def _parse(text: str, file: str) -> tuple[Node | None, ...]:
    _prescan(text, file)
    body = text.removeprefix(BOM)
    shift = len(text) - len(body)
    try:
        try:
            return _Builder(text, shift, file).documents(_events(body))
        except MarkedYAMLError as error:
            if len(body) > SLOW_SIZE_MAX:
                raise
            # The C parser is older than YAML 1.2 and refuses `{image: a/b:1}`, which is valid; the
            # slow one decides. It gives the same positions, empty values aside (see `_value`).
            return _slowly(text, shift, file, error)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise _invalid(f"This is not YAML: {error.problem or error.context}.", place) from error
    except YAMLError as error:
        raise _invalid(f"This is not YAML: {error}.", Place(file)) from error


def _slowly(text: str, shift: int, file: str, first: MarkedYAMLError) -> tuple[Node | None, ...]:
    """Parse with the slow parser; where both refuse, the one that came further tells why."""
    try:
        events = YAML(typ="safe", pure=True).parse(text[shift:])
        return _Builder(text, shift, file).documents(events)
    except MarkedYAMLError as second:
        raise max(first, second, key=_reached) from second


def _reached(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return int(mark.index) if mark else 0


def _events(body: str) -> Iterator[Any]:
    parser = CParser(body)
    event = parser.get_event()
    while not isinstance(event, StreamEndEvent):
        yield event
        event = parser.get_event()


def _prescan(text: str, file: str) -> None:
    if len(text) > SIZE_MAX:
        raise _invalid(f"The file has more than {SIZE_MAX} characters.", Place(file))
    if text.count("[") + text.count("{") <= BRACKETS_MAX:
        return
    depth = deepest = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > BRACKETS_MAX:
        raise _invalid(f"Brackets are nested more than {BRACKETS_MAX} deep.", Place(file))


def _invalid(problem: str, place: Place) -> SpecError:
    return SpecError(problem, remedy="correct the file; `gitops-canary lint` reads it", place=place)


class _Builder:
    """Turns events into nodes; recursion is bounded by DEPTH_MAX."""

    def __init__(self, text: str, shift: int, file: str) -> None:
        self._text = text
        self._shift = shift
        self._file = file
        self._aliases = 0

    def documents(self, events: Iterator[Any]) -> tuple[Node | None, ...]:
        roots: list[Node | None] = []
        for event in events:
            if type(event) is DocumentStartEvent:
                root = self._node(next(events), events, 0)
                empty = root.kind is NodeKind.SCALAR and root.start == root.end and root.plain
                roots.append(None if empty else root)
        return tuple(roots)

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise _invalid(f"Nested more than {DEPTH_MAX} deep.", self._place(event))
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is MappingStartEvent:
            return self._mapping(event, events, depth)
        if kind is not AliasEvent:
            return self._sequence(event, events, depth)
        self._aliases += 1
        if self._aliases > ALIASES_MAX:
            raise _invalid(f"More than {ALIASES_MAX} aliases.", self._place(event))
        return self._make(event, NodeKind.ALIAS, value=str(event.anchor))

    def _scalar(self, event: Any) -> Node:
        end = event.end_mark.index + self._shift
        if event.style in {"|", ">"}:
            end = len(self._text[:end].rstrip())
        return self._make(
            event, NodeKind.SCALAR, end=end, value=event.value, style=event.style or ""
        )

    def _mapping(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        entries: list[tuple[Node, Node]] = []
        seen: set[str] = set()
        for inner in events:
            if type(inner) is MappingEndEvent:
                break
            key = self._node(inner, events, depth + 1)
            if key.kind is NodeKind.SCALAR:
                if key.value in seen:
                    place = Place(self._file, key.line, key.column)
                    raise _invalid(f"The key {key.value!r} stands here twice.", place)
                seen.add(key.value)
            entries.append((key, self._value(key, next(events), events, depth)))
        end = entries[-1][1].end if entries else None
        return self._collection(event, inner, NodeKind.MAPPING, end, entries=tuple(entries))

    def _value(self, key: Node, event: Any, events: Iterator[Any], depth: int) -> Node:
        """Build an entry's value; an empty one stands right behind its colon."""
        node = self._node(event, events, depth + 1)
        if not node.plain or node.start != node.end or node.anchor or node.tag:
            return node
        colon = self._text.find(":", key.end)
        at = colon + 1 if 0 <= colon < node.start else node.start
        return node._replace(start=at, end=at, line=key.line)

    def _sequence(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        items: list[Node] = []
        for inner in events:
            if type(inner) is SequenceEndEvent:
                break
            items.append(self._node(inner, events, depth + 1))
        end = items[-1].end if items else None
        return self._collection(event, inner, NodeKind.SEQUENCE, end, items=tuple(items))

    def _collection(
        self, event: Any, last: Any, kind: NodeKind, content_end: int | None, **inside: Any
    ) -> Node:
        flow = bool(event.flow_style)
        end = last.end_mark.index + self._shift
        if not flow and content_end is not None:
            end = content_end
        return self._make(event, kind, end=end, style="flow" if flow else "block", **inside)

    def _make(
        self,
        event: Any,
        kind: NodeKind,
        *,
        end: int | None = None,
        value: str = "",
        style: str = "",
        entries: tuple[tuple[Node, Node], ...] = (),
        items: tuple[Node, ...] = (),
    ) -> Node:
        mark = event.start_mark
        alias = kind is NodeKind.ALIAS
        return Node(
            kind,
            mark.index + self._shift,
            event.end_mark.index + self._shift if end is None else end,
            mark.line + 1,
            mark.column + 1,
            value,
            style,
            None if alias else event.tag,
            None if alias else event.anchor,
            entries,
            items,
        )

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)
