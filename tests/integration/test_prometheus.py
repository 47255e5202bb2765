"""The client against servers that misbehave."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest

from gitops_canary.errors import ConfigError
from gitops_canary.metrics import METRICS, Opening, Prometheus, Sources
from gitops_canary.model.observation import Answer, Question

AT = 1_770_000_300_000
SECRET = "s3cr3t-Päss word%"  # noqa: S105 - that is what is looked for


def ask(base: str, *asked: Question, timeout_ms: int = 5000) -> list[Answer]:
    async def go() -> list[Answer]:
        sources = Sources(
            {"default": METRICS["prometheus"](Opening(url=base, timeout_ms=timeout_ms))}
        )
        try:
            answers = await sources.ask(asked)
        finally:
            await sources.aclose()
        return [answers[question] for question in asked]

    return asyncio.run(go())


def test_unknown_source_is_named() -> None:
    async def go() -> Answer:
        question = Question(source="other", expression="1", start_ms=AT, end_ms=AT)
        return (await Sources({}).ask([question]))[question]

    assert "'other'" in (asyncio.run(go()).error or "")


class Server:
    """A server whose every answer is chosen by the test."""

    def __init__(self, respond: Callable[[BaseHTTPRequestHandler], None]) -> None:
        outer = self
        self.seen: list[tuple[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                outer.seen.append((self.path, self.rfile.read(size).decode()))
                # The client hanging up early is what some of these tests are about.
                with contextlib.suppress(ConnectionError):
                    respond(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def says(
    body: bytes, status: int = 200, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


ONE = Question(source="default", expression="up", start_ms=AT + 250, end_ms=AT + 250)
VECTOR = b'"data":{"resultType":"vector","result":[{"metric":{},"value":[1770000300.25,"1"]}]}'


def error_of(respond: Callable[[BaseHTTPRequestHandler], None], *, timeout_ms: int = 5000) -> str:
    with Server(respond) as server:
        (answer,) = ask(server.url, ONE, timeout_ms=timeout_ms)
    assert answer.series == ()
    assert answer.error
    assert answer.error.startswith("Metric source default ")
    return answer.error


def test_question_travels_in_the_body_with_explicit_times() -> None:
    with Server(says(b'{"status":"success",' + VECTOR + b"}")) as server:
        (answer,) = ask(server.url + "/prefix/", ONE)
    assert answer.error is None
    assert answer.series[0].samples[0].at_ms == AT + 250
    path, form = server.seen[0]
    assert path == "/prefix/api/v1/query"
    assert "time=1770000300.250" in form
    assert "timeout=5000ms" in form
    for word in (
        "partial_response=false",
        "max_source_resolution=0s",
        "dedup=true",
        "deny_partial_response=1",
    ):
        assert word in form


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"status":"success","warnings":["store down"],' + VECTOR + b"}", "store down"),
        (b'{"status":"success","isPartial":true,' + VECTOR + b"}", "partial"),
        (b'{"status":"success","infos":["Partial data"],' + VECTOR + b"}", "Partial data"),
        (b'{"status":"error","errorType":"x","error":"y",' + VECTOR + b"}", "x: y"),
        (b'{"status":"maybe",' + VECTOR + b"}", "maybe"),
        (b'{"status":"success","status":"success",' + VECTOR + b"}", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"status":"success"', "JSON"),
        (b"<html>", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "something else"),
        (b'{"status":"success"}', "something else"),
        (VECTOR.replace(b'"data":', b'{"status":"success","data":') + b"}}", "JSON"),
        (b'{"status":"success",' + VECTOR.replace(b'"1"', b"NaN") + b"}", "JSON"),
        (b'{"status":"success",' + VECTOR.replace(b'"1"', b"1") + b"}", "sample"),
        (
            b'{"status":"success",' + VECTOR.replace(b'[1770000300.25,"1"]', b"null") + b"}",
            "sample",
        ),
        (b'{"status":"success",' + VECTOR.replace(b"value", b"histogram") + b"}", "histogram"),
        (b'{"status":"success",' + VECTOR.replace(b'"vector"', b'"streams"') + b"}", "streams"),
        (b" " * (4 * 1024 * 1024 + 1), "more than"),
    ],
)
def test_doubtful_answer_is_an_error(body: bytes, why: str) -> None:
    assert why in error_of(says(body))


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        # Thanos: an error by partial_response=false, else a warning. Mimir: a limit; no tenant.
        (503, '{"status":"error","errorType":"unavailable","error":"WHY"}', "Addr: 10.0.0.7"),
        (200, '{"status":"success","warnings":["WHY"],VECTOR}', "No StoreAPIs matched"),
        (422, '{"status":"error","errorType":"execution","error":"WHY"}', "limit: 2000000 chunks"),
        (401, "no org id", "status 401"),
    ],
)
def test_documented_answers_without_a_part_are_errors(status: int, body: str, why: str) -> None:
    whole = body.replace("VECTOR", VECTOR.decode()).replace("WHY", why)
    assert why in error_of(says(whole.encode(), status))


def test_harmless_info_is_no_error() -> None:
    more = (
        b'"infos":["metric might not be a counter"],"stats":{},"isPartial":false,"warnings":null,'
    )
    body = b'{"status":"success",' + more + VECTOR + b"}"
    with Server(says(body)) as server:
        assert ask(server.url, ONE)[0].error is None


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500, 503])
def test_refusal_says_what_to_do(status: int) -> None:
    error = error_of(says(b"no", status))
    assert f"status {status}: " in error


def test_redirect_is_not_followed() -> None:
    with Server(says(b'{"status":"success",' + VECTOR + b"}")) as elsewhere:
        error = error_of(says(b"", 307, Location=f"{elsewhere.url}/api/v1/query"))
        assert elsewhere.seen == []
    assert "redirects (307)" in error


def test_compressed_answer_is_refused_before_it_grows() -> None:
    assert "compresses" in error_of(says(b"", Content_Encoding="gzip"))


def test_closed_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (answer,) = ask(f"http://127.0.0.1:{taken.getsockname()[1]}", ONE)
    assert "cannot be reached" in (answer.error or "")


def test_one_deadline_ends_a_silent_and_a_dripping_server() -> None:
    over = threading.Event()

    def silent(_: BaseHTTPRequestHandler) -> None:
        over.wait(20)

    def dripping(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b" ")

    for respond in (silent, dripping):
        over.clear()
        with Server(respond) as server:
            asked = tuple(
                Question(source="default", expression=f"x{n}", start_ms=AT, end_ms=AT)
                for n in range(40)
            )
            answers = ask(server.url, *asked, timeout_ms=200)
            over.set()
        late = "Metric source default did not answer within 200 ms: "
        assert {(answer.error or "")[: len(late)] for answer in answers} == {late}


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "http://ada:pw@127.0.0.1"},
        {"url": "ftp://127.0.0.1"},
        {"url": "127.0.0.1:9090"},
        {"url": "http://127.0.0.1/?a=b"},
        {"url": "http://127.0.0.1", "username": "ada"},
        {"url": "http://127.0.0.1", "ca_file": Path(os.devnull) / "none"},
    ],
)
def test_unusable_options_are_refused_without_their_secrets(bad: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Prometheus(Opening(timeout_ms=1000, **bad))  # type: ignore[arg-type] # wrong on purpose
    assert "pw" not in str(caught.value)
