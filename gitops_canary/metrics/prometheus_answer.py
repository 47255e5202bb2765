"""Reading what a Prometheus API answered; pure. Anything unexpected is an error, never a guess."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gitops_canary.core.text import one_line
from gitops_canary.http import Failed
from gitops_canary.metrics.shapes import AGAIN, listed, mapping, parse
from gitops_canary.model.observation import Answer, Sample, Series

_WORDS_MAX = 300
_PAIR = 2
_YEAR_5000_S = 100_000_000_000

Hide = Callable[[str], str]


def read(body: bytes, hide: Hide) -> Answer:
    """Read a response body; refusals, warnings and partial data become `Answer.error`.

    `hide` takes secrets out of the server's words before they are shortened.

    Raises:
        Failed: it is no strict JSON, or has another shape.
    """
    document = mapping(parse(body, constants=False), "the answer")
    status = document.get("status")
    if status == "error":
        kind, text = document.get("errorType"), document.get("error")
        return Answer(error=_words(hide(f"{kind}: {text}")))
    if status != "success":
        raise Failed(f"answers with status {_words(hide(repr(status)))}: {AGAIN}")
    doubt = _doubt(document, hide)
    if doubt:
        return Answer(error=doubt)
    return Answer(series=_series(mapping(document.get("data"), "data")))


def _doubt(document: Mapping[str, Any], hide: Hide) -> str | None:
    """Say why a successful answer may not be trusted; None where it may."""
    if document.get("isPartial"):
        return "answers with partial data only: wait until all its stores are back"
    warnings = listed(document.get("warnings") or [], "warnings")
    infos = listed(document.get("infos") or [], "infos")
    # Infos are hints about style, present on healthy answers too.
    doubts = warnings + [info for info in infos if "partial" in str(info).lower()]
    if not doubts:
        return None
    said = _words(hide("; ".join(str(doubt) for doubt in doubts)))
    return f"warns: {said}. Remove the cause: a warned answer is never taken for health"


def _series(data: Mapping[str, Any]) -> tuple[Series, ...]:
    kind, result = data.get("resultType"), listed(data.get("result"), "result")
    if kind == "scalar":
        return (Series(labels={}, samples=(_sample(result),)),)
    if kind == "vector":
        rows = (mapping(row, "a series") for row in result)
        return tuple(_one(row, [row.get("value")]) for row in rows)
    if kind == "matrix":
        rows = (mapping(row, "a series") for row in result)
        return tuple(_one(row, listed(row.get("values"), "values")) for row in rows)
    raise Failed(f"answers with a {_kind(kind)}: write a query that gives numbers")


def _one(row: Mapping[str, Any], values: Sequence[Any]) -> Series:
    if "histogram" in row or "histograms" in row:
        raise Failed("answers with a native histogram: take histogram_quantile of it")
    labels = mapping(row.get("metric"), "metric")
    if not all(isinstance(value, str) for value in labels.values()):
        raise Failed(f"answers with a label that is no text: {AGAIN}")
    return Series(labels=labels, samples=tuple(_sample(value) for value in values))


def _sample(pair: Any) -> Sample:
    if isinstance(pair, list) and len(pair) == _PAIR:
        seconds, value = pair
        numeric = isinstance(seconds, (int, Decimal)) and not isinstance(seconds, bool)
        if numeric and abs(seconds) < _YEAR_5000_S and isinstance(value, str):
            return Sample(at_ms=int((Decimal(seconds) * 1000).to_integral_value()), value=value)
    raise Failed(f"answers with something else where a sample belongs: {AGAIN}")


def _kind(kind: Any) -> str:
    """Name the two result types that carry no numbers; never a server's own words."""
    return kind if kind in {"string", "streams"} else "result of unknown type"


def _words(text: str) -> str:
    """Shorten foreign words and keep them on their line."""
    return one_line(text[:_WORDS_MAX])
