"""A stand-in for Prometheus over real HTTP: healthy numbers for whatever is asked, at any time."""

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Row = tuple[dict[str, str], str]


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
        body = json.dumps(_answer(form)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Say nothing."""


def _answer(form: dict[str, list[str]]) -> dict[str, object]:
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
        for workload in ("checkout", "checkout-primary")
        for labels, value in _rows(query)
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": series}}


def _rows(query: str) -> list[Row]:
    if "timestamp(" in query:
        return [({}, "")]
    if "histogram_quantile" in query:
        return [({}, "20")]
    if "response_code" in query:
        return [({"response_code": "200"}, "100")]
    return [({}, "100")]


@contextmanager
def numbers() -> Iterator[int]:
    """Serve until the context ends; gives the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="numbers")
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
