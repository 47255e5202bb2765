"""What is measured of the Git engine, each beside the limit it is divided by."""

import statistics
import time
from collections.abc import Iterator

from benchmarks.git_bench import (
    BATCH,
    Bench,
    Figure,
    counted,
    drafted,
    drafted_tip,
    plans,
    run,
    side_by_side,
    stream,
    timed,
)
from benchmarks.git_world import git
from gitops_canary.app.ancestry import Graph
from gitops_canary.app.indexing import Indexer
from gitops_canary.app.looking import look
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.git.commands import INDEX_PACK
from gitops_canary.git.repository import Repository
from gitops_canary.manifest.screen import labels
from gitops_canary.model.names import Revision
from gitops_canary.routing import ROUTERS

LARGE = 100_000
"""Files from which on git's own check of a full clone costs more than the rest of a fetch."""


def building(bench: Bench, times: int) -> Iterator[Figure]:
    """P1 and P8: a thousand commits built and stored."""
    ours, bare, plain = bench.open(signed=False), bench.open(), bench.plain()
    tip, _ = ours.fetch()
    bare.fetch()
    salts = iter(range(1000))

    def build(repository: Repository) -> None:
        pack = drafted(repository, tip, plans(bench.size, BATCH, next(salts)))
        finished = repository._runner.run(INDEX_PACK, stdin=pack)
        assert finished.ok, finished.err

    streams = [stream(plans(bench.size, BATCH, 500 + n), tip) for n in range(times)]

    def fast_import() -> None:
        run("git", f"--git-dir={plain}", "fast-import", "--quiet", "--force", stdin=streams.pop())

    build(ours)
    mine, theirs = side_by_side(lambda: build(ours), fast_import, times)
    yield Figure(name="P1 1,000 commits built", size=bench.size, ours_s=mine, limit_s=theirs,
                 most=1 / 0.9, limit="git fast-import, prebuilt stream")  # fmt: skip
    signed, unsigned = side_by_side(lambda: build(bare), lambda: build(ours), times)
    yield Figure(name="P8 the same, signed", size=bench.size, ours_s=signed, limit_s=unsigned,
                 most=1.15, limit="unsigned")  # fmt: skip


def pushing(bench: Bench, times: int) -> Iterator[Figure]:
    """P2: a thousand commits built and pushed at once."""
    ours, plain = bench.open(), bench.plain()
    work: list[tuple[str, bytes]] = []

    def push_ours() -> None:
        tip, evidence = ours.fetch()
        batch = plans(bench.size, BATCH, int(tip[:6], 16))
        began.append(time.perf_counter())
        ours.push(onto=tip, commits=batch, evidence_onto=evidence, evidence=[])
        spent.append(time.perf_counter() - began.pop())

    began: list[float] = []
    spent: list[float] = []
    limit: list[float] = []
    for _ in range(times):
        push_ours()
        run("git", f"--git-dir={plain}", "fetch", "-q", "origin", "+main:main")
        tip = git(plain, "rev-parse", "refs/heads/main")
        work.append((tip, stream(plans(bench.size, BATCH, int(tip[:6], 16)), tip)))

        def push_theirs() -> None:
            data = work.pop()[1]
            run("git", f"--git-dir={plain}", "fast-import", "--quiet", "--force", stdin=data)
            run("git", f"--git-dir={plain}", "push", "-q", "origin", "work:refs/heads/main")

        limit.append(timed(push_theirs))
    yield Figure(name="P2 1,000 commits pushed", size=bench.size, most=1 / 0.85,
                 ours_s=statistics.median(spent), limit_s=statistics.median(limit),
                 limit="fast-import and bare push")  # fmt: skip


def cycle(bench: Bench, times: int) -> Iterator[Figure]:
    """P3, P9 and P11: fetch one change, find it, read, edit, commit, push."""
    ours, partial, plain = bench.open(), bench.open(), bench.plain()
    tip, _ = ours.fetch()
    partial.fetch()
    reader = Reader(ours, Rules(paths=[], default_provider=None), ROUTERS, sift=ours)
    reader.view(tip)
    mine: list[float] = []
    fetches: list[tuple[float, float, float]] = []
    pushes: list[float] = []
    started: list[int] = []
    for number in range(times):
        bench.upstream(number)
        full = timed(
            lambda: run("git", f"--git-dir={plain}", "fetch", "-q", "origin", "+main:main")
        )
        bare = timed(lambda: partial._remote.fetch(["main"], first=False))
        began = time.perf_counter()
        with counted() as children:
            ours.poll()
            tip, evidence = ours.fetch()
            view = reader.view(tip)
            [commit] = plans(bench.size, 1, number)
            reader.text(tip, next(iter(commit.files)))
            ours.push(onto=tip, commits=[commit], evidence_onto=evidence, evidence=[])
        mine.append(time.perf_counter() - began)
        started.append(len(children))
        assert view.revision == tip
        fetches.append((full, bare, 0.0))
        partial.fetch()
        [other] = plans(bench.size, 1, 1000 + number)
        at = partial.fetch()[0]
        pack = drafted(partial, at, [other])
        partial._runner.run(INDEX_PACK, stdin=pack)
        new = drafted_tip(partial, at, other)
        pushes.append(timed(lambda: run(
            "git", f"--git-dir={partial._runner.surroundings.git_dir}", "push", "-q",
            f"file://{bench.origin}", f"{new}:refs/heads/main",  # noqa: B023 - called at once
        )))  # fmt: skip
    bare_s = statistics.median(f[1] for f in fetches)
    limit_s = bare_s + statistics.median(pushes)
    yield Figure(name="P3 one whole step", size=bench.size, ours_s=statistics.median(mine),
                 limit_s=limit_s, most=1.25, limit="bare fetch and push, same clone")  # fmt: skip
    kept = 0.4 if bench.size.files >= LARGE else float("inf")
    yield Figure(name="P9 fetch, our clone", size=bench.size, ours_s=bare_s, most=kept,
                 limit_s=statistics.median(f[0] for f in fetches),
                 limit="git fetch in a full clone")  # fmt: skip
    yield Figure(name="P11 processes a step", size=bench.size, ours_s=float(max(started)),
                 limit_s=1.0, most=4, limit="(a count)")  # fmt: skip


def finding(bench: Bench, times: int) -> Iterator[Figure]:
    """P6 and P7: what changed, and where everything is at a cold start."""
    ours, plain = bench.open(), bench.plain()
    before, _ = ours.fetch()
    after = Revision(bench.upstream(77_777))
    ours.fetch()
    run("git", f"--git-dir={plain}", "fetch", "-q", "origin", "+main:main")
    ours.changed(before, after)
    told = ("diff-tree", "-r", "--raw", "-z", "--no-renames", before, after)
    mine, theirs = side_by_side(
        lambda: ours.changed(before, after),
        lambda: run("git", f"--git-dir={plain}", *told), 5 * times,
    )  # fmt: skip
    yield Figure(name="P6 one change found", size=bench.size, ours_s=mine, limit_s=theirs,
                 most=0.2, limit="git diff-tree")  # fmt: skip
    indexer = Indexer(ours, ours, [])
    view = Reader(ours, Rules(paths=[], default_provider=None), ROUTERS, sift=ours).view(after)
    wanted = frozenset[str]().union(*(labels(spec) for spec in view.canaries.values()))
    kinds = [p for kind in ("Canary", "MetricTemplate", "Deployment", "VirtualService")
             for p in ("-e", f"kind: {kind}")]  # fmt: skip
    grep = ("git", f"--git-dir={plain}", "grep", "-lzF", *kinds, after, "--", "*.yaml")
    mine, theirs = side_by_side(
        lambda: indexer.widen(indexer.begin(after), wanted), lambda: run(*grep), times
    )
    yield Figure(name="P7 files that matter, cold", size=bench.size, ours_s=mine, limit_s=theirs,
                 most=1.5, limit="git grep -l of the kinds")  # fmt: skip
    reader = Reader(ours, Rules(paths=[], default_provider=None), ROUTERS, sift=ours)
    cold = timed(lambda: look(reader, Graph(ours, after), 0))
    yield Figure(name="cold start, all read and parsed", size=bench.size, ours_s=cold,
                 limit_s=theirs, most=float("inf"), limit="git grep -l of the kinds")  # fmt: skip
