"""A tick of the whole controller in which every canary of a repository has to move."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.git_bench import Bench, Options, fetched_tip, plans, reader_of, run, stream, timed
from benchmarks.git_figures import Figure
from benchmarks.git_world import folder, git
from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.tick import Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.git.repository import Repository
from gitops_canary.model.observation import Answer, Question
from gitops_canary.sync.none import Nothing

_RELEASED_S = 1_750_000_000
_NOW_MS = (_RELEASED_S + 10) * 1000
_HEAD = b"commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata 8\nRelease\n"


class _Silent:
    """A metric source without any series: a canary that begins needs none."""

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        return dict.fromkeys(questions, Answer())


def due(bench: Bench, options: Options) -> Iterator[Figure]:
    """A new version of every application at once: one fetch and one push of every start."""
    del options
    ours, plain = bench.open(), bench.plain()
    station = _station(ours)
    release(bench, range(1))
    asyncio.run(station.tick(write=True))  # the first rollout looks for kustomizations once
    release(bench, range(1, bench.size.canaries))
    before = ours._runner.started
    began = time.perf_counter()
    report = asyncio.run(station.tick(write=True))
    spent = time.perf_counter() - began
    assert len(report.pushed) == bench.size.canaries - 1, report.error
    yield Figure(name="P11 processes, every canary due", part="due", size=bench.size, unit="",
                 ours=float(ours._runner.started - before), limit=1.0, most=4,
                 against="a count")  # fmt: skip
    limit = timed(lambda: _plainly(bench, plain))
    yield Figure(name="a tick, every canary due", part="due", size=bench.size, ours=spent,
                 limit=limit, against="bare fetch, fast-import and push")  # fmt: skip


def begin_all(bench: Bench) -> None:
    """Let every canary begin a rollout."""
    release(bench, range(bench.size.canaries))
    ours = bench.open()
    report = asyncio.run(_station(ours).tick(write=True))
    assert len(report.pushed) == bench.size.canaries, report.error


def release(bench: Bench, canaries: Iterable[int]) -> None:
    """Let a person commit a new version of applications, by the numbers of their Canaries."""
    size = bench.size
    parts = [_HEAD % _RELEASED_S, b"from refs/heads/main^0\n"]
    every = size.applications // size.canaries
    for number in canaries:
        path = f"{folder(size, number * every)}/deployment.yaml"
        text = git(bench.origin, "cat-file", "blob", f"main:{path}") + "\n"
        data = text.replace(":1.0.0", ":1.1.0").encode()
        parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    argv = ("git", f"--git-dir={bench.origin}", "fast-import", "--quiet")
    run(*argv, stdin=b"".join([*parts, b"\n"]))


def _station(repository: Repository) -> Station:
    timing = Timing(scrape_ms=1000, lag_ms=0)
    sync = [Nothing(source="default", delay_ms=1000)]
    measuring = Measuring(metrics=_Silent(), sync=sync, timing=timing, settle_ms=1000)
    return Station(name="bench", git=repository, reader=reader_of(repository), measuring=measuring,
                   budget=Budget(1_000_000), time=Timekeeper.of(lambda: _NOW_MS))  # fmt: skip


def _plainly(bench: Bench, plain: Path) -> None:
    git_dir = f"--git-dir={plain}"
    tip = fetched_tip(plain)
    data = stream(plans(bench.size, bench.size.canaries, 0), tip)
    run("git", git_dir, "fast-import", "--quiet", "--force", stdin=data)
    run("git", git_dir, "push", "-q", "origin", "work:refs/heads/main")
