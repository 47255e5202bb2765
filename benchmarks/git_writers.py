"""Many who want to write one branch: canaries of one controller, and controllers of one branch."""

import statistics
import threading
import time
from collections.abc import Iterator

from benchmarks.git_bench import Bench, Options, plans, timed
from benchmarks.git_figures import Figure
from benchmarks.git_world import git
from gitops_canary.errors import Conflict
from gitops_canary.git.repository import Repository
from gitops_canary.model.decision import PlannedCommit

_WRITERS = 10
_EACH = 10


def producers(bench: Bench, options: Options) -> Iterator[Figure]:
    """P10: ten canaries due in each tick of one controller, beside one."""
    ours = bench.open()
    one: list[float] = []
    ten: list[float] = []
    for number in range(_EACH * options.times):
        one.append(_tick(ours, plans(bench.size, 1, number)))
        ten.append(_tick(ours, plans(bench.size, _WRITERS, 100_000 + number)))
    yield Figure(name="P10 a commit, 10 canaries a tick", part="P10", size=bench.size, most=1 / 0.9,
                 ours=statistics.median(ten) / _WRITERS, limit=statistics.median(one),
                 against="one canary a tick")  # fmt: skip
    yield Figure(name="P10 longest wait of 10 canaries (p99)", part="P10", size=bench.size, most=3,
                 ours=statistics.quantiles(ten, n=100)[-1], limit=statistics.median(ten),
                 against="their median")  # fmt: skip


def _tick(repository: Repository, commits: list[PlannedCommit]) -> float:
    """Write what is due; a conflict would be a defect, as nobody else writes."""
    began = time.perf_counter()
    tip, evidence = repository.fetch()
    repository.push(onto=tip, commits=commits, evidence_onto=evidence, evidence=[])
    return time.perf_counter() - began


def controllers(bench: Bench, options: Options) -> Iterator[Figure]:
    """Ten controllers racing on one branch, and one that batches."""
    del options
    before = int(git(bench.origin, "rev-list", "--count", "main"))
    waits: list[float] = []
    lost: list[int] = []
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
                    lost.append(number)
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
    git(bench.origin, "fsck", "--strict", "--no-dangling")
    alone = timed(lambda: _tick(clones[0], plans(bench.size, made, 99_999)))
    yield Figure(
        name=f"one writer, {made} commits in a batch", part="controllers", size=bench.size,
        ours=alone, limit=racing, most=1 / 10,
        against=f"10 controllers with one commit a push: {made / racing:.1f} commits a second, "
        f"{len(lost)} lost races, wait {statistics.median(waits):.1f} s, worst {max(waits):.1f} s",
    )  # fmt: skip
