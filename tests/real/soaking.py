"""`python -m tests.real.soaking --ticks 10000`: what a controller holds after so many looks."""

import argparse
import pathlib
import sys
import tempfile
import time
from dataclasses import dataclass

from gitops_canary.core.message import parse
from gitops_canary.model.names import Revision

from .stage import Stage, children, kill, stage, until

WARM = 40
"""Looks after which everything that is held once is held."""
MOMENTS = 20
BETWEEN = 25
"""Looks between two questions whether the next version can come."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at one moment."""

    ticks: int
    descriptors: int
    threads: int
    children: int
    memory_kib: int
    disk_kib: int


@dataclass(slots=True)
class Looks:
    """Counts looks: each asks the server for its refs once, and some fetch."""

    place: Stage
    read: int = 0
    seen: int = 0

    def count(self) -> int:
        """Count those so far; each request is read once."""
        fresh = self.place.origin.requests[self.read :]
        self.read += len(fresh)
        self.seen += sum("POST" in one and "upload-pack" in one for one in fresh)
        return self.seen


def held(place: Stage, looks: Looks, pid: int) -> Held:
    """Give the least that was held within a second: a leak stays, a git at work does not."""
    every = []
    for _ in range(MOMENTS):
        every.append(_held(place, looks, pid))
        time.sleep(1 / MOMENTS)
    return min(every, key=lambda one: (one.children, one.descriptors))


def _held(place: Stage, looks: Looks, pid: int) -> Held:
    """Look into /proc."""
    base = pathlib.Path(f"/proc/{pid}")
    status = dict(
        line.split(":", 1) for line in (base / "status").read_text().splitlines() if ":" in line
    )
    return Held(
        ticks=looks.count(),
        descriptors=len(list((base / "fd").iterdir())),
        threads=int(status["Threads"]),
        children=len(children(pid)),
        memory_kib=int(status["VmRSS"].split()[0]),
        disk_kib=sum(map(_size, place.cache.rglob("*"))) // 1024,
    )


def _size(path: pathlib.Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0  # git tidied it away just now


def soak(place: Stage, ticks: int, *, minutes: float = 1e6) -> tuple[Held, Held]:
    """Let a controller look so often while versions roll out one after the other."""
    end_s = time.monotonic() + minutes * 60
    looks, process = Looks(place), place.start()
    try:
        place.release()
        until(lambda: looks.count() >= WARM and _idle(place), "the first looks", place)
        first = held(place, looks, process.pid)
        print(first, flush=True)
        mark = told = first.ticks
        while mark < ticks and time.monotonic() < end_s:
            if _idle(place):
                place.release()
            mark = min(mark + BETWEEN, ticks)
            until(lambda: looks.count() >= mark, "more looks", place, limit_s=600)  # noqa: B023 - read at once
            if mark - told >= ticks // 10:
                told = mark
                print(held(place, looks, process.pid), flush=True)
        until(lambda: _idle(place), "the last rollout", place)
        last = held(place, looks, process.pid)
        print(last, flush=True)
    finally:
        kill(process)
    print(dict(place.check()), flush=True)
    return first, last


def _idle(place: Stage) -> bool:
    """Tell whether the newest version has finished: nobody else commits here."""
    text = place.origin.git("log", "-1", "--format=%H%x00%B", place.origin.branch)
    revision, _, message = text.strip("\n").partition("\0")
    record = parse(message, Revision(revision))
    return bool(record and record.finished and record.version.endswith(f":2.0.{place.version}"))


def main() -> int:
    """Print what was held on the way."""
    parser = argparse.ArgumentParser(prog="python -m tests.real.soaking", description=__doc__)
    parser.add_argument("--ticks", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        stage(pathlib.Path(directory), poll="100ms") as place,
    ):
        soak(place, options.ticks, minutes=options.minutes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
