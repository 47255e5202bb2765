"""The processes of a lab: started here, ended here, each by its own id."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

from gitops_canary.errors import Unavailable

_GRACE_S = 20.0
_TAIL_CHARS = 2000


class Child:
    """One process in a group of its own, so that a Ctrl-C at the terminal reaches only us.

    Its standard input is a pipe that we hold: the lab's own programs leave when it closes, even
    if we are killed.
    """

    def __init__(
        self, name: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process' id, which is also its group's."""
        return self.process.pid

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process.poll() is None

    def tail(self) -> str:
        """Read the end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARS:]

    def require(self) -> None:
        """Raise Unavailable where it has ended by itself."""
        if not self.alive():
            raise Unavailable(
                f"{self.name} ended by itself with exit code {self.process.returncode}:\n"
                f"{self.tail()}",
                remedy=f"read {self.log}",
            )

    def ask(self) -> None:
        """Ask it to end."""
        if self.alive():
            self.process.terminate()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def end(self, *, grace_s: float = _GRACE_S) -> None:
        """Wait until it has ended; kill it and whatever is left of its group after the grace."""
        try:
            self.process.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            assert self.process.stdin is not None
            self.process.stdin.close()
        with suppress(ProcessLookupError):  # nobody of its group is left, as it should be
            os.killpg(self.pid, signal.SIGKILL)


class Children:
    """All processes of a lab. Start them from a thread that lives as long as they shall.

    Envoy asks the kernel to be told when the *thread* that started it ends.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Child] = []

    def start(
        self, name: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> Child:
        """Start a process; its output goes to `<name>.log`."""
        child = Child(
            name, argv, log=self._logs / f"{name}.log", env={**_environment(), **(env or {})}
        )
        self._running.append(child)
        return child

    def require(self) -> None:
        """Raise Unavailable where a process has ended by itself."""
        for child in self._running:
            child.require()

    def forget(self, child: Child) -> None:
        """Leave out a process that somebody else has ended."""
        self._running.remove(child)

    def stop(self) -> None:
        """End all processes, all at once; the latest started are waited for first."""
        running, self._running = self._running[::-1], []
        for child in running:
            child.ask()
        for child in running:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with uninterrupted():
            self.stop()


def _environment() -> dict[str, str]:
    """Take ours, and make sure that children find this very package, wherever they start."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit (128 + number), so that everything is cleaned up."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no signal cut a clean-up short; only the main thread can promise that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
