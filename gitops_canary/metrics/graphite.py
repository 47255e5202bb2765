"""Graphite's render API, `POST /render`, which takes both ends of the window.

A query is a target, or Flagger's form of it: `target=...`, with `&from=-8min` where the check's
interval covers that.
Source of the shapes: graphite.readthedocs.io, "The Render URL API", format=json.
"""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import Point, instant_ms, listed, mapping, number, parse

_PAIR = 2
_FROM = re.compile(r"-([0-9]{1,5})(s|sec|seconds|min|minutes|h|hours|d|days)")


def ask(instant: Instant, access: Access) -> Request:
    """Ask for the points of the window."""
    target, since = _read(instant)
    return Request(
        method="POST",
        path="/render",
        headers=access.secrets.standard,
        form={
            "target": target,
            "from": since,
            "until": str(instant.at_ms // 1000),
            "format": "json",
        },
    )


def _read(instant: Instant) -> tuple[str, str]:
    """Read the target, and from when on; the window may be no longer than the check's interval."""
    whole = str(instant.from_ms // 1000)
    text = "".join(line.strip() for line in instant.expression.splitlines())
    if not re.search(r"(?:^|&)target=", text):
        return text, whole
    pairs = parse_qsl(text.replace("+", "%2B"), keep_blank_values=True)
    given = dict(pairs)
    if len(given) != len(pairs) or not given.keys() <= {"target", "from", "format"}:
        raise Failed("needs one target=, with &from=-8min beside it at the most: correct the query")
    if "from" in given and not _FROM.fullmatch(given["from"]):
        raise Failed("needs a from= like -8min: correct the query of the check")
    instant.reaches(given.get("from", ""), _FROM)
    return given["target"], whole


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `datapoints` of every target: pairs of a value or null and seconds.

    A point begins as long a stretch as the next one is away; one that is not over is left out.
    """
    tracks = []
    for one in listed(parse(reply.body), "the list of targets"):
        row = mapping(one, "a target")
        pairs = [
            (listed(pair, "a point") + [None] * _PAIR)[:_PAIR]
            for pair in listed(row.get("datapoints"), "datapoints")
        ]
        times = [instant_ms(at) for _, at in pairs]
        step_ms = times[-1] - times[-2] if len(times) > 1 else 0
        points = [
            Point(at_ms=at_ms, value=text)
            for (value, _), at_ms in zip(pairs, times, strict=True)
            if (text := number(value)) is not None and at_ms + step_ms <= instant.at_ms
        ]
        tracks.append(Track(labels={"target": str(row.get("target", ""))}, points=points))
    return tracks


DIALECT = Dialect(ask=ask, read=read)
"""Basic authentication, a token, or none."""
