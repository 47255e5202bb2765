"""A repository to measure with, clones of it, and the same commits for us and for git."""

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.git_world import ENVIRONMENT, Size, folder, git
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.git.editing import Draft
from gitops_canary.git.repository import Repository
from gitops_canary.git.signing import generate_key
from gitops_canary.git.storing import storing
from gitops_canary.lab.origin import Origin
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path as FilePath
from gitops_canary.model.names import Revision
from gitops_canary.routing import ROUTERS

BATCH = 1000
AT_MS = 1_800_000_000_000
_WHO = b"committer gitops-canary <canary@example.com> 1800000000 +0000\n"
_USER, _PASSWORD = "bot", "secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    large: bool
    only: frozenset[str]
    files: int | None
    commits: int | None
    times: int
    cycles: int
    worlds: Path | None


@dataclass(slots=True)
class Bench:
    """One repository on disk, a server side, and clones to measure with."""

    origin: Path
    size: Size
    scratch: Path
    key: Path
    opened: list[Repository] = field(default_factory=list)
    number: int = 0

    @classmethod
    def begin(cls, *, origin: Path, size: Size, scratch: Path) -> "Bench":
        """Begin in a scratch folder that somebody else clears away."""
        generate_key(scratch / "key")
        return cls(origin=origin, size=size, scratch=scratch, key=scratch / "key")

    @property
    def url(self) -> str:
        """Where the repository is, without a server."""
        return f"file://{self.origin}"

    def open(self, url: str | None = None, *, signed: bool = True, **more: Any) -> Repository:
        """Open a fresh clone of ours."""
        self.number += 1
        repository = Repository(
            url=url or self.url, branch="main", name="gitops-canary",
            email="canary@example.com", directory=self.scratch / f"ours-{self.number}",
            signing_key=self.key if signed else None, allow_file=True, timeout_ms=120_000, **more,
        )  # fmt: skip
        self.opened.append(repository)
        return repository

    def plain(self) -> Path:
        """Make a full bare clone, as anybody would."""
        self.number += 1
        path = self.scratch / f"plain-{self.number}.git"
        run("git", "clone", "-q", "--bare", "--single-branch", self.url, str(path))
        return path

    @contextmanager
    def served(self) -> Iterator[tuple[Origin, dict[str, Any], str]]:
        """Serve the repository over http: the server, how ours logs in, and a url for git."""
        password = self.scratch / "password"
        password.write_text(f"{_PASSWORD}\n")
        folder = self.scratch / "served"
        folder.mkdir()
        with Origin.start(folder, {_USER: _PASSWORD}) as served:
            run("cp", "-a", f"{self.origin}/.", str(served.path))
            run("git", f"--git-dir={served.path}", "config", "http.receivepack", "true")
            login = {"url": served.url, "username": _USER, "password_file": password}
            yield served, login, served.url.replace("://", f"://{_USER}:{_PASSWORD}@")

    def close(self) -> None:
        """End everything."""
        for repository in self.opened:
            repository.close()


def upstream(origin: Path, size: Size, number: int, changes: int = 1) -> str:
    """Let a person change so many files in one commit; the revision."""
    parts = [b"commit refs/heads/main\n", _WHO, b"data 1\nx\nfrom refs/heads/main^0\n"]
    for change in range(changes):
        path = f"{folder(size, (number + change) % size.applications)}/deployment.yaml"
        text = git(origin, "cat-file", "blob", f"main:{path}") + f"\n# {number}\n"
        parts.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode())
    run("git", f"--git-dir={origin}", "fast-import", "--quiet", stdin=b"".join([*parts, b"\n"]))
    return git(origin, "rev-parse", "refs/heads/main")


def reader_of(repository: Repository) -> Reader:
    """Read a repository as a controller does that manages all of it."""
    return Reader(repository, Rules(paths=[], default_provider=None), ROUTERS, sift=repository)


def run(*argv: str, stdin: bytes = b"") -> bytes:
    """Run a program; what it prints. Exit 1 is fine: git grep says so where it finds nothing."""
    done = subprocess.run(argv, input=stdin, env=ENVIRONMENT, check=False, capture_output=True)
    if done.returncode > 1:
        raise OSError(done.stderr.decode())
    return done.stdout


def timed(call: Callable[[], object]) -> float:
    """Time one call, in seconds."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def side_by_side(
    one: Callable[[], object], other: Callable[[], object], times: int
) -> tuple[float, float]:
    """Time two calls in turns; the medians."""
    pairs = [(timed(one), timed(other)) for _ in range(times)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def plans(size: Size, count: int, salt: int) -> list[PlannedCommit]:
    """Plan commits that change one file each."""
    return [
        PlannedCommit(
            files={
                FilePath(f"{folder(size, n * 7919 % size.applications)}/service.yaml"):
                f"# weight {salt} {n}\n".encode() * 20
            },
            message=f"canary(n/a{n}): 5% -> 10%\n\nBecause.\n",
            at_ms=AT_MS,
        )
        for n in range(count)
    ]  # fmt: skip


def stream(commits: list[PlannedCommit], onto: str) -> bytes:
    """Write the same commits for `git fast-import`."""
    parts = []
    for number, commit in enumerate(commits):
        [(path, content)] = commit.files.items()
        assert content is not None
        message = commit.message.encode()
        parts.append(b"commit refs/heads/work\n" + _WHO + b"data %d\n" % len(message) + message)
        parts.append(b"" if number else b"from %s\n" % onto.encode())
        parts.append(b"M 100644 inline %s\ndata %d\n" % (path.encode(), len(content)))
        parts.append(content + b"\n\n")
    return b"".join(parts)


def stored(repository: Repository, tip: Revision, commits: list[PlannedCommit]) -> Revision:
    """Build commits in process and store them, unpushed; the last one."""
    draft = Draft(repository._trees.body)
    sketch = repository._drafting.sketch(draft, tip, commits)
    with storing(repository._runner, draft, len(commits)) as finish:
        made = repository._drafting.commit(draft, sketch, [one.message for one in commits])
        finish()
    return made[-1]


def fetched_tip(plain: Path) -> str:
    """Let git fetch into a clone of its own; the tip."""
    run("git", f"--git-dir={plain}", "fetch", "-q", "origin", "+main:main")
    return git(plain, "rev-parse", "refs/heads/main")
