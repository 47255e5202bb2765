"""Git objects as bytes: ids, trees and commits, without a process.

Formats: gitformat of loose objects, `git help hash-object`, `git help mktree`; proven against git
itself in tests/unit/test_git_objects.py.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, NewType

from gitops_canary.model.names import object_name

ObjectId = NewType("ObjectId", str)
"""The id of any object, 40 lower-case hex digits."""

ID_BYTES = 20
_ENTRY = re.compile(rb"([^ ]*) ([^\0]*)\0(.{%d})" % ID_BYTES, re.DOTALL)
"""One line of a tree: mode, name, id."""
_FIXED = ID_BYTES + 2
TREE_MODE = b"40000"
FILE_MODE = b"100644"


class Kind(Enum):
    """What an object is; the value is its name in the header, the number its type in a pack."""

    COMMIT = b"commit"
    TREE = b"tree"
    BLOB = b"blob"


class Entry(NamedTuple):
    """One line of a tree: the mode as written, the id as 20 bytes."""

    mode: bytes
    id: bytes

    @property
    def is_tree(self) -> bool:
        """Whether it is a directory."""
        return self.mode == TREE_MODE

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, executable or not."""
        return self.mode.startswith(b"100")

    @property
    def executable(self) -> bool:
        """Whether somebody may execute it."""
        return self.is_file and bool(int(self.mode, 8) & 0o111)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who commits."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCommit:
    """A commit taken apart; `signature` is the armour in its one place, `payload` what it signs."""

    tree: ObjectId
    parents: tuple[ObjectId, ...]
    author: str
    committer: str
    date_s: int
    message: str
    signature: bytes | None
    payload: bytes
    body: bytes
    """The whole object."""


def object_id(kind: Kind, body: bytes) -> ObjectId:
    """Name an object by the SHA-1 of its header and body."""
    return ObjectId(object_name(kind.value, body))


EMPTY_TREE = object_id(Kind.TREE, b"")


def parse_tree(body: bytes) -> dict[bytes, Entry]:
    """Read a tree's entries in their order; ValueError where it is no tree."""
    found = _ENTRY.findall(body)
    if sum(len(mode) + len(name) for mode, name, _ in found) + len(found) * _FIXED != len(body):
        raise ValueError("a tree ends in the middle of an entry")
    return {name: Entry(mode, name_of) for mode, name, name_of in found}


def place_entries(body: bytes) -> dict[bytes, tuple[bytes, int]]:
    """Find each entry's mode, and where in the tree its id begins; ValueError as parse_tree."""
    places = {}
    position = 0
    while position < len(body):
        space = body.index(b" ", position)
        end = body.index(b"\0", space)
        places[body[space + 1 : end]] = (body[position:space], end + 1)
        position = end + 1 + ID_BYTES
    if position != len(body):
        raise ValueError("a tree ends in the middle of an entry")
    return places


def splice_ids(body: bytes, ids: Iterable[tuple[int, bytes]]) -> bytes:
    """Write other ids into a tree, at the places where they begin."""
    changed = bytearray(body)
    for at, new in ids:
        changed[at : at + ID_BYTES] = new
    return bytes(changed)


def build_tree(entries: Mapping[bytes, Entry]) -> bytes:
    """Write entries in git's order, in which a directory sorts as `name/`."""
    return b"".join(
        b"%s %s\0%s" % (entry.mode, name, entry.id)
        for name, entry in sorted(entries.items(), key=_sort_key)
    )


def _sort_key(item: tuple[bytes, Entry]) -> bytes:
    name, entry = item
    return name + b"/" if entry.is_tree else name


def build_commit(
    *, tree: ObjectId, parents: Iterable[ObjectId], who: Identity, date_s: int, message: str
) -> bytes:
    """Write a commit whose author is its committer, in UTC, unsigned."""
    stamp = f"{who} {date_s} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {stamp}", f"committer {stamp}", "", message]
    return "\n".join(lines).encode()


def add_signature(commit: bytes, armour: bytes) -> bytes:
    """Put a signature into an unsigned commit, where git puts it: last in the header."""
    head, _, message = commit.partition(b"\n\n")
    header = b"gpgsig " + armour.rstrip(b"\n").replace(b"\n", b"\n ")
    return head + b"\n" + header + b"\n\n" + message


def parse_commit(body: bytes) -> RawCommit:
    """Take a commit apart; ValueError where it is none.

    Text that is not UTF-8 keeps its place with replacement characters: it is for reading only.
    """
    head, _, message = body.partition(b"\n\n")
    headers = _headers(head)
    committer, date_s = _stamp(_one(headers, b"committer"))
    payload = _without_signatures(headers) + b"\n\n" + message
    armour = next((value for key, value in headers if key == b"gpgsig"), b"")
    # Signed is only what we would write the same way, so that no byte escapes the signature.
    signed = armour and add_signature(payload, armour) == body
    return RawCommit(
        tree=_id(_one(headers, b"tree")),
        parents=tuple(_id(value) for key, value in headers if key == b"parent"),
        author=_stamp(_one(headers, b"author"))[0],
        committer=committer,
        date_s=date_s,
        message=message.decode(errors="replace"),
        signature=armour if signed else None,
        payload=payload,
        body=body,
    )


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and headers:
            key, value = headers[-1]
            headers[-1] = (key, value + b"\n" + line[1:])
        else:
            key, _, value = line.partition(b" ")
            headers.append((key, value))
    return headers


def _without_signatures(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"\n".join(
        key + b" " + value.replace(b"\n", b"\n ")
        for key, value in headers
        if not key.startswith(b"gpgsig")
    )


def _one(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    found = [value for key, value in headers if key == name]
    if len(found) != 1:
        raise ValueError(f"a commit has {len(found)} {name.decode()} lines")
    return found[0]


def _stamp(value: bytes) -> tuple[str, int]:
    who, seconds, _zone = value.rsplit(b" ", 2)
    return who.decode(errors="replace"), int(seconds)


def _id(value: bytes) -> ObjectId:
    if len(value) != 2 * ID_BYTES:
        raise ValueError("a commit names an object by something that is no id")
    return ObjectId(bytes.fromhex(value.decode()).hex())
