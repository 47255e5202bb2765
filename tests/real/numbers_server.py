"""A stand-in for Prometheus over real HTTP: the same numbers for whatever is asked, at any time.

Healthy ones, unless the canary is said to fail.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Row = tuple[dict[str, str], str]
PRIMARY = "checkout-primary"


class Numbers(ThreadingHTTPServer):
    """The server, and whether the canary fails."""

    daemon_threads = True
    failing = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client was killed; that is its business
            super().handle()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        sent = self.rfile.read(length)
        if len(sent) < length:
            raise ConnectionResetError("the client died while it asked")
        form = parse_qs(sent.decode())
        assert isinstance(self.server, Numbers)
        body = json.dumps(_answer(form, failing=self.server.failing)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Say nothing."""


def _answer(form: dict[str, list[str]], *, failing: bool) -> dict[str, object]:
    query = form["query"][0]
    if "time" in form:
        result = [{"metric": {}, "value": [float(form["time"][0]), "1"]}]
        return {"status": "success", "data": {"resultType": "vector", "result": result}}
    start, end, step = (float(form[key][0]) for key in ("start", "end", "step"))
    times = [start + n * step for n in range(int((end - start) / step + 1.5))]
    side = {"reporter": "source"}
    series = [
        {
            "metric": {"destination_workload": workload} | side | labels,
            "values": [[at, value or f"{at:.3f}"] for at in times],
        }
        for workload in ("checkout", PRIMARY)
        for labels, value in _rows(query, code="500" if failing and workload != PRIMARY else "200")
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": series}}


def _rows(query: str, *, code: str) -> list[Row]:
    if "timestamp(" in query:
        return [({}, "")]
    if "histogram_quantile" in query:
        return [({}, "20")]
    if "response_code" in query:
        return [({"response_code": code}, "100")]
    return [({}, "100")]


@contextmanager
def numbers() -> Iterator[Numbers]:
    """Serve until the context ends."""
    server = Numbers(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="numbers")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
