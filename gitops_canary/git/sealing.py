"""DSSE envelopes: a statement sealed by the key that signs our commits.

Ed25519 is deterministic, so replicas with one key write the same seal.
"""

import base64
import binascii
import json
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError
from securesystemslib.exceptions import VerificationError as Unverified
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import Key, SSlibKey
from securesystemslib.signer._signature import Signature

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def seal(statement: bytes, private: Ed25519PrivateKey) -> bytes:
    """Wrap a statement; JSON on one line, the same bytes for the same statement and key."""
    made = Envelope(statement, PAYLOAD_TYPE, {})
    made.sign(CryptoSigner(private, SSlibKey.from_crypto(private.public_key())))
    return _written(made)


def preauthentication(statement: bytes) -> bytes:
    """Give the bytes that a seal signs: DSSE's pre-authentication encoding, version 1."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(statement), statement)


def envelope(statement: bytes, key_id: str, signature: bytes) -> bytes:
    """Write an envelope around a signature that was made elsewhere."""
    made = Envelope(statement, PAYLOAD_TYPE, {key_id: Signature(key_id, signature.hex())})
    return _written(made)


def opened(data: bytes) -> tuple[bytes, str, bytes]:
    """Give statement, key id and signature of an envelope with one signature, unverified.

    Raises:
        ValueError: it is no such envelope, or not written as the controller writes it.
    """
    try:
        found = Envelope.from_dict(json.loads(data))
        [(key_id, signature)] = found.signatures.items()
        raw = bytes.fromhex(signature.signature)
    except (KeyError, TypeError, AttributeError, ValueError, FormatError) as error:
        raise ValueError(f"it is no DSSE envelope ({error!r})") from error
    odd = found.payload_type != PAYLOAD_TYPE or signature.unrecognized_fields
    if odd or _written(found) != data:
        raise ValueError("it is not written as the controller writes it")
    return found.payload, key_id, raw


def unseal(data: bytes, trusted: Iterable[bytes]) -> bytes:
    """Give the statement in an envelope that one of the trusted keys (32 bytes each) sealed.

    Raises:
        ValueError: none of them did, or it is no envelope.
    """
    keys: list[Key] = [
        SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(raw)) for raw in trusted
    ]
    try:
        value = json.loads(data)
        found = Envelope.from_dict(value)
        found.verify(keys, 1)
        payload = base64.b64decode(value["payload"], validate=True)
    except (Unverified, FormatError) as error:
        raise ValueError("no trusted key sealed it") from error
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError(f"it is no DSSE envelope ({error!r})") from error
    alone = [one.unrecognized_fields for one in found.signatures.values()] == [{}]
    if found.payload_type != PAYLOAD_TYPE or _written(found) != data or not alone:
        raise ValueError("it is not written as the controller writes it")
    return payload


def _written(found: Envelope) -> bytes:
    return json.dumps(found.to_dict(), sort_keys=True, separators=(",", ":")).encode() + b"\n"
