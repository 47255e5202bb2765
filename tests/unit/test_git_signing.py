"""Signatures made here are good to git, and only good ones are good to us."""

import os
import pathlib
import shutil
import subprocess

import pytest

from gitops_canary.errors import ConfigError
from gitops_canary.git.identity import choose_ownership
from gitops_canary.git.objects import (
    EMPTY_TREE,
    Identity,
    add_signature,
    build_commit,
    parse_commit,
)
from gitops_canary.git.ownership import Ownership, TrustedKey, parse_trusted
from gitops_canary.git.signing import Signature, SigningKey, generate_key, load_key

WHO = Identity(name="gitops-canary", email="canary@example.com")
needs_ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="git verifies SSH signatures through ssh-keygen"
)


def commit(message: str = "canary(a/b): 0% -> 5%\n", date_s: int = 1_750_000_000) -> bytes:
    return build_commit(tree=EMPTY_TREE, parents=[], who=WHO, date_s=date_s, message=message)


def signed(key: SigningKey, body: bytes) -> bytes:
    return add_signature(body, key.sign(body))


def keys(*trusted: SigningKey) -> Ownership:
    return Ownership(WHO, tuple(TrustedKey(public=key.public) for key in trusted))


@pytest.fixture
def key(tmp_path: pathlib.Path) -> SigningKey:
    return generate_key(tmp_path / "key")


class Oracle:
    """git and ssh-keygen, with a repository and our key as an allowed signer."""

    def __init__(self, directory: pathlib.Path, key: SigningKey) -> None:
        signers = directory / "allowed_signers"
        signers.write_text(f"canary {key.public_line}\n")
        self._settings = (
            "-c", "gpg.format=ssh",
            "-c", f"gpg.ssh.allowedSignersFile={signers}",
            "-c", f"user.signingKey={directory / 'key'}",
        )  # fmt: skip
        self._git_dir = f"--git-dir={directory / 'r.git'}"
        self.run("init", "-q", "--bare")

    def run(self, *argv: str, stdin: bytes = b"") -> tuple[int, str]:
        env = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{
                f"GIT_{role}_{key}": value
                for role in ("AUTHOR", "COMMITTER")
                for key, value in (
                    ("NAME", WHO.name), ("EMAIL", WHO.email), ("DATE", "@1750000000 +0000"),
                )
            },
        }  # fmt: skip
        done = subprocess.run(
            ["git", self._git_dir, *self._settings, *argv],
            input=stdin, env=env, capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode, (done.stdout + done.stderr).decode().strip()

    def store(self, body: bytes) -> str:
        return self.run("hash-object", "-w", "-t", "commit", "--stdin", stdin=body)[1]


@pytest.fixture
def oracle(tmp_path: pathlib.Path, key: SigningKey) -> Oracle:
    return Oracle(tmp_path, key)


@needs_ssh_keygen
def test_git_accepts_our_signature(oracle: Oracle, key: SigningKey) -> None:
    code, said = oracle.run("verify-commit", oracle.store(signed(key, commit())))
    assert code == 0, said
    assert 'Good "git" signature for canary' in said


@needs_ssh_keygen
def test_git_makes_the_very_same_commit(oracle: Oracle, key: SigningKey) -> None:
    message = "canary(a/b): 0% -> 5%\n\nTwo\nparagraphs.\n"
    tree = oracle.run("mktree")[1]
    code, made = oracle.run("commit-tree", "-S", tree, stdin=message.encode())
    assert code == 0, made
    assert oracle.store(signed(key, commit(message))) == made


@needs_ssh_keygen
def test_git_and_we_refuse_the_same_forgeries(
    oracle: Oracle, key: SigningKey, tmp_path: pathlib.Path
) -> None:
    other = generate_key(tmp_path / "other")
    body = commit()
    forgeries = {
        "another key": signed(other, body),
        "another message": signed(key, body).replace(b"5%", b"100%"),
        "another date": signed(key, body).replace(b"1750000000", b"1750000001"),
        "the signature of another commit": add_signature(body, key.sign(commit("other\n"))),
        "another namespace": add_signature(body, ssh_keygen(tmp_path / "key", body, "file")),
        "no signature": body,
        "a broken armour": signed(key, body).replace(b"U1NIU0lH", b"U1NIU0lI"),
        "a cut armour": add_signature(
            body, key.sign(body)[:100] + b"\n-----END SSH SIGNATURE-----"
        ),
    }
    for what, forged in forgeries.items():
        assert oracle.run("verify-commit", oracle.store(forged))[0] != 0, what
        assert not keys(key).ours(parse_commit(forged)), what
    assert keys(key, other).ours(parse_commit(forgeries["another key"]))
    assert keys(key).ours(parse_commit(signed(key, body)))


def ssh_keygen(key: pathlib.Path, body: bytes, namespace: str) -> bytes:
    argv = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(key)]
    return subprocess.run(argv, input=body, capture_output=True, check=True).stdout


@needs_ssh_keygen
def test_signature_of_ssh_keygen_is_ours(key: SigningKey, tmp_path: pathlib.Path) -> None:
    assert ssh_keygen(tmp_path / "key", b"bytes", "git") == key.sign(b"bytes")
    signature = Signature.parse(key.sign(b"bytes").strip())
    assert signature is not None
    assert signature.valid(b"bytes")
    assert not signature.valid(b"other bytes")


def test_two_signatures_in_one_commit_are_nobodys(key: SigningKey) -> None:
    body = commit()
    twice = add_signature(signed(key, body), key.sign(body))
    assert not keys(key).ours(parse_commit(twice))


def test_every_changed_byte_of_a_signed_commit_is_noticed(key: SigningKey) -> None:
    body = signed(key, commit())
    assert keys(key).ours(parse_commit(body))
    for position in range(len(body)):
        changed = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
        try:
            raw = parse_commit(changed)
        except ValueError:
            continue
        assert not keys(key).ours(raw), position


def test_without_keys_the_committer_decides() -> None:
    ours = Ownership(WHO, ())
    assert ours.ours(parse_commit(commit()))
    assert not ours.ours(parse_commit(commit().replace(b"canary@", b"person@")))


def test_load_key_reads_what_generate_key_wrote(tmp_path: pathlib.Path) -> None:
    key = generate_key(tmp_path / "key")
    assert load_key(tmp_path / "key").public == key.public
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert parse_trusted((tmp_path / "key.pub").read_text())[0].public == key.public
    with pytest.raises(FileExistsError):
        generate_key(tmp_path / "key")
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_load_key_refuses_a_key_others_may_read(tmp_path: pathlib.Path, mode: int) -> None:
    generate_key(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(ConfigError, match="can be read by others"):
        load_key(tmp_path / "key")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("missing", "cannot be read: No such file"),
        ("text", "is not an ed25519 key in OpenSSH's format"),
        ("public", "is the public key, which signs nothing"),
        ("rsa", "is a key of another kind than ed25519"),
        ("locked", "has a passphrase, which the controller cannot type"),
    ],
)
def test_load_key_refuses_what_is_no_key_of_ours(
    tmp_path: pathlib.Path, kind: str, told: str
) -> None:
    path = tmp_path / "key"
    if kind == "text":
        path.write_text("hello")
    elif kind == "public":
        generate_key(tmp_path / "other")
        path.write_bytes((tmp_path / "other.pub").read_bytes())
    elif kind in {"rsa", "locked"}:
        if shutil.which("ssh-keygen") is None:
            pytest.skip("ssh-keygen makes the keys of this test")
        options = ["-t", "rsa", "-N", ""] if kind == "rsa" else ["-t", "ed25519", "-N", "secret"]
        subprocess.run(["ssh-keygen", "-q", *options, "-f", str(path)], check=True)
    if path.exists():
        path.chmod(0o600)
    with pytest.raises(ConfigError, match=told):
        load_key(path)


def test_parse_trusted_reads_both_kinds_of_lines(key: SigningKey) -> None:
    text = (
        "# comment\n\n"
        f"{key.public_line} me@here\n"
        f'canary@x,bot namespaces="git,file" {key.public_line}\n'
        f'canary@x namespaces="git",valid-after="20250101Z",valid-before="20260101Z" '
        f"{key.public_line}\n"
        f'"a b" namespaces="file" {key.public_line}\n'
    )
    trusted = parse_trusted(text)
    assert [(one.after_s, one.before_s) for one in trusted] == [
        (None, None), (None, None), (1735689600, 1767225600),
    ]  # fmt: skip
    dated = trusted[2]
    assert not dated.covers(1735689599)
    assert dated.covers(1735689600)
    assert not dated.covers(1767225600)


@pytest.mark.parametrize(
    "line",
    ["", "# only a comment", "ssh-rsa AAAA", "x cert-authority {key}", 'x namespaces="file" {key}',
     'x valid-before="20260101" {key}', 'x valid-before="never" {key}', "ssh-ed25519 AAAA",
     "ssh-ed25519", "a b c {key}", "ssh-ed25519 !!!!"],
)  # fmt: skip
def test_parse_trusted_refuses_what_it_does_not_know(key: SigningKey, line: str) -> None:
    with pytest.raises(ConfigError):
        parse_trusted(line.replace("{key}", key.public_line))


def test_our_own_key_must_be_trusted(key: SigningKey, tmp_path: pathlib.Path) -> None:
    other = generate_key(tmp_path / "other")
    assert choose_ownership(WHO, None, None).trusted == ()
    assert choose_ownership(WHO, None, key).trusted == (TrustedKey(public=key.public),)
    assert choose_ownership(WHO, other.public_line, None).trusted == (
        TrustedKey(public=other.public),
    )
    with pytest.raises(ConfigError, match="own key"):
        choose_ownership(WHO, other.public_line, key)
