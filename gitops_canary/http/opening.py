"""What it takes to talk to one service: its address, and credentials that lie in files."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gitops_canary.errors import ConfigError

SECRET_MAX: Final = 64 * 1024
_LINES = frozenset({"serviceAccountKey"})
"""Secrets of several lines."""


class Failed(Exception):  # noqa: N818 - named for what happened
    """Why there is no answer, with what to do; a clause that goes on after the service's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One service as the operator describes it; nothing in it is a secret.

    Raises:
        ConfigError: the combination of credentials cannot be used.
    """

    url: str
    """Base URL, without credentials; a path prefix is kept."""
    timeout_ms: int
    """For all questions of one look together."""
    token_file: Path | None = None
    """Holds a bearer token; read again for every look, so that it may rotate."""
    username: str | None = None
    """For basic authentication, together with `password_file`."""
    password_file: Path | None = None
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    secret_files: Mapping[str, Path] = field(default_factory=dict)
    """Further secrets by the names the service has for them."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What else the service needs to know, e.g. a region."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request, e.g. a tenant; nothing secret."""
    header_files: Mapping[str, Path] = field(default_factory=dict)
    """Headers whose values lie in files, read like `token_file`."""

    def __post_init__(self) -> None:
        """Refuse credentials that do not fit together."""
        if (self.username is None) != (self.password_file is None) or (
            self.token_file and self.username
        ):
            raise ConfigError(
                "The credentials of an HTTP service do not fit together.",
                remedy="give tokenFile alone, or username with passwordFile",
            )


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What authorises one round of questions; never printed."""

    values: Mapping[str, str]
    """`token`, `password`, and the names of `secret_files`."""
    username: str | None = None
    derived: tuple[str, ...] = ()
    """What was made of them and may be shown as little."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Fixed headers, secret or not; what is secret of them is among `values` too."""

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def get(self, name: str) -> str | None:
        """Give a secret; None where the operator named no file for it."""
        return self.values.get(name)

    @property
    def standard(self) -> dict[str, str]:
        """Give the fixed headers and the one that most services take: a bearer token, or basic."""
        if token := self.get("token"):
            return {**self.headers, "Authorization": f"Bearer {token}"}
        basic = {} if self.username is None else {"Authorization": f"Basic {self._pair()}"}
        return {**self.headers, **basic}

    def hidden(self, text: str) -> str:
        """Take the secrets out of words that a server or a library chose."""
        own = [part for value in self.values.values() for part in (value, *value.splitlines())]
        pair = [self._pair()] if self.username is not None else []
        every = {form for one in (*own, *pair, *self.derived) for form in _forms(one)}
        for secret in sorted(every, key=len, reverse=True):
            text = text.replace(secret, "***") if secret else text
        return text

    def _pair(self) -> str:
        return base64.b64encode(f"{self.username}:{self['password']}".encode()).decode()


def _forms(secret: str) -> Iterator[str]:
    """Give a secret as it stands in an address, in JSON, and where a library shows bytes."""
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for shown in (repr(secret), repr(secret.encode())):
        yield shown.removeprefix("b")[1:-1]


def secrets_of(opening: Opening) -> Secrets:
    """Read all secrets anew.

    Raises:
        Failed: a file is not there, or holds no secret.
    """
    files = dict(opening.secret_files)
    if opening.token_file:
        files["token"] = opening.token_file
    if opening.password_file:
        files["password"] = opening.password_file
    secret = {name: _read(name, path) for name, path in opening.header_files.items()}
    return Secrets(
        {
            **{name: _read(name, path) for name, path in files.items()},
            **{f"header {name}": value for name, value in secret.items()},
        },
        opening.username,
        headers={**opening.headers, **secret},
    )


def _read(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_MAX + 1)
        text = raw.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
        raise Failed(f"has no usable credentials ({path.name}: {kind}): mount the file") from None
    # A password is sent in base64; anything else stands in a header as it is, which is ASCII and
    # has no blanks at its ends: a library that refuses one shows it.
    plain = text.isascii() and text == text.strip()
    fit = text.isprintable() and (plain or name == "password")
    if not text or len(raw) > SECRET_MAX or not (fit or name in _LINES):
        raise Failed(
            f"has no usable credentials ({path.name}): write one line of text into it, without "
            "blanks at its ends"
        )
    return text
