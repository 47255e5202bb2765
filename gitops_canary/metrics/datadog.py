"""Datadog's timeseries API, `GET /api/v1/query`, which takes both ends of the window.

Source of the shapes: docs.datadoghq.com/api/latest/metrics, "Query timeseries points".
"""

from collections.abc import Sequence

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import Point, finite, listed, mapping, number, parse, spoken

API_KEY, APPLICATION_KEY = "datadog_api_key", "datadog_application_key"
_PAIR = 2


def ask(instant: Instant, access: Access) -> Request:
    """Ask for the points of the window."""
    return Request(
        path="/api/v1/query",
        params={
            "from": str(instant.from_ms // 1000),
            "to": str(instant.at_ms // 1000),
            "query": instant.expression,
        },
        headers={
            "DD-API-KEY": access.secrets[API_KEY],
            "DD-APPLICATION-KEY": access.secrets[APPLICATION_KEY],
        },
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `series[].pointlist`, pairs of milliseconds and a value or null.

    A point begins `interval` seconds of numbers; one that is not over yet is left out.
    """
    document = mapping(parse(reply.body), "the answer")
    if document.get("status") != "ok" or document.get("error"):
        raise Failed(f"answers with an error ({spoken(document)}): correct the query of the check")
    tracks = []
    for one in listed(document.get("series"), "series"):
        row = mapping(one, "a series")
        span_ms = int(finite(row.get("interval")) * 1000)
        every = [_point(pair) for pair in listed(row.get("pointlist"), "pointlist")]
        points = [one for one in every if one and one.at_ms + span_ms <= instant.at_ms]
        tracks.append(
            Track(
                labels={"scope": str(row.get("scope", "")), "metric": str(row.get("metric", ""))},
                points=points,
            )
        )
    return tracks


def _point(pair: object) -> Point | None:
    at_ms, value = (listed(pair, "a point") + [None] * _PAIR)[:_PAIR]
    if (text := number(value)) is None:
        return None
    return Point(at_ms=int(finite(at_ms)), value=text)


DIALECT = Dialect(ask=ask, read=read)
"""Asked with both keys in headers."""
