"""The values controller.yaml is made of, each checked where it stands.

None is echoed that could hold a secret.
"""

import re
import stat
from collections.abc import Callable
from os import geteuid
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from gitops_canary.errors import ConfigError
from gitops_canary.git.address import check_branch
from gitops_canary.git.pgp_signing import load_signer
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.model.addresses import check_address
from gitops_canary.model.durations import PATTERN, duration_ms

PROBLEM: Final = "canary"
"""Type of the errors made here; `ctx` holds `problem` and `remedy`."""
_HOUR = 3_600_000
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_FOLDER = re.compile(r"[^/\\\0-\x1f*?]+(/[^/\\\0-\x1f*?]+)*/?")
_LISTEN = re.compile(r"(?:([A-Za-z0-9.-]+)|\[([0-9A-Fa-f:]+)\]):([0-9]{1,5})")
_OPTION = re.compile(r"[A-Za-z0-9_.:/@-]{1,200}")
_HEADER = re.compile(r"[!-~]([ -~]{0,498}[!-~])?")
_PORT_MAX = 65_535


def wrong(problem: str, remedy: str) -> PydanticCustomError:
    """Make an error that pydantic reports together with its place."""
    return PydanticCustomError(PROBLEM, "{problem}", {"problem": problem, "remedy": remedy})


def _first(error: ValueError) -> str:
    """Take what is wrong; what to do about it is the remedy's to say."""
    return str(error).partition(";")[0]


def _within(low_ms: int, high_ms: int, words: str) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, str):
            raise wrong("is no duration", "write a number and its unit, e.g. 30s")
        try:
            span_ms = duration_ms(value)
        except ValueError as error:
            raise wrong(_first(error), "write it like 500ms, 30s, 5m or 1h") from None
        if not low_ms <= span_ms <= high_ms:
            raise wrong(f"is {shown(value)}, out of bounds", f"choose a time {words}")
        return span_ms

    return read


_SPAN = WithJsonSchema(
    {"type": "string", "minLength": 2, "pattern": PATTERN, "examples": ["30s", "5m"]}
)
Poll = Annotated[int, BeforeValidator(_within(100, 24 * _HOUR, "from 100ms to 24h")), _SPAN]
Scrape = Annotated[int, BeforeValidator(_within(100, _HOUR, "from 100ms to 1h")), _SPAN]
Timeout = Annotated[int, BeforeValidator(_within(100, 300_000, "from 100ms to 5m")), _SPAN]
Long = Annotated[int, BeforeValidator(_within(100, _HOUR, "from 100ms to 1h")), _SPAN]
Wait = Annotated[int, BeforeValidator(_within(0, 24 * _HOUR, "up to 24h")), _SPAN]


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise wrong(f"{shown(value)} is no name", "use up to 63 of a-z, 0-9 and -, not at its ends")
    return value


def _branch(value: str) -> str:
    try:
        return check_branch(value)
    except ConfigError as error:
        raise wrong(error.problem, error.remedy) from None


def _folder(value: str) -> str:
    parts = value.rstrip("/").split("/")
    if not _FOLDER.fullmatch(value) or {"", ".", ".."} & set(parts) or not value.isprintable():
        raise wrong(
            f"{shown(value)} is no folder inside the repository",
            "write it like apps/web/, without . or .. in it; leave paths out to mean all of it",
        )
    return value


def _address(value: str) -> str:
    try:
        return check_address(value)
    except ValueError as error:
        raise wrong(_first(error), "write http://host:port/path; secrets go into files") from None


def _listen(value: str) -> str:
    found = _LISTEN.fullmatch(value)
    if not found or not 0 < int(found[3]) <= _PORT_MAX:
        raise wrong(f"{shown(value)} is no address to listen on", "write it like 127.0.0.1:8787")
    return value


def host_and_port(listen: str) -> tuple[str, int]:
    """Split an accepted address to listen on."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def choice(*known: str, later: tuple[str, ...] = ()) -> Callable[[str], str]:
    """Make a check of one word out of several; `later` are those not supported yet."""

    def check(value: str) -> str:
        if value in later:
            raise wrong(f"{value} is not supported yet", f"use one of {', '.join(known)}")
        if value not in known:
            raise wrong(f"{shown(value)} is not known", nearest(value, known))
        return value

    return check


def _file(value: object, info: ValidationInfo) -> Path:
    """Find a file that must be there; relative names count from controller.yaml's folder."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise wrong("is no file name", "write the path of a file")
    directory = info.context if isinstance(info.context, Path) else Path()
    path = directory / value
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise wrong(f"{path} cannot be read: {error.strerror}", "correct the path") from None
    if not is_file:
        raise wrong(f"{path} is no file", "name a file")
    return path


def _secret(path: Path) -> Path:
    """Refuse a secret that others may read, as ssh does.

    A group may read a file that belongs to somebody else: in a Kubernetes volume with `fsGroup`
    that is the only way for us to read it.
    """
    status = path.stat()
    closed_to = 0o077 if status.st_uid == geteuid() else 0o007
    if status.st_mode & closed_to:
        raise wrong(
            f"{path} can be read by others (mode {stat.S_IMODE(status.st_mode):o})",
            f"chmod 600 {path}; as a Kubernetes secret: defaultMode 0400",
        )
    return path


def _key(path: Path) -> Path:
    try:
        load_signer(path).close()
    except ConfigError as error:
        raise wrong(error.problem, error.remedy) from None
    return path


def _option(value: str) -> str:
    if not _OPTION.fullmatch(value):
        raise wrong(f"{shown(value)} is no such value", "use up to 200 letters, digits and _.:/@-")
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise wrong("is no value of a header", "write up to 500 visible ASCII characters")
    return value


_TEXT = WithJsonSchema({"type": "string", "minLength": 1})
File = Annotated[Path, BeforeValidator(_file), _TEXT]
SecretFile = Annotated[Path, BeforeValidator(_file), AfterValidator(_secret), _TEXT]
KeyFile = Annotated[Path, BeforeValidator(_file), AfterValidator(_key), _TEXT]
Name = Annotated[str, AfterValidator(_name)]
Header = Annotated[str, AfterValidator(_header)]
Option = Annotated[str, AfterValidator(_option)]
BranchName = Annotated[str, AfterValidator(_branch)]
Folder = Annotated[str, AfterValidator(_folder)]
Address = Annotated[str, AfterValidator(_address)]
Listen = Annotated[str, AfterValidator(_listen)]
