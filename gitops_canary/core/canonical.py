"""JSON in its one canonical form (RFC 8785), and the quick way to write most of it."""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

import rfc8785

_DIGITS = 16
_BEYOND = re.compile(rb"[\xf0-\xff]")
"""Begins a character beyond U+FFFF in UTF-8; such keys sort otherwise in UTF-16."""

_NUMBER = re.compile(rb"(?:\":|[,\[])(?:-?\d+[.eE]|-?\d{16}|-?Infinity|NaN)")
"""Begins a number, or a text that looks like one, that RFC 8785 may spell otherwise.

The colon of a key follows a quote; those of `sha256:5e1...` do not."""


class _Odd(Exception):  # noqa: N818 - never leaves this module
    """Something that JSON's usual writer puts otherwise than RFC 8785."""


def canonical(document: Any) -> bytes:
    """Write JSON, whose keys are texts, in its one canonical form (RFC 8785).

    The usual writer gives that form too, in a tenth of the time, but for fractions, large numbers
    and characters beyond U+FFFF.

    Raises:
        ValueError: it has none.

    >>> canonical({"b": 1, "a": [0.5, 1e21, True]})
    b'{"a":[0.5,1e+21,true],"b":1}'
    """
    try:
        data = _spelled(document)
    except (TypeError, ValueError):
        return rfc8785.dumps(document)  # which says what is wrong
    odd = data[:1] not in {b"{", b"["} or _NUMBER.search(data) or _beyond(data)
    return rfc8785.dumps(document) if odd else data


def _beyond(data: bytes) -> bool:
    return not data.isascii() and _BEYOND.search(data) is not None


def reading(data: bytes) -> tuple[Any, Callable[[Any], bytes]]:
    """Read JSON; with it comes what writes it, or parts of it, in canonical form.

    Without fractions, large numbers and characters beyond U+FFFF the usual writer gives RFC 8785's
    form too, in a tenth of the time; a decision has none of them but in odd names.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return _usual(data), _spelled
    except _Odd:
        return json.loads(data), canonical


def reformed(data: bytes) -> tuple[Any, bytes]:
    """Read JSON, and write it in its canonical form; ValueError where it has none."""
    value, written = reading(data)
    return value, written(value)


def _spelled(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _usual(data: bytes) -> Any:
    if _beyond(data):
        raise _Odd
    return json.loads(data, parse_int=_short, parse_float=_odd, parse_constant=_odd)


def _short(text: str) -> int:
    return int(text) if len(text) < _DIGITS else _odd(text)


def _odd(_: str) -> NoReturn:
    raise _Odd
