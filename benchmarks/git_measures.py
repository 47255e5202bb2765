"""What is measured of the Git engine beside git's own commands."""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.git_bench import (
    BATCH,
    Bench,
    Options,
    fetched_tip,
    plans,
    reader_of,
    run,
    side_by_side,
    stored,
    stream,
    timed,
    upstream,
)
from benchmarks.git_figures import Figure
from benchmarks.git_world import Size, copy_of, git
from gitops_canary.app.ancestry import Graph
from gitops_canary.app.indexing import Indexer
from gitops_canary.app.looking import look
from gitops_canary.git.repository import Repository
from gitops_canary.manifest.screen import labels
from gitops_canary.model.names import Revision

_LARGE = 100_000
"""Files from which on git's own check of a full clone costs more than the rest of a fetch."""
_INF = float("inf")
_POLLS = 5
"""Questions for one figure's turn: each takes no time to speak of."""


def building(bench: Bench, options: Options) -> Iterator[Figure]:
    """P1 and P8: a thousand commits built and stored."""
    ours, signing, plain = bench.open(signed=False), bench.open(), bench.plain()
    tip, _ = ours.fetch()
    signing.fetch()
    salts = iter(range(1000))

    def build(repository: Repository) -> None:
        stored(repository, tip, plans(bench.size, BATCH, next(salts)))

    streams = [stream(plans(bench.size, BATCH, 500 + n), tip) for n in range(options.times)]

    def fast_import() -> None:
        run("git", f"--git-dir={plain}", "fast-import", "--quiet", "--force", stdin=streams.pop())

    build(ours)
    mine, theirs = side_by_side(lambda: build(ours), fast_import, options.times)
    yield Figure(name="P1 1,000 commits built", part="P1", size=bench.size, ours=mine, limit=theirs,
                 most=1 / 0.9, against="git fast-import, prebuilt stream")  # fmt: skip
    build(signing)
    signed, unsigned = side_by_side(lambda: build(signing), lambda: build(ours), 3 * options.times)
    yield Figure(name="P8 the same, signed", part="P8", size=bench.size, ours=signed,
                 limit=unsigned, most=1.15, against="unsigned")  # fmt: skip


def pushing(bench: Bench, options: Options) -> Iterator[Figure]:
    """P2: a thousand commits built and pushed at once."""
    ours, plain = bench.open(), bench.plain()
    spent: list[float] = []
    limit: list[float] = []
    started: list[int] = []
    ours.fetch()
    for _ in range(options.times):
        before = ours._runner.started
        tip, evidence = ours.fetch()
        batch = plans(bench.size, BATCH, int(tip[:6], 16))
        began = time.perf_counter()
        ours.push(onto=tip, commits=batch, evidence_onto=evidence, evidence=[])
        spent.append(time.perf_counter() - began)
        started.append(ours._runner.started - before)
        after = fetched_tip(plain)
        data = stream(plans(bench.size, BATCH, int(after[:6], 16)), after)
        began = time.perf_counter()
        run("git", f"--git-dir={plain}", "fast-import", "--quiet", "--force", stdin=data)
        run("git", f"--git-dir={plain}", "push", "-q", "origin", "work:refs/heads/main")
        limit.append(time.perf_counter() - began)
    yield Figure(name="P2 1,000 commits pushed", part="P2", size=bench.size, most=1 / 0.85,
                 ours=statistics.median(spent), limit=statistics.median(limit),
                 against="fast-import and bare push")  # fmt: skip
    yield Figure(name="P11 processes a tick of 1,000 commits", part="P2", size=bench.size, unit="",
                 ours=float(max(started)), limit=1.0, most=4, against="a count")  # fmt: skip


def cycle(bench: Bench, options: Options) -> Iterator[Figure]:
    """P3, P9 and P11: fetch one change, find it, read, edit, commit, push."""
    plain = bench.plain()
    full: list[float] = []
    bare: list[float] = []

    def fetch_plainly() -> None:
        full.append(timed(lambda: fetched_tip(plain)))

    yield from _cycle(bench, options, {}, bench.url, fetch_plainly, bare)
    kept = 0.4 if bench.size.files >= _LARGE else _INF
    yield Figure(name="P9 fetch, our clone", part="P9", size=bench.size, most=kept,
                 ours=statistics.median(bare), limit=statistics.median(full),
                 against="git fetch in a full clone")  # fmt: skip


def http_cycle(bench: Bench, options: Options) -> Iterator[Figure]:
    """P3 and P11 with a server in between."""
    with bench.served() as (server, login, url):
        bench.origin = server.path
        yield from _cycle(bench, options, login, url, lambda: None, [])


def _cycle(
    bench: Bench, options: Options, login: dict[str, Any], url: str,
    between: Callable[[], None], bare: list[float],
) -> Iterator[Figure]:  # fmt: skip
    ours, other = bench.open(**login), bench.open(**login)
    tip, _ = ours.fetch()
    other.fetch()
    reader = reader_of(ours)
    reader.view(tip)
    mine: list[float] = []
    pushes: list[float] = []
    started: list[int] = []
    for number in range(options.times):
        upstream(bench.origin, bench.size, number)
        between()
        bare.append(timed(lambda: other._remote.fetch(["main"], first=False)))
        before, began = ours._runner.started, time.perf_counter()
        ours.poll()
        tip, evidence = ours.fetch()
        view = reader.view(tip)
        [commit] = plans(bench.size, 1, number)
        reader.text(tip, next(iter(commit.files)))
        ours.push(onto=tip, commits=[commit], evidence_onto=evidence, evidence=[])
        mine.append(time.perf_counter() - began)
        started.append(ours._runner.started - before)
        assert view.revision == tip
        new = stored(other, other.fetch()[0], plans(bench.size, 1, 1000 + number))
        git_dir = f"--git-dir={other._runner.surroundings.git_dir}"
        argv = ("push", "-q", url, f"{new}:refs/heads/main")
        pushes.append(timed(partial(run, "git", git_dir, *argv)))
    over, part = (", http", "P3-http") if login else ("", "P3")
    yield Figure(name=f"P3 one whole step{over}", part=part, size=bench.size, most=1.25,
                 ours=statistics.median(mine),
                 limit=statistics.median(bare) + statistics.median(pushes),
                 against="bare fetch and push, same clone")  # fmt: skip
    yield Figure(name=f"P11 processes a step{over}", part=part, size=bench.size, unit="",
                 ours=float(max(started)), limit=1.0, most=4, against="a count")  # fmt: skip


def local(bench: Bench, options: Options) -> Iterator[Figure]:
    """P4: what a commit costs on this machine, beside the same in a small repository."""
    small = Size(files=1_000, commits=1_000, canaries=20)
    less = Bench.begin(
        origin=copy_of(options.worlds or bench.scratch, small, bench.scratch / "small.git"),
        size=small, scratch=_made(bench.scratch / "less"),
    )  # fmt: skip
    repositories = [(bench, bench.open()), (less, less.open())]
    tips = [repository.fetch()[0] for _, repository in repositories]
    salts = iter(range(10_000))

    def step(which: int) -> None:
        owner, repository = repositories[which]
        [commit] = plans(owner.size, 1, next(salts))
        file = repository.files(tips[which])[next(iter(commit.files))]
        repository.read([file.id])
        tips[which] = stored(repository, tips[which], [commit])

    mine, theirs = side_by_side(lambda: step(0), lambda: step(1), _POLLS * options.times)
    less.close()
    yield Figure(name="P4 read, edit, sign, commit", part="P4", size=bench.size, ours=mine,
                 limit=theirs, most=2, against="the same at 1,000 files")  # fmt: skip


def _made(folder: Any) -> Any:
    folder.mkdir()
    return folder


def polling(bench: Bench, options: Options) -> Iterator[Figure]:
    """P5: asking whether anything moved."""
    with bench.served() as (_, login, url):
        ours = bench.open(**login)
        ours.poll()
        mine, theirs = side_by_side(
            ours.poll,
            lambda: run("git", "ls-remote", url, "refs/heads/main"), _POLLS * options.times,
        )  # fmt: skip
        yield Figure(name="P5 idle poll over http", part="P5", size=bench.size, ours=mine,
                     limit=theirs, most=0.35, against="git ls-remote")  # fmt: skip
    ours = bench.open()
    mine, theirs = side_by_side(
        ours.poll,
        lambda: run("git", "ls-remote", bench.url, "refs/heads/main"), _POLLS * options.times,
    )  # fmt: skip
    yield Figure(name="P5 idle poll of a file", part="P5", size=bench.size, ours=mine, limit=theirs,
                 against="git ls-remote")  # fmt: skip


def finding(bench: Bench, options: Options) -> Iterator[Figure]:
    """P6: what one commit changed."""
    ours, plain = bench.open(), bench.plain()
    before, _ = ours.fetch()
    after = Revision(upstream(bench.origin, bench.size, 77_777))
    ours.fetch()
    fetched_tip(plain)
    ours.changed(before, after)
    told = ("diff-tree", "-r", "--raw", "-z", "--no-renames", before, after)
    mine, theirs = side_by_side(
        lambda: ours.changed(before, after),
        lambda: run("git", f"--git-dir={plain}", *told), _POLLS * options.times,
    )  # fmt: skip
    yield Figure(name="P6 one change found", part="P6", size=bench.size, ours=mine, limit=theirs,
                 most=0.2, against="git diff-tree")  # fmt: skip


def sifting(bench: Bench, options: Options) -> Iterator[Figure]:
    """P7: where everything is at a cold start, and all of it read."""
    ours, plain = bench.open(), bench.plain()
    tip, _ = ours.fetch()
    specs = reader_of(ours).view(tip).canaries.values()
    wanted = frozenset[str]().union(*(labels(spec) for spec in specs))
    del specs  # a cold start has nothing in memory that the collector would go through
    kinds = [p for kind in ("Canary", "MetricTemplate", "Deployment", "VirtualService")
             for p in ("-e", f"kind: {kind}")]  # fmt: skip
    grep = ("git", f"--git-dir={plain}", "grep", "-lzF", *kinds, tip, "--", "*.yaml")

    def sift() -> None:
        indexer = Indexer(ours, ours, [])
        indexer.widen(indexer.begin(tip), wanted)

    mine, theirs = side_by_side(sift, lambda: run(*grep), options.times)
    yield Figure(name="P7 files that matter, cold", part="P7", size=bench.size, ours=mine,
                 limit=theirs, most=1.5, against="git grep -l of the kinds")  # fmt: skip
    mine, theirs = side_by_side(
        lambda: Indexer(ours, ours, []).begin(tip, wanted), lambda: run(*grep), options.times
    )
    yield Figure(name="P7 files that matter, a restart", part="P7", size=bench.size, ours=mine,
                 limit=theirs, most=1.5, against="git grep -l of the kinds")  # fmt: skip
    reader = reader_of(ours)
    cold = timed(lambda: look(reader, Graph(ours, tip, stirring=reader.stirred), 0))
    history = timed(lambda: run("git", f"--git-dir={plain}", "log", "--format=%H%x00%B", tip))
    yield Figure(name="P7 cold start, all read and parsed", part="P7", size=bench.size, ours=cold,
                 limit=theirs + history, against="git grep -l and one git log")  # fmt: skip
    assert git(plain, "rev-parse", "refs/heads/main") == tip
