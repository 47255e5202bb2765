"""The lab's own HTTP: one small client and one small server, both for 127.0.0.1 alone."""

import asyncio
import base64
import http.client
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

HOST = "127.0.0.1"


def get(
    url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 15.0
) -> tuple[int, bytes]:
    """GET a URL of this machine, past any proxy; status and body.

    Raises:
        OSError: nobody answers there in time, or what answers does not speak HTTP.
    """
    parts = urlsplit(url)
    assert parts.scheme == "http" and parts.hostname == HOST, url  # noqa: PT018 - one condition
    connection = http.client.HTTPConnection(HOST, parts.port, timeout=timeout_s)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        connection.request("GET", target, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(f"{url}: {error!r}") from error
    finally:
        connection.close()


def basic_auth(username: str, password: str) -> str:
    """Write the value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    close: bool = False


Handler = Callable[[str], Awaitable[Reply]]
"""From a path to a reply."""


class Server:
    """An HTTP/1.1 server for GET requests with keep-alive; at most one request at a time each."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self, port: int) -> int:
        """Listen on loopback; 0 takes a free port. Returns the port."""
        self._server = await asyncio.start_server(self._connection, HOST, port)
        bound = self._server.sockets[0].getsockname()[1]
        assert isinstance(bound, int)
        return bound

    async def drain(self, *, patience_s: float) -> None:
        """Accept no more connections; return once callers have left, or after the patience."""
        assert self._server is not None
        self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._idle.wait()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self._idle.clear()
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the caller left, or does not speak HTTP: nothing to tell it
        finally:
            writer.close()
            self._open -= 1
            if not self._open:
                self._idle.set()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        reply = await self._handler(head.split(" ", 2)[1])
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            f"content-length: {len(reply.body)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
            *(["connection: close"] if reply.close else []),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body)
        await writer.drain()
        return not reply.close
