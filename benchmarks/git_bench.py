"""A repository to measure with, clones of it, and the same commits for us and for git."""

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.git_world import ENVIRONMENT, Size, folder, git
from gitops_canary.git import process
from gitops_canary.git.editing import Draft
from gitops_canary.git.pack import build_pack
from gitops_canary.git.repository import Repository
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path as FilePath
from gitops_canary.model.names import Revision

BATCH = 1000
AT_MS = 1_800_000_000_000
_WHO = b"committer gitops-canary <canary@example.com> 1800000000 +0000\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: seconds of ours and of the limit, and the ratio to hold."""

    name: str
    size: Size
    ours_s: float
    limit_s: float
    most: float
    limit: str

    @property
    def ratio(self) -> float:
        """How many times the limit's time ours takes."""
        return self.ours_s / self.limit_s

    @property
    def holds(self) -> bool:
        """Whether the ratio is kept."""
        return self.ratio <= self.most

    def unit(self, value: float) -> str:
        """Write a value in this figure's unit: seconds, a count or MiB."""
        if "processes" in self.name:
            return f"{value:.0f}"
        if "memory" in self.name:
            return f"{value:.1f} MiB"
        return f"{value:.1f} s" if value >= 1 else f"{value * 1000:.1f} ms"

    @property
    def told(self) -> str:
        """One line for a terminal."""
        kept = "holds" if self.holds else "NOT MET"
        return (
            f"{self.size.files:>7} files  {self.name:<34} {self.unit(self.ours_s):>10}  "
            f"{self.unit(self.limit_s):>10}  {self.ratio:6.2f} <= {self.most:<6.2f} {kept}  "
            f"({self.limit})"
        )


@dataclass(slots=True)
class Bench:
    """One repository on disk, a server side, and clones to measure with."""

    origin: Path
    size: Size
    scratch: Path
    key: Path
    opened: list[Repository] = field(default_factory=list)
    number: int = 0

    def open(self, url: str | None = None, *, signed: bool = True, **more: Any) -> Repository:
        """Open a fresh clone of ours."""
        self.number += 1
        repository = Repository(
            url=url or f"file://{self.origin}", branch="main", name="gitops-canary",
            email="canary@example.com", directory=self.scratch / f"ours-{self.number}",
            signing_key=self.key if signed else None, allow_file=True, timeout_ms=120_000, **more,
        )  # fmt: skip
        self.opened.append(repository)
        return repository

    def plain(self) -> Path:
        """Make a full bare clone, as anybody would."""
        self.number += 1
        path = self.scratch / f"plain-{self.number}.git"
        run("git", "clone", "-q", "--bare", "--single-branch", f"file://{self.origin}", str(path))
        return path

    def close(self) -> None:
        """End everything and clear the disk."""
        for repository in self.opened:
            repository.close()
        shutil.rmtree(self.scratch)

    def upstream(self, number: int) -> str:
        """Let a person change one file; the revision."""
        path = f"{folder(self.size, number % self.size.applications)}/deployment.yaml"
        text = git(self.origin, "cat-file", "blob", f"main:{path}") + f"\n# {number}\n"
        stream = b"commit refs/heads/main\n" + _WHO + b"data 1\nx\nfrom refs/heads/main^0\n"
        stream += f"M 100644 inline {path}\ndata {len(text)}\n{text}\n\n".encode()
        run("git", f"--git-dir={self.origin}", "fast-import", "--quiet", stdin=stream)
        return git(self.origin, "rev-parse", "refs/heads/main")


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


def drafted(repository: Repository, tip: Revision, commits: list[PlannedCommit]) -> bytes:
    """Build commits in process; the pack."""
    draft = Draft(repository._trees.body)
    repository._drafting.chain(draft, tip, commits)
    return build_pack(draft.made.values())


def drafted_tip(repository: Repository, tip: Revision, commit: PlannedCommit) -> Revision:
    """Name the commit a plan makes."""
    draft = Draft(repository._trees.body)
    return repository._drafting.chain(draft, tip, [commit])[0]


@contextmanager
def counted() -> Iterator[list[str]]:
    """Count the processes started inside."""
    started: list[str] = []
    begin = process.Child.__init__

    def counting(child: process.Child, *given: Any) -> None:
        started.append(given[1].name)
        begin(child, *given)

    process.Child.__init__ = counting  # type: ignore[method-assign] # put back below
    try:
        yield started
    finally:
        process.Child.__init__ = begin  # type: ignore[method-assign] # as it was
