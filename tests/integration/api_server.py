"""A stand-in for the API servers of Kubernetes and Argo CD: real HTTP, answers from a table."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

TOKEN = "s3cret-token"  # noqa: S105 - of a server in a test
Answers = Mapping[str, Any]


class ApiServer:
    """Serves JSON by path; a callable answer writes the response itself."""

    def __init__(self, answers: Answers) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.patched: list[tuple[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def do_PATCH(self) -> None:
                outer.patch(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def patch(self, handler: BaseHTTPRequestHandler) -> None:
        """Take a JSON merge patch of an object that is in the table, as Kubernetes does."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        found = self.answers.get(f"PATCH {handler.path}")
        if handler.headers.get("Authorization") != f"Bearer {TOKEN}":
            send(handler, 401, b"{}")
        elif handler.headers.get("Content-Type") != "application/merge-patch+json":
            send(handler, 415, b"{}")
        elif found is None:
            send(handler, 404, b"{}")
        elif callable(found):
            found(handler)
        else:
            self.patched.append((handler.path, json.loads(body)))
            send(handler, 200, json.dumps(found).encode())

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.asked.append((parts.path, dict(parse_qsl(parts.query))))
        if handler.headers.get("Authorization") != f"Bearer {TOKEN}":
            send(handler, 401, b"{}")
            return
        found = self.answers.get(parts.path)
        if found is None:
            send(handler, 404, b"{}")
        elif callable(found):
            respond: Callable[[BaseHTTPRequestHandler], None] = found
            respond(handler)
        else:
            send(handler, 200, json.dumps(found).encode())


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
