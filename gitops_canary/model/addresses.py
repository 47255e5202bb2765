"""The addresses of HTTP services, as operators and documents may write them."""

import re
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/%+,=\[\]-]{1,2048}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")


def check_address(url: str) -> str:
    """Accept a plain http or https URL and give it without a `/` at its end.

    Raises:
        ValueError: it is none, or holds credentials, a query or a fragment; the message repeats
            nothing of it, because it may hold a password.
    """
    if "@" in url:
        raise ValueError("contains credentials or an `@`; credentials belong into a file")
    if not _CHARACTERS.fullmatch(url):
        raise ValueError("has characters that no address needs; write http://host:port/path")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("has no valid host and port; write http://host:port/path") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("is no http or https URL; write http://host:port/path")
    if not _HOST.fullmatch(parts.hostname):
        raise ValueError("has no valid host; write http://host:port/path")
    return url.rstrip("/")


def on_this_machine(url: str) -> bool:
    """Tell whether an accepted address never leaves this machine."""
    return urlsplit(url).hostname in LOOPBACK
