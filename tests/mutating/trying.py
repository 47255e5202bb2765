"""Trying mutants: each in a fork of a process that has collected the tests, by those that meet it.

A first fork runs every test and notes which lines of the core it passes. A mutant then only meets
the tests that pass its line, the quickest first, up to the first that fails. A change outside every
function needs modules imported anew, and so a process and a copy of its own.
"""

import contextlib
import gc
import hashlib
import os
import pathlib
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import _lru_cache_wrapper, cache
from itertools import accumulate, zip_longest
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from gitops_canary.model.kept import clear

from .changes import ROOT, Mutant, swaps

Line = tuple[str, int]
KEEP_S = 60
"""How often the notes are written down meanwhile."""
LIMIT_S, TIMES = 60, 20
"""A mutant that takes so many times as long as its tests, and this on top, does not end."""
ARGUMENTS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-s", "--no-header", "--no-summary",
             "-o", "tmp_path_retention_policy=none")  # fmt: skip


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SILENT = "does not end"
    LIVES = "lives"
    UNMET = "met by no test"
    SAME = "compiles to the same"


@dataclass(frozen=True, slots=True)
class Met:
    """What one test did by itself."""

    lines: frozenset[Line]
    seconds: float


@dataclass(frozen=True, slots=True)
class Notes:
    """What tests did by themselves, kept in a file for as long as they and the core stand still."""

    path: pathlib.Path

    def read(self) -> Mapping[str, Met]:
        """Read what still holds: of tests in files, and through files, that have not changed."""
        if not self.path.exists():
            return {}
        # Written by ourselves.
        digests, met = pickle.loads(self.path.read_bytes())  # noqa: S301
        changed = {file for file, digest in digests.items() if _digest(file) != digest}
        return {name: one for name, one in met.items() if not changed & _files(name, one)}

    def write(self, met: Mapping[str, Met]) -> None:
        """Keep them."""
        files = {file for name, one in met.items() for file in _files(name, one)}
        self.path.write_bytes(pickle.dumps(({file: _digest(file) for file in files}, met)))


def _files(name: str, met: Met) -> set[str]:
    return {str(ROOT / name.split("::", maxsplit=1)[0]), *(file for file, _ in met.lines)}


def _digest(file: str) -> bytes:
    path = pathlib.Path(file)
    return hashlib.sha256(path.read_bytes()).digest() if path.exists() else b""


@dataclass(slots=True)
class Trier:
    """A plugin of pytest that tries mutants instead of running the tests."""

    drawn: Sequence[Mutant]
    end_s: float
    tell: Callable[[Mutant, Fate, int], None]
    core: str
    patience_s: float
    notes: Notes
    _items: dict[str, pytest.Item] = field(default_factory=dict)
    _met: dict[str, Met] = field(default_factory=dict)
    _functions: Mapping[CodeType, Sequence[FunctionType]] = field(default_factory=dict)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of the loop over the tests."""
        # Made before anything forks, so that all write below one directory.
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined] # there is no other way
        self._items = {item.nodeid: item for item in session.items}
        with tempfile.TemporaryDirectory() as directory:
            known = self.notes.read()
            new = {name: item for name, item in self._items.items() if name not in known}
            assert forked(lambda: self._meet(known, new), limit_s=3600) == 0, "they do not end"
            self._met = {
                name: met for name, met in self.notes.read().items() if name in self._items
            }
            self._functions = functions(self.core)
            gc.freeze()  # so that a fork's collector leaves what it shares alone
            copy = cache(lambda: copied(pathlib.Path(directory) / "copy"))
            for mutant in self.drawn:
                if time.monotonic() > self.end_s:
                    break
                tests = self._tests(mutant)
                self.tell(mutant, self._fate(mutant, tests, copy), len(tests))
        return True

    def _meet(self, known: Mapping[str, Met], new: Mapping[str, pytest.Item]) -> int:
        """Run tests once by themselves and note the lines of the core that they pass."""
        met = dict(known)
        kept = time.monotonic()
        remembered = [one for one in gc.get_objects() if isinstance(one, _lru_cache_wrapper)]
        for (name, item), after in zip_longest(new.items(), list(new.values())[1:]):
            lines: set[Line] = set()
            for one in remembered:
                one.cache_clear()  # or a line is passed for the first test alone
            clear()
            began = spent_s()
            with_lines(lines, self.core)
            passed = passes(item, after)
            with_lines(None, self.core)
            if passed:
                met[name] = Met(frozenset(lines), spent_s() - began)
            else:
                print(f"left out: {name} fails without any change", flush=True)
            if time.monotonic() > kept + KEEP_S:
                self.notes.write(met)
                kept = time.monotonic()
        self.notes.write(met)
        return 0

    def _tests(self, mutant: Mutant) -> list[str]:
        """List the tests that meet a mutant, the quickest first; all of its module without any."""
        file = str(mutant.file)
        inside = _swaps(mutant) is not None
        found = [
            name
            for name, met in self._met.items()
            if (
                (file, mutant.line) in met.lines if inside else any(f == file for f, _ in met.lines)
            )
        ]
        found.sort(key=lambda name: self._met[name].seconds)
        spent = accumulate(self._met[name].seconds for name in found)
        return [name for name, s in zip(found, spent, strict=True) if s <= self.patience_s]

    def _fate(self, mutant: Mutant, tests: Sequence[str], copy: Callable[[], pathlib.Path]) -> Fate:
        changed = _swaps(mutant)
        if changed == {}:
            return Fate.SAME
        if not tests:
            return Fate.UNMET
        limit_s = LIMIT_S + TIMES * sum(self._met[name].seconds for name in tests)
        if changed is None:
            return anew(mutant, tests, copy(), limit_s)
        return {None: Fate.SILENT, 0: Fate.LIVES}.get(
            forked(lambda: self._first_failing(changed, tests), limit_s=limit_s), Fate.KILLED
        )

    def _first_failing(self, changed: Mapping[CodeType, CodeType], tests: Sequence[str]) -> int:
        for before, after in changed.items():
            for one in self._functions.get(before, ()):
                one.__code__ = after
        items = [self._items[name] for name in tests]
        return 0 if all(passes(*pair) for pair in zip_longest(items, items[1:])) else 1


def spent_s() -> float:
    """Tell the processor time of this process and its children, as other work delays neither."""
    return sum(os.times()[:4])


def functions(core: str) -> Mapping[CodeType, Sequence[FunctionType]]:
    """Find every function of the core by its code."""
    found: dict[CodeType, list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(core):
            found.setdefault(one.__code__, []).append(one)
    return found


def passes(item: pytest.Item, after: pytest.Item | None) -> bool:
    """Run one test with its fixtures."""
    return not any(r.failed for r in runtestprotocol(item, log=False, nextitem=after))


def with_lines(lines: set[Line] | None, core: str) -> None:
    """Note lines below a directory as they are passed, in every thread; None stops that."""

    def note(frame: FrameType, event: str, _: object) -> Any:
        assert lines is not None, "set below only where there is a set"
        if not frame.f_code.co_filename.startswith(core):
            return None
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return note

    threading.settrace(note if lines is not None else None)
    sys.settrace(note if lines is not None else None)


def forked(work: Callable[[], int], *, limit_s: float) -> int | None:
    """Do something in a fork with all that it starts; its exit code, None where it did not end."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    end = time.monotonic() + limit_s
    done, status = os.waitpid(pid, os.WNOHANG)
    while not done and time.monotonic() < end:
        time.sleep(0.01)
        done, status = os.waitpid(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # whatever it started
    if not done:
        os.waitpid(pid, 0)
        return None
    return os.waitstatus_to_exitcode(status)


def anew(mutant: Mutant, tests: Sequence[str], place: pathlib.Path, limit_s: float) -> Fate:
    """Try a mutant in a process of its own, on a copy of everything."""
    file = place / mutant.file.relative_to(ROOT)
    before = file.read_text()
    file.write_text(mutant.text())
    (place / "tests.txt").write_text("\n".join(tests))
    command = [sys.executable, "-m", "pytest", "-x", *ARGUMENTS, "@tests.txt"]
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        return Fate.SILENT
    finally:
        file.write_text(before)
    # 1: a test failed, 2: a module cannot be imported any more, 4: no such test any more.
    if done.returncode not in {0, 1, 2, 4}:
        raise RuntimeError(done.stdout.decode()[-2000:] + done.stderr.decode()[-2000:])
    return Fate.KILLED if done.returncode else Fate.LIVES


def copied(place: pathlib.Path) -> pathlib.Path:
    """Copy what the tests need."""
    for name in ("gitops_canary", "tests", "docs", "manifests", "scripts", ".github"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, place)
    return place


@cache
def _original(file: pathlib.Path) -> CodeType:
    return compile(file.read_text(), str(file), "exec")


def _swaps(mutant: Mutant) -> Mapping[CodeType, CodeType] | None:
    return swaps(_original(mutant.file), mutant.code())
