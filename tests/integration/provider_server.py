"""The stand-in for the services metrics come from: one HTTP server that answers as it is told."""

import contextlib
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from provider_answers import SECRET

Reply = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """The stand-in: answers whatever the running test told it to, and notes what it was asked."""

    reply: Reply
    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/token":
            sends({"access_token": SECRET, "expires_in": 3600})(self)
            return
        self.server.asked.append(f"{self.path}\n{self.headers}\n{body}")
        self._answer()

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.path}\n{self.headers}")
        self._answer()

    def _answer(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.server.reply(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def sends(body: object, status: int = 200, **headers: str) -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return reply
