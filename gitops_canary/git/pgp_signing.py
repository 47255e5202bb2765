"""Signing with an OpenPGP secret key, by gpg.

Commits of one push are a chain, each naming the one before by an id that covers its signature, so
each needs a gpg of its own; an agent that stays makes that a few milliseconds
(`benchmarks/signing.py`).
"""

import pathlib
import subprocess

from gitops_canary.errors import ConfigError, Unavailable
from gitops_canary.git.gnupg import Home
from gitops_canary.git.openpgp import PRIVATE, dearmour
from gitops_canary.git.sealing import envelope, preauthentication
from gitops_canary.git.signing import SigningKey, load_key, read_private


class SecretKey:
    """A secret key in an agent of its own, which ends with this process; close it at the end."""

    def __init__(self, block: str) -> None:
        self._home = Home()
        self._agent = self._home.agent()
        self._keys = self._home.take(block)
        self._created_s = max((key.created_s for key in self._keys.values()), default=0)

    @property
    def usable(self) -> bool:
        """Whether it is one key, and signs without a passphrase."""
        return (
            len({key.primary for key in self._keys.values()}) == 1
            and self._sign(b"", 0).returncode == 0
        )

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the primary key."""
        return next(key.primary for key in self._keys.values())

    def public_block(self) -> str:
        """The public key, armoured."""
        return self._home.run("--armor", "--export").stdout.decode()

    def sign(self, signed: bytes, at_s: int) -> bytes:
        """Sign bytes at an instant, no earlier than the key; the armour.

        With ed25519 or RSA the same bytes at the same instant give the same signature.

        Raises:
            Unavailable: gpg says no, e.g. because the key has expired; or it is gone.
        """
        finished = self._sign(signed, at_s)
        if finished.returncode:
            why = finished.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise Unavailable(
                f"gpg does not sign: {why}", remedy="look at the key's expiry: gpg --show-keys FILE"
            )
        return finished.stdout

    def seal(self, statement: bytes, at_s: int) -> bytes:
        """Wrap a statement in a DSSE envelope."""
        packet = dearmour(self.sign(preauthentication(statement), at_s))
        assert packet, "gpg wrote it a moment ago"
        return envelope(statement, self.fingerprint, packet)

    def close(self) -> None:
        """End the agent and remove the key's copy."""
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.close()
        self._agent.stdout.close()
        self._agent.wait()
        self._home.close()

    def _sign(self, signed: bytes, at_s: int) -> subprocess.CompletedProcess[bytes]:
        return self._home.run(
            "--faked-system-time", f"{max(at_s, self._created_s)}!", "--armor", "--detach-sign",
            stdin=signed,
        )  # fmt: skip


def load_signer(path: pathlib.Path) -> SigningKey | SecretKey:
    """Read a key to sign with: ed25519 in OpenSSH's format, or an OpenPGP secret key, armoured.

    Raises:
        ConfigError: it cannot be read, others may read it, or it is no such key.
        Unavailable: it is an OpenPGP key, and there is no gpg.
    """
    data = read_private(path)
    if PRIVATE.encode() not in data:
        return load_key(path)
    key = SecretKey(data.decode("ascii", errors="replace"))
    if key.usable:
        return key
    key.close()
    raise ConfigError(
        f"{path} is not one OpenPGP secret key that signs without a passphrase",
        remedy="gpg --armor --export-secret-keys KEY > FILE, of a key for this alone",
    )
