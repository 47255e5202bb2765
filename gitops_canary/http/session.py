"""One service, asked over one pool of connections; what it says never harms who asks."""

import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final

import httpx2

from gitops_canary.core.text import one_line
from gitops_canary.errors import ConfigError
from gitops_canary.http.opening import Failed, Opening, Secrets

CONCURRENT_MAX: Final = 16
BODY_MAX: Final = 4 * 1024 * 1024
"""Bytes of one answer; some 100 000 samples."""
REST_S: Final = 30
"""How long a service is left alone that limits requests and does not say how long."""
REST_MAX_S: Final = 600
_TOO_MANY, _BUSY = 429, 503
_EPOCH_LEAST_S, _EPOCH_MOST_S = 1e9, 1e11
"""Between the years 2001 and 5138: less is a time to wait, more is counted in parts of a second."""
_PORT_MAX = 65535
TROUBLE: Final = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError)
"""What an attempt to talk to a service may raise besides Failed."""
# The library writes every URL it asks into its log, and its transport the headers.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """One request; its headers may hold secrets, so it is never printed."""

    path: str
    """Below the base URL, beginning with `/`; empty for the base URL itself."""
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever the status."""

    status: int
    body: bytes
    clock_ms: int | None
    """The server's clock in milliseconds; None where it did not tell."""


class Session:
    """A pool of connections to one service, without redirects, proxies, cookies or compression.

    Raises:
        ConfigError: the URL or the certificates cannot be used.
    """

    def __init__(self, opening: Opening, *, body_max: int = BODY_MAX) -> None:
        self.opening = opening
        self._body_max = body_max
        self.base = _checked(opening.url)
        self._rest_until_s = 0.0
        self._client = httpx2.AsyncClient(
            verify=_trust(opening.ca_file),
            follow_redirects=False,
            trust_env=False,  # a proxy or .netrc of the environment must not see the credentials
            timeout=None,  # every call runs under its caller's deadline
            limits=httpx2.Limits(max_connections=CONCURRENT_MAX),
            cookies=no_cookies(),
            headers={"Accept-Encoding": "identity", "User-Agent": "gitops-canary"},
        )

    async def call(self, request: Request, *, base: str | None = None) -> Reply:
        """Make one request, at another base URL of the operator's where one is given.

        Raises:
            Failed: the answer is a redirect, compressed or too large, or the service wants to be
                left alone for a while.
            httpx2.HTTPError, OSError: there is no answer; the message may hold secrets.
        """
        self._rested()
        given: dict[str, Any] = {"params": request.params or None}
        if request.form is not None:
            given["data"] = request.form
        if request.content is not None:
            given["content"] = request.content
        where = f"{self.base if base is None else _checked(base)}{request.path}"
        sent = self._client.stream(request.method, where, headers=request.headers, **given)
        async with sent as response:
            status = response.status_code
            if response.is_redirect:
                raise Failed(
                    f"redirects ({status}), which is never followed: "
                    "put its final url into controller.yaml"
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Failed("compresses though told not to: turn that off in its proxy")
            self._limited(status, response.headers)
            body = await _capped(response, self._body_max)
            return Reply(status, body, clock_ms(response.headers.get("date")))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _rested(self) -> None:
        left_s = self._rest_until_s - time.monotonic()
        if left_s > 0:
            raise Failed(f"limits requests: it is asked again in {left_s:.0f} s")

    def _limited(self, status: int, headers: Mapping[str, str]) -> None:
        told = headers.get("retry-after") or headers.get("x-ratelimit-reset")
        if status == _TOO_MANY or (status == _BUSY and told):
            self.rest(status, _seconds(told))

    def rest(self, status: int, seconds: float = REST_S) -> None:
        """Leave the service alone for a while, 10 minutes at the most; raises Failed always."""
        rest_s = min(seconds, REST_MAX_S)
        self._rest_until_s = time.monotonic() + rest_s
        raise Failed(
            f"limits requests (HTTP status {status}): it is asked again in {rest_s:.0f} s; "
            "ask it less often where this comes again and again"
        )


def no_cookies() -> CookieJar:
    """Give a jar that keeps none: they pile up until the service refuses requests for length."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def unreachable(error: Exception, secrets: Secrets) -> str:
    """Say in words why there was no answer at all."""
    told = one_line(secrets.hidden(str(error)))[:200]
    said = f"cannot be reached ({type(error).__name__}: {told})"
    return f"{said}: look at its url and at the network"


def _seconds(told: str | None) -> float:
    """Read `Retry-After`, seconds or a date (RFC 9110, 10.2.3), or `X-RateLimit-Reset`.

    >>> _seconds("7"), _seconds("soon"), _seconds(None), _seconds("Mon, 02 Feb 1970 02:40:00 GMT")
    (7.0, 30.0, 30.0, 0.0)

    A date that gives no zone (`-0000`) is one in UTC. The other header has no standard: some write
    the instant since the epoch, in seconds or a thousandth or a millionth of them.

    >>> _seconds("1770000000"), _seconds("1770000000000"), _seconds("1770000000000000")
    (0.0, 0.0, 0.0)
    """
    if told and told.isascii() and told.isdigit():
        given = float(told[:18])
        if given < _EPOCH_LEAST_S:
            return given
        while given > _EPOCH_MOST_S:
            given /= 1000
        return max(given - datetime.now(UTC).timestamp(), 0.0)
    try:
        at = parsedate_to_datetime(told) if told else None
    except (ValueError, OverflowError):
        at = None
    if at and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0) if at else float(REST_S)


async def _capped(response: httpx2.Response, body_max: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > body_max:
            raise Failed(f"answers with more than {body_max} bytes: ask for less at once")
    return bytes(body)


def clock_ms(date: str | None) -> int | None:
    """Read the `Date` header, which counts whole seconds.

    >>> clock_ms("Mon, 02 Feb 2026 02:40:00 GMT"), clock_ms("noon"), clock_ms(None)
    (1770000000000, None, None)
    """
    try:
        return int(parsedate_to_datetime(date).timestamp()) * 1000 if date else None
    except (ValueError, OverflowError):
        return None


def _checked(url: str) -> str:
    """Accept an http or https base URL that carries no credentials, query or fragment."""
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL:
        parts = httpx2.URL("")
    plain = parts.scheme in {"http", "https"} and not parts.query and not parts.fragment
    # The system tells of a port that no machine has by an error of another kind, and late.
    if not plain or not parts.host or not 0 < (parts.port or 1) <= _PORT_MAX:
        raise ConfigError(
            "The url of an HTTP service is none that can be asked.",
            remedy="write http://host:port or https://host/prefix, without query or fragment",
        )
    if parts.userinfo:
        raise ConfigError(
            "The url of an HTTP service carries credentials.",
            remedy="take them out and use username with passwordFile, or tokenFile",
        )
    return url.rstrip("/")


@cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return _system_trust()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(
            f"The certificates in {ca_file} cannot be used: {error.strerror or error}.",
            remedy="name a readable PEM file in caFile",
        ) from None
