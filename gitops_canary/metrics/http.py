"""What metric sources over HTTP share: credentials, deadlines, capped bodies, no redirects."""

import asyncio
import base64
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx2

from gitops_canary.core.text import one_line
from gitops_canary.errors import ConfigError
from gitops_canary.model.observation import Answer, Question

CONCURRENT_MAX: Final = 16
BODY_MAX: Final = 4 * 1024 * 1024
"""Bytes of one answer; some 100 000 samples."""
SECRET_MAX: Final = 64 * 1024
# The library writes every URL it asks into its log, and its transport the headers.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Failed(Exception):  # noqa: N818 - named for what happened
    """Why there is no answer, with what to do; becomes `Answer.error`."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What authorises one round of questions; never printed."""

    header: str | None
    secrets: tuple[str, ...]

    @property
    def headers(self) -> dict[str, str]:
        """Give the header that carries them."""
        return {"Authorization": self.header} if self.header else {}

    def hidden(self, text: str) -> str:
        """Take the secrets out of words that a server or a library chose."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


Ask = Callable[[Question, Credentials], Awaitable[Answer]]


class Session:
    """One server, asked many questions at once under one deadline.

    Args:
        url: base URL, without credentials; a path prefix is kept.
        timeout_ms: for all questions of one `ask` together.
        token_file: holds a bearer token; read again for every `ask`, so that it may rotate.
        username: for basic authentication, together with `password_file`.
        password_file: read like `token_file`.
        ca_file: certificates to trust instead of the system's.

    Raises:
        ConfigError: the URL or the combination of credentials cannot be used.
    """

    def __init__(
        self,
        *,
        url: str,
        timeout_ms: int,
        token_file: Path | None = None,
        username: str | None = None,
        password_file: Path | None = None,
        ca_file: Path | None = None,
    ) -> None:
        if (username is None) != (password_file is None) or (token_file and username):
            raise ConfigError(
                "The credentials of a metric source do not fit together.",
                remedy="give tokenFile alone, or username with passwordFile",
            )
        self.base = _checked(url)
        self.timeout_ms = timeout_ms
        self._token_file = token_file
        self._username = username
        self._password_file = password_file
        self._client = httpx2.AsyncClient(
            verify=_trust(ca_file),
            follow_redirects=False,
            trust_env=False,  # a proxy or .netrc of the environment must not see the credentials
            timeout=None,  # every call runs under the deadline of its `ask`
            limits=httpx2.Limits(max_connections=CONCURRENT_MAX),
            headers={"Accept-Encoding": "identity", "User-Agent": "gitops-canary"},
        )

    async def ask(self, questions: Sequence[Question], one: Ask) -> Mapping[Question, Answer]:
        """Answer all questions at once, under one deadline; trouble is told in `Answer.error`."""
        unique = tuple(dict.fromkeys(questions))
        try:
            credentials = self._credentials()
        except Failed as error:
            return dict.fromkeys(unique, Answer(error=str(error)))
        gate = asyncio.Semaphore(CONCURRENT_MAX)
        deadline = asyncio.get_running_loop().time() + self.timeout_ms / 1000

        async def within(question: Question) -> Answer:
            try:
                async with asyncio.timeout_at(deadline), gate:
                    return await _told(one, question, credentials)
            except TimeoutError:
                waited = f"did not answer within {self.timeout_ms} ms: "
                return Answer(error=f"{waited}look at its load, or raise its timeout", silent=True)

        answers = await asyncio.gather(*(within(question) for question in unique))
        return dict(zip(unique, answers, strict=True))

    async def call(
        self, method: str, path: str, credentials: Credentials, **rest: Any
    ) -> tuple[int, bytes, int | None]:
        """Make one request: status, body and the server's clock in milliseconds.

        Raises:
            Failed: the answer is a redirect, compressed or too large.
        """
        request = self._client.stream(
            method, f"{self.base}{path}", headers=credentials.headers, **rest
        )
        async with request as response:
            status = response.status_code
            if response.is_redirect:
                raise Failed(
                    f"redirects ({status}), which is never followed: "
                    "put its final url into controller.yaml"
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Failed("compresses though told not to: turn that off in its proxy")
            return status, await _capped(response), _clock_ms(response.headers.get("date"))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _credentials(self) -> Credentials:
        if self._token_file:
            token = _secret(self._token_file)
            return Credentials(f"Bearer {token}", (token,))
        if self._username is not None and self._password_file:
            password = _secret(self._password_file)
            pair = base64.b64encode(f"{self._username}:{password}".encode()).decode()
            return Credentials(f"Basic {pair}", (password, pair))
        return Credentials(None, ())


async def _told(one: Ask, question: Question, credentials: Credentials) -> Answer:
    try:
        return await one(question, credentials)
    except Failed as error:
        return Answer(error=credentials.hidden(str(error)))
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
        told = one_line(credentials.hidden(str(error)))[:200]
        said = f"cannot be reached ({type(error).__name__}: {told})"
        return Answer(error=f"{said}: look at its url and at the network", silent=True)


async def _capped(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_MAX:
            raise Failed(f"answers with more than {BODY_MAX} bytes: aggregate more in the query")
    return bytes(body)


def _clock_ms(date: str | None) -> int | None:
    """Read the `Date` header, which counts whole seconds.

    >>> _clock_ms("Mon, 02 Feb 2026 02:40:00 GMT"), _clock_ms("noon"), _clock_ms(None)
    (1770000000000, None, None)
    """
    try:
        return int(parsedate_to_datetime(date).timestamp()) * 1000 if date else None
    except ValueError:
        return None


def _checked(url: str) -> str:
    """Accept an http or https base URL that carries no credentials, query or fragment."""
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL:
        parts = httpx2.URL("")
    if parts.scheme not in {"http", "https"} or not parts.host or parts.query or parts.fragment:
        raise ConfigError(
            "The url of a metric source is none that can be asked.",
            remedy="write http://host:port or https://host/prefix, without query or fragment",
        )
    if parts.userinfo:
        raise ConfigError(
            "The url of a metric source carries credentials.",
            remedy="take them out and use username with passwordFile, or tokenFile",
        )
    return url.rstrip("/")


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(
            f"The certificates in {ca_file} cannot be used: {error.strerror or error}.",
            remedy="name a readable PEM file in caFile",
        ) from None


def _secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_MAX + 1)
        text = raw.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
        raise Failed(f"has no usable credentials ({path.name}: {kind}): mount the file") from None
    if not text or len(raw) > SECRET_MAX or not text.isprintable():
        raise Failed(f"has no usable credentials ({path.name}): write one line of text into it")
    return text
