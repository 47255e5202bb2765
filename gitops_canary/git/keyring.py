"""Trusted OpenPGP keys: many signatures verified by one gpg, each result remembered."""

import hashlib
import pathlib
import tempfile
from collections.abc import Iterable, Sequence

from gitops_canary.errors import ConfigError, Unavailable
from gitops_canary.git.gnupg import Home
from gitops_canary.git.openpgp import dearmour, issuer, message

_MANY = 256
_KNOWN_MAX = 20_000
_UNTRUSTED = "it is signed by a key that is not trusted, or not as gpg signs"
_REVOKED = "it is signed by a key that was revoked"
_UNFIT = "its signature does not fit its bytes"
Signed = tuple[bytes, bytes]
"""An armoured signature, and the bytes it is of."""


class Keyring:
    """Trusted OpenPGP keys; a revoked one is none, whether its block or our list says so."""

    def __init__(self, block: str, revoked: Iterable[str] = ()) -> None:
        self._home = Home()
        self._keys = self._home.take(block)
        self._revoked = frozenset(revoked)
        self._known: dict[bytes, str | None] = {}
        if not self._keys:
            self.close()
            raise ConfigError(
                "there is no OpenPGP public key where one is trusted",
                remedy="write what `gpg --armor --export KEY` prints into the file",
            )

    @property
    def fingerprints(self) -> frozenset[str]:
        """The primary keys."""
        return frozenset(key.primary for key in self._keys.values())

    def doubt(self, signed: Signed, date_s: int) -> str | None:
        """Say why a signature does not make a commit of that date ours; None where it does."""
        self.prepare([(signed, date_s)])
        return self._known[_name(signed, date_s)]

    def prepare(self, batch: Iterable[tuple[Signed, int]]) -> None:
        """Verify signatures that will be asked about, many in one process."""
        fresh = {_name(*one): one for one in batch}
        if len(self._known) + len(fresh) > _KNOWN_MAX:
            self._known.clear()
        rest = []
        for name, ((armoured, body), date_s) in fresh.items():
            if name not in self._known:
                packet = dearmour(armoured)
                self._known[name] = _UNTRUSTED
                rest += [(name, packet, body, date_s)] if packet else []
        while rest:
            told = self._verify([(packet, body) for _, packet, body, _ in rest[:_MANY]])
            for (name, packet, _, date_s), status in zip(rest[: len(told)], told, strict=True):
                self._known[name] = self._judged(status, issuer(packet).hex().upper(), date_s)
            rest = rest[len(told) :]

    def close(self) -> None:
        """Remove the keyring."""
        self._home.close()

    def _verify(self, batch: Sequence[tuple[bytes, bytes]]) -> list[list[list[str]]]:
        """Give the status lines about each signature, up to the first that gpg stops at."""
        with tempfile.TemporaryDirectory(dir=self._home.path) as folder:
            paths = [pathlib.Path(folder) / str(number) for number in range(len(batch))]
            for path, (packet, body) in zip(paths, batch, strict=True):
                path.write_bytes(message(packet, body))
            finished = self._home.run(
                "--lock-never", "--status-fd", "1", "--multifile", "--verify",
                *map(str, paths),
            )  # fmt: skip
        found: list[list[list[str]]] = []
        for line in finished.stdout.decode(errors="replace").splitlines():
            words = line.removeprefix("[GNUPG:] ").split(" ")
            if words[0] == "FILE_START":
                found.append([])
            elif found:
                found[-1].append(words)
        if not found:
            raise Unavailable("gpg verified nothing", remedy="gpg --version; is the disk full?")
        return found

    def _judged(self, status: Sequence[Sequence[str]], key_id: str, date_s: int) -> str | None:
        if wrong := _unsound(status):
            return wrong
        valid = next(words for words in status if words[0] == "VALIDSIG")
        fingerprint, at_s, primary = valid[1], int(valid[3]), valid[-1]
        keys = [self._keys.get(name) for name in (fingerprint, primary)]
        if {fingerprint, primary} & self._revoked:
            return _REVOKED
        if None in keys or not fingerprint.endswith(key_id):
            return _UNTRUSTED
        if at_s < date_s or not all(key and key.covers(at_s) for key in keys):
            return "its date lies outside the time its key is trusted for"
        return None


def _unsound(status: Sequence[Sequence[str]]) -> str | None:
    """Say why gpg's status lines (doc/DETAILS of GnuPG) tell of no one good signature."""
    said = [words[0] for words in status]
    if "ERRSIG" in said or "NEWSIG" not in said:
        return _UNTRUSTED
    if "REVKEYSIG" in said:
        return _REVOKED
    once = said.count("NEWSIG") == said.count("VALIDSIG") == 1
    return None if once and not {"BADSIG", "EXPSIG"} & {*said} else _UNFIT


def _name(signed: Signed, date_s: int) -> bytes:
    armoured, body = signed
    return hashlib.sha256(b"%d\0%s\0%s" % (date_s, armoured, body)).digest()
