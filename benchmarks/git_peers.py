"""The same work by other libraries: GitPython as its documentation does it, and pygit2."""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from git import Repo

from benchmarks.git_bench import (
    AT_MS,
    BATCH,
    Bench,
    Options,
    plans,
    run,
    side_by_side,
    stored,
    timed,
)
from benchmarks.git_figures import Figure
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Revision

_LARGE = 10_000
"""Files from which on an index that is read and written as a whole costs more than the rest."""
_FEW = 3
"""Commits by GitPython's index; a thousand of them would take hours."""


def bulk(bench: Bench, options: Options) -> Iterator[Figure]:
    """P1 beside libraries: many commits of one file each, none pushed."""
    ours = bench.open()
    tip, _ = ours.fetch()
    salts = iter(range(1000))
    per_commit = timed(lambda: stored(ours, tip, plans(bench.size, BATCH, next(salts)))) / BATCH
    tree = _work_tree(bench)
    with Repo(tree) as repo:
        _identify(repo)
        spent = [timed(lambda: _commit(repo, tree, one)) for one in plans(bench.size, _FEW, 900)]  # noqa: B023 - at once
    yield Figure(name="P13 a commit among 1,000", part="P1-libraries", size=bench.size,
                 ours=per_commit, limit=statistics.median(spent), most=1 / 100,
                 against="GitPython as documented")  # fmt: skip
    build = _pygit2(bench, tip)
    if build is not None:
        mine, theirs = side_by_side(
            lambda: stored(ours, tip, plans(bench.size, BATCH, next(salts))),
            lambda: build(plans(bench.size, BATCH, next(salts))), max(1, options.times // 2),
        )  # fmt: skip
        yield Figure(name="P1 1,000 commits built, beside pygit2", part="P1-libraries",
                     size=bench.size, ours=mine, limit=theirs, most=1,
                     against="pygit2, loose objects, unsigned")  # fmt: skip


def one_step(bench: Bench, options: Options) -> Iterator[Figure]:
    """P13: fetch, edit, commit and push one file."""
    tree = _work_tree(bench)
    ours = bench.open()
    spent: tuple[list[float], list[float]] = ([], [])

    def mine(number: int) -> None:
        tip, evidence = ours.fetch()
        ours.push(onto=tip, commits=plans(bench.size, 1, number), evidence_onto=evidence,
                  evidence=[])  # fmt: skip

    def theirs(repo: Repo, number: int) -> None:
        repo.remotes.origin.pull()
        _commit(repo, tree, *plans(bench.size, 1, 500 + number))
        repo.remotes.origin.push()

    with Repo(tree) as repo:
        _identify(repo)
        for number in range(min(_FEW, options.times)):
            spent[0].append(timed(lambda: mine(number)))  # noqa: B023 - called at once
            spent[1].append(timed(lambda: theirs(repo, number)))  # noqa: B023 - as above
    yield Figure(name="P13 one step", part="P13", size=bench.size,
                 most=1 / 5 if bench.size.files >= _LARGE else math.inf,
                 ours=statistics.median(spent[0]), limit=statistics.median(spent[1]),
                 against="GitPython as documented")  # fmt: skip


def _work_tree(bench: Bench) -> Path:
    tree = bench.scratch / "tree"
    run("git", "clone", "-q", bench.url, str(tree))
    return tree


def _identify(repo: Repo) -> None:
    with repo.config_writer() as config:
        config.set_value("user", "name", "a")
        config.set_value("user", "email", "a@b")


def _commit(repo: Repo, tree: Path, commit: PlannedCommit) -> None:
    for path, content in commit.files.items():
        (tree / path).write_bytes(content or b"")
        repo.index.add([str(path)])
    repo.index.commit(commit.message)


def _pygit2(bench: Bench, tip: Revision) -> Callable[[list[PlannedCommit]], None] | None:
    """Give what builds commits by pygit2; None where it is not installed."""
    if find_spec("pygit2") is None:
        print("no row for pygit2: it is not installed (uv pip install --group benchmark)")
        return None
    import pygit2  # noqa: PLC0415 - only where it is installed

    repo = pygit2.Repository(str(bench.plain()))
    who = pygit2.Signature("gitops-canary", "canary@example.com", AT_MS // 1000, 0)

    def build(commits: list[PlannedCommit]) -> None:
        parent = repo.get(tip)
        root, name = parent.tree_id, parent.id
        for commit in commits:
            root = _edited(repo, root, {str(p).split("/")[0]: (str(p), c)
                                        for p, c in commit.files.items()}, 0)  # fmt: skip
            name = repo.create_commit(None, who, who, commit.message, root, [name])

    return build


def _edited(repo: Any, tree: Any, files: Mapping[str, tuple[str, bytes | None]], depth: int) -> Any:
    builder = repo.TreeBuilder(repo.get(tree))
    for name, (path, content) in files.items():
        parts = path.split("/")
        if depth == len(parts) - 1:
            builder.insert(name, repo.create_blob(content or b""), 0o100644)
        else:
            below = _edited(repo, builder.get(name).id, {parts[depth + 1]: (path, content)},
                            depth + 1)  # fmt: skip
            builder.insert(name, below, 0o040000)
    return builder.write()
