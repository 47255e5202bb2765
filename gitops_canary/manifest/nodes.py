"""YAML as a tree of nodes that know where in the text they stand.

The parser's events come from libyaml (ruamel.yaml.clib); positions are code points of the text.
Bombs are stopped by size, bracket depth, nesting and alias count before anything is built.
"""

import re
from collections.abc import Callable
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
from ruamel.yaml.reader import ReaderError

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.tree import Node, NodeKind, listed
from gitops_canary.model.kept import Kept, passing

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
_SCALAR = NodeKind.SCALAR
_made = tuple.__new__
"""Makes a named tuple of all its fields in a third of the time that its class takes."""


PARSED = passing(Kept[str, tuple[Node | None, ...]](_KEPT_MAX))
"""What `parse` gave last, by text: in which file that stands only matters for what is wrong."""


def parse(text: str, *, file: str) -> tuple[Node | None, ...]:
    """Parse every document of a text; None for an empty one. The last ones are kept.

    The items of documents of kind `List` follow as documents of their own, as `kubectl get -o yaml`
    writes them and Kubernetes applies them; `within` tells where they stand.

    Raises:
        SpecError: it is not YAML, has a duplicate key, or is too large or too deep to be honest.
    """
    found = PARSED.get(text)
    if found is None:
        roots = _parse(text, file)
        items = (item for root in roots for item in listed(root))
        found = PARSED.keep(text, (*roots, *items), len(text))
    return found


def _parse(text: str, file: str) -> tuple[Node | None, ...]:
    _prescan(text, file)
    body = text.removeprefix(BOM)
    shift = len(text) - len(body)
    try:
        try:
            return _Builder(text, shift, file, CParser(body).get_event).documents()
        except MarkedYAMLError as error:
            if len(body) > SLOW_SIZE_MAX:
                raise
            # The C parser is older than YAML 1.2 and refuses `{image: a/b:1}`, which is valid; the
            # slow one decides. It gives the same positions, empty values aside (see `_behind`).
            return _slowly(text, shift, file, error)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise _invalid(f"This is not YAML: {error.problem or error.context}.", place) from error
    except ReaderError as error:
        character = chr(error.character)
        problem = f"This is not YAML: the character U+{error.character:04X} is not allowed."
        raise _invalid(problem, Place.behind(file, text.partition(character)[0])) from error
    except YAMLError as error:
        raise _invalid(f"This is not YAML: {error}.", Place(file)) from error


def _slowly(text: str, shift: int, file: str, first: MarkedYAMLError) -> tuple[Node | None, ...]:
    """Parse with the slow parser; where both refuse, the one that came further tells why."""
    try:
        events = iter(YAML(typ="safe", pure=True).parse(text[shift:]))
        return _Builder(text, shift, file, events.__next__).documents()
    except MarkedYAMLError as second:
        raise max(first, second, key=_reached) from second


def _reached(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return int(mark.index) if mark else 0


def _prescan(text: str, file: str) -> None:
    if len(text) > SIZE_MAX:
        raise SpecError(
            f"The file has more than {SIZE_MAX} characters, so it is not read.",
            remedy="split it into several files",
            place=Place.behind(file, text[:SIZE_MAX]),
        )
    if text.count("[") + text.count("{") <= BRACKETS_MAX:
        return
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > BRACKETS_MAX:
            place = Place.behind(file, text[: bracket.start()])
            raise _invalid(f"Brackets are nested more than {BRACKETS_MAX} deep.", place)


def _invalid(problem: str, place: Place) -> SpecError:
    return SpecError(problem, remedy="correct the file; `gitops-canary lint` reads it", place=place)


class _Builder:
    """Turns events into nodes; recursion is bounded by DEPTH_MAX.

    A repository has a million of them, which is what reading one takes: nothing is made or asked
    for twice, and scalars, three of four, are told first.
    """

    def __init__(self, text: str, shift: int, file: str, following: Callable[[], Any]) -> None:
        self._text = text
        self._shift = shift
        self._file = file
        self._next = following
        self._aliases = 0

    def documents(self) -> tuple[Node | None, ...]:
        roots: list[Node | None] = []
        while type(event := self._next()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                root = self._node(self._next(), 0)
                empty = root.kind is _SCALAR and root.start == root.end and root.plain
                roots.append(None if empty else root)
        return tuple(roots)

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event)
        if depth > DEPTH_MAX:
            raise _invalid(f"Nested more than {DEPTH_MAX} deep.", self._place(event))
        if kind is MappingStartEvent:
            return self._mapping(event, depth)
        return self._sequence(event, depth)

    def _scalar(self, event: Any) -> Node:
        mark, style, tag = event.start_mark, event.style, event.ctag
        start, end = mark.index + self._shift, event.end_mark.index + self._shift
        if style == "|" or style == ">":  # noqa: PLR1714 - asked of every scalar
            end = start + len(self._text[start:end].rstrip(" \t\r\n"))
        return _made(Node, (
            _SCALAR, start, end, mark.line + 1, mark.column + 1, event.value, style or "",
            tag if tag is None else str(tag), event.anchor, (), (),
        ))  # fmt: skip

    def _alias(self, event: Any) -> Node:
        self._aliases += 1
        if self._aliases > ALIASES_MAX:
            raise _invalid(f"More than {ALIASES_MAX} aliases.", self._place(event))
        mark = event.start_mark
        end = event.end_mark.index + self._shift
        start = mark.index + self._shift
        return Node(NodeKind.ALIAS, start, end, mark.line + 1, mark.column + 1, str(event.anchor))

    def _mapping(self, event: Any, depth: int) -> Node:
        following, scalar = self._next, self._scalar
        entries: list[tuple[Node, Node]] = []
        seen: set[str] = set()
        while True:
            inner = following()
            kind = type(inner)
            if kind is ScalarEvent:
                name = inner.value
                if name in seen:
                    raise _invalid(f"The key {name!r} stands here twice.", self._place(inner))
                seen.add(name)
                key = scalar(inner)
            elif kind is MappingEndEvent:
                break
            else:
                key = self._node(inner, depth + 1)
            inner = following()
            if type(inner) is ScalarEvent:
                value = scalar(inner)
                if value.start == value.end:
                    value = self._behind(key, value)
            else:
                value = self._node(inner, depth + 1)
            entries.append((key, value))
        end = entries[-1][1].end if entries else None
        return self._collection(event, inner, NodeKind.MAPPING, end, tuple(entries), ())

    def _behind(self, key: Node, value: Node) -> Node:
        """Place an entry's empty value right behind its colon, where a parser does not."""
        if self._text.startswith(":", value.start - 1):
            return value
        colon = self._text.find(":", key.end, value.start)
        at = colon + 1 if colon >= 0 else value.start
        return value._replace(start=at, end=at, line=key.line)

    def _sequence(self, event: Any, depth: int) -> Node:
        following, scalar = self._next, self._scalar
        items: list[Node] = []
        while type(inner := following()) is not SequenceEndEvent:
            known = type(inner) is ScalarEvent
            items.append(scalar(inner) if known else self._node(inner, depth + 1))
        end = items[-1].end if items else None
        return self._collection(event, inner, NodeKind.SEQUENCE, end, (), tuple(items))

    def _collection(
        self,
        event: Any,
        last: Any,
        kind: NodeKind,
        content_end: int | None,
        entries: tuple[tuple[Node, Node], ...],
        items: tuple[Node, ...],
    ) -> Node:
        mark, flow, tag = event.start_mark, bool(event.flow_style), event.ctag
        end = last.end_mark.index + self._shift if flow or content_end is None else content_end
        return _made(Node, (
            kind, mark.index + self._shift, end, mark.line + 1, mark.column + 1, "",
            "flow" if flow else "block", tag if tag is None else str(tag), event.anchor,
            entries, items,
        ))  # fmt: skip

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)
