"""Talking JSON with an API server: one client, a deadline for every look, capped answers."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

from gitops_canary.core.text import one_line
from gitops_canary.secret_file import Unreadable, token

BODY_MAX: Final = 32 * 1024 * 1024
"""Bytes of one answer; a list of some thousand Applications."""
CONCURRENT_MAX: Final = 16
_OK = 200
_REMEDIES: Final = {
    ("GET", 401): "put a valid token into the sync source's tokenFile",
    ("GET", 403): "allow this token to get and list these objects",
    ("GET", 404): "correct the url, or look whether the object is there",
    ("PATCH", 403): "allow this token to patch it (manifests/controller/refresh), or turn "
    "the source's refresh off",
}


class NoAnswer(Exception):  # noqa: N818 - named for what happened
    """A server gave no answer that can be used; the message says why and what to do."""


class Api:
    """One API server.

    Args:
        name: what the server is called in messages.
        url: base URL without credentials; a path prefix is kept.
        token_file: holds a bearer token; read again for every request, so that it may rotate.
        ca_file: certificates to trust instead of the system's.
    """

    def __init__(
        self, name: str, url: str, *, token_file: Path | None, ca_file: Path | None
    ) -> None:
        self._name = name
        self._base = url.rstrip("/")
        self._token_file = token_file
        self._gate = asyncio.Semaphore(CONCURRENT_MAX)
        self._client = httpx2.AsyncClient(
            verify=ssl.create_default_context(cafile=str(ca_file)) if ca_file else True,
            follow_redirects=False,
            trust_env=False,  # a proxy of the environment must not see the token
            timeout=None,  # every look runs under its own deadline
            limits=httpx2.Limits(max_connections=CONCURRENT_MAX),
            headers={"Accept": "application/json", "User-Agent": "gitops-canary"},
        )

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Read one JSON object.

        Raises:
            NoAnswer: anything but 200 and an object came back.
        """
        return self._object(await self._call("GET", path, params=dict(query or {})))

    async def annotate(self, path: str, key: str, value: str) -> None:
        """Set one annotation of an object by a JSON merge patch (RFC 7386).

        Raises:
            NoAnswer: anything but 200 came back.
        """
        body = json.dumps({"metadata": {"annotations": {key: value}}}).encode()
        kind = {"Content-Type": "application/merge-patch+json"}
        await self._call("PATCH", path, content=body, headers=kind)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **rest: Any
    ) -> bytes:
        sent = {**(headers or {}), **self._authorization()}
        request = self._client.stream(method, self._base + path, headers=sent, **rest)
        try:
            async with self._gate, request as response:
                if response.status_code != _OK:
                    raise self._refused(method, path, response.status_code)
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > BODY_MAX:
                        raise NoAnswer(
                            f"{self._name} answered more than {BODY_MAX} bytes: "
                            "name the applications to look at"
                        )
                return bytes(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            kind = type(error).__name__
            raise NoAnswer(
                f"{self._name} cannot be reached ({kind}): look at its url and at the network"
            ) from error

    def _authorization(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        try:
            return {"Authorization": f"Bearer {token(self._token_file)}"}
        except Unreadable as error:
            raise NoAnswer(f"{self._name}: the tokenFile {error}") from None

    def _refused(self, method: str, path: str, status: int) -> NoAnswer:
        known = _REMEDIES.get((method, status)) or _REMEDIES.get(("GET", status))
        return NoAnswer(
            f"{self._name} answered {status} for {one_line(path)}: {known or 'look at its log'}"
        )

    def _object(self, body: bytes) -> Mapping[str, Any]:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise NoAnswer(f"{self._name} answered no JSON: correct its url") from None
        if not isinstance(found, dict):
            raise NoAnswer(f"{self._name} answered no JSON object: correct its url")
        return found
