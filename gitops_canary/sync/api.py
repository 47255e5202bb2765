"""Reading JSON from an API server: one client, a deadline for every look, capped answers."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

from gitops_canary.core.text import one_line

BODY_MAX: Final = 32 * 1024 * 1024
"""Bytes of one answer; a list of some thousand Applications."""
CONCURRENT_MAX: Final = 16
_SECRET_MAX: Final = 64 * 1024
_OK = 200
_REMEDIES: Final = {
    401: "put a valid token into the sync source's tokenFile",
    403: "allow this token to get and list these objects",
    404: "correct the url, or look whether the object is there",
}


class NoAnswer(Exception):  # noqa: N818 - named for what happened
    """A server gave no answer that can be used; the message says why and what to do."""


class Api:
    """One API server that is only ever read.

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
        headers = self._headers()
        request = self._client.stream(
            "GET", self._base + path, params=dict(query or {}), headers=headers
        )
        try:
            async with self._gate, request as response:
                if response.status_code != _OK:
                    raise self._refused(path, response.status_code)
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > BODY_MAX:
                        raise NoAnswer(
                            f"{self._name} answered more than {BODY_MAX} bytes: "
                            "name the applications to look at"
                        )
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            kind = type(error).__name__
            raise NoAnswer(
                f"{self._name} cannot be reached ({kind}): look at its url and at the network"
            ) from error
        return self._object(bytes(body))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _headers(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        try:
            with self._token_file.open("rb") as file:
                token = file.read(_SECRET_MAX).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise NoAnswer(
                f"{self._name}: the tokenFile cannot be read: correct its path and permissions"
            ) from None
        if not token.isprintable() or " " in token:
            raise NoAnswer(f"{self._name}: the tokenFile holds no token: write it as one line")
        return {"Authorization": f"Bearer {token}"}

    def _refused(self, path: str, status: int) -> NoAnswer:
        remedy = _REMEDIES.get(status, "look at its log")
        return NoAnswer(f"{self._name} answered {status} for {one_line(path)}: {remedy}")

    def _object(self, body: bytes) -> Mapping[str, Any]:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise NoAnswer(f"{self._name} answered no JSON: correct its url") from None
        if not isinstance(found, dict):
            raise NoAnswer(f"{self._name} answered no JSON object: correct its url")
        return found
