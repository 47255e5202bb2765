"""Talking JSON with an API server: one session, capped answers, every refusal with a remedy."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from gitops_canary.core.text import one_line
from gitops_canary.http import Failed, Opening, Request, Session, secrets_of
from gitops_canary.http.session import CONCURRENT_MAX, TROUBLE, unreachable

BODY_MAX: Final = 32 * 1024 * 1024
"""Bytes of one answer; a list of some thousand Applications."""
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
    """One API server; every look at it runs under its caller's deadline.

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
        self._opening = Opening(url=url, timeout_ms=0, token_file=token_file, ca_file=ca_file)
        self._session = Session(self._opening, body_max=BODY_MAX)
        self._gate = asyncio.Semaphore(CONCURRENT_MAX)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Read one JSON object.

        Raises:
            NoAnswer: anything but 200 and an object came back.
        """
        return self._object(await self._call(Request(path=path, params=dict(query or {}))))

    async def list(self, path: str, query: Mapping[str, str]) -> Sequence[Any]:
        """Read one JSON array.

        Raises:
            NoAnswer: anything but 200 and an array came back.
        """
        found = self._json(await self._call(Request(path=path, params=dict(query))))
        if not isinstance(found, list):
            raise NoAnswer(f"{self._name} answered no JSON array: correct its url")
        return found

    async def annotate(self, path: str, key: str, value: str) -> None:
        """Set one annotation of an object by a JSON merge patch (RFC 7386).

        Raises:
            NoAnswer: anything but 200 came back.
        """
        body = json.dumps({"metadata": {"annotations": {key: value}}}).encode()
        kind = {"Content-Type": "application/merge-patch+json"}
        await self._call(Request(path=path, method="PATCH", content=body, headers=kind))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.aclose()

    async def _call(self, request: Request) -> bytes:
        try:
            secrets = secrets_of(self._opening)
        except Failed as error:
            raise NoAnswer(f"{self._name} {error}") from None
        headers = {"Accept": "application/json", **request.headers, **secrets.standard}
        try:
            async with self._gate:
                reply = await self._session.call(replace(request, headers=headers))
        except Failed as error:
            raise NoAnswer(f"{self._name} {error}") from None
        except TROUBLE as error:
            raise NoAnswer(f"{self._name} {unreachable(error, secrets)}") from None
        if reply.status != _OK:
            raise self._refused(request, reply.status)
        return reply.body

    def _refused(self, request: Request, status: int) -> NoAnswer:
        known = _REMEDIES.get((request.method, status)) or _REMEDIES.get(("GET", status))
        return NoAnswer(
            f"{self._name} answered {status} for {one_line(request.path)}: "
            f"{known or 'look at its log'}"
        )

    def _object(self, body: bytes) -> Mapping[str, Any]:
        found = self._json(body)
        if not isinstance(found, dict):
            raise NoAnswer(f"{self._name} answered no JSON object: correct its url")
        return found

    def _json(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise NoAnswer(f"{self._name} answered no JSON: correct its url") from None
