"""Graphite's render API, `POST /render`, which takes both ends of the window.

Source of the shapes: graphite.readthedocs.io, "The Render URL API", format=json.
"""

from collections.abc import Sequence

from gitops_canary.http import Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import Point, instant_ms, listed, mapping, number, parse

_PAIR = 2


def ask(instant: Instant, access: Access) -> Request:
    """Ask for the points of the window."""
    return Request(
        method="POST",
        path="/render",
        headers=access.secrets.standard,
        form={
            "target": instant.expression,
            "from": str(instant.from_ms // 1000),
            "until": str(instant.at_ms // 1000),
            "format": "json",
        },
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `datapoints` of every target: pairs of a value or null and seconds."""
    del instant
    tracks = []
    for one in listed(parse(reply.body), "the list of targets"):
        row = mapping(one, "a target")
        points = []
        for pair in listed(row.get("datapoints"), "datapoints"):
            value, at = (listed(pair, "a point") + [None] * _PAIR)[:_PAIR]
            if (text := number(value)) is not None:
                points.append(Point(at_ms=instant_ms(at), value=text))
        tracks.append(Track(labels={"target": str(row.get("target", ""))}, points=points))
    return tracks


DIALECT = Dialect(ask=ask, read=read)
"""Basic authentication, a token, or none."""
