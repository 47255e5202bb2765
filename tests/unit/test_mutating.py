"""The tool that tries mutants leaves nothing running, and tells a test that fails from the rest."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mutating.apart import cpu_left, forked

ROOT = Path(__file__).parents[2]
HANGS = """
import signal, subprocess, sys
from tests.mutating.apart import forked, interruptible
def work():
    if {grandchild}:
        subprocess.Popen(["sleep", "1000"])
    print("begun", flush=True)
    signal.pause()
interruptible()
forked(work)
"""
CORE = """
def ended(left):
    while left:
        left -= 1
    return True

def unmet(one):
    return not one

def weak(one):
    return one < 2
"""
TESTS = """
import core
def test_ended(): assert core.ended(1) is True
def test_weak(): core.weak(1)
"""
TRIES = """
import pathlib, sys, time
import pytest
from tests.mutating import trying
from tests.mutating.changes import mutants
here = pathlib.Path(sys.argv[1])
trying.LIMIT_S, trying.TIMES = 0.1, 1
tell = lambda mutant, fate, tests: print(mutant.what, "|", fate.value)
notes = trying.Notes(here / "notes")
drawn = list(mutants(here / "core.py"))
trier = trying.Trier(drawn, time.monotonic() + 60, tell, str(here), 1.0, notes)
sys.exit(pytest.main([*trying.ARGUMENTS, "-c", "/dev/null", "--rootdir", str(here), str(here)],
                     plugins=[trier]))
"""


def begun(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.Popen(
        command, cwd=ROOT, env=bare, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


@pytest.mark.parametrize(
    ("ending", "grandchild"),
    [
        (signal.SIGTERM, True),
        (signal.SIGINT, True),
        (signal.SIGHUP, True),
        pytest.param(
            signal.SIGKILL,
            False,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child"),
        ),
    ],
)
def test_whoever_ends_the_tool_ends_what_it_started(
    ending: signal.Signals, grandchild: bool
) -> None:
    with begun(HANGS.format(grandchild=grandchild)) as tool:
        assert tool.stdout is not None
        assert tool.stdout.readline() == "begun\n"
        tool.send_signal(ending)
        # Each that it started holds the other end of this pipe for as long as it lives.
        assert tool.stdout.read() == ""
    assert tool.returncode != 0


def test_how_a_fork_ends_is_told_apart() -> None:
    def computes() -> int:
        cpu_left(0.01)
        while True:
            pass

    def breaks() -> int:
        signal.raise_signal(signal.SIGKILL)
        return 0

    def waits() -> int:
        time.sleep(1000)
        return 0

    assert forked(lambda: 0) == 0
    assert forked(lambda: 1) == 1
    assert forked(computes) == -signal.SIGPROF
    assert forked(breaks) == -signal.SIGKILL
    assert forked(waits, wall_s=0) is None


def test_only_a_test_that_fails_kills_a_mutant(tmp_path: Path) -> None:
    (tmp_path / "core.py").write_text(CORE)
    (tmp_path / "test_core.py").write_text(TESTS)
    with begun(TRIES, str(tmp_path)) as tool:
        assert tool.stdout is not None
        told = tool.stdout.read().splitlines()
    assert tool.returncode == 0
    fates = dict(line.split(" | ") for line in told if " | " in line)
    assert fates == {
        "True -> False": "killed",
        "1 -> 2": "does not end",
        "not one -> not not one": "met by no test",
        "one < 2 -> one <= 2": "lives",
        "2 -> 3": "lives",
    }
