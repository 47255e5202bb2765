"""Dynatrace's metrics API v2, `GET /api/v2/metrics/query`, which takes both ends of the window.

Source of the shapes: docs.dynatrace.com, "Metrics API - GET data points", resolution=Inf.
"""

from collections.abc import Sequence
from typing import Any

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import (
    Point,
    complete,
    instant_ms,
    labelled,
    listed,
    mapping,
    number,
    parse,
    spoken,
)


def ask(instant: Instant, access: Access) -> Request:
    """Ask for one value over the window."""
    return Request(
        path="/api/v2/metrics/query",
        params={
            "metricSelector": instant.expression,
            "from": str(instant.from_ms),
            "to": str(instant.at_ms),
            "resolution": "Inf",
        },
        headers={"Authorization": f"Api-Token {access.secrets['token']}"},
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `result[].data[]`; a warning makes it an error."""
    del instant
    document = mapping(parse(reply.body), "the answer")
    complete(document, "nextPageKey")
    _unwarned(document)
    tracks = []
    for one in listed(document.get("result"), "result"):
        result = mapping(one, "a result")
        _unwarned(result)
        for part in listed(result.get("data"), "data"):
            row = mapping(part, "a series")
            times = listed(row.get("timestamps"), "timestamps")
            values = listed(row.get("values"), "values")
            if len(times) != len(values):
                raise Failed("answers with more times than values: correct the query")
            pairs = [(instant_ms(at), number(v)) for at, v in zip(times, values, strict=True)]
            points = [Point(at_ms=at_ms, value=text) for at_ms, text in pairs if text is not None]
            tracks.append(Track(labels=labelled(row.get("dimensionMap")), points=points))
    return tracks


def _unwarned(part: dict[str, Any]) -> None:
    if part.get("warnings"):
        raise Failed(f"warns: {spoken(part['warnings'])}. Remove the cause")


DIALECT = Dialect(ask=ask, read=read)
"""Asked with an API token that may read metrics."""
