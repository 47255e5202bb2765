"""Asking a server for a branch's tip by one small request on a connection that stays open.

Git's protocol version 2, command `ls-refs`, as gitprotocol-v2 and gitprotocol-http describe it: the
server keeps no state between requests, so the command may be sent at once. It answers with the refs
asked for, however many others there are.
"""

import asyncio
import base64
import logging
import ssl
from collections.abc import Iterator, Mapping, Sequence

import httpx2

from gitops_canary.git.commands import HEADS, is_revision
from gitops_canary.git.process import Finished
from gitops_canary.git.surroundings import Surroundings
from gitops_canary.http import clock_ms, no_cookies
from gitops_canary.model.names import Revision

_ANSWER_MAX = 1 << 16
"""Bytes; two refs need two hundred."""
_OK = 200
_TYPE = "application/x-git-upload-pack"
_DELIMITER, _FLUSH = b"0001", b"0000"
_LENGTH = 4
_PLAIN = {"Accept-Encoding": "identity", "User-Agent": "git/gitops-canary"}
# The library writes every URL it asks into its log.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Unfit(Exception):  # noqa: N818 - named for what it says about the server
    """This server cannot be asked this way; git itself has to."""


class NotNow(Unfit):
    """It cannot be asked this time; git itself says why."""


class Poller:
    """Asks one https or http server; closed by `close`."""

    def __init__(self, surroundings: Surroundings, *, timeout_ms: int) -> None:
        self._surroundings = surroundings
        self._timeout_s = timeout_ms / 1000
        self._url = surroundings.address.url.rstrip("/") + "/git-upload-pack"
        self._client: httpx2.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """Its own, so that a deadline ends whatever is under way; runs only during a question."""
        self.clock_ms: int | None = None
        """What the server's clock said as it answered last; None where it did not."""

    def ask(self, branches: Sequence[str]) -> Mapping[str, Revision] | Finished:
        """Give the branches' tips, without those that do not exist; or how it failed.

        A failure is told as git would tell it, so that both are understood in one place.

        Raises:
            Unfit: the server does not speak version 2 here.
            NotNow: the password cannot be read.
        """
        self.clock_ms = None
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(self._ask(branches))

    def close(self) -> None:
        """Let the connection go; the next question opens another."""
        if self._loop is not None:
            self._loop.run_until_complete(self._forget())
            self._loop.close()
            self._loop = None

    async def _ask(self, branches: Sequence[str]) -> Mapping[str, Revision] | Finished:
        headers = {
            **_PLAIN,
            **self._login(),
            "Git-Protocol": "version=2",
            "Content-Type": f"{_TYPE}-request",
            "Accept": f"{_TYPE}-result",
        }
        try:
            async with asyncio.timeout(self._timeout_s):  # all of it: a library's are for each read
                answer = await self._answer(_question(branches), headers)
        except (TimeoutError, httpx2.TimeoutException):
            await self._forget()
            return _failed("", late=True)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError) as error:
            await self._forget()
            return _failed(f"unable to access the repository: {type(error).__name__}: {error}")
        if isinstance(answer, Finished):
            return answer
        tips = dict(_tips(answer))
        return {branch: tips[branch] for branch in branches if branch in tips}

    async def _answer(self, question: bytes, headers: Mapping[str, str]) -> bytes | Finished:
        async with self._connected().stream(
            "POST", self._url, content=question, headers=headers
        ) as response:
            self.clock_ms = clock_ms(response.headers.get("date"))
            if response.status_code != _OK:
                return _failed(f"returned error: {response.status_code}")
            if response.headers.get("Content-Type") != f"{_TYPE}-result":
                raise Unfit
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _ANSWER_MAX:
                    raise Unfit
            return body

    async def _forget(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    def _connected(self) -> httpx2.AsyncClient:
        if self._client is None:
            ca_file = self._surroundings.ca_file
            self._client = httpx2.AsyncClient(
                verify=ssl.create_default_context(cafile=str(ca_file) if ca_file else None),
                follow_redirects=False,
                trust_env=False,  # no proxy or .netrc of the environment sees the credentials
                timeout=self._timeout_s,
                cookies=no_cookies(),
            )
        return self._client

    def _login(self) -> Mapping[str, str]:
        credentials = self._surroundings.credentials
        if credentials is None:
            return {}
        try:
            password = credentials.password_file.read_bytes().partition(b"\n")[0]
        except OSError as error:
            raise NotNow from error
        pair = base64.b64encode(credentials.username.encode() + b":" + password)
        return {"Authorization": f"Basic {pair.decode()}"}


def _question(branches: Sequence[str]) -> bytes:
    prefixes = (_packet(f"ref-prefix {HEADS}{branch}\n") for branch in branches)
    head = _packet("command=ls-refs\n") + _packet("object-format=sha1\n")
    return b"".join([head, _DELIMITER, *prefixes, _FLUSH])


def _packet(line: str) -> bytes:
    data = line.encode()
    return b"%04x%s" % (len(data) + _LENGTH, data)


def _tips(body: bytes) -> Iterator[tuple[str, Revision]]:
    position = 0
    while body[position : position + _LENGTH] != _FLUSH:
        try:
            size = int(body[position : position + _LENGTH], 16)
            line = body[position + _LENGTH : position + size].decode().rstrip("\n")
        except ValueError as error:
            raise Unfit from error
        revision, _, ref = line.partition(" ")
        if size <= _LENGTH or position + size > len(body) or not is_revision(revision):
            raise Unfit
        yield ref.partition(" ")[0].removeprefix(HEADS), Revision(revision)
        position += size


def _failed(err: str, *, late: bool = False) -> Finished:
    return Finished(code=1, out=b"", err=err, late=late)
