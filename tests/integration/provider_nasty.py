"""Answers that look like one and are not: each would be a number to whoever reads less closely.

Partial ones are in the shapes those services document for them (see `provider_answers.py`).
"""

import gzip
import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler

from provider_answers import (
    AGO_S,
    AT_S,
    ISO,
    PROVIDERS,
    cloudwatch,
    datadog,
    dynatrace,
    external,
    graphite,
    influxdb,
    keptn,
    splunk,
    stackdriver,
)
from provider_server import Reply, sends

Made = Callable[[bytes], Reply]
"""Makes an odd answer of a good one's body."""


def body(name: str) -> bytes:
    value = PROVIDERS[name].value
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def cut(data: bytes, told: int) -> Reply:
    """Promise more bytes than come."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(told))
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = True

    return reply


def drips(data: bytes) -> Reply:
    """Send a byte now and then, so that each read is in time and the whole is not."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        until = time.monotonic() + 0.4
        for at in range(len(data)):
            if time.monotonic() > until:
                break
            handler.wfile.write(data[at : at + 1])
            handler.wfile.flush()
            threading.Event().wait(0.02)
        handler.close_connection = True

    return reply


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send chunk after chunk until whoever asked hangs up."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.close_connection = True
    while True:
        handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


ODD: Mapping[str, tuple[Made, str]] = {
    "all of it, and the promise of more": (lambda data: cut(data, len(data) + 9), "reached"),
    "half of it": (lambda data: cut(data[: len(data) // 2], len(data)), "reached"),
    "compressed": (lambda data: sends(gzip.compress(data), Content_Encoding="gzip"), "compresses"),
    "called compressed": (lambda data: sends(data, Content_Encoding="gzip"), "compresses"),
    "accepted, not done": (lambda data: sends(data, 202), "HTTP status 202"),
    "what a proxy made of it": (lambda data: sends(data, 203), "HTTP status 203"),
    "nothing": (lambda _: sends(b"", 204), "HTTP status 204"),
    "a part of it": (lambda data: sends(data, 206), "HTTP status 206"),
}


def more(document: object, **keys: object) -> object:
    assert isinstance(document, dict)
    return {**document, **keys}


LIMITED = b"""event: message
data: {"message": {"messageCode": "FIND_LIMITED_RESULT_SET", "contents": {"limitSize": 9}}}

"""
PARTIAL: Mapping[str, tuple[object, ...]] = {
    "prometheus": (
        more(PROVIDERS["prometheus"].value, warnings=["a store is gone"]),
        more(PROVIDERS["prometheus"].value, isPartial=True),
    ),
    "datadog": (more(datadog(99.5), error="timed out"),),
    "cloudwatch": (
        more(cloudwatch(99.5), NextToken="abc"),
        more(cloudwatch(99.5), Messages=[{"Code": "M", "Value": "Maximum number exceeded"}]),
        {"MetricDataResults": [{"Id": "e", "StatusCode": "PartialData", "Timestamps": [AGO_S],
                                "Values": [99.5]}]},
    ),
    "newrelic": (more(PROVIDERS["newrelic"].value, errors=[{"message": "timed out"}]),),
    "stackdriver": (
        more(stackdriver(99.5), nextPageToken="abc"),
        more(stackdriver(99.5), partialErrors=[{"message": "a part"}]),
    ),
    "influxdb": (
        {"results": [{"partial": True, "series": [
            {"columns": ["time", "mean"], "values": [[AGO_S * 1000, 99.5]]}]}]},
        influxdb(99.5) + b"\r\nerror,reference\r\nout of memory,576\r\n",
    ),
    "dynatrace": (
        more(dynatrace(99.5), nextPageKey="abc"),
        more(dynatrace(99.5), warnings=["the limit of series was reached"]),
    ),
    "splunk": (LIMITED + bytes(splunk(99.5)), bytes(splunk(99.5)).rpartition(b"event:")[0]),
    "externalmetrics": (more(external("99.5"), metadata={"continue": "abc"}),),
    "keptn": (more(keptn("99.5"), status={"value": "99.5", "errMsg": "old", "lastUpdated": ISO}),),
}  # fmt: skip
TWICE: Mapping[str, object] = {
    "datadog": {"status": "ok", "series": [
        {"interval": 5, "pointlist": [[AGO_S * 1000, 1.0], [AGO_S * 1000, 99.5]]}]},
    "cloudwatch": {"MetricDataResults": [
        {"Id": "e", "StatusCode": "Complete", "Timestamps": [AGO_S, AGO_S], "Values": [1, 99.5]}]},
    "graphite": [{"target": "a", "datapoints": [[1, AGO_S], [99.5, AGO_S]]}],
    "stackdriver": {"timeSeriesDescriptor": {}, "timeSeriesData": [{"pointData": [
        {"values": [{"doubleValue": v}], "timeInterval": {"endTime": ISO}} for v in (1, 99.5)]}]},
    "influxdb": b",result,table,_value\r\n,_result,0,1\r\n,_result,0,99.5\r\n",
    "dynatrace": {"result": [{"data": [
        {"dimensionMap": {}, "timestamps": [AGO_S * 1000] * 2, "values": [1, 99.5]}]}]},
    "splunk": (
        b'event: data\ndata: {"data": [{"tsId": "A", "value": 1}, {"tsId": "A", "value": 99.5}],'
        b' "logicalTimestampMs": %d}\n\n'
        b'event: control-message\ndata: {"event": "END_OF_CHANNEL"}\n\n' % (AGO_S * 1000)
    ),
}  # fmt: skip


YOUNG = "2026-02-02T02:50:00Z"
FUTURE: Mapping[str, object] = {
    "datadog": datadog(99.5, at=AT_S + 600),
    "cloudwatch": cloudwatch(99.5, at=AT_S + 600),
    "graphite": graphite(99.5, at=AT_S + 600),
    "keptn": keptn("99.5", YOUNG),
    "externalmetrics": external("99.5", at=YOUNG),
    "stackdriver": stackdriver(99.5, at=YOUNG),
    "influxdb": influxdb(99.5, at=YOUNG),
    "dynatrace": dynatrace(99.5, at=AT_S + 600),
    "splunk": splunk(99.5, at=AT_S + 600),
}
