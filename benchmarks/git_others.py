"""Figures that need another world: an HTTP server, a work tree, many controllers or cycles."""

import os
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from git import Repo

from benchmarks.git_bench import Bench, Figure, plans, run, side_by_side, timed
from benchmarks.git_world import git
from gitops_canary.app.ancestry import Graph
from gitops_canary.app.looking import look
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.errors import Conflict
from gitops_canary.lab.origin import Origin
from gitops_canary.routing import ROUTERS

_WRITERS = 10
_EACH = 10
_CYCLES = 400
_NONE = float("inf")


def polling(bench: Bench, times: int) -> Iterator[Figure]:
    """P5: asking a server over HTTP whether anything moved."""
    with Origin.start(bench.scratch, {"bot": "secret"}) as origin:
        origin.commit({"a": b"a"}, "Begin\n")
        password = bench.scratch / "password"
        password.write_text("secret\n")
        ours = bench.open(origin.url, username="bot", password_file=password)
        ours.poll()
        url = origin.url.replace("://", "://bot:secret@")
        mine, theirs = side_by_side(
            ours.poll, lambda: run("git", "ls-remote", url, "refs/heads/main"), 5 * times
        )
        yield Figure(name="P5 idle poll over http", size=bench.size, ours_s=mine, limit_s=theirs,
                     most=0.35, limit="git ls-remote")  # fmt: skip


def gitpython(bench: Bench, times: int) -> Iterator[Figure]:
    """P13: the same step as GitPython's documentation does it, in a work tree."""
    tree = bench.scratch / "tree"
    run("git", "clone", "-q", f"file://{bench.origin}", str(tree))
    ours = bench.open()
    repo = Repo(tree)
    with repo.config_writer() as config:
        config.set_value("user", "name", "a")
        config.set_value("user", "email", "a@b")
    spent: tuple[list[float], list[float]] = ([], [])

    def mine(number: int) -> None:
        tip, evidence = ours.fetch()
        ours.push(onto=tip, commits=plans(bench.size, 1, number), evidence_onto=evidence,
                  evidence=[])  # fmt: skip

    def theirs(number: int) -> None:
        repo.remotes.origin.pull()
        [commit] = plans(bench.size, 1, 500 + number)
        for path, content in commit.files.items():
            (tree / path).write_bytes(content or b"")
            repo.index.add([str(path)])
        repo.index.commit(commit.message)
        repo.remotes.origin.push()

    for number in range(times):
        spent[0].append(timed(lambda: mine(number)))  # noqa: B023 - called at once
        spent[1].append(timed(lambda: theirs(number)))  # noqa: B023 - as above
    repo.close()
    yield Figure(name="P13 one step", size=bench.size, ours_s=statistics.median(spent[0]),
                 limit_s=statistics.median(spent[1]), most=1 / 5,
                 limit="GitPython as documented")  # fmt: skip


def controllers(bench: Bench, times: int) -> Iterator[Figure]:
    """Ten controllers racing on one branch, and one that batches."""
    del times
    before = int(git(bench.origin, "rev-list", "--count", "main"))
    waits: list[float] = []
    clones = [bench.open() for _ in range(_WRITERS)]

    def write(number: int) -> None:
        repository = clones[number]
        for step in range(_EACH):
            began = time.perf_counter()
            while True:
                tip, evidence = repository.fetch()
                commit = plans(bench.size, 1, 1000 * number + step)
                try:
                    repository.push(onto=tip, commits=commit, evidence_onto=evidence, evidence=[])
                except Conflict:
                    continue
                break
            waits.append(time.perf_counter() - began)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(_WRITERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    racing = time.perf_counter() - began
    made = int(git(bench.origin, "rev-list", "--count", "main")) - before
    assert made == _WRITERS * _EACH, f"{made} commits: one was lost or made twice"
    alone = timed(lambda: _batch(bench))
    yield Figure(name=f"one writer, {made} commits in a batch", size=bench.size, ours_s=alone,
                 limit_s=racing, most=1 / 10,
                 limit=f"10 controllers, worst wait {max(waits):.1f} s")  # fmt: skip


def _batch(bench: Bench) -> None:
    repository = bench.opened[0]
    tip, evidence = repository.fetch()
    commits = plans(bench.size, _WRITERS * _EACH, 99_999)
    repository.push(onto=tip, commits=commits, evidence_onto=evidence, evidence=[])


def moving(bench: Bench, times: int) -> Iterator[Figure]:
    """What a new tip costs once everything is known: fetch, index, history, every canary."""
    ours = bench.open()
    tip, _ = ours.fetch()
    reader = Reader(ours, Rules(paths=[], default_provider=None), ROUTERS, sift=ours)
    graph = Graph(ours, tip)
    look(reader, graph, 0)
    spent = []
    for number in range(times):
        bench.upstream(5000 + number)
        began = time.perf_counter()
        ours.poll()
        tip, _ = ours.fetch()
        graph = Graph(ours, tip, graph)
        look(reader, graph, 0)
        spent.append(time.perf_counter() - began)
    plain = timed(lambda: run("git", f"--git-dir={ours._runner.surroundings.git_dir}", "rev-list",
                              "--count", tip))  # fmt: skip
    yield Figure(name="a new tip, every canary seen", size=bench.size, most=_NONE,
                 ours_s=statistics.median(spent), limit_s=plain,
                 limit="git rev-list --count")  # fmt: skip


def flatness(bench: Bench, times: int) -> Iterator[Figure]:
    """P12: memory, descriptors and children over many cycles."""
    ours = bench.open()

    def one(number: int) -> None:
        ours.poll()
        tip, evidence = ours.fetch()
        ours.changed(tip, tip)
        if number % 10 == 0:
            ours.push(onto=tip, commits=plans(bench.size, 1, number), evidence_onto=evidence,
                      evidence=[])  # fmt: skip

    for number in range(_CYCLES // 4):
        one(number)
    before = _held()
    for number in range(_CYCLES * times // 5):
        one(number + 7)
    after = _held()
    assert after[1:] == before[1:], f"descriptors or children grew: {before} to {after}"
    yield Figure(name=f"P12 memory after {_CYCLES * times // 5} cycles", size=bench.size,
                 ours_s=after[0], limit_s=before[0], most=1.1, limit="before them")  # fmt: skip


def _held() -> tuple[float, int, int]:
    status = Path("/proc/self/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return kib / 1024, len(list(Path("/proc/self/fd").iterdir())), len(children)
