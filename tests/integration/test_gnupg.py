"""OpenPGP keys by the real gpg: what it signs we and git verify; what it does not, nobody does."""

import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from recorded_world import EVIDENCE, World, git

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.errors import ConfigError
from gitops_canary.git.identity import choose_ownership
from gitops_canary.git.keyring import Keyring
from gitops_canary.git.objects import (
    EMPTY_TREE,
    Identity,
    RawCommit,
    add_signature,
    build_commit,
    parse_commit,
)
from gitops_canary.git.ownership import Ownership, trust
from gitops_canary.git.pgp_signing import SecretKey, load_signer
from gitops_canary.git.plain import PlainClone

WHO = Identity(name="gitops-canary", email="canary@example.com")
BORN_S = 1_700_000_000
DATE_S = 1_770_000_000
pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


class Maker:
    """A person's gpg, with a clock of its own."""

    def __init__(self, home: pathlib.Path) -> None:
        home.mkdir(mode=0o700)
        self._home = home

    def run(self, *argv: str, at_s: int = BORN_S, stdin: str = "") -> str:
        finished = subprocess.run(
            ["gpg", "--homedir", str(self._home), "--batch", "--yes", "--no-tty", "--quiet",
             "--pinentry-mode", "loopback", "--passphrase", "",
             "--faked-system-time", f"{at_s}!", *argv],
            check=True, capture_output=True, text=True, input=stdin,
        )  # fmt: skip
        return finished.stdout

    def key(self, name: str, kind: str = "ed25519", until: str = "never") -> str:
        self.run("--quick-generate-key", name, kind, "sign", until)
        return self.run("--armor", "--export", f"={name}")

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", self._home, "--kill", "all"], check=True)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    made = Maker(tmp_path_factory.mktemp("gpg") / "home")
    yield made
    made.close()


@pytest.fixture(scope="module")
def key_file(maker: Maker, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    maker.key("controller <c@example.com>")
    path = tmp_path_factory.mktemp("key") / "sign.asc"
    path.write_text(maker.run("--armor", "--export-secret-keys", "=controller <c@example.com>"))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def key(key_file: pathlib.Path) -> Iterator[SecretKey]:
    made = load_signer(key_file)
    assert isinstance(made, SecretKey)
    yield made
    made.close()


def signed(key: SecretKey, message: str = "canary(a/b): 0% -> 5%\n", date_s: int = DATE_S) -> bytes:
    body = build_commit(tree=EMPTY_TREE, parents=[], who=WHO, date_s=date_s, message=message)
    return add_signature(body, key.sign(body, date_s))


def doubts(ownership: Ownership, *bodies: bytes) -> list[str | None]:
    commits = [parse_commit(body) for body in bodies]
    ownership.prepare(commits)
    found = [ownership.doubt(commit) for commit in commits]
    ownership.close()
    return found


def test_git_verifies_it_and_a_second_time_it_is_the_same(
    key: SecretKey, tmp_path: pathlib.Path, maker: Maker
) -> None:
    body = signed(key)
    git(tmp_path, "init", "-q", "--bare", "r.git")
    name = git(tmp_path / "r.git", "hash-object", "-t", "commit", "-w", "--stdin", stdin=body)
    told = subprocess.run(
        ["git", "-C", tmp_path / "r.git", "verify-commit", "--raw", name],
        env={**os.environ, "GNUPGHOME": str(maker._home)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert f"VALIDSIG {key.fingerprint}" in told.stderr
    assert signed(key) == body
    assert doubts(choose_ownership(WHO, None, key), body) == [None]


def test_every_changed_byte_of_a_signature_is_found(key: SecretKey) -> None:
    body = signed(key)
    start, end = body.index(b"gpgsig"), body.index(b"\n\n") + 2
    # gpg stops at what does not fit its bytes, so of the rest only every 16th is changed.
    places = [*range(start, end), *range(0, start, 16), *range(end, len(body), 16)]
    changed = [body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] for at in places]
    commits = [raw for raw in map(readable, changed) if raw]
    ownership = choose_ownership(WHO, None, key)
    ownership.prepare(commits)

    accepted = [raw.body for raw in commits if ownership.ours(raw)]
    ownership.close()

    assert len(commits) > len(places) // 2
    assert accepted == []


def readable(body: bytes) -> RawCommit | None:
    try:
        return parse_commit(body)
    except ValueError:
        return None


def test_only_trusted_keys_count_and_each_for_its_time(maker: Maker, key: SecretKey) -> None:
    other = maker.key("stranger <s@example.com>")
    young = signed(key, date_s=BORN_S - 5)

    assert doubts(trust(WHO, [("o", other)], ()), signed(key)) == [
        "it is signed by a key that is not trusted, or not as gpg signs"
    ]
    assert doubts(choose_ownership(WHO, None, key), young) == [None]
    assert doubts(trust(WHO, [("k", key.public_block())], [("r", key.public_block())]), young) == [
        "it is signed by a key that was revoked"
    ]


def test_an_expired_key_counts_for_what_it_signed_in_time(
    maker: Maker, tmp_path: pathlib.Path
) -> None:
    public = maker.key("short <x@example.com>", until="1d")
    path = tmp_path / "short.asc"
    path.write_text(maker.run("--armor", "--export-secret-keys", "=short <x@example.com>"))
    path.chmod(0o600)
    short = load_signer(path)
    assert isinstance(short, SecretKey)
    in_time = signed(short, date_s=BORN_S + 3600)
    late = build_commit(tree=EMPTY_TREE, parents=[], who=WHO, date_s=DATE_S, message="late\n")
    forged = add_signature(late, short.sign(late, BORN_S + 3600))
    short.close()

    found = doubts(trust(WHO, [("k", public)], ()), in_time, forged)

    assert found == [None, "its date lies outside the time its key is trusted for"]


def test_a_revocation_in_the_block_counts_whatever_the_date(maker: Maker) -> None:
    public = maker.key("gone <g@example.com>")
    secret = SecretKey(maker.run("--armor", "--export-secret-keys", "=gone <g@example.com>"))
    body, fingerprint = signed(secret), secret.fingerprint
    secret.close()
    certificate = (maker._home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
    maker.run("--import", stdin=certificate.replace(":-----BEGIN", "-----BEGIN"))
    revoked = maker.run("--armor", "--export", fingerprint)

    assert doubts(trust(WHO, [("k", public)], ()), body) == [None]
    assert doubts(trust(WHO, [("k", revoked)], ()), body) == [
        "it is signed by a key that was revoked"
    ]


def test_keys_of_both_kinds_stand_side_by_side(key: SecretKey) -> None:
    line = "a ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDcRX1vPgqvhAmo1Nq2vGRkHV1DRyM4CyXBRjpzvqRqL"
    text = f"{key.public_block()}\n{line}\n"
    ownership = choose_ownership(WHO, text, key)

    assert len(ownership.trusted) == 1
    assert doubts(ownership, signed(key)) == [None]
    with pytest.raises(ConfigError, match="lacks the controller's own key"):
        choose_ownership(WHO, line, key)


def test_a_key_that_is_none_is_refused(key_file: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "half.asc"
    path.write_text(key_file.read_text()[:200])
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="without a passphrase"):
        load_signer(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        load_signer(path)
    with pytest.raises(ConfigError, match="no OpenPGP public key"):
        Keyring("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----")


def test_a_rollout_signed_by_gpg_verifies(
    key_file: pathlib.Path, key: SecretKey, tmp_path: pathlib.Path
) -> None:
    world = World(tmp_path, signing_key=key_file)
    world.release("1.1.0")
    world.roll()
    world.close()

    found = checked(world, trust(WHO, [("k", key.public_block())], ()))

    assert found.findings == []
    assert found.commits == 8
    assert "it is not signed" not in str(found)


def checked(world: World, ownership: Ownership) -> Verified:
    clone = PlainClone(world.origin)
    try:
        scope = Scope(tip=clone.resolve("main"), evidence=clone.resolve(EVIDENCE))
        return verify(clone, ownership, scope)
    finally:
        clone.close()
        ownership.close()
