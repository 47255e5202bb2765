"""Work done apart: in a fork that ends with whoever started it, however that one ends."""

import contextlib
import ctypes
import os
import pathlib
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence

WALL_S = 900
"""Real time after which what is done apart waits for something that never comes."""
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DIES_WITH_PARENT = 1
"""`PR_SET_PDEATHSIG` of prctl(2)."""


def interruptible() -> None:
    """Let every wish that this process ends be a KeyboardInterrupt, so that it cleans up."""
    for one in ENDINGS:
        signal.signal(one, signal.default_int_handler)


def forked(work: Callable[[], int], *, wall_s: float = WALL_S) -> int | None:
    """Do something in a fork, and end all that it started in its own session.

    Give its exit code, or minus the signal that ended it; None where it did not end in real time.
    """
    parent, ended = os.getpid(), False
    with _undisturbed():  # nothing may come between the fork and knowing of it
        pid = os.fork()
        if pid == 0:
            _child(work, parent)
        try:
            ended = _ended(pid, time.monotonic() + wall_s)
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
            for kill in (os.killpg, os.kill):  # the latter where there is no session yet
                with contextlib.suppress(ProcessLookupError):
                    kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) if ended else None


def _child(work: Callable[[], int], parent: int) -> None:
    code = 99
    try:
        os.setsid()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
        for one in ENDINGS:
            signal.signal(one, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        if os.getppid() == parent:
            code = work()
    finally:
        os._exit(code)


def _ended(pid: int, end: float) -> bool:
    """Wait until a child has ended; it stays to be reaped, so that its number stays its own."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while not os.waitid(os.P_PID, pid, look):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)  # a wait with an end, for a child that is not reaped, is not to be had
    return True


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def cpu_left(seconds: float) -> None:
    """End this process by SIGPROF once it has computed so much longer; other work delays it not."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def replaced_by(command: Sequence[str], *, place: pathlib.Path, output: pathlib.Path) -> int:
    """Become another program that works in a place and writes into a file; never returns."""
    os.chdir(place)
    told = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(told, 1)
    os.dup2(told, 2)
    more = {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    # The command is ours.
    os.execve(command[0], tuple(command), {**os.environ, **more})  # noqa: S606
