"""SSH signatures (SSHSIG) with ed25519, in this process.

Format: OpenSSH's PROTOCOL.sshsig, as git writes and verifies it with `gpg.format=ssh`: version 1,
namespace `git`, SHA-512. The same bytes signed by the same key give the same signature, which is
why the same decision has the same commit id everywhere.
"""

import base64
import binascii
import hashlib
import os
import pathlib
import stat
import struct
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from gitops_canary.errors import ConfigError
from gitops_canary.git.sealing import seal

KEY_TYPE = b"ssh-ed25519"
NAMESPACE = b"git"
_MAGIC = b"SSHSIG"
_HASH = b"sha512"
_BEGIN = b"-----BEGIN SSH SIGNATURE-----"
_END = b"-----END SSH SIGNATURE-----"
_COLUMNS = 70
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; never shown."""

    _private: Ed25519PrivateKey
    _head: bytes = field(init=False, repr=False)
    """The beginning of every signature, up to the signature itself."""

    def __post_init__(self) -> None:
        strings = (_public_blob(self.public), NAMESPACE, b"", _HASH)
        head = b"".join([_MAGIC, struct.pack(">I", 1), *map(_string, strings)])
        object.__setattr__(self, "_head", head)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def public_line(self) -> str:
        """The public key as OpenSSH writes it: `ssh-ed25519 AAAA…`."""
        return f"{KEY_TYPE.decode()} {base64.b64encode(_public_blob(self.public)).decode()}"

    def sign(self, message: bytes, at_s: int = 0) -> bytes:  # noqa: ARG002 - see Signer
        """Sign bytes; the armoured signature, ending in a line break. It names no instant."""
        signature = self._private.sign(_to_sign(message))
        return _armour(self._head + _string(_string(KEY_TYPE) + _string(signature)))

    def seal(self, statement: bytes, at_s: int = 0) -> bytes:  # noqa: ARG002 - see Signer
        """Wrap a statement in a DSSE envelope."""
        return seal(statement, self._private)

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Signature:
    """An armoured signature taken apart; says nothing yet about its validity."""

    public: bytes
    """The public key it claims, 32 bytes."""
    _signature: bytes

    @classmethod
    def parse(cls, armour: bytes) -> "Signature | None":
        """Read an armour; None where it is not an ed25519 signature of a Git object.

        Only the one way ssh-keygen writes it is accepted, so that no second armour, and with it no
        second commit id, can carry the same signature.
        """
        text = b"".join(armour.removeprefix(_BEGIN).removesuffix(_END).split(b"\n"))
        try:
            body = base64.b64decode(text, validate=True)
            return cls._parse_body(body) if _armour(body) == armour + b"\n" else None
        except (binascii.Error, ValueError):
            return None

    @classmethod
    def _parse_body(cls, body: bytes) -> "Signature | None":
        if not body.startswith(_MAGIC + struct.pack(">I", 1)):
            return None
        key, namespace, reserved, algorithm, signature = _strings(body[len(_MAGIC) + 4 :], 5)
        if (namespace, reserved, algorithm) != (NAMESPACE, b"", _HASH):
            return None
        public = parse_public(key)
        signature_type, raw = _strings(signature, 2)
        fits = signature_type == KEY_TYPE and len(raw) == _SIGNATURE_BYTES
        return cls(public, raw) if fits and public else None

    def valid(self, message: bytes) -> bool:
        """Tell whether the claimed key signed these bytes."""
        key = Ed25519PublicKey.from_public_bytes(self.public)
        try:
            key.verify(self._signature, _to_sign(message))
        except InvalidSignature:
            return False
        return True


def load_key(path: pathlib.Path) -> SigningKey:
    """Read an unencrypted ed25519 key in OpenSSH's format.

    Raises:
        ConfigError: it cannot be read, others may read it, or it is no such key.
    """
    data = read_private(path)
    try:
        key = load_ssh_private_key(data, password=None)
    except TypeError as error:  # so cryptography tells of a key with a passphrase
        raise _not_ours(f"{path} has a passphrase, which the controller cannot type") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if data.startswith(b"ssh-"):
            raise _public(path) from error
        raise _not_ours(f"{path} is not an ed25519 key in OpenSSH's format") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _not_ours(f"{path} is a key of another kind than ed25519")
    return SigningKey(key)


def read_private(path: pathlib.Path) -> bytes:
    """Read a file that nobody else may read.

    Raises:
        ConfigError: it cannot be read, or others may.
    """
    try:
        status = path.stat()
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the signing key {path} cannot be read: {error.strerror}",
            remedy="correct signing.keyFile, or make one: ssh-keygen -t ed25519 -N '' -f FILE",
        ) from error
    if _too_open(status):
        raise ConfigError(
            f"{path} can be read by others (mode {stat.S_IMODE(status.st_mode):o})",
            remedy=f"chmod 600 {path}; as a Kubernetes secret: defaultMode 0400",
        )
    return data


def generate_key(path: pathlib.Path) -> SigningKey:
    """Make a new key at `path` (mode 600, never over an existing file) and `path`.pub beside it."""
    private = Ed25519PrivateKey.generate()
    key = SigningKey(private)
    text = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    path.with_name(path.name + ".pub").write_text(key.public_line + "\n")
    return key


def parse_public(blob: bytes) -> bytes | None:
    """Read a public key as OpenSSH encodes it; its 32 bytes, None where it is not ed25519."""
    try:
        key_type, raw = _strings(blob, 2)
    except ValueError:
        return None
    return raw if key_type == KEY_TYPE and len(raw) == _KEY_BYTES else None


def _too_open(status: os.stat_result) -> bool:
    """Whether the mode lets others in.

    A group may read a file that belongs to somebody else: in a Kubernetes volume with `fsGroup`
    that is the only way for us to read it.
    """
    ours = status.st_uid == os.geteuid()
    return bool(status.st_mode & (0o077 if ours else 0o007))


def _not_ours(problem: str) -> ConfigError:
    return ConfigError(
        problem,
        remedy="make one: ssh-keygen -t ed25519 -N '' -f FILE; for OpenPGP: "
        "gpg --armor --export-secret-keys KEY > FILE",
    )


def _public(path: pathlib.Path) -> ConfigError:
    return ConfigError(
        f"{path} is the public key, which signs nothing",
        remedy="name the private one that ssh-keygen wrote beside it, without .pub",
    )


def _armour(body: bytes) -> bytes:
    text = base64.b64encode(body)
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return b"\n".join([_BEGIN, *lines, _END, b""])


def _to_sign(message: bytes) -> bytes:
    return _SIGNED_HEAD + hashlib.sha512(message).digest()


def _public_blob(public: bytes) -> bytes:
    return _string(KEY_TYPE) + _string(public)


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _strings(data: bytes, count: int) -> list[bytes]:
    """Read exactly `count` length-prefixed strings; ValueError otherwise."""
    parts = []
    for _ in range(count):
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            raise ValueError("a signature ends too early")
        parts.append(data[4 : 4 + size])
        data = data[4 + size :]
    if data:
        raise ValueError("a signature has bytes after its end")
    return parts


_SIGNED_HEAD = _MAGIC + b"".join(
    [*map(_string, (NAMESPACE, b"", _HASH)), struct.pack(">I", hashlib.sha512().digest_size)]
)
