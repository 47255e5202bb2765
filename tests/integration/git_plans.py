"""What the tests of the Git port plan, push and start from."""

import os
import pathlib
from collections.abc import Callable, Mapping

from gitops_canary.git.branches import Branches
from gitops_canary.git.repository import Repository
from gitops_canary.lab.origin import Origin
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path, Revision

OpenRepository = Callable[..., Branches]
EVIDENCE = "gitops-canary/evidence"
FILES: Mapping[str, bytes | None] = {
    "apps/web/vs.yaml": b"weight: 0\n",
    "apps/web/deploy.yaml": b"image: a:1\n",
    "apps/db.yaml": b"db\n",
    "README": b"hello\n",
}


def plan(
    files: Mapping[str, bytes | None],
    message: str = "canary(a/b): 0% -> 5%\n",
    at_ms: int = 1_750_000_000_999,
    now_ms: int | None = None,
) -> PlannedCommit:
    named = {Path(name): content for name, content in files.items()}
    return PlannedCommit(files=named, message=message, at_ms=at_ms, now_ms=now_ms)


def push_one(
    repository: Repository, commit: PlannedCommit, proof: PlannedCommit | None = None
) -> Revision:
    """Fetch, then push one commit and, where given, one commit of evidence."""
    tip, evidence = repository.fetch()
    [made] = repository.push(
        onto=tip, commits=[commit], evidence_onto=evidence, evidence=[proof] if proof else []
    )
    return made


def commit_entries(origin: Origin, entries: str) -> None:
    """Commit what `git update-index --index-info` reads, on top of the branch's files."""
    index = {"GIT_INDEX_FILE": str(origin.path / "scratch")}
    origin.git("read-tree", "main", env=index)
    origin.git("update-index", "--index-info", stdin=entries.encode(), env=index)
    tree = origin.git("write-tree", env=index)
    who = {f"GIT_{r}_{k}": "a@b" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    origin.git("update-ref", "refs/heads/main", origin.git("commit-tree", tree, env=who))


def commit_hostile(origin: Origin) -> None:
    """Commit a link, a submodule and a link to a directory beside the files."""
    origin.commit(FILES, "Begin\n")
    link = origin.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    module = f"160000 {'1' * 40}\tmodule\n"
    commit_entries(origin, f"120000 {link}\tlink.yaml\n{module}120000 {link}\tlinkdir\n")


def processes_of(directory: pathlib.Path) -> list[str]:
    """What /proc shows to others of every process that knows a directory: argv, environment."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            shown = (path / "cmdline").read_bytes() + b"\0" + (path / "environ").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        if str(directory).encode() in shown and path.name != str(os.getpid()):
            found.append(shown.replace(b"\0", b" ").decode(errors="replace"))
    return found
