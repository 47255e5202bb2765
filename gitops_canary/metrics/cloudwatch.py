"""Amazon CloudWatch's `GetMetricData`, which takes both ends of the window.

Source of the shapes: docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference, "GetMetricData" and
"Making API requests" (the JSON protocol, target `GraniteServiceVersion20100801.GetMetricData`).
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import Point, complete, instant_ms, listed, mapping, number, parse
from gitops_canary.metrics.sigv4 import Keys, signed

ACCESS_KEY, SECRET_KEY = "aws_access_key_id", "aws_secret_access_key"
SESSION_TOKEN = "aws_session_token"  # noqa: S105 - the name of a file's content, not the content
_PERIOD_S = 1
_HOST = re.compile(r"monitoring(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def ask(instant: Instant, access: Access) -> Request:
    """Ask for the results of the metric data queries that the check's query lists."""
    try:
        queries = json.loads(instant.expression)
    except (ValueError, RecursionError):
        queries = None
    if not isinstance(queries, list) or not queries:
        raise Failed("needs a query that is a JSON list of MetricDataQueries: correct the check")
    start_s, end_s = whole(instant, queries)
    body = json.dumps(
        {
            "MetricDataQueries": queries,
            "StartTime": start_s,
            "EndTime": end_s,
            "ScanBy": "TimestampDescending",
        }
    ).encode()
    parts = urlsplit(access.base)
    headers = {
        "host": parts.netloc,
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "GraniteServiceVersion20100801.GetMetricData",
    }
    sent = signed(
        Keys(
            access_key=access.secrets[ACCESS_KEY],
            secret_key=access.secrets[SECRET_KEY],
            token=access.secrets.get(SESSION_TOKEN),
            region=access.options.get("region") or _region(parts.hostname or ""),
            service="monitoring",
        ),
        method="POST",
        path=f"{parts.path}/",
        query={},
        headers=headers,
        body=body,
        at=f"{datetime.fromtimestamp(access.now_s, UTC):%Y%m%dT%H%M%SZ}",
    )
    return Request(method="POST", path="/", headers=sent, content=body)


def whole(instant: Instant, queries: list[Any]) -> tuple[int, int]:
    """Shrink the window to whole periods: a half one mixes in what was before, or may change."""
    period_s = max([_PERIOD_S, *_periods(queries)])
    start_s = -(-instant.from_ms // (1000 * period_s)) * period_s
    end_s = instant.at_ms // (1000 * period_s) * period_s
    if start_s >= end_s:
        raise Failed(
            f"has no whole period of {period_s} s in its interval: make that twice as long"
        )
    return start_s, end_s


def _periods(value: Any, depth: int = 4) -> Iterator[int]:
    """Find every `Period` of metric data queries, in seconds."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and isinstance(value.get("Period"), int) and value["Period"] > 0:
        yield value["Period"]
    for one in inner if depth else ():
        yield from _periods(one, depth - 1)


def _region(host: str) -> str:
    found = _HOST.fullmatch(host)
    if not found:
        raise Failed("has no region: give options.region of the source in controller.yaml")
    return found[1]


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `MetricDataResults`; one that is not complete is an error."""
    del instant
    document = mapping(parse(reply.body), "the answer")
    complete(document, "NextToken")
    if document.get("Messages"):
        # "As much of the operation as possible is still executed": the rest is missing.
        raise Failed(f"warns ({_warned(document['Messages'])}): ask for less")
    tracks = []
    for one in listed(document.get("MetricDataResults"), "MetricDataResults"):
        row = mapping(one, "a result")
        status = row.get("StatusCode", "Complete")
        if status != "Complete":
            known = status if status in {"InternalError", "PartialData", "Forbidden"} else "unknown"
            raise Failed(f"answers with a result that is not complete ({known}): ask for less")
        times = listed(row.get("Timestamps", []), "Timestamps")
        values = listed(row.get("Values", []), "Values")
        if len(times) != len(values):
            raise Failed("answers with more times than values: correct the query of the check")
        points = [
            Point(at_ms=instant_ms(at), value=number(value) or "NaN")
            for at, value in zip(times, values, strict=True)
        ]
        tracks.append(Track(labels={"id": str(row.get("Id", ""))}, points=points))
    return tracks


def limits(reply: Reply) -> bool:
    """Whether it throttles, which AWS' JSON protocol says with 400 and a `__type`."""
    try:
        kind = json.loads(reply.body)["__type"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return False
    return "Throttl" in str(kind) or "RequestLimitExceeded" in str(kind)


def _warned(messages: object) -> str:
    said = (mapping(one, "a message") for one in listed(messages, "Messages"))
    return "; ".join(str(one.get("Value") or one.get("Code")) for one in said)


DIALECT = Dialect(ask=ask, read=read, limits=limits)
"""Signed with long-lived or session keys; roles of the surroundings are not assumed."""
