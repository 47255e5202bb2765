"""Where in a text of JSON a value stands, for people who have to find it."""

import re
from collections.abc import Sequence
from json import JSONDecoder

_SPACE = re.compile(r"[ \t\n\r,:]*")
_READER = JSONDecoder()


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
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


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
