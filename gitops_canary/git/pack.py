"""Objects as one thin pack (version 2), for `git index-pack --fix-thin`, or with an index.

Format: gitformat-pack.
"""

import hashlib
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

from gitops_canary.git.objects import Kind, ObjectId

_TYPES = {Kind.COMMIT: 1, Kind.TREE: 2, Kind.BLOB: 3}
_REF_DELTA = 7
_LEVEL = 1
"""Trees are mostly ids, which no level compresses; the fastest costs least."""
_SMALL = 96
"""Bytes under which compressing saves less than it costs."""
_COPY_MAX = 0xFFFFFF
_INSERT_MAX = 127


class Delta(NamedTuple):
    """An object told as what differs from another."""

    onto: ObjectId
    steps: bytes


class Made(NamedTuple):
    """An object not yet in the repository."""

    kind: Kind
    body: bytes
    delta: Delta | None = None
    """How to make it from another, which the repository or the same pack has."""


def build_pack(objects: Iterable[Made]) -> bytes:
    """Write each object whole, or as its delta; each may occur only once."""
    parts = [_part(made) for made in objects]
    pack = b"".join([struct.pack(">4sII", b"PACK", 2, len(parts)), *parts])
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest()


def build_indexed(objects: Mapping[ObjectId, Made]) -> tuple[bytes, bytes]:
    """Write whole objects as a pack, and its index (version 2)."""
    parts = [_part(made) for made in objects.values()]
    head = struct.pack(">4sII", b"PACK", 2, len(parts))
    pack = b"".join([head, *parts])
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    begins = accumulate(map(len, parts), initial=len(head))
    rows = sorted(
        (bytes.fromhex(name), zlib.crc32(part), begin)
        for name, part, begin in zip(objects, parts, begins, strict=False)
    )
    firsts = [name[0] for name, _, _ in rows]
    index = b"".join(
        [
            struct.pack(">4sI", b"\377tOc", 2),
            struct.pack(">256I", *(bisect_right(firsts, byte) for byte in range(256))),
            *(name for name, _, _ in rows),
            *(struct.pack(">I", crc) for _, crc, _ in rows),
            *(struct.pack(">I", begin) for _, _, begin in rows),
            pack[-20:],
        ]
    )
    return pack, index + hashlib.sha1(index, usedforsecurity=False).digest()


def delta_of(old: bytes, new: bytes) -> bytes:
    """Tell `new` as the beginning and the end of `old`, with other bytes between."""
    same = min(len(old), len(new))
    head = common(old[:same], new[:same])
    rest = same - head
    tail = common(old[len(old) - rest :][::-1], new[len(new) - rest :][::-1]) if rest else 0
    return b"".join(
        [
            _size(len(old)),
            _size(len(new)),
            _copy(0, head),
            _insert(new[head : len(new) - tail]),
            _copy(len(old) - tail, tail),
        ]
    )


def delta_at(old: int, new: bytes, places: Iterable[tuple[int, int]]) -> bytes:
    """Tell `new` as an object of `old` bytes, as long as itself, that differs only at some places.

    `places` are where they begin and end, in order and apart from each other.
    """
    steps, done = [_size(old), _size(len(new))], 0
    for begin, end in places:
        steps += [_copy(done, begin - done), _insert(new[begin:end])]
        done = end
    return b"".join([*steps, _copy(done, len(new) - done)])


def _part(made: Made) -> bytes:
    if made.delta is None:
        return _header(_TYPES[made.kind], len(made.body)) + _deflated(made.body)
    steps = made.delta.steps
    return _header(_REF_DELTA, len(steps)) + bytes.fromhex(made.delta.onto) + _deflated(steps)


def _deflated(data: bytes) -> bytes:
    """Compress, or store: setting a compressor up costs more than a few bytes are worth."""
    if len(data) > _SMALL:
        return zlib.compress(data, _LEVEL)
    stored = struct.pack("<BHH", 1, len(data), len(data) ^ 0xFFFF)
    return b"\x78\x01" + stored + data + struct.pack(">I", zlib.adler32(data))


def common(one: bytes, other: bytes) -> int:
    """Count the bytes two texts of one length begin with alike, by halving."""
    if one == other:
        return len(one)
    low, high = 0, len(one)
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _copy(offset: int, size: int) -> bytes:
    """Write steps that copy: a bit for each byte of offset and size that follows."""
    steps = []
    while size:
        part = min(size, _COPY_MAX)
        offset_bytes, size_bytes = _bytes_of(offset), _bytes_of(part)
        first = 0x80 | (1 << offset_bytes) - 1 | (1 << size_bytes) - 1 << 4
        steps.append(
            bytes((first,))
            + offset.to_bytes(offset_bytes, "little")
            + part.to_bytes(size_bytes, "little")
        )
        offset, size = offset + part, size - part
    return b"".join(steps)


def _bytes_of(number: int) -> int:
    return number.bit_length() + 7 >> 3


def _insert(data: bytes) -> bytes:
    parts = (data[at : at + _INSERT_MAX] for at in range(0, len(data), _INSERT_MAX))
    return b"".join(bytes([len(part)]) + part for part in parts)


def _size(size: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    written = bytearray()
    while size > 0x7F:  # noqa: PLR2004 - seven bits
        written.append(size & 0x7F | 0x80)
        size >>= 7
    written.append(size)
    return bytes(written)


def _header(number: int, size: int) -> bytes:
    """Type and size: four bits of the size in the first byte, seven in each that follows."""
    first = number << 4 | size & 0x0F
    size >>= 4
    header = bytearray()
    while size:
        header.append(first | 0x80)
        first = size & 0x7F
        size >>= 7
    header.append(first)
    return bytes(header)
