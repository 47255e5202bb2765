"""Every kind of server, and every kind of no it can say."""

import base64
import pathlib
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
from git_plans import EVIDENCE, FILES, OpenRepository, plan, push_one

from gitops_canary.errors import EditRefused, HistoryError, Locked, Refused, SpecError, Unavailable
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision


def hook(origin: Origin, name: str, script: str) -> None:
    """Let the server run a hook."""
    path = origin.path / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


ONE_PATH = """
while read -r old new ref; do
  [ "$old" = 0000000000000000000000000000000000000000 ] && continue
  if git diff --name-only "$old" "$new" | grep -q '^apps/'; then
    echo "you may not change apps/" >&2; exit 1
  fi
done"""
UNSIGNED = """
while read -r old new ref; do
  git rev-list "$new" "^$old" | while read -r one; do
    git cat-file commit "$one" | grep -q '^gpgsig' || { echo "unsigned" >&2; exit 1; }
  done || exit 1
done"""


@pytest.mark.parametrize(
    ("name", "script", "said"),
    [
        ("pre-receive", "echo 'GL-HOOK-ERR: blocked by policy: this branch is locked' >&2; exit 1",
         "blocked by policy"),
        ("update", "echo 'no lock for you' >&2; exit 1", "no lock for you"),
        ("pre-receive", ONE_PATH, "you may not change apps/"),
        ("pre-receive", UNSIGNED, "unsigned"),
    ],
)  # fmt: skip
def test_what_a_hook_refuses_is_refused_and_what_it_does_not_mind_passes(
    origin: Origin, seeded: Revision, open_repository: OpenRepository,
    name: str, script: str, said: str,
) -> None:  # fmt: skip
    repository = open_repository(signing_key=None)
    repository.fetch()
    hook(origin, name, script)
    with pytest.raises(Refused, match=said):
        push_one(repository, plan({"apps/web/vs.yaml": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == seeded
    if script == ONE_PATH:
        assert push_one(repository, plan({"README": b"1"})) == origin.tip()
    if script == UNSIGNED:
        assert push_one(open_repository(), plan({"README": b"1"})) == origin.tip()


def test_a_push_too_large_is_refused_and_a_smaller_one_passes(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    origin.git("config", "receive.maxInputSize", "20000")
    repository = open_repository()
    body = b"".join(b"%d\n" % (n * 7919 % 10007) for n in range(20_000))
    with pytest.raises(Refused):
        push_one(repository, plan({"README": body}))
    assert origin.tip() == seeded
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_a_proxy_that_finds_a_push_too_large_refuses_it(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    """Not `Unavailable`, for which everybody would wait: smaller pushes may pass."""
    repository = open_repository()
    repository.fetch()
    origin.faults.status(413, service="git-receive-pack")
    with pytest.raises(Refused, match="413"):
        push_one(repository, plan({"README": b"1"}))
    assert origin.tip() == seeded


def test_an_abort_does_not_wait_for_the_evidence_branch(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    """A branch in the way of the evidence branch's name can only be moved by a person."""
    origin.commit({"x": b"x"}, "In the way\n", branch=EVIDENCE.partition("/")[0])
    repository = open_repository()
    with pytest.raises(Refused, match="in the way"):
        push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == seeded
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_a_lock_on_the_evidence_branch_is_told_apart_from_silence(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    lock = origin.path / "refs" / "heads" / (EVIDENCE + ".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    with pytest.raises(Locked):
        push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == seeded
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_no_word_of_a_server_brings_the_password_back(
    origin: Origin, seeded: Revision, open_repository: OpenRepository,
    git_identity: Mapping[str, Any],
) -> None:  # fmt: skip
    password = git_identity["password_file"].read_text().strip()
    token = base64.b64encode(f"bot:{password}".encode()).decode()
    repository = open_repository()
    repository.fetch()
    words = shlex.quote(f"you are {token} with {password} ")
    hook(origin, "update", f"echo {words} >&2; exit 1")
    with pytest.raises(Refused, match="you are") as refused:
        push_one(repository, plan({"README": b"1"}))
    assert password not in str(refused.value)
    assert token not in str(refused.value)
    assert origin.tip() == seeded


def other_world(origin: Origin, *init: str) -> None:
    """Put another repository in the place of the server's."""
    subprocess.run(["rm", "-r", str(origin.path)], check=True)
    subprocess.run(
        ["git", "init", "-q", "--bare", *init, "-b", "main", str(origin.path)], check=True
    )
    for key in ("http.receivepack", "uploadpack.allowFilter"):
        origin.git("config", key, "true")


def test_a_repository_of_sha256_is_refused_by_name(
    origin: Origin, open_repository: OpenRepository
) -> None:
    other_world(origin, "--object-format=sha256")
    origin.commit(FILES, "Begin\n")
    repository = open_repository()
    for ask in (repository.poll, repository.fetch):
        with pytest.raises(SpecError, match="SHA-256"):
            ask()


def test_a_server_whose_own_history_is_cut_off_is_refused_by_name(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    for number in range(3):
        origin.commit({**FILES, "n": b"%d" % number}, "Begin\n")
    whole = tmp_path / "whole.git"
    origin.path.rename(whole)
    subprocess.run(
        ["git", "clone", "-q", "--bare", "--depth=1", f"file://{whole}", str(origin.path)],
        check=True,
    )  # fmt: skip
    origin.git("config", "http.receivepack", "true")
    with pytest.raises(HistoryError, match="shallow"):
        open_repository().fetch()


def test_a_server_that_leaves_nothing_out_works(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    origin.git("config", "uploadpack.allowFilter", "false")
    big = b"".join(b"%d\n" % n for n in range(400_000))
    tip = origin.commit({"big.yaml": big}, "Big\n")
    repository = open_repository()
    assert repository.fetch() == (tip, None)
    files = repository.files(Revision(tip))
    with pytest.raises(SpecError, match="larger than"):
        repository.read([files[Path("big.yaml")].id])
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()
    assert repository.contains(Revision(tip), seeded)


def test_a_server_that_lacks_an_object_is_unavailable_and_the_old_tip_is_still_read(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    origin.commit({"n": b"never to be found"}, "Next\n")
    blob = origin.git("rev-parse", "main:n")
    (origin.path / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(Unavailable):
        repository.fetch()
    assert set(repository.files(seeded)) == set(FILES)


@pytest.mark.usefixtures("seeded")
def test_a_file_in_depths_no_checkout_reaches_stops_nobody(
    origin: Origin, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    deep = "/".join(["d"] * 2000)
    tips = []
    for number in range(2):
        stream = (
            "commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 2\nx\n\n"
            f"from refs/heads/main^0\nM 100644 inline {deep}/f.yaml\ndata 1\n{number}\n\n"
        )
        origin.git("fast-import", "--quiet", stdin=stream.encode())
        tips.append(repository.fetch()[0])
    changed = repository.changed(*tips)
    assert len(changed) == 1
    assert Path("README") in repository.files(tips[1])
    assert len(list(repository.files(tips[1]))) == len(FILES) + 1
    assert repository.witness.differing(*tips) == set(changed)
    with pytest.raises(EditRefused, match="too deep"):
        push_one(repository, plan({f"{deep}/f.yaml": b"1"}))
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_a_branch_that_ends_like_ours_and_is_no_text_is_another(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    origin.git("config", "protocol.version", "0")
    (origin.path / "packed-refs").write_bytes(
        b"%s refs/heads/\xff/refs/heads/main\n" % seeded.encode()
    )
    repository = open_repository()
    assert repository._remote._ls_remote(["main"]) == {"main": seeded}


def test_an_object_larger_than_any_reason_is_not_read(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    tree = origin.git("rev-parse", "main^{tree}")
    body = f"tree {tree}\nparent {seeded}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\n"
    bomb = origin.git(
        "hash-object", "-w", "-t", "commit", "--stdin", stdin=body.encode() + b"x" * (33 << 20)
    )
    origin.git("update-ref", "refs/heads/main", bomb)
    tip, _ = repository.fetch()
    with pytest.raises(HistoryError, match="MiB"):
        list(repository.history(tip))
    with pytest.raises(HistoryError, match="MiB"):
        repository.files(tip)
    assert set(repository.files(seeded)) == set(FILES)
