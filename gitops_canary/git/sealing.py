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

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def seal(statement: bytes, private: Ed25519PrivateKey) -> bytes:
    """Wrap a statement; JSON on one line, the same bytes for the same statement and key."""
    envelope = Envelope(statement, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(private, SSlibKey.from_crypto(private.public_key())))
    return json.dumps(envelope.to_dict(), sort_keys=True, separators=(",", ":")).encode() + b"\n"


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
        envelope = Envelope.from_dict(value)
        envelope.verify(keys, 1)
        payload = base64.b64decode(value["payload"], validate=True)
    except (Unverified, FormatError) as error:
        raise ValueError(f"no trusted key sealed it ({error})") from error
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError(f"it is no DSSE envelope ({error!r})") from error
    again = json.dumps(envelope.to_dict(), sort_keys=True, separators=(",", ":")).encode() + b"\n"
    if envelope.payload_type != PAYLOAD_TYPE or again != data:
        raise ValueError("it is not written as the controller writes it")
    return payload
