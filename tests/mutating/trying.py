"""Trying mutants: each in a fork of a process that has collected the tests, by those that meet it.

A first fork runs every test and notes which lines of the core it passes. A mutant then only meets
the tests that pass its line, the quickest first, up to the first that fails. A change outside every
function needs modules imported anew, and so a process and a copy of its own.
"""

import gc
import hashlib
import os
import pathlib
import pickle
import shutil
import signal
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

from .apart import cpu_left, forked, replaced_by
from .changes import ROOT, Mutant, swaps

Line = tuple[str, int]
KEEP_S = 60
"""How often the notes are written down meanwhile."""
LIMIT_S, TIMES = 10, 5
"""A mutant does not end whose test computes so many times as long as alone, and this on top."""
ANEW_S = 60
"""What a process that starts anew needs on top, to collect the tests."""
ARGUMENTS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-s", "--no-header", "--no-summary")


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SILENT = "does not end"
    BROKEN = "ends the process of the tests"
    LIVES = "lives"
    UNMET = "met by no test"
    SAME = "compiles to the same"


FATES: Mapping[int | None, Fate] = {
    0: Fate.LIVES,
    1: Fate.KILLED,
    -signal.SIGPROF: Fate.SILENT,
    None: Fate.SILENT,
}
"""By how the process of its tests ends; any other way says nothing about the tests."""


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
    patience: float
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
            assert forked(lambda: self._meet(known, new), wall_s=3600) == 0, "they do not end"
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
        most = self.patience * sum(met.seconds for met in self._met.values())
        return [name for name, s in zip(found, spent, strict=True) if s <= most]

    def _fate(self, mutant: Mutant, tests: Sequence[str], copy: Callable[[], pathlib.Path]) -> Fate:
        changed = _swaps(mutant)
        if changed == {}:
            return Fate.SAME
        if not tests:
            return Fate.UNMET
        if changed is None:
            limit_s = ANEW_S + TIMES * sum(self._met[name].seconds for name in tests)
            code = anew(mutant, tests, copy(), limit_s)
            # 2: a module cannot be imported any more, 4: no such test any more.
            return Fate.KILLED if code in {2, 4} else FATES.get(code, Fate.BROKEN)
        return FATES.get(forked(lambda: self._first_failing(changed, tests)), Fate.BROKEN)

    def _first_failing(self, changed: Mapping[CodeType, CodeType], tests: Sequence[str]) -> int:
        for before, changed_code in changed.items():
            for function in self._functions.get(before, ()):
                function.__code__ = changed_code
        items = [self._items[name] for name in tests]
        for item, after in zip_longest(items, items[1:]):
            cpu_left(LIMIT_S + TIMES * self._met[item.nodeid].seconds)
            if not passes(item, after):
                return 1
        return 0


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


def anew(mutant: Mutant, tests: Sequence[str], place: pathlib.Path, limit_s: float) -> int | None:
    """Try a mutant in a process of its own, on a copy of everything; its exit code as pytest's."""
    file = place / mutant.file.relative_to(ROOT)
    before = file.read_text()
    file.write_text(mutant.text())
    (place / "tests.txt").write_text("\n".join(tests))
    command = [sys.executable, "-m", "pytest", "-x", *ARGUMENTS, *below(place), "@tests.txt"]

    def work() -> int:
        cpu_left(limit_s)
        return replaced_by(command, place=place, output=place / "told.txt")

    try:
        return forked(work)
    finally:
        file.write_text(before)


def below(place: pathlib.Path) -> Sequence[str]:
    """Have tests write below a place of ours.

    Any other run of pytest clears the usual one up, and a test whose files are gone fails whatever
    was changed.
    """
    return (f"--basetemp={place / 'temporary'}",)


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
