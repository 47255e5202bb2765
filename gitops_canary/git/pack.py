"""Objects as one pack (version 2), for `git index-pack`. Format: gitformat-pack."""

import hashlib
import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

from gitops_canary.git.objects import Kind

_TYPES = {Kind.COMMIT: 1, Kind.TREE: 2, Kind.BLOB: 3}
_LEVEL = 1
"""Trees are mostly ids, which no level compresses; the fastest costs least."""


class Made(NamedTuple):
    """An object not yet in the repository."""

    kind: Kind
    body: bytes


def build_pack(objects: Iterable[Made]) -> bytes:
    """Write each object whole; each may occur only once."""
    parts = [
        _header(made.kind, len(made.body)) + zlib.compress(made.body, _LEVEL) for made in objects
    ]
    pack = b"".join([struct.pack(">4sII", b"PACK", 2, len(parts)), *parts])
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest()


def _header(kind: Kind, size: int) -> bytes:
    """Type and size: four bits of the size in the first byte, seven in each that follows."""
    first = _TYPES[kind] << 4 | size & 0x0F
    size >>= 4
    header = bytearray()
    while size:
        header.append(first | 0x80)
        first = size & 0x7F
        size >>= 7
    header.append(first)
    return bytes(header)
