"""The lab's Git server behaves as a forge does, seen by git's own client."""

import base64
import os
import pathlib
import subprocess
import threading

import pytest

from gitops_canary.lab.origin import Origin

PASSWORD = "ada-password"  # noqa: S105 - of a server that lives for one test
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


def client(*argv: str, cwd: pathlib.Path, password: str = PASSWORD) -> tuple[int, str]:
    token = base64.b64encode(f"ada:{password}".encode()).decode()
    header = f"http.extraHeader=Authorization: Basic {token}"
    done = subprocess.run(
        ["git", "-c", header, *argv],
        cwd=cwd, env=ENV, capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def work(origin: Origin, tmp_path: pathlib.Path) -> pathlib.Path:
    """A person's work tree with one unpushed commit."""
    origin.commit({"a/one.yaml": b"one: 1\n", "two": b"2"}, "Begin\n")
    code, said = client("clone", "-q", origin.url, "work", cwd=tmp_path)
    assert code == 0, said
    path = tmp_path / "work"
    (path / "two").write_bytes(os.urandom(2_000_000))
    assert client("commit", "-qam", "Change", cwd=path)[0] == 0
    return path


def test_origin_takes_a_chunked_push(origin: Origin, work: pathlib.Path) -> None:
    before = origin.tip()
    code, said = client("push", "-q", "origin", "main", cwd=work)
    assert code == 0, said
    assert origin.tip() != before
    assert origin.show("two") == (work / "two").read_bytes()
    assert origin.git("fsck", "--strict") == ""


def test_origin_takes_gzipped_requests(origin: Origin, tmp_path: pathlib.Path) -> None:
    for number in range(40):  # enough `want` lines that git's client compresses the request
        origin.commit({"n": b"%d" % number}, f"{number}\n", branch=f"b{number}", parents=())
    code, said = client("clone", "-q", "--bare", origin.url, "all.git", cwd=tmp_path)
    assert code == 0, said
    assert len(list(tmp_path.glob("all.git/objects/pack/*.pack"))) == 1


def test_origin_commit_keeps_and_deletes_files(origin: Origin) -> None:
    origin.commit({"a/one": b"1", "b": b"no newline"}, "Begin\n")
    origin.commit({"a/one": None}, "Less\n")
    assert origin.git("ls-tree", "-r", "--name-only", "main") == "b"
    assert origin.show("b") == b"no newline"


@pytest.mark.parametrize("password", ["", "wrong"])
def test_origin_refuses_a_wrong_password(
    origin: Origin, tmp_path: pathlib.Path, password: str
) -> None:
    code, said = client("ls-remote", origin.url, cwd=tmp_path, password=password)
    assert code != 0
    assert "could not read Username" in said or "Authentication failed" in said
    assert origin.requests == []


def test_origin_protects_a_branch_by_its_hook(origin: Origin, work: pathlib.Path) -> None:
    origin.protect("main", bypass=["bot"])
    code, said = client("push", "origin", "main", cwd=work)
    assert code != 0
    assert "GH006: Protected branch update failed for refs/heads/main" in said
    assert client("push", "origin", "main:other", cwd=work)[0] == 0
    origin.protect("main", bypass=["ada"])
    assert client("push", "origin", "main", cwd=work)[0] == 0


def test_origin_refuses_force_and_deletion(origin: Origin, work: pathlib.Path) -> None:
    origin.commit({"x": b"x"}, "Meanwhile\n")
    assert client("push", "--force", "origin", "main", cwd=work)[0] != 0
    assert client("push", "origin", ":main", cwd=work)[0] != 0


def test_origin_fault_status_goes_away(origin: Origin, work: pathlib.Path) -> None:
    origin.faults.status(503, times=1)
    code, said = client("ls-remote", "origin", cwd=work)
    assert code != 0
    assert "503" in said
    assert client("ls-remote", "origin", cwd=work)[0] == 0


def test_origin_fault_lost_acknowledgement_applies_the_push(
    origin: Origin, work: pathlib.Path
) -> None:
    origin.faults.lose_acknowledgement()
    before = origin.tip()
    assert client("push", "origin", "main", cwd=work)[0] != 0
    assert origin.tip() != before


def test_origin_fault_drop_cuts_the_answer(
    origin: Origin, work: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    assert client("push", "origin", "main", cwd=work)[0] == 0
    origin.faults.drop(10, service="git-upload-pack")
    assert client("clone", origin.url, "again", cwd=tmp_path)[0] != 0


def test_origin_fault_race_lets_somebody_else_win(origin: Origin, work: pathlib.Path) -> None:
    origin.faults.before_push(lambda: origin.commit({"x": b"x"}, "Meanwhile\n"))
    code, said = client("push", "origin", "main", cwd=work)
    assert code != 0
    assert "rejected" in said
    assert origin.show("x") == b"x"


def test_origin_fault_stall_answers_nobody_until_cleared(
    origin: Origin, work: pathlib.Path
) -> None:
    origin.faults.stall()
    ended: list[int] = []
    thread = threading.Thread(
        target=lambda: ended.append(client("ls-remote", "origin", cwd=work)[0])
    )
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    origin.faults.clear()
    thread.join(10)
    assert ended != [0]
    assert ended
