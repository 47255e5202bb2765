"""Whose commit it is: by signature where keys are trusted, else by the committer's identity."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_canary.errors import ConfigError, Place
from gitops_canary.git.keyring import Keyring, Signed
from gitops_canary.git.objects import Identity, RawCommit
from gitops_canary.git.openpgp import BEGIN, PUBLIC, PUBLIC_END, armour
from gitops_canary.git.sealing import opened, preauthentication, unseal
from gitops_canary.git.signing import KEY_TYPE, NAMESPACE, Signature, parse_public

_OPTION = re.compile(r'([a-zA-Z-]+)(?:="([^"]*)")?')
_FIELDS = re.compile(r'(?:[^\s"]|"[^"]*")+')
_BLOCK = re.compile(f"^{PUBLIC}\n.*?^{PUBLIC_END}\n?", re.MULTILINE | re.DOTALL)
KeyText = tuple[str, str]
"""A key file's name and text."""
_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key that makes a commit ours, within a time; seconds since the epoch."""

    public: bytes
    after_s: int | None = None
    before_s: int | None = None

    def covers(self, date_s: int) -> bool:
        """Tell whether the key was good at a commit's date."""
        early = self.after_s is not None and date_s < self.after_s
        late = self.before_s is not None and date_s >= self.before_s
        return not early and not late


@dataclass(frozen=True, slots=True)
class Ownership:
    """What makes a commit ours."""

    identity: Identity
    trusted: tuple[TrustedKey, ...]
    """Empty: the committer's identity decides, which anybody can write."""
    revoked: tuple[TrustedKey, ...] = ()
    """Keys that make nothing ours any more, whatever the date: a thief can write any date."""
    openpgp: Keyring | None = None
    """OpenPGP keys that are trusted beside the others."""

    @property
    def keyed(self) -> bool:
        """Whether keys decide, and not the committer's name."""
        return bool(self.trusted) or self.openpgp is not None

    @property
    def digest(self) -> str:
        """Digest of what decides; two that are equal say the same of every commit."""
        pgp = sorted(self.openpgp.fingerprints) if self.openpgp else None
        text = repr((self.identity, self.trusted, self.revoked, pgp))
        return hashlib.sha256(text.encode()).hexdigest()

    def ours(self, commit: RawCommit) -> bool:
        """Tell whether a commit is ours; its message plays no part."""
        return self.doubt(commit) is None

    def doubt(self, commit: RawCommit) -> str | None:
        """Say why a commit is not ours; None where it is."""
        if not self.keyed:
            same = commit.committer == str(self.identity)
            return None if same else f"its committer is not {self.identity}"
        if self.openpgp and (signed := _by_pgp(commit)):
            return self.openpgp.doubt(signed, commit.date_s)
        signature = Signature.parse(commit.signature) if commit.signature else None
        if signature is None:
            if _by_pgp(commit):
                return "it is signed by an OpenPGP key, and none of the trusted keys is one"
            none = "its signature is none of an ed25519 key for Git commits"
            return none if commit.signature else "it is not signed"
        doubt = self._distrust(signature.public, commit.date_s)
        if doubt is None and not signature.valid(commit.payload):
            return "its signature does not fit its bytes"
        return doubt

    def prepare(self, commits: Iterable[RawCommit]) -> None:
        """Look at many commits at once, where a process has to be asked about them."""
        if self.openpgp:
            found = ((_by_pgp(commit), commit.date_s) for commit in commits)
            self.openpgp.prepare((signed, date_s) for signed, date_s in found if signed)

    def close(self) -> None:
        """Let go of what is open."""
        if self.openpgp:
            self.openpgp.close()

    def unseal(self, data: bytes) -> bytes:
        """Give the statement in an envelope sealed by a key that is trusted and not revoked.

        Raises:
            ValueError: no such key did.
        """
        revoked = {key.public for key in self.revoked}
        if self.openpgp:
            payload, key_id, packet = opened(data)
            if key_id in self.openpgp.fingerprints:
                signed = armour(packet), preauthentication(payload)
                if doubt := self.openpgp.doubt(signed, 0):
                    raise ValueError(f"no trusted key sealed it: {doubt}")
                return payload
        return unseal(data, {key.public for key in self.trusted} - revoked)

    def _distrust(self, public: bytes, date_s: int) -> str | None:
        known = [key for key in self.trusted if key.public == public]
        if not known:
            return "it is signed by a key that is not trusted"
        if any(key.public == public for key in self.revoked):
            return "it is signed by a key that was revoked"
        if not any(key.covers(date_s) for key in known):
            return "its date lies outside the time its key is trusted for"
        return None


def _by_pgp(commit: RawCommit) -> Signed | None:
    """Give an OpenPGP signature with what it is of; None where there is none."""
    armoured = commit.signature
    return (armoured, commit.payload) if armoured and armoured.startswith(BEGIN) else None


def trust(identity: Identity, trusted: Iterable[KeyText], revoked: Iterable[KeyText]) -> Ownership:
    """Say whose commits count, by texts of key files: SSH keys a line, OpenPGP keys in blocks.

    Raises:
        ConfigError: one of them holds neither, or an SSH key that cannot be read.
        Unavailable: there are OpenPGP keys, and there is no gpg.
    """
    lines, block = _read(trusted)
    revoked_lines, revoked_block = _read(revoked)
    gone: frozenset[str] = frozenset()
    if revoked_block:
        keyring = Keyring(revoked_block)
        gone = keyring.fingerprints
        keyring.close()
    return Ownership(identity, lines, revoked_lines, Keyring(block, gone) if block else None)


def _read(texts: Iterable[KeyText]) -> tuple[tuple[TrustedKey, ...], str]:
    """Part OpenPGP blocks from lines with SSH keys; lines keep their numbers."""
    keys: list[TrustedKey] = []
    blocks: list[str] = []
    for file, text in texts:
        found = _BLOCK.findall(text)
        blocks += found
        rest = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
        if not found or rest.strip():
            keys += parse_trusted(rest, file=file)
    return tuple(keys), "\n".join(blocks)


def parse_trusted(text: str, *, file: str = "trusted keys") -> tuple[TrustedKey, ...]:
    """Read public keys, one a line: as in `*.pub`, or as in an allowed_signers file.

    Raises:
        ConfigError: a line is neither, names another kind of key, or has an option not known here;
            or no line trusts a key for Git.
    """
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            key = _parse_line(line, Place(file, number))
            keys += [key] if key else []
    if not keys:
        raise ConfigError(
            "no key is trusted to sign Git commits",
            remedy="add the controller's public key, or leave signing.trustedKeys out",
            place=Place(file),
        )
    return tuple(keys)


def _parse_line(line: str, place: Place) -> TrustedKey | None:
    fields = _FIELDS.findall(line)
    if KEY_TYPE.decode() not in fields[:3]:
        raise ConfigError(
            "this is not an ssh-ed25519 public key",
            remedy="write `name ssh-ed25519 AAAA...`, as ssh-keygen -t ed25519 prints it",
            place=place,
        )
    at = fields.index(KEY_TYPE.decode())
    public = _decode(fields[at + 1]) if len(fields) > at + 1 else None
    if public is None:
        raise ConfigError(
            "the public key is damaged", remedy="copy the line from the .pub file", place=place
        )
    options = _options(fields[1:at], place)
    if NAMESPACE.decode() not in options.get("namespaces", NAMESPACE.decode()).split(","):
        return None
    return TrustedKey(
        public=public,
        after_s=_time(options.get("valid-after"), place),
        before_s=_time(options.get("valid-before"), place),
    )


def _options(fields: Sequence[str], place: Place) -> dict[str, str]:
    known = {"namespaces", "valid-after", "valid-before"}
    options = {}
    for name, value in _OPTION.findall(",".join(fields)):
        if name.lower() not in known:
            raise ConfigError(
                f"the option {name} is not known here",
                remedy=f"leave it out; known are {', '.join(sorted(known))}",
                place=place,
            )
        options[name.lower()] = value
    return options


def _time(text: str | None, place: Place) -> int | None:
    if text is None:
        return None
    digits = text.removesuffix("Z")
    if digits == text or not digits.isdecimal() or len(digits) not in _TIMES:
        raise ConfigError(
            f"{text!r} is not a time every machine reads alike",
            remedy="write it in UTC with a Z at its end, e.g. 20270101Z",
            place=place,
        )
    return int(datetime.strptime(digits, _TIMES[len(digits)]).replace(tzinfo=UTC).timestamp())


def _decode(text: str) -> bytes | None:
    try:
        return parse_public(base64.b64decode(text, validate=True))
    except binascii.Error:
        return None
