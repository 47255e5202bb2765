"""Reading what services answered; anything unexpected is an error, never a guess."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from gitops_canary.core.text import one_line
from gitops_canary.http import Failed

AGAIN: Final = "look at its log; `run` asks again by itself"
_NUMBER = re.compile(
    r"[+-]?(?:(?=[0-9.]{1,60}(?![0-9.]))(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?|NaN|Inf|Infinity)"
)
_WORDS_MAX = 200
_SECONDS_MAX = 100_000_000_000
_MOST = 10**15
"""Milliseconds up to the year 33658: what is later is no time, and costly to compute with."""
_SAID = ("message", "error", "errors", "description", "title", "detail", "__type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One number as text, and the instant the service gives for it."""

    at_ms: int
    value: str


def parse(body: bytes, *, constants: bool = True) -> Any:
    """Read strict JSON; decimals stay as written, NaN and Infinity become text where allowed.

    Raises:
        Failed: it is none, or a key stands twice in it.
    """
    try:
        return json.loads(
            body,
            object_pairs_hook=_unique,
            parse_float=Decimal,
            parse_constant=str if constants else _no_constant,
        )
    except (ValueError, RecursionError) as error:
        # The message of the JSON parser quotes nothing of the body.
        what = "too deeply nested" if isinstance(error, RecursionError) else "broken"
        raise Failed(f"answers with {what} JSON: check that the url is the API's") from None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constant(text: str) -> None:
    raise ValueError(text)


def mapping(value: Any, what: str) -> dict[str, Any]:
    """Give a JSON object; Failed where it is something else."""
    if not isinstance(value, dict):
        raise Failed(f"answers with something else where {what} belongs: {AGAIN}")
    return value


def listed(value: Any, what: str) -> list[Any]:
    """Give a JSON array; Failed where it is something else."""
    if not isinstance(value, list):
        raise Failed(f"answers with something else where {what} belongs: {AGAIN}")
    return value


def complete(document: dict[str, Any], name: str) -> None:
    """Refuse an answer that says by a key that there is more of it; Failed where it does."""
    if document.get(name):
        raise Failed(f"answers with a part only ({name}): write a query that gives one series")


def number(value: Any) -> str | None:
    """Give a number, NaN or an infinity as text; None for null, Failed for anything else."""
    if value is None:
        return None
    text = "" if isinstance(value, bool) else str(value)
    if not isinstance(value, (int, Decimal, str)) or not _NUMBER.fullmatch(text):
        raise Failed("answers with something else where the number belongs: correct the query")
    return text


def finite(value: Any) -> Decimal:
    """Give a number of seconds or milliseconds; 0 for null, Failed for what is no such number."""
    told = Decimal(number(value) or 0)
    if not told.is_finite() or abs(told) > _MOST:
        raise Failed(f"answers with something else where a time belongs: {AGAIN}")
    return told


def instant_ms(value: Any) -> int:
    """Read an instant: seconds or milliseconds since the epoch, or RFC 3339.

    >>> instant_ms(1770000000), instant_ms(1770000000500), instant_ms("2026-02-02T02:40:00.5Z")
    (1770000000000, 1770000000500, 1770000000500)

    Raises:
        Failed: it is none of these.
    """
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            told = finite(value)
            return int(told) if abs(told) > _SECONDS_MAX else int(told * 1000)
    except (ValueError, OverflowError, ArithmeticError):
        pass  # told below like any other value that is no instant
    raise Failed(f"answers with something else where a time belongs: {AGAIN}")


def labelled(value: Any) -> dict[str, str]:
    """Give labels as text; empty where there are none."""
    return {
        str(k): one_line(str(v))[:_WORDS_MAX] for k, v in mapping(value or {}, "labels").items()
    }


def words(body: bytes, hide: Callable[[str], str]) -> str:
    """Find what a service says about a refusal; empty where it says nothing legible.

    `hide` takes secrets out of its words before they are shortened.
    """
    try:
        said = spoken(json.loads(body))
    except (ValueError, RecursionError):
        return ""
    return one_line(hide(said)[:_WORDS_MAX])


def spoken(value: Any, depth: int = 4) -> str:
    """Find the first text in what an API wrote where its complaint belongs."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and depth:
        return spoken(value[0], depth - 1)
    if isinstance(value, dict) and depth:
        parts = (spoken(value[key], depth - 1) for key in _SAID if key in value)
        return next((part for part in parts if part), "")
    return ""
