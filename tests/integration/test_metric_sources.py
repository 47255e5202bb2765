"""What every metric source must do, whatever it speaks: one suite, one row a provider."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitops_canary.metrics import METRICS
from gitops_canary.metrics.http import BODY_MAX
from gitops_canary.model.observation import Answer, Question

AT = 1_770_000_300_000
SECRET = "s3cr3t-t0ken"  # noqa: S105 - that is what is looked for
Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider's query, and its answers."""

    query: str
    value: object
    no_data: object
    stale: object
    errors: Mapping[int, object]


PROVIDERS: Mapping[str, Provider] = {
    "prometheus": Provider(
        query="sum(up)",
        value={"status": "success", "data": {"resultType": "matrix", "result": [
            {"metric": {}, "values": [[AT // 1000, "99.5"]]}]}},
        no_data={"status": "success", "data": {"resultType": "matrix", "result": []}},
        stale={"status": "success", "data": {"resultType": "matrix", "result": []}},
        errors={400: {"status": "error", "errorType": "bad_data", "error": f"no: {SECRET}"},
                503: {"status": "error", "errorType": "unavailable", "error": "down"}},
    ),
    "http-json": Provider(
        query="/v1/rate?to=${to_s}&from=${from_ms}\n/data/0/value\n/data/0/at",
        value={"data": [{"value": 99.5, "at": AT // 1000 - 5}]},
        no_data={"data": []},
        stale={"data": [{"value": 99.5, "at": AT // 1000 - 900}]},
        errors={400: {"error": SECRET}, 503: "down"},
    ),
}  # fmt: skip


@contextlib.contextmanager
def server(reply: Reply) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                reply(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def sends(body: object, status: int = 200) -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return reply


@pytest.fixture(params=PROVIDERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(SECRET + "\n")
    return path


def asked(name: str, url: str, token: Path, *, timeout_ms: int = 5000) -> Answer:
    question = Question(
        source="default", expression=PROVIDERS[name].query, start_ms=AT, end_ms=AT,
        step_ms=60_000, lookback_ms=60_000,
    )  # fmt: skip

    async def go() -> Answer:
        client = METRICS[name](url=url, timeout_ms=timeout_ms, token_file=token)
        try:
            return (await client.ask([question]))[question]
        finally:
            await client.aclose()

    return asyncio.run(go())


def answer(name: str, token: Path, reply: Reply, **rest: int) -> Answer:
    with server(reply) as url:
        found = asked(name, url, token, **rest)
    assert SECRET not in repr(found)
    return found


def test_value_is_kept_as_text_at_its_instant(name: str, token: Path) -> None:
    found = answer(name, token, sends(PROVIDERS[name].value))
    assert found.error is None
    [series] = found.series
    assert [(one.at_ms, one.value) for one in series.samples] == [(AT, "99.5")]


@pytest.mark.parametrize("kind", ["no_data", "stale"])
def test_no_data_is_no_series_and_no_error(name: str, kind: str, token: Path) -> None:
    found = answer(name, token, sends(getattr(PROVIDERS[name], kind)))
    assert (found.error, found.series) == (None, ())


def test_error_is_told_without_the_secret(name: str, token: Path) -> None:
    for status, body in PROVIDERS[name].errors.items():
        found = answer(name, token, sends(body, status))
        assert found.error
        assert str(status) in found.error
        assert not found.series


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>", b"\xff\xfe", b"[" * 100_000, b'"x"', b"null", b"[]"]
)
def test_garbage_is_never_a_value(name: str, body: bytes, token: Path) -> None:
    found = answer(name, token, sends(body))
    assert not found.series
    assert found.error or body in {b'"x"', b"null", b"[]"}


def test_slow_answer_ends_at_the_deadline(name: str, token: Path) -> None:
    over = threading.Event()

    def reply(_: BaseHTTPRequestHandler) -> None:
        over.wait(20)

    with server(reply) as url:
        found = asked(name, url, token, timeout_ms=200)
        over.set()
    assert "within 200 ms" in (found.error or "")


def test_answer_that_is_too_large_is_refused(name: str, token: Path) -> None:
    found = answer(name, token, sends(b" " * (BODY_MAX + 1)))
    assert "more than" in (found.error or "")


def test_redirect_is_never_followed(name: str, token: Path) -> None:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    assert "redirects" in (answer(name, token, reply).error or "")


def test_nobody_there_is_told(name: str, token: Path) -> None:
    found = asked(name, "http://127.0.0.1:1", token)
    assert "cannot be reached" in (found.error or "")


def test_missing_credentials_are_told(name: str, tmp_path: Path) -> None:
    found = asked(name, "http://127.0.0.1:1", tmp_path / "none")
    assert "no usable credentials" in (found.error or "")


@pytest.mark.parametrize(
    "query",
    ["/x", "x\n/a", "//evil.example/x\n/a", "/../x\n/a", "/x y\n/a", "/x\na", "/x\n/a\n/b\n/c"],
)
def test_path_stays_below_the_operators_url(query: str, token: Path) -> None:
    question = Question(source="default", expression=query, start_ms=AT, end_ms=AT, step_ms=1)

    async def go() -> Answer:
        client = METRICS["http-json"](url="http://127.0.0.1:1", timeout_ms=500, token_file=token)
        try:
            return (await client.ask([question]))[question]
        finally:
            await client.aclose()

    assert "needs" in (asyncio.run(go()).error or "")
