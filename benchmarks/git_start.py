"""What a start costs besides finding files: memory, and how far it walks into the history."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from benchmarks.git_bench import AT_MS, Bench, Options, reader_of, side_by_side
from benchmarks.git_due import begin_all
from benchmarks.git_figures import Figure
from benchmarks.git_world import copy_of
from gitops_canary.app.ancestry import Graph
from gitops_canary.app.checkpointing import Checkpoint, FileShelf
from gitops_canary.app.looking import look
from gitops_canary.core.message import compose
from gitops_canary.git.repository import Repository
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId
from gitops_canary.model.names import Path as FilePath
from gitops_canary.model.rollout import Action, Outcome, Record

_MEMORY_MIB = 40.0
_ROLLOUTS = 10
_DAY_MS = 86_400_000
_FEW_COMMITS = 1_000
_TURNS = 3


def memory(bench: Bench, options: Options) -> Iterator[Figure]:
    """What a first look at everything leaves in memory above the imports, in its own process."""
    for more in ("", ", all rolling"):
        if more:
            begin_all(bench)
        kept, most = _looked(bench, min(options.times, 3))
        yield Figure(name=f"memory of a first look{more}", part="memory", size=bench.size,
                     ours=kept, limit=_MEMORY_MIB, unit="MiB", against="allowed above the imports",
                     most=1.0)  # fmt: skip
        yield Figure(name=f"memory at most on the way{more}", part="memory", size=bench.size,
                     ours=most, limit=_MEMORY_MIB, unit="MiB", against="the same")  # fmt: skip


def _looked(bench: Bench, times: int) -> tuple[float, float]:
    bench.open().fetch()  # so that the clone is there, and its git's memory is not ours
    directory = bench.scratch / f"ours-{bench.number}"
    bench.close()
    argv = [sys.executable, "-m", "benchmarks.git_start", bench.url, str(directory), str(bench.key)]
    root = Path(__file__).parents[1]
    told = [
        subprocess.run(argv, check=True, capture_output=True, cwd=root).stdout.split()
        for _ in range(times)
    ]
    kept, most = (statistics.median(float(line[n]) for line in told) for n in (0, 1))
    return kept, most


def restart(bench: Bench, options: Options) -> Iterator[Figure]:
    """Our moves of a long history, found from nothing and at a checkpoint."""
    known, walked = _starts(bench)
    mine, theirs = side_by_side(known, walked, options.times)
    yield Figure(name="our moves, at a checkpoint", part="restart", size=bench.size, ours=mine,
                 limit=theirs, against="the whole history passed over")  # fmt: skip
    if bench.size.commits <= _FEW_COMMITS:
        return
    short = replace(bench.size, commits=_FEW_COMMITS)
    scratch = bench.scratch / "short"
    scratch.mkdir()
    origin = copy_of(options.worlds or bench.scratch, short, scratch / "origin.git")
    before, _ = _starts(Bench.begin(origin=origin, size=short, scratch=scratch))
    mine, theirs = side_by_side(known, before, _TURNS * options.times)
    yield Figure(name="our moves, at a checkpoint of a long history", part="restart",
                 size=bench.size, ours=mine, limit=theirs, most=1.25,
                 against=f"the same after {_FEW_COMMITS:,} commits")  # fmt: skip


def _starts(bench: Bench) -> tuple[Callable[[], Graph], Callable[[], Graph]]:
    """Let canaries roll in a repository; a start at the checkpoint, and one without it."""
    ours = bench.open()
    tip, evidence = ours.fetch()
    for number in range(_ROLLOUTS):
        batch = _rollouts(bench.size.canaries, number)
        made = ours.push(onto=tip, commits=batch, evidence_onto=evidence, evidence=[])
        tip = made[-1]
    shelf = FileShelf(bench.scratch / "moves")
    Checkpoint(shelf, "mark").keep(Graph(ours, tip).past, 0, reader_of(ours))
    directory = ours._runner.surroundings.directory
    bench.close()

    def known() -> Graph:
        again = _opened(bench.url, directory, bench.key)
        graph = Graph(again, tip, Checkpoint(shelf, "mark").restore(again, tip))
        again.close()
        return graph

    def walked() -> Graph:
        again = _opened(bench.url, directory, bench.key)
        graph = Graph(again, tip)
        again.close()
        return graph

    one, other = known().history, walked().history
    assert len(one.moves) == bench.size.canaries
    assert all(one.rollout(canary) == other.rollout(canary) for canary in other.moves)
    return known, walked


def _rollouts(canaries: int, number: int) -> list[PlannedCommit]:
    """Begin a rollout of every canary, the next ones months later."""
    at_ms = AT_MS + number * 100 * _DAY_MS
    plans = []
    for canary in range(canaries):
        record = Record(
            canary=CanaryId(f"n/a{canary}"), rollout=RolloutId(f"{number:04x}{canary:08x}"),
            action=Action.START, step=0, steps=3, weight_from=Decimal(0), weight_to=Decimal(0),
            version="app=a:1", verdict=Outcome.PASS, failed=0, threshold=5, window=None,
            policy=Digest(f"sha256:{'a' * 64}"), evidence=None, source=Revision("1" * 40),
            stable=Revision("2" * 40), previous=None, reverts=(),
        )  # fmt: skip
        message = compose("canary: move", paragraphs=(), verdict=None, record=record)
        path = FilePath(f"moves/{canary}")
        plans.append(PlannedCommit(files={path: b"%d" % number}, message=message, at_ms=at_ms))
    return plans


def _opened(url: str, directory: Path, key: Path | None = None) -> Repository:
    return Repository(url=url, branch="main", name="gitops-canary", email="canary@example.com",
                      directory=directory, signing_key=key, allow_file=True)  # fmt: skip


def _kib(name: str) -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(name))


def _look(url: str, directory: str, key: str) -> None:
    """Look at everything once, in this process; what that took in MiB, at the end and at most."""
    repository = _opened(url, Path(directory), Path(key))
    before = _kib("VmRSS")
    tip, _ = repository.fetch()
    reader = reader_of(repository)
    graph = Graph(repository, tip, stirring=reader.stirred)
    seen = look(reader, graph, 0)
    print((_kib("VmRSS") - before) / 1024, (_kib("VmHWM") - before) / 1024, len(seen.seen))
    repository.close()


if __name__ == "__main__":
    _look(*sys.argv[1:])
