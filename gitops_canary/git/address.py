"""Where the repository is: what the operator may write as its URL and its branches."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitops_canary.errors import ConfigError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}")
_SAFE_URL = re.compile(r"(?:[A-Za-z0-9._~:/@+,=\[\]-]|%[0-9A-Fa-f]{2})+")
_SCP = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9.-]*:(?!/?/)[A-Za-z0-9._~/+-]+")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Address:
    """A remote repository's URL, checked."""

    url: str
    scheme: str
    """`https`, `http`, `ssh` or `file`: the only protocol git may speak."""


def parse_url(url: str, *, allow_file: bool = False, allow_http: bool = False) -> Address:
    """Check a remote's URL before git sees it.

    `https` and `ssh` are always accepted, `http` on this machine or where allowed, `file` where
    allowed. Nothing of a refused URL is repeated but its scheme: it may hold a password.

    Raises:
        ConfigError: anything else.
    """
    if _SCP.fullmatch(url):
        return Address(url, "ssh")
    if not _SAFE_URL.fullmatch(url) or _escapes(url):
        raise _bad_url("the repository's url has characters that no repository needs")
    parts = urlsplit(url)
    if parts.scheme == "file" and allow_file and not parts.netloc:
        return Address(url, "file")
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise ConfigError(
            "the repository's url contains credentials",
            remedy="remove them; put the password into a file and name it in "
            "credentials.passwordFile",
        )
    if parts.scheme == "file" or url.startswith("/"):
        raise ConfigError(
            "the repository's url is a path on this machine",
            remedy="write file:///path, without a host, and allowFile: true beside it",
        )
    host = _host(url)
    if not host or host.startswith("-") or (parts.username or "").startswith("-"):
        raise _bad_url("the repository's url has no valid host")
    unsafe_ok = allow_http or host in _LOOPBACK
    if parts.scheme in {"https", "ssh"} or (parts.scheme == "http" and unsafe_ok):
        return Address(url, parts.scheme)
    raise _bad_url(f"a repository cannot be reached by {parts.scheme or 'a path'}")


def check_branch(branch: str) -> str:
    """Accept a branch's short name in plain letters; ConfigError otherwise."""
    fits = _BRANCH.fullmatch(branch) and not branch.startswith("refs/") and branch != "HEAD"
    if not fits or not all(_part_fits(part) for part in branch.split("/")):
        raise ConfigError(
            f"{ascii(branch)[:100]} is not a branch name we accept",
            remedy="use letters, digits, `.`, `_`, `-` and `/`, without refs/heads/ in front",
        )
    return branch


def _part_fits(part: str) -> bool:
    wrong_end = part.endswith((".", ".lock")) or part.startswith((".", "-"))
    return bool(part) and not wrong_end and ".." not in part


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a second port or one that is no number
    except ValueError:
        return None
    one_at = parts.netloc.count("@") <= 1
    return parts.hostname if one_at else None


def _escapes(url: str) -> bool:
    """Whether an escape hides a control character or part of the URL's structure."""
    hidden = {bytes.fromhex(found[1:]) for found in _ESCAPED.findall(url)}
    return any(byte < b"!" or byte in {b"/", b"@", b"\\", b"\x7f"} for byte in hidden)


def _bad_url(problem: str) -> ConfigError:
    return ConfigError(
        problem, remedy="write https://host/owner/name.git or ssh://git@host/owner/name.git"
    )
