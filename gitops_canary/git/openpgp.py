"""OpenPGP as far as a detached signature of Git needs it: armour and packets, no arithmetic.

Formats: RFC 4880 sections 4.2 (packets), 5.2.3 (version 4 signatures), 5.9 (literal data) and 6
(armour). What a signature is worth is asked of gpg.
"""

import base64
import binascii
import struct

BEGIN = b"-----BEGIN PGP SIGNATURE-----"
PUBLIC = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
PUBLIC_END = "-----END PGP PUBLIC KEY BLOCK-----"
PRIVATE = "-----BEGIN PGP PRIVATE KEY BLOCK-----"
_END = b"-----END PGP SIGNATURE-----"
_COLUMNS = 64
_SIGNATURE, _LITERAL = 2, 11
_ISSUER = 16
_ISSUER_BYTES = 10
"""An issuer subpacket of an unhashed area: length, type, eight bytes of the key's id."""


def armour(packet: bytes) -> bytes:
    """Write a signature as gpg does without comments, ending in a line break."""
    text = base64.b64encode(packet)
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    check = b"=" + base64.b64encode(_crc24(packet).to_bytes(3, "big"))
    return b"\n".join([BEGIN, b"", *lines, check, _END, b""])


def dearmour(text: bytes) -> bytes | None:
    """Read the one signature packet in an armour; None where it is not written as gpg writes it.

    So no second spelling, and no byte that the signature does not cover, makes another commit of
    the same signature: the unhashed area holds the issuer's key id alone, which gpg checks.
    """
    head, _, rest = text.rstrip(b"\n").partition(b"\n\n")
    try:
        *lines, _check, end = rest.split(b"\n")
        if head != BEGIN or end != _END:
            return None
        packet = base64.b64decode(b"".join(lines), validate=True)
        known = armour(packet) == text.rstrip(b"\n") + b"\n" and _plain(packet)
    except (binascii.Error, ValueError, IndexError, struct.error):
        return None
    return packet if known else None


def message(packet: bytes, signed: bytes) -> bytes:
    """Put a detached signature in front of what it signs, so that gpg verifies many in one go."""
    body = b"b\0" + struct.pack(">I", 0) + signed
    return packet + bytes([0xC0 | _LITERAL, 0xFF]) + struct.pack(">I", len(body)) + body


def issuer(packet: bytes) -> bytes:
    """Give the key id in the unhashed area, eight bytes."""
    return _unhashed(_body(packet))[2:]


def _plain(packet: bytes) -> bool:
    """Whether it is one version 4 signature of bytes whose unhashed area names the issuer only."""
    body = _body(packet)
    unhashed = _unhashed(body)
    shape = len(unhashed) == _ISSUER_BYTES and unhashed[:2] == bytes([_ISSUER_BYTES - 1, _ISSUER])
    return body[:2] == b"\x04\x00" and shape


def _body(packet: bytes) -> bytes:
    """Take the header of the only packet off; ValueError where there is more, or another one."""
    tag, size = packet[0], packet[1]
    old = tag & 0xC0 == 0x80  # noqa: PLR2004 - RFC 4880 4.2, the old format's mark
    if not old or (tag >> 2) & 0x0F != _SIGNATURE:
        raise ValueError("no signature packet as gpg writes it")
    kind = tag & 0x03
    if kind == 0:
        at = 2
    elif kind == 1:
        at, size = 3, int.from_bytes(packet[1:3], "big")
        if size < 1 << 8:
            raise ValueError("a length in more bytes than it needs")
    else:
        raise ValueError("a signature this long is none")
    if len(packet) != at + size:
        raise ValueError("something follows the signature")
    return packet[at:]


def _unhashed(body: bytes) -> bytes:
    hashed = int.from_bytes(body[4:6], "big")
    at = 6 + hashed
    size = int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : at + 2 + size]


def _crc24(data: bytes) -> int:
    """RFC 4880 section 6.1."""
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc & 0xFFFFFF
