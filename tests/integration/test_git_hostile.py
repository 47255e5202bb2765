"""Nothing in a repository, and nothing on the machine, makes the Git port do more than it must."""

import base64
import pathlib
import subprocess
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from git_plans import FILES, OpenRepository, commit_hostile, plan, processes_of, push_one

from gitops_canary.errors import EditRefused, HistoryError, Unavailable
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision


@pytest.mark.parametrize(
    "path",
    ["link.yaml", "module", "linkdir/x", "module/x", "apps", "README/x", "../x", "/x", "a//b", "",
     "a/./b", "a/", ".git/config", "a/.GIT/x", "x\ny", "\u202ex", "x" * 5000, "a\0b",
     "apps/web/.."],
)  # fmt: skip
def test_push_refuses_what_is_no_regular_file(
    origin: Origin, open_repository: OpenRepository, path: str
) -> None:
    commit_hostile(origin)
    before = origin.tip()
    with pytest.raises(EditRefused):
        push_one(open_repository(), plan({path: b"x"}))
    assert origin.tip() == before


def test_files_lists_neither_links_nor_submodules(
    origin: Origin, open_repository: OpenRepository
) -> None:
    commit_hostile(origin)
    repository = open_repository()
    assert set(repository.files(repository.fetch()[0])) == set(FILES)


def test_no_secret_is_in_any_command_line_or_environment(
    origin: Origin,
    open_repository: OpenRepository,
    git_identity: Mapping[str, Any],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN_OF_SOMEBODY_ELSE", "s3cret-of-another-part")
    origin.commit(FILES, "Begin\n")
    seen: list[str] = []
    directory = tmp_path / "watched"
    repository = open_repository(directory=directory)
    repository.fetch()
    origin.faults.before_push(lambda: seen.extend(processes_of(directory)))
    push_one(repository, plan({"README": b"1"}))
    assert any(" push --porcelain" in line for line in seen)
    assert any("git-remote-http" in line for line in seen)
    password = git_identity["password_file"].read_text().strip()
    token = base64.b64encode(f"bot:{password}".encode()).decode()
    for secret in (password, token, "s3cret-of-another-part"):
        assert not any(secret in text for text in seen)
        assert not any(
            secret.encode() in path.read_bytes() for path in directory.rglob("*") if path.is_file()
        )


def test_nothing_of_the_repository_or_the_machine_runs(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pwned = tmp_path / "pwned"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f"[core]\n fsmonitor = touch {pwned}\n sshCommand = touch {pwned}\n"
        f"[alias]\n push = !touch {pwned}\n[credential]\n helper = !touch {pwned}\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.pager")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {pwned}")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {pwned}")
    monkeypatch.setenv("GIT_TRACE", str(pwned))
    origin.commit(
        {
            "hooks/pre-push": f"#!/bin/sh\ntouch {pwned}\n".encode(),
            ".gitattributes": b"* filter=evil\n",
            ".gitmodules": b'[submodule "x"]\n\tpath = x\n\turl = https://example.com/x\n',
            "HEAD": b"ref: refs/heads/main\n",
            "config": f"[core]\n\tfsmonitor = touch {pwned}\n".encode(),
        },
        "Hostile\n",
    )
    repository = open_repository(directory=tmp_path / "clone")
    for hook in ("pre-push", "reference-transaction", "post-checkout"):
        path = tmp_path / "clone" / "repo.git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {pwned}\n")
        path.chmod(0o755)
    made = push_one(repository, plan({"config": b"harmless\n"}))
    assert origin.tip() == made
    assert not pwned.exists()


def test_replaced_objects_are_ignored(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    made = push_one(repository, plan({"README": b"1"}))
    repository.fetch()
    for git_dir in (origin.path, tmp_path / "clone" / "repo.git"):
        subprocess.run(["git", f"--git-dir={git_dir}", "replace", made, seeded], check=True)
    assert repository.read([repository.files(made)[Path("README")].id])
    assert [commit.ours for commit in repository.history(made)] == [True, False]
    second = open_repository()
    second.fetch()
    assert [commit.ours for commit in second.history(made)] == [True, False]


class Redirect(BaseHTTPRequestHandler):
    """Sends everybody to another server."""

    target = ""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.target + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Say nothing."""


@pytest.mark.usefixtures("seeded")
def test_a_redirect_is_not_followed(origin: Origin, open_repository: OpenRepository) -> None:
    Redirect.target = origin.url.removesuffix("/origin.git")
    with HTTPServer(("127.0.0.1", 0), Redirect) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}/origin.git"
            with pytest.raises(Unavailable, match="302"):
                open_repository(url=url).poll()
        finally:
            server.shutdown()
            thread.join()
    assert origin.requests == []


def commit_entry(origin: Origin, name: bytes) -> None:
    """Commit a tree with one odd name, which no git would write."""
    blob = origin.git("hash-object", "-w", "--stdin", stdin=b"x")
    raw = b"".join(b"100644 %s\0%s" % (one, bytes.fromhex(blob)) for one in sorted([b"good", name]))
    tree = origin.git("hash-object", "-w", "-t", "tree", "--stdin", "--literally", stdin=raw)
    who = {f"GIT_{r}_{k}": "a@b" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    origin.git("update-ref", "refs/heads/main", origin.git("commit-tree", tree, env=who))


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"git~1", b"a/../b", b"good"])
def test_trees_no_checkout_could_have_are_not_fetched(
    origin: Origin, open_repository: OpenRepository, name: bytes
) -> None:
    before = origin.commit(FILES, "Begin\n")
    repository = open_repository()
    repository.fetch()
    commit_entry(origin, name)
    with pytest.raises(HistoryError, match="git itself would not make"):
        repository.fetch()
    assert set(repository.files(Revision(before))) == set(FILES)


@pytest.mark.parametrize(("name", "listed"), [(b"x" * 5000, True), (b"\xff", False)])
def test_names_that_are_no_text_are_not_listed(
    origin: Origin, open_repository: OpenRepository, name: bytes, listed: bool
) -> None:
    commit_entry(origin, name)
    repository = open_repository()
    files = repository.files(repository.fetch()[0])
    assert set(files) == {"good", *([name.decode()] if listed else [])}


def test_without_git_the_user_is_told(tmp_path: pathlib.Path) -> None:
    script = (
        "from gitops_canary.errors import ConfigError\n"
        "from gitops_canary.git.repository import Repository\n"
        "import pathlib, sys\n"
        "try: Repository(url='https://h/r.git', branch='main', name='a', email='b@c',\n"
        "                directory=pathlib.Path(sys.argv[1]))\n"
        "except ConfigError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "clone")],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "is not on PATH" in done.stdout
