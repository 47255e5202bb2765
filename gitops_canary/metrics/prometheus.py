"""Prometheus' HTTP API, and whatever speaks it: Thanos, Mimir, VictoriaMetrics."""

import asyncio
import base64
import logging
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import httpx2

from gitops_canary.core.text import one_line
from gitops_canary.errors import ConfigError
from gitops_canary.metrics.prometheus_answer import Garbled, Hide, read
from gitops_canary.model.observation import Answer, Question

CONCURRENT_MAX: Final = 16
BODY_MAX: Final = 4 * 1024 * 1024
"""Bytes of one answer; some 100 000 samples."""
SECRET_MAX: Final = 64 * 1024
_OK = 200
_REMEDIES: Final = {
    401: "put valid credentials into the files named in controller.yaml",
    403: "allow these credentials to query, or name others in controller.yaml",
    404: "correct the url in controller.yaml, with the path prefix if there is one",
    400: "correct the query of the check",
    422: "correct the query of the check",
}
# The library writes every URL it asks into its log, and its transport the headers.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Failed(Exception):  # noqa: N818 - named for what happened
    """Why there is no answer, with what to do; becomes `Answer.error`."""


class Prometheus:
    """One metric source.

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
        self._base = _checked(url)
        self._timeout_ms = timeout_ms
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

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer all questions at once, under one deadline; trouble is told in `Answer.error`."""
        unique = tuple(dict.fromkeys(questions))
        try:
            credentials = self._credentials()
        except _Failed as error:
            return dict.fromkeys(unique, Answer(error=str(error)))
        gate = asyncio.Semaphore(CONCURRENT_MAX)
        deadline = asyncio.get_running_loop().time() + self._timeout_ms / 1000

        async def one(question: Question) -> Answer:
            try:
                async with asyncio.timeout_at(deadline), gate:
                    return await self._one(question, credentials)
            except TimeoutError:
                waited = f"did not answer within {self._timeout_ms} ms: "
                return Answer(error=f"{waited}look at its load, or raise its timeout", silent=True)

        answers = await asyncio.gather(*(one(question) for question in unique))
        return dict(zip(unique, answers, strict=True))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _one(self, question: Question, credentials: "_Credentials") -> Answer:
        try:
            status, body, clock_ms = await self._post(question, credentials)
            if status != _OK:
                return Answer(error=_refusal(status, body, credentials.hidden))
            return replace(read(body, credentials.hidden), clock_ms=clock_ms)
        except (_Failed, Garbled) as error:
            return Answer(error=str(error))
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            told = one_line(credentials.hidden(str(error)))[:200]
            said = f"cannot be reached ({type(error).__name__}: {told})"
            return Answer(error=f"{said}: look at its url and at the network", silent=True)

    async def _post(
        self, question: Question, credentials: "_Credentials"
    ) -> tuple[int, bytes, int | None]:
        """Post one question: status, body and the server's clock in milliseconds.

        The query travels in the body, so that no log of URLs has it.

        Raises:
            _Failed: the answer is a redirect, compressed or too large.
        """
        kind = "query_range" if question.step_ms else "query"
        request = self._client.stream(
            "POST",
            f"{self._base}/api/v1/{kind}",
            data=_form(question, self._timeout_ms),
            headers=credentials.headers,
        )
        async with request as response:
            status = response.status_code
            if response.is_redirect:
                raise _Failed(
                    f"redirects ({status}), which is never followed: "
                    "put its final url into controller.yaml"
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                raise _Failed("compresses though told not to: turn that off in its proxy")
            return status, await _capped(response), _clock_ms(response.headers.get("date"))

    def _credentials(self) -> "_Credentials":
        if self._token_file:
            token = _secret(self._token_file)
            return _Credentials(f"Bearer {token}", (token,))
        if self._username is not None and self._password_file:
            password = _secret(self._password_file)
            pair = base64.b64encode(f"{self._username}:{password}".encode()).decode()
            return _Credentials(f"Basic {pair}", (password, pair))
        return _Credentials(None, ())


@dataclass(frozen=True, slots=True, repr=False)
class _Credentials:
    """What authorises one round of questions; never printed."""

    header: str | None
    secrets: tuple[str, ...]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.header} if self.header else {}

    def hidden(self, text: str) -> str:
        """Take the secrets out of words that a server or a library chose."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


async def _capped(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_MAX:
            raise _Failed(f"answers with more than {BODY_MAX} bytes: aggregate more in the query")
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


def _refusal(status: int, body: bytes, hide: Hide) -> str:
    """Say why there is no answer, in the server's words where it has some."""
    try:
        said = f" ({read(body, hide).error})"
    except Garbled:
        said = ""
    remedy = _REMEDIES.get(status, "look at its log; the next tick asks again")
    return f"refuses with HTTP status {status}{said}: {remedy}"


def _form(question: Question, timeout_ms: int) -> dict[str, str]:
    form = {"query": question.expression, "timeout": f"{timeout_ms}ms"}
    if question.step_ms:
        form["start"] = _seconds(question.start_ms)
        form["end"] = _seconds(question.end_ms)
        form["step"] = _seconds(question.step_ms)
    else:
        form["time"] = _seconds(question.start_ms)
    if question.lookback_ms:
        form["lookback_delta"] = _seconds(question.lookback_ms)
    return form


def _seconds(at_ms: int) -> str:
    """Write milliseconds as seconds, exactly.

    >>> _seconds(1_770_000_000_250), _seconds(-5)
    ('1770000000.250', '-0.005')
    """
    return f"{'-' if at_ms < 0 else ''}{abs(at_ms) // 1000}.{abs(at_ms) % 1000:03}"


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
        raise _Failed(f"has no usable credentials ({path.name}: {kind}): mount the file") from None
    if not text or len(raw) > SECRET_MAX or not text.isprintable():
        raise _Failed(f"has no usable credentials ({path.name}): write one line of text into it")
    return text
