"""Any HTTP API that answers with JSON: a path below the operator's URL, and where the number is.

A query has two or three lines: the path with its query, a JSON pointer (RFC 6901) to the value, and
one to the time of the value, where the answer tells one. `${from_s}`, `${to_s}`, `${from_ms}` and
`${to_ms}` in the path are the window's ends; each instant is one request.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from gitops_canary.core.text import one_line
from gitops_canary.metrics.http import Credentials, Failed, Session
from gitops_canary.model.observation import Answer, Question, Sample, Series

INSTANTS_MAX: Final = 60
"""Newest instants asked for: each is a request, and older ones were judged already."""
_OK = range(200, 300)
_PATH = re.compile(r"/[A-Za-z0-9_.~/%?&=:,;@!$*+(){}\[\]|-]{0,2000}")
_TIME = re.compile(r"\$\{(from|to)_(ms|s)\}")
_LINES = (2, 3)


@dataclass(frozen=True, slots=True)
class _Query:
    path: str
    value: tuple[str, ...]
    time: tuple[str, ...] | None


class HttpJson:
    """One metric source; its arguments are those of `Session`."""

    def __init__(
        self,
        *,
        url: str,
        timeout_ms: int,
        token_file: Path | None = None,
        username: str | None = None,
        password_file: Path | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._session = Session(
            url=url,
            timeout_ms=timeout_ms,
            token_file=token_file,
            username=username,
            password_file=password_file,
            ca_file=ca_file,
        )

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer all questions at once, under one deadline; trouble is told in `Answer.error`."""
        return await self._session.ask(questions, self._one)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.aclose()

    async def _one(self, question: Question, credentials: Credentials) -> Answer:
        query = _read(question.expression)
        samples: list[Sample] = []
        for at_ms in _instants(question):
            path = _timed(query.path, at_ms, question.lookback_ms)
            status, body, _ = await self._session.call("GET", path, credentials)
            if status not in _OK:
                raise Failed(f"refuses with HTTP status {status}: correct the path of the query")
            samples += _samples(body, query, at_ms, question.lookback_ms)
        return Answer(series=(Series(labels={}, samples=tuple(samples)),) if samples else ())


def _read(expression: str) -> _Query:
    lines = [line.strip() for line in expression.strip().splitlines()]
    if len(lines) not in _LINES:
        raise Failed("needs a query of two or three lines: the path, and pointers into the answer")
    bare = _TIME.sub("0", lines[0])
    if not _PATH.fullmatch(bare) or ".." in bare or bare.startswith("//"):
        raise Failed("needs a path that begins with / and stays below its url")
    pointers = [_pointer(line) for line in lines[1:]]
    return _Query(lines[0], pointers[0], pointers[1] if len(pointers) > 1 else None)


def _pointer(text: str) -> tuple[str, ...]:
    if text and not text.startswith("/"):
        raise Failed("needs JSON pointers that begin with /, e.g. /data/0/value")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def _instants(question: Question) -> Sequence[int]:
    every = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
    return every[-INSTANTS_MAX:]


def _timed(path: str, at_ms: int, window_ms: int) -> str:
    """Put the window's ends into a path."""
    found = path
    for name, instant in (("from", at_ms - window_ms), ("to", at_ms)):
        found = found.replace(f"${{{name}_ms}}", str(instant))
        found = found.replace(f"${{{name}_s}}", str(instant // 1000))
    return found


def _samples(body: bytes, query: _Query, at_ms: int, fresh_ms: int) -> Sequence[Sample]:
    """Read the number; none where it is null or missing, or older than the window."""
    document = _parse(body)
    value = _at(document, query.value)
    if query.time is not None and not _fresh(_at(document, query.time), at_ms, fresh_ms):
        return ()
    if value is None:
        return ()
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise Failed("answers with something else where the number belongs: correct the pointer")
    return (Sample(at_ms=at_ms, value=one_line(str(value))[:60]),)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError):
        raise Failed("answers with no JSON: check that the path is an API") from None


def _at(document: Any, pointer: Sequence[str]) -> Any:
    for part in pointer:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def _fresh(value: Any, at_ms: int, fresh_ms: int) -> bool:
    """Whether a time in seconds or milliseconds lies within the window before the instant."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return False
    seconds_max = 100_000_000_000
    told = Decimal(value)
    told_ms = told if abs(told) > seconds_max else told * 1000
    return at_ms - fresh_ms <= told_ms <= at_ms
