"""`git http-backend` as an HTTP/1.1 server on a free port of the loopback interface."""

import pathlib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from gitops_canary.lab.faults import PROBE, RECEIVE, Fault, Faults, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What the server needs to answer."""

    root: pathlib.Path
    """The directory whose bare repositories are served."""
    authorised: Callable[[str | None], str | None]
    """The user of an `Authorization` header; None where it is not accepted."""
    faults: Faults
    requests: list[str]
    pushed: Callable[[str], object]
    """Told the user of every push that git has dealt with, before the client is."""
    environment: Mapping[str, str]
    """What the CGI sees besides the request."""


@contextmanager
def serve(backend: Backend) -> Iterator[int]:
    """Serve until the context ends, then cut what is still open; gives the port."""
    server = _Server(backend)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="origin")
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        backend.faults.clear()
        server.cut()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def cut(self) -> None:
        with self._lock:
            for connection in self._open:
                _cut(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the client was killed; that is its business

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Say nothing: `Origin.requests` is the log."""

    def _answer(self) -> None:
        backend = self.server.backend
        body = self._body()
        user = backend.authorised(self.headers.get("Authorization"))
        if user is None:
            self._reply(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="origin"'}, b"")
            return
        backend.requests.append(f"{self.command} {self.path}")
        fault = backend.faults.take(target=self.path, size=len(body))
        if fault is None or self._go_on(fault):
            status, headers, answer = self._run(user, body)
            if self.path.endswith(f"/{RECEIVE}") and len(body) > PROBE:
                backend.pushed(user)
            self._deliver(fault, status, headers, answer)

    def _go_on(self, fault: Fault) -> bool:
        """Do what a fault does before git is asked; tell whether git is asked at all."""
        released = self.server.backend.faults.released
        match fault.kind:
            case Kind.STATUS:
                self._reply(int(fault.amount), {}, b"the server has a bad day\n")
                return False
            case Kind.STALL:
                released.wait()
                self._hang_up()
                return False
            case Kind.DELAY:
                released.wait(fault.amount)
            case Kind.RACE:
                assert fault.action is not None
                fault.action()
            case Kind.DROP | Kind.LOST:
                pass  # these are about the answer
        return True

    def _deliver(
        self, fault: Fault | None, status: int, headers: Mapping[str, str], answer: bytes
    ) -> None:
        if fault is not None and fault.kind is Kind.LOST:
            # The header goes out: without any byte of an answer curl would send the push again.
            self._reply(status, headers, answer, sent=0)
            self._hang_up()
        elif fault is not None and fault.kind is Kind.DROP:
            self._reply(status, headers, answer, sent=int(fault.amount))
            self._hang_up()
        else:
            self._reply(status, headers, answer)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(chunks)

    def _run(self, user: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        url = urlsplit(self.path)
        environment = {
            **self.server.backend.environment,
            "GIT_PROJECT_ROOT": str(self.server.backend.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": unquote(url.path),
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": user,
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        return _parse(done.stdout)

    def _reply(
        self, status: int, headers: Mapping[str, str], body: bytes, *, sent: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])

    def _hang_up(self) -> None:
        self.close_connection = True
        _cut(self.connection)


def _parse(output: bytes) -> tuple[int, Mapping[str, str], bytes]:
    """Split a CGI answer into status, headers and body; an empty one is the server's fault."""
    head, found, body = output.partition(b"\r\n\r\n")
    if not found:
        return HTTPStatus.INTERNAL_SERVER_ERROR, {}, b""
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n"))
    status = int(headers.pop("Status", "200").split()[0])
    headers.pop("Content-Length", None)
    return status, headers, body


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster
