"""Very wide directories: looked into and compared without taking all of their entries apart.

A tree is one entry after the other, `<mode> <name>`, a NUL and 20 bytes of id; where one begins
shows only from the beginning, since an id may hold any byte.
"""

import re

from gitops_canary.git.objects import ID_BYTES, place_entries
from gitops_canary.git.pack import common

WIDE = 1 << 17
"""Bytes from which on it pays; some 4,000 entries."""
_ASKED_MAX = 8
"""Names asked for one by one; for more all entries are placed at once."""
_ENTRIES = re.compile(rb"(?:[^ ]*+ [^\0]*+\0.{%d})*" % ID_BYTES, re.DOTALL)
"""No possessive repeat of the group: before Python 3.11.5 that matches halves of entries
(python/cpython#106052).
"""


def entry_in(body: bytes, name: bytes) -> tuple[bytes, int] | None:
    """Find an entry's mode, and where in the tree its id begins; None where there is none."""
    sought, begin = b" " + name + b"\0", 0
    at = body.find(sought)
    while at >= 0:
        begin = _whole(body, begin, at)
        # The name of another one, or its id, may hold the same bytes.
        if body.index(b" ", begin) == at:
            return body[begin:at], at + len(sought)
        at = body.find(sought, at + 1)
    return None


def cut(old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """Leave out the entries that two trees begin and end with alike; all others are there."""
    if old == new:
        return b"", b""
    same = min(len(old), len(new))
    begin = _whole(old, 0, common(old[:same], new[:same]))
    rest = same - begin
    tail = common(old[len(old) - rest :][::-1], new[len(new) - rest :][::-1]) if rest else 0
    end = _whole(old, begin, len(old) - tail)
    if end < len(old) - tail:
        end = old.find(b"\0", end) + 1 + ID_BYTES
    end_of_new = end - len(old) + len(new)
    if _whole(old, begin, end) != end or _whole(new, begin, end_of_new) != end_of_new:
        return old, new
    return old[begin:end], new[begin:end_of_new]


def _whole(body: bytes, begin: int, end: int) -> int:
    """Give where the last entry ends that lies before a place; one begins at `begin`."""
    found = _ENTRIES.match(body, begin, end)
    return found.end() if found else begin


class Places:
    """Where the entries of a tree lie; of a wide one those that are asked for.

    Raises:
        ValueError: it is no tree.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._all = len(body) < WIDE
        self._known: dict[bytes, tuple[bytes, int] | None] = {}
        if self._all:
            self._known.update(place_entries(body))

    def find(self, name: bytes) -> tuple[bytes, int] | None:
        """Give an entry's mode, and where its id begins; None where there is none."""
        if not self._all and name not in self._known:
            if len(self._known) < _ASKED_MAX:
                self._known[name] = entry_in(self._body, name)
            else:
                self._known, self._all = dict(place_entries(self._body)), True
        return self._known.get(name)
