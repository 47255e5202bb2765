"""A bearer token in a file, read anew for every use so that it may rotate."""

from pathlib import Path
from typing import Final

SECRET_MAX: Final = 64 * 1024
"""Bytes that are read at most."""


class Unreadable(Exception):  # noqa: N818 - named for what happened
    """A file gave no token: what is wrong with it and what to do, never what it holds."""


def token(file: Path) -> str:
    """Read a token that is fit for a header: one line of visible ASCII.

    Raises:
        Unreadable: there is none.
    """
    try:
        with file.open("rb") as opened:
            found = opened.read(SECRET_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise Unreadable("cannot be read: correct its path and permissions") from None
    if not found or not found.isprintable() or " " in found:
        raise Unreadable("holds no token: write it into the file as one line")
    return found
