"""The one place that starts git, through GitPython.

GitPython's own index, object and config layers are not used: only `Git.execute` with a full argv.
"""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from gitops_canary.errors import Unavailable
from gitops_canary.git.commands import Command
from gitops_canary.git.surroundings import Surroundings, redact

# Without this GitPython cannot even be imported where git is missing; we say so ourselves.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
from git.cmd import Git
from git.exc import GitCommandNotFound

_CHUNK = 1 << 16
_GRACE_S = 1.0
"""How long a child told to end may take to remove its lock files."""
_OUTPUT_MAX = 256 << 20
_ERRORS_MAX = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a child ended."""

    code: int
    out: bytes
    err: str
    late: bool = False
    """Whether its deadline passed and it was killed."""

    @property
    def ok(self) -> bool:
        """Whether git says it did what it was told."""
        return self.code == 0 and not self.late


class Child:
    """A running git with pipes; every read has a deadline, in the monotonic clock's seconds."""

    def __init__(self, surroundings: Surroundings, command: Command, stdin: int) -> None:
        started = Git(surroundings.directory).execute(
            surroundings.argv(command),
            istream=stdin,
            as_process=True,
            env=surroundings.environment(command),
            start_new_session=True,
        )
        process = started.proc
        assert isinstance(process, subprocess.Popen)
        self._guard = started  # GitPython ends the process when this is collected
        self.process = process
        self._buffer = bytearray()

    def send(self, data: bytes) -> None:
        """Write to the child's standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def line(self, deadline: float) -> bytes:
        """Read up to a line break, which is left out; EOFError or TimeoutError."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill(deadline)
        return self._take(end + 1)[:-1]

    def exactly(self, size: int, deadline: float) -> bytes:
        """Read so many bytes; EOFError or TimeoutError."""
        while len(self._buffer) < size:
            self._fill(deadline)
        return self._take(size)

    def kill(self) -> None:
        """End the child and all its children, gently first so that it removes its locks."""
        process = self.process
        if process.returncode is None:
            _signal_group(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                _close(pipe)

    def _fill(self, deadline: float) -> None:
        self._buffer += self._read(deadline)

    def _read(self, deadline: float) -> bytes:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        if not _ready([descriptor], deadline):
            raise TimeoutError
        data = os.read(descriptor, _CHUNK)
        if not data:
            raise EOFError
        return data

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


class Runner:
    """Starts git on one bare repository."""

    def __init__(self, surroundings: Surroundings, *, timeout_ms: int) -> None:
        self.surroundings = surroundings
        self.timeout_ms = timeout_ms
        self.started = 0
        """How many processes so far; those that git starts itself are not among them."""
        self._child: Child | None = None
        self._abandoned = False

    def abandon(self) -> None:
        """End the command that runs, and run none after it; from any thread."""
        self._abandoned = True
        child = self._child
        if child is not None and child.process.poll() is None:
            _signal_group(child.process.pid, signal.SIGTERM)

    def run(
        self, command: Command, *, stdin: bytes = b"", timeout_ms: int | None = None
    ) -> Finished:
        """Run a command to its end or to its deadline; never raises for what git says.

        Raises:
            Unavailable: its output is beyond any reason, everything was abandoned, or this machine
                has no room, process or descriptor left for it.
        """
        deadline = time.monotonic() + (timeout_ms or self.timeout_ms) / 1000
        with _given(stdin) as file:
            self._child = child = self.start(command, stdin=file.fileno())
            try:
                self.go_on()
                return self._collect(child, deadline)
            finally:
                self._child = None
                child.kill()

    def go_on(self) -> None:
        """Raise Unavailable once everything was abandoned."""
        if self._abandoned:
            raise Unavailable("the process is ending", remedy="nothing: the next one goes on")

    def start(self, command: Command, *, stdin: int = subprocess.PIPE) -> Child:
        """Start a command that talks, or reads a file's descriptor; the caller kills it.

        Raises:
            Unavailable: this machine cannot start it now.
        """
        self.started += 1
        try:
            return Child(self.surroundings, command, stdin)
        except OSError as error:
            raise _exhausted(error) from error

    def text(self, err: bytes | bytearray) -> str:
        """Read what git said, without the password it may have repeated."""
        return redact(err.decode(errors="replace"), self.surroundings.credentials)

    def _collect(self, child: Child, deadline: float) -> Finished:
        process = child.process
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = bytearray(), bytearray()
        sinks = {process.stdout.fileno(): out, process.stderr.fileno(): err}
        while sinks:
            ready = _ready(list(sinks), deadline)
            if not ready:
                child.kill()
                return Finished(code=-1, out=b"", err=self.text(err), late=True)
            for descriptor in ready:
                data = os.read(descriptor, _CHUNK)
                if data:
                    sinks[descriptor] += data
                else:
                    del sinks[descriptor]
            del err[_ERRORS_MAX:]
            if len(out) > _OUTPUT_MAX:
                raise Unavailable(
                    f"git wrote more than {_OUTPUT_MAX >> 20} MiB",
                    remedy="look at the repository: it is larger than anything we can manage",
                )
        code = process.wait()
        return Finished(code=code, out=bytes(out), err=self.text(err))


@contextlib.contextmanager
def _given(stdin: bytes) -> Iterator[IO[bytes]]:
    """Put what a child is to read into a file without a name."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            file.write(stdin)
            file.seek(0)
        except OSError as error:
            raise _exhausted(error) from error
        yield file


def _exhausted(error: OSError) -> Unavailable:
    return Unavailable(
        f"git cannot be started: {error.strerror}",
        remedy="give the controller more room, processes or descriptors; the next tick tries again",
    )


def client_version() -> str:
    """Ask the git on PATH which one it is.

    Raises:
        Unavailable: there is none.
    """
    try:
        told = Git().execute(["git", "--version"], with_exceptions=False)
    except GitCommandNotFound as error:
        raise Unavailable("git is not on PATH", remedy="install git") from error
    return str(told).replace("git version ", "git ", 1)


def _ready(descriptors: list[int], deadline: float) -> list[int]:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    left_ms = max(0.0, deadline - time.monotonic()) * 1000
    return [descriptor for descriptor, _ in poll.poll(left_ms)]


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return  # everybody in it has ended


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # the child ended before it read everything
