"""Splunk Observability's SignalFlow over HTTP, `POST /v2/signalflow/execute`, with both ends.

Flagger uses the same language over a web socket; the answer is a stream of server-sent events here.
Source of the shapes: dev.splunk.com/observability, "SignalFlow API", execute a computation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import (
    Point,
    instant_ms,
    listed,
    mapping,
    number,
    parse,
    spoken,
)

_OVER = re.compile(r"\bover\s*=\s*['\"]([0-9]{1,9})(s|m|h|d|w)['\"]")


def ask(instant: Instant, access: Access) -> Request:
    """Run the program over the window, for what is there already."""
    instant.reaches(instant.expression, _OVER)
    return Request(
        method="POST",
        path="/v2/signalflow/execute",
        params={
            "start": str(instant.from_ms),
            "stop": str(instant.at_ms),
            "immediate": "true",
        },
        headers={"X-SF-TOKEN": access.secrets["token"], "Content-Type": "text/plain"},
        content=instant.expression.encode(),
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read the data messages up to the end of the channel; a stream without one is an error."""
    del instant
    found: dict[str, list[Point]] = {}
    ended = False
    for event, message in _events(reply.body):
        if event == "data":
            _note(message, found)
        elif event == "message":
            _whole(message)
        else:
            ended |= _ends(event, message)
    if not ended:
        raise Failed("ended its stream early: look at its load; `run` asks again by itself")
    return [Track(labels={"tsId": name}, points=points) for name, points in found.items()]


def _whole(message: Mapping[str, Any]) -> None:
    """Refuse what is told of a part of the series alone, as signalflow-client-python notes it."""
    said = message.get("message", message)
    if isinstance(said, dict) and said.get("messageCode") == "FIND_LIMITED_RESULT_SET":
        raise Failed("computes a part of its series only: narrow the query's filter")


def _ends(event: str, message: Mapping[str, Any]) -> bool:
    """Whether a message says that all has been told; Failed where it says that nothing will be."""
    if event == "error":
        said = spoken(message)
        raise Failed(f"answers with an error ({said}): correct the query of the check")
    if event == "control-message" and message.get("event") == "CHANNEL_ABORT":
        raise Failed("gave the computation up: correct the query, or ask for less")
    return event == "control-message" and message.get("event") == "END_OF_CHANNEL"


def _note(message: Mapping[str, Any], found: dict[str, list[Point]]) -> None:
    at_ms = instant_ms(message.get("logicalTimestampMs"))
    for one in listed(message.get("data"), "data"):
        row = mapping(one, "a value")
        points = found.setdefault(str(row.get("tsId", "")), [])
        if (text := number(row.get("value"))) is not None:
            points.append(Point(at_ms=at_ms, value=text))


def _events(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Cut a stream into its events (html.spec.whatwg.org, server-sent events)."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Failed("answers with no event stream: check that the url is the API's") from None
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.partition(":") for line in block.splitlines()]
        event = "".join(value.strip() for name, _, value in lines if name == "event")
        data = "\n".join(value.removeprefix(" ") for name, _, value in lines if name == "data")
        if data:
            yield event, mapping(parse(data.encode()), "a message")


DIALECT = Dialect(ask=ask, read=read)
"""Asked with an access token of the organisation."""
