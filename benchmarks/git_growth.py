"""How the cost of a tick grows: with files, with history, with canaries, with changes."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.git_bench import Bench, Options, plans, reader_of, run, timed, upstream
from benchmarks.git_figures import Figure
from benchmarks.git_world import Size
from gitops_canary.app.ancestry import Graph
from gitops_canary.app.looking import look

MIDDLE = Size(files=10_000, commits=1_000, canaries=200)
_CHANGES = (1, 10, 100, 1_000)
_ORIGIN = {"files": 10_000, "commits": 1_000, "canaries": 200, "changes": 1}
SIZES = (
    MIDDLE,
    *(replace(MIDDLE, files=count) for count in (1_000, 100_000)),
    *(replace(MIDDLE, canaries=count) for count in (20, 2_000)),
    *(replace(MIDDLE, commits=count) for count in (10, 10_000, 100_000)),
    Size(files=100_000, commits=100_000, canaries=1_000),
)
"""One axis at a time is away from the middle, but for the last."""


def growth(bench: Bench, options: Options) -> Iterator[Figure]:
    """A new tip: poll, fetch, index, history, every canary seen, one commit pushed."""
    for changes in _CHANGES if bench.size == MIDDLE else (1,):
        spent, limit = _ticks(bench, options.times, changes)
        here = {"files": bench.size.files, "commits": bench.size.commits,
                "canaries": bench.size.canaries, "changes": changes}  # fmt: skip
        for axis, at in here.items():
            if {**here, axis: 0} == {**_ORIGIN, axis: 0}:
                yield Figure(name=f"a tick by {axis}", part="growth", size=bench.size, axis=axis,
                             at=at, ours=spent, limit=limit,
                             against="git rev-list --count")  # fmt: skip
        if len(here.items() - _ORIGIN.items()) > 1:
            yield Figure(name="a tick, many files, canaries and commits", part="growth",
                         size=bench.size, ours=spent, limit=limit,
                         against="git rev-list --count")  # fmt: skip


def _ticks(bench: Bench, times: int, changes: int) -> tuple[float, float]:
    ours = bench.open()
    tip, _ = ours.fetch()
    reader = reader_of(ours)
    graph = Graph(ours, tip)
    look(reader, graph, 0)
    spent = []
    for number in range(times):
        upstream(bench.origin, bench.size, 5000 + number, changes)
        began = time.perf_counter()
        ours.poll()
        tip, evidence = ours.fetch()
        graph = Graph(ours, tip, graph.past)
        look(reader, graph, 0)
        ours.push(onto=tip, commits=plans(bench.size, 1, number), evidence_onto=evidence,
                  evidence=[])  # fmt: skip
        spent.append(time.perf_counter() - began)
    git_dir = f"--git-dir={ours._runner.surroundings.git_dir}"
    count = timed(lambda: run("git", git_dir, "rev-list", "--count", tip))
    return statistics.median(spent), count
