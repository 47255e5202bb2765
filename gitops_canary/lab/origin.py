"""A real Git server on loopback: `git http-backend` behind HTTP basic authentication.

Everything a forge does to a client can be switched on: refusals by a hook, errors, delays, cut
connections, a lost acknowledgement, silence, and somebody else's push at the worst moment.
"""

import base64
import binascii
import hmac
import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from gitops_canary.lab.faults import Faults
from gitops_canary.lab.http_backend import Backend, serve
from gitops_canary.lab.snapshot import git

_HOOK = """#!/bin/sh
while read -r old new ref; do
  if [ "$ref" = {ref} ]; then
    case " {bypass} " in
      *" $REMOTE_USER "*) ;;
      *)
        echo "GH006: Protected branch update failed for $ref." >&2
        echo "error: Changes must be made through a pull request." >&2
        exit 1 ;;
    esac
  fi
done
"""


PUSHES = "pushes.jsonl"
"""Beside the bare repository: a line for each push."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push as the server saw it."""

    at_ms: int
    """When it was done, by this machine's clock, in milliseconds since the epoch."""
    user: str
    tips: Mapping[str, str]
    """Every branch and its revision afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose name stands in a commit made on the server, as a forge's merge button does."""

    name: str = "Ada Example"
    email: str = "ada@example.com"


ADA = Person()


@dataclass(frozen=True, slots=True)
class Origin:
    """A bare repository and its server; made by `Origin.start`."""

    path: pathlib.Path
    """The bare repository itself, `origin.git`."""
    url: str
    """`http://127.0.0.1:<port>/origin.git`, without credentials."""
    branch: str
    faults: Faults
    requests: list[str] = field(default_factory=list)
    """Every authorised request so far, as `METHOD /path?query`."""

    @classmethod
    @contextmanager
    def start(
        cls, directory: pathlib.Path, users: Mapping[str, str], branch: str = "main"
    ) -> Iterator["Origin"]:
        """Serve a new bare repository `directory`/origin.git until the context ends.

        `users` maps a user to a password; each may read and write.
        """
        path = directory / "origin.git"
        _create(path, branch)
        faults = Faults()
        requests: list[str] = []
        backend = Backend(
            root=directory,
            authorised=lambda header: _user(header, users),
            faults=faults,
            requests=requests,
            pushed=lambda user: _note(directory / PUSHES, path, user),
            environment=_environment(),
        )
        with serve(backend) as port:
            url = f"http://127.0.0.1:{port}/{path.name}"
            yield cls(path, url, branch, faults, requests)

    def git(self, *argv: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Run git in the bare repository itself; its output without the last line break."""
        return self._run(argv, stdin, env or {}).decode().removesuffix("\n")

    def tip(self, branch: str | None = None) -> str | None:
        """Read a branch's tip; None where there is no such branch."""
        ref = f"refs/heads/{branch or self.branch}"
        return self.git("for-each-ref", "--format=%(objectname)", ref) or None

    def commit(
        self,
        files: Mapping[str, bytes | None],
        message: str,
        *,
        branch: str | None = None,
        parents: Sequence[str] | None = None,
        person: Person = ADA,
        at: int = 1_700_000_000,
    ) -> str:
        """Commit on a branch as a person, in the server; None deletes a file. The new revision.

        Where somebody pushes meanwhile it is done again on top of that.

        `parents` are by default the branch's tip; the tree starts from the first of them. `at` is
        in seconds since the epoch.
        """
        branch = branch or self.branch
        while True:
            tip = self.tip(branch)
            above = parents if parents is not None else [tip] if tip else []
            tree = self._tree(above[0] if above else None, files)
            who = {
                f"GIT_{role}_{key}": value
                for role in ("AUTHOR", "COMMITTER")
                for key, value in (
                    ("NAME", person.name),
                    ("EMAIL", person.email),
                    ("DATE", f"{at} +0"),
                )
            }
            options = [word for parent in above for word in ("-p", parent)]
            revision = self.git("commit-tree", tree, *options, stdin=message.encode(), env=who)
            try:
                self.git("update-ref", f"refs/heads/{branch}", revision, tip or "0" * len(revision))
            except subprocess.CalledProcessError:
                if self.tip(branch) == tip:
                    raise
            else:
                return revision

    def show(self, path: str, revision: str | None = None) -> bytes:
        """Read a file as the server has it."""
        spec = f"{revision or f'refs/heads/{self.branch}'}:{path}"
        return self._run(("cat-file", "blob", spec), b"", {})

    def protect(self, branch: str, *, bypass: Sequence[str] = ()) -> None:
        """Refuse every push to a branch by a pre-receive hook, except from some users."""
        hook = self.path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        ref = shlex.quote(f"refs/heads/{branch}")
        hook.write_text(_HOOK.format(ref=ref, bypass=" ".join(bypass)))
        hook.chmod(0o755)

    def unprotect(self) -> None:
        """Take every push again."""
        (self.path / "hooks" / "pre-receive").unlink(missing_ok=True)

    def _run(self, argv: Sequence[str], stdin: bytes, env: Mapping[str, str]) -> bytes:
        return subprocess.run(
            ["git", f"--git-dir={self.path}", *argv],
            input=stdin,
            env={**_environment(), **env},
            check=True,
            capture_output=True,
        ).stdout

    def _tree(self, base: str | None, files: Mapping[str, bytes | None]) -> str:
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            self.git(*(["read-tree", base] if base else ["read-tree", "--empty"]), env=index)
            lines = []
            for path, content in files.items():
                blob = self.git("hash-object", "-w", "--stdin", stdin=content or b"")
                mode = "0" if content is None else "100644"
                lines.append(f"{mode} {blob}\t{path}\0".encode())
            self.git("update-index", "-z", "--index-info", stdin=b"".join(lines), env=index)
            return self.git("write-tree", env=index)


def read_pushes(directory: pathlib.Path) -> list[Push]:
    """Read what the server of a directory wrote down, oldest push first."""
    lines = (directory / PUSHES).read_text(encoding="utf-8").splitlines()
    return [Push(**json.loads(line)) for line in lines]


def _note(file: pathlib.Path, repository: pathlib.Path, user: str) -> None:
    at_ms = time.time_ns() // 1_000_000
    argv = ("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
    told = git(repository, *argv).decode()
    tips = dict(line.split(" ") for line in told.splitlines())
    with file.open("a", encoding="utf-8") as sink:
        sink.write(json.dumps(asdict(Push(at_ms=at_ms, user=user, tips=tips))) + "\n")


def _create(path: pathlib.Path, branch: str) -> None:
    env = _environment()
    subprocess.run(
        ["git", "init", "-q", "--bare", "--template=", "-b", branch, str(path)], env=env, check=True
    )
    for key, value in {
        "http.receivepack": "true",
        "uploadpack.allowFilter": "true",
        "receive.denyNonFastForwards": "true",
        "receive.denyDeletes": "true",
        "receive.autogc": "false",
        "gc.auto": "0",
    }.items():
        subprocess.run(["git", f"--git-dir={path}", "config", key, value], env=env, check=True)


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }


def _user(header: str | None, users: Mapping[str, str]) -> str | None:
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    known = users.get(user)
    fits = known is not None and hmac.compare_digest(known.encode(), password.encode())
    return user if fits else None
