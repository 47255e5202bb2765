"""Reading what a Prometheus API answered; pure. Anything unexpected is an error, never a guess."""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gitops_canary.core.text import one_line
from gitops_canary.model.observation import Answer, Sample, Series

_WORDS_MAX = 300
_PAIR = 2
_YEAR_5000_S = 100_000_000_000
_AGAIN = "look at its log; the next tick asks again"


Hide = Callable[[str], str]


class Garbled(Exception):  # noqa: N818 - named for what was received
    """The bytes are not an answer of this API."""


def read(body: bytes, hide: Hide) -> Answer:
    """Read a response body; refusals, warnings and partial data become `Answer.error`.

    `hide` takes secrets out of the server's words before they are shortened.

    Raises:
        Garbled: it is no strict JSON, or has another shape.
    """
    document = _object(_parse(body), "the answer")
    status = document.get("status")
    if status == "error":
        kind, text = document.get("errorType"), document.get("error")
        return Answer(error=_words(hide(f"{kind}: {text}")))
    if status != "success":
        raise Garbled(f"answers with status {_words(hide(repr(status)))}: {_AGAIN}")
    doubt = _doubt(document, hide)
    if doubt:
        return Answer(error=doubt)
    return Answer(series=_series(_object(document.get("data"), "data")))


def _parse(body: bytes) -> Any:
    try:
        return json.loads(
            body,
            object_pairs_hook=_unique,
            parse_float=Decimal,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        # The message of the JSON parser quotes nothing of the body.
        what = "too deeply nested" if isinstance(error, RecursionError) else "broken"
        raise Garbled(f"answers with {what} JSON: check that the url is a Prometheus API") from None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _doubt(document: Mapping[str, Any], hide: Hide) -> str | None:
    """Say why a successful answer may not be trusted; None where it may."""
    if document.get("isPartial"):
        return "answers with partial data only: wait until all its stores are back"
    warnings = _list(document.get("warnings") or [], "warnings")
    infos = _list(document.get("infos") or [], "infos")
    # Infos are hints about style, present on healthy answers too.
    doubts = warnings + [info for info in infos if "partial" in str(info).lower()]
    if not doubts:
        return None
    said = _words(hide("; ".join(str(doubt) for doubt in doubts)))
    return f"warns: {said}. Remove the cause: a warned answer is never taken for health"


def _series(data: Mapping[str, Any]) -> tuple[Series, ...]:
    kind, result = data.get("resultType"), _list(data.get("result"), "result")
    if kind == "scalar":
        return (Series(labels={}, samples=(_sample(result),)),)
    if kind == "vector":
        rows = (_object(row, "a series") for row in result)
        return tuple(_one(row, [row.get("value")]) for row in rows)
    if kind == "matrix":
        rows = (_object(row, "a series") for row in result)
        return tuple(_one(row, _list(row.get("values"), "values")) for row in rows)
    raise Garbled(f"answers with a {_kind(kind)}: write a query that gives numbers")


def _one(row: Mapping[str, Any], values: Sequence[Any]) -> Series:
    if "histogram" in row or "histograms" in row:
        raise Garbled("answers with a native histogram: take histogram_quantile of it")
    labels = _object(row.get("metric"), "metric")
    if not all(isinstance(value, str) for value in labels.values()):
        raise Garbled(f"answers with a label that is no text: {_AGAIN}")
    return Series(labels=labels, samples=tuple(_sample(value) for value in values))


def _sample(pair: Any) -> Sample:
    if isinstance(pair, list) and len(pair) == _PAIR:
        seconds, value = pair
        numeric = isinstance(seconds, (int, Decimal)) and not isinstance(seconds, bool)
        if numeric and abs(seconds) < _YEAR_5000_S and isinstance(value, str):
            return Sample(at_ms=int((Decimal(seconds) * 1000).to_integral_value()), value=value)
    raise Garbled(f"answers with something else where a sample belongs: {_AGAIN}")


def _kind(kind: Any) -> str:
    """Name the two result types that carry no numbers; never a server's own words."""
    return kind if kind in {"string", "streams"} else "result of unknown type"


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Garbled(f"answers with something else where {what} belongs: {_AGAIN}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Garbled(f"answers with something else where {what} belongs: {_AGAIN}")
    return value


def _words(text: str) -> str:
    """Shorten foreign words and keep them on their line."""
    return one_line(text[:_WORDS_MAX])
