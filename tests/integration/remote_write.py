"""Samples written as Prometheus sends them on, which is the one way to write where series ended.

Protocol: Prometheus Remote-Write 1.0: a protobuf message in one snappy block, a stale marker being
the NaN with these bits. Snappy's format (google/snappy, format_description.txt) allows literals
alone.
"""

import http.client
import struct
from collections.abc import Iterable, Iterator

from prometheus_server import Written

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
_LITERAL_MAX = 1 << 16


def remote_write(port: int, series: Iterable[Written]) -> None:
    """Write samples; whoever listens has them when this returns."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    connection.request("POST", "/api/v1/write", _snappy(b"".join(map(_series, series))), headers)
    reply = connection.getresponse()
    said = reply.read()
    connection.close()
    assert reply.status < http.client.MULTIPLE_CHOICES, said


def _series(one: Written) -> bytes:
    labels = sorted({"__name__": one.metric, **one.labels}.items())
    named = (_field(1, name.encode()) + _field(2, value.encode()) for name, value in labels)
    samples = (
        b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at_ms)
        for at_ms, value in one.samples
    )
    rows = (*(_field(1, own) for own in named), *(_field(2, own) for own in samples))
    return _field(1, b"".join(rows))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _snappy(content: bytes) -> bytes:
    return _varint(len(content)) + b"".join(_literals(content))


def _literals(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _LITERAL_MAX):
        part = content[start : start + _LITERAL_MAX]
        yield bytes([61 << 2]) + struct.pack("<H", len(part) - 1) + part
