"""Thousands of cycles: what grows with them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.git_bench import Bench, Options, plans, run, upstream
from benchmarks.git_figures import Figure
from gitops_canary.git.repository import Repository

_PUSH_EVERY, _CHANGE_EVERY, _FORGE_EVERY = 20, 50, 500
_PACKS = 10
_GROWTH_MIB = 10.0
_SAMPLES = 40


@dataclass(frozen=True, slots=True)
class Held:
    """What the process and its clone hold."""

    rss_mib: float
    descriptors: int
    children: int
    disk_mib: float
    packs: int


def flatness(bench: Bench, options: Options) -> Iterator[Figure]:
    """P12: polls over http, a push now and then, other people's commits, and upkeep beside it."""
    cycles = options.cycles
    with bench.served() as (server, login, _):
        ours = bench.open(**login, packs_max=_PACKS)
        samples: list[Held] = []
        for number in range(cycles):
            if number % _CHANGE_EVERY == 0:
                upstream(server.path, bench.size, number)
            if number % _FORGE_EVERY == 0:
                run("git", f"--git-dir={server.path}", "gc", "-q")
            _one(bench, ours, number)
            server.requests.clear()
            if number % max(1, cycles // _SAMPLES) == 0:
                samples.append(_held(ours))
        samples.append(_held(ours))
    begin = samples[len(samples) // 10 :]
    yield from _figures(bench, f"{cycles:,} cycles", begin)


def _one(bench: Bench, ours: Repository, number: int) -> None:
    ours.poll()
    tip, evidence = ours.fetch()
    ours.changed(tip, tip)
    if number % _PUSH_EVERY == 0:
        ours.push(onto=tip, commits=plans(bench.size, 1, number), evidence_onto=evidence,
                  evidence=plans(bench.size, 1, number))  # fmt: skip


def _figures(bench: Bench, cycles: str, samples: list[Held]) -> Iterator[Figure]:
    first, rest = samples[: len(samples) // 2], samples[len(samples) // 2 :]
    for what, unit, early, late, most in (
        ("MiB of memory more", "MiB", _GROWTH_MIB,
         max(s.rss_mib for s in rest) - samples[0].rss_mib, 1.0),
        ("descriptors", "", max(s.descriptors for s in first), max(s.descriptors for s in rest), 1),
        ("children", "", max(s.children for s in first), max(s.children for s in rest), 1),
        ("MiB of disk", "MiB", max(s.disk_mib for s in first), max(s.disk_mib for s in rest), 1.25),
        ("packs", "", max(s.packs for s in first), max(s.packs for s in rest), 1.25),
    ):  # fmt: skip
        against = "allowed" if "memory" in what else "most in the first half"
        yield Figure(name=f"P12 {what}", part="P12", size=bench.size, ours=max(late, 0.0),
                     limit=float(early), most=most, unit=unit,
                     against=f"{against}; {cycles}")  # fmt: skip


def _held(ours: Repository) -> Held:
    status = Path("/proc/self/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    git_dir = ours._runner.surroundings.git_dir
    # Not Path.rglob: upkeep may take a directory away meanwhile.
    files = [Path(folder) / name for folder, _, names in os.walk(git_dir) for name in names]
    return Held(
        rss_mib=kib / 1024,
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
        children=len(children),
        disk_mib=sum(_size(path) for path in files) / (1 << 20),
        packs=sum(1 for path in files if path.suffix == ".pack"),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # upkeep took it away just now
