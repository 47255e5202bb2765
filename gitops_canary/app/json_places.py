"""Where in a text of JSON a value stands, for people who have to find it."""

import json
import re
import sys
from collections.abc import Sequence
from json import JSONDecoder

_SPACE = re.compile(r"[ \t\n\r,:]*")
_READER = JSONDecoder()
_PART = re.compile(
    r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL | re.ASCII
)


def position(text: str, path: Sequence[str | int]) -> tuple[int, int]:
    r"""Give the line and column, from 1, of the value that a path leads to.

    Parts of the path that are not in the text are passed over: of a field that is missing the place
    is the object's.

    >>> text = '{"a": 1,\n "blocks": [{}, {"x": "y"}]}'
    >>> position(text, ("blocks", 1, "x")), position(text, ("blocks", 0, "gone"))
    ((2, 23), (2, 13))
    >>> position(text, ())
    (1, 1)

    Raises:
        ValueError: the text is no JSON.
    """
    at = _next(text, 0)
    for part in path:
        found = _entry(text, at, part)
        at = at if found is None else found
    return lined(text, at)


def lined(text: str, at: int) -> tuple[int, int]:
    r"""Give the line and column, from 1, of an offset.

    >>> lined("ab\ncd", 4), lined("", 0)
    ((2, 2), (1, 1))
    """
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def twice(text: str) -> tuple[str, int]:
    r"""Give the first name that an object has for the second time, and its offset.

    >>> twice('{"a": {"a": 1}, "b": ["a", {}], "\\u0061": 2}')
    ('a', 32)

    Raises:
        LookupError: there is none.
    """
    names: list[set[str] | None] = []
    before = ""
    for part in _PART.finditer(text):
        word = part[0]
        if word in "{[":
            names.append(set() if word == "{" else None)
        elif word in "]}":
            names.pop()
        elif word[0] == '"' and before in {"{", ","} and (known := names[-1]) is not None:
            name = json.loads(word)
            if name in known:
                return name, part.start()
            known.add(name)
        before = word
    raise LookupError("no object has a name twice")


def deep(text: str, depth: int) -> int:
    """Give the offset at which JSON is nested deeper than so many brackets; its end if it is not.

    >>> deep('["[[[", [], [[1]]]', 2), deep("[]", 1)
    (13, 2)
    """
    here = 0
    for part in _PART.finditer(text):
        here += (part[0] in "{[") - (part[0] in "]}")
        if here > depth:
            return part.start()
    return len(text)


def long(text: str) -> int:
    """Give the offset of the first whole number with more digits than can be read.

    >>> long('["' + "1" * 5000 + '", 1, ' + "2" * 5000 + "]"), long("[1]")
    (5008, 3)
    """
    most = sys.get_int_max_str_digits()
    every = _PART.finditer(text)
    return next(
        (m.start() for m in every if m[0].lstrip("-").isdigit() and m.end() - m.start() > most),
        len(text),
    )


def _entry(text: str, at: int, part: str | int) -> int | None:
    """Find an entry of the object or the list that begins at an offset."""
    named, index = text[at] == "{", 0
    if not named and text[at] != "[":
        return None
    at = _next(text, at + 1)
    while text[at] not in "]}":
        key: str | int = index
        if named:
            key, end = _READER.raw_decode(text, at)
            at = _next(text, end)
        if key == part:
            return at
        at, index = _next(text, _READER.raw_decode(text, at)[1]), index + 1
    return None


def _next(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
