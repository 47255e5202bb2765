"""Any HTTP API that answers with JSON: a path below the operator's URL, and where the number is.

A query has two or three lines: the path with its query, a JSON pointer (RFC 6901) to the value, and
one to the time of the value, where the answer tells one. `${from_s}`, `${to_s}`, `${from_ms}` and
`${to_ms}` in the path are the window's ends; each instant is one request.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import Point, instant_ms, number, parse

_PATH = re.compile(r"/[A-Za-z0-9_.~/%?&=:,;@!$*+(){}\[\]|-]{0,2000}")
_HIDDEN = re.compile(r"%(?:2e|2f|5c)", re.IGNORECASE)
"""Dots and slashes that a server may see, and a look at the path does not."""
_TIME = re.compile(r"\$\{(from|to)_(ms|s)\}")
_LINES = (2, 3)
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class _Query:
    path: str
    value: tuple[str, ...]
    time: tuple[str, ...] | None


def ask(instant: Instant, access: Access) -> Request:
    """Ask for the path of the query, with the window's ends in it."""
    path = instant.timed(_read(instant.expression).path)
    return Request(path=path, headers=access.secrets.standard)


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read the number; none where it is null or missing."""
    query, document = _read(instant.expression), parse(reply.body)
    value = number(_at(document, query.value))
    if value is None:
        return ()
    at_ms = instant.at_ms
    if query.time is not None:
        told = _at(document, query.time)
        if told is None:
            return ()
        at_ms = instant_ms(told)
    return (Track(points=(Point(at_ms=at_ms, value=value),)),)


DIALECT = Dialect(ask=ask, read=read)
"""One JSON number by its place."""


def _read(expression: str) -> _Query:
    lines = [line.strip() for line in expression.strip().splitlines()]
    if len(lines) not in _LINES:
        raise Failed("needs a query of two or three lines: the path, and pointers into the answer")
    bare = _TIME.sub("0", lines[0])
    if not _PATH.fullmatch(bare) or ".." in bare or bare.startswith("//") or _HIDDEN.search(bare):
        raise Failed("needs a path that begins with / and stays below its url")
    pointers = [_pointer(line) for line in lines[1:]]
    return _Query(lines[0], pointers[0], pointers[1] if len(pointers) > 1 else None)


def _pointer(text: str) -> tuple[str, ...]:
    if text and not text.startswith("/"):
        raise Failed("needs JSON pointers that begin with /, e.g. /data/0/value")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def _at(document: Any, pointer: Sequence[str]) -> Any:
    for part in pointer:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and _INDEX.fullmatch(part) and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document
