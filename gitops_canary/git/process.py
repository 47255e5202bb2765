"""The one place that starts git, through GitPython.

GitPython's own index, object and config layers are not used, nor its `Git.execute`, which adds to
the caller's environment and can take nothing out of it: only how it starts a process and its guard,
which ends a process that was lost.
"""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from gitops_canary.errors import Unavailable
from gitops_canary.git.commands import Command
from gitops_canary.git.surroundings import Surroundings, redact

# Without this GitPython cannot even be imported where git is missing; we say so ourselves.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
from git.cmd import Git, safer_popen
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
        argv = surroundings.argv(command)
        self.process: subprocess.Popen[bytes] = safer_popen(
            argv,
            cwd=os.sep,  # always there, whoever deletes the clone's directory; every path is whole
            env=surroundings.environment(command),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._guard = Git.AutoInterrupt(self.process, argv)  # ends it when this is collected
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
        self._children: tuple[Child, ...] = ()
        self._abandoned = False

    def abandon(self) -> None:
        """End the commands that run, and run none after them; from any thread."""
        self._abandoned = True
        for child in self._children:
            if child.process.poll() is None:
                _signal_group(child.process.pid, signal.SIGTERM)

    def run(
        self, command: Command, *, stdin: bytes = b"", timeout_ms: int | None = None
    ) -> Finished:
        """Run a command to its end or to its deadline; never raises for what git says.

        Raises:
            Unavailable: its output is beyond any reason, everything was abandoned, or this machine
                has no room, process or descriptor left for it.
        """
        [finished] = self.run_beside([command], stdin=stdin, timeout_ms=timeout_ms)
        return finished

    def run_beside(
        self, commands: Sequence[Command], *, stdin: bytes = b"", timeout_ms: int | None = None
    ) -> list[Finished]:
        """Run commands at the same time, each with the same input; as `run`, with one deadline.

        Raises:
            Unavailable: as `run`; then none of them runs any more.
        """
        with self.beside(commands, stdin=stdin, timeout_ms=timeout_ms) as wait:
            return wait()

    @contextlib.contextmanager
    def beside(
        self, commands: Sequence[Command], *, stdin: bytes = b"", timeout_ms: int | None = None
    ) -> Iterator[Callable[[], list[Finished]]]:
        """Start commands, and give what waits for them: the caller has something to do meanwhile.

        Raises:
            Unavailable: as `run`; then none of them runs any more.
        """
        deadline = time.monotonic() + (timeout_ms or self.timeout_ms) / 1000
        children: list[Child] = []
        with contextlib.ExitStack() as stack:
            for command in commands:
                given = stack.enter_context(_given(stdin))
                children.append(self.start(command, stdin=given))
                stack.callback(self._end, children[-1])
                self._children += (children[-1],)
            self.go_on()
            yield lambda: self._collect(children, deadline)

    def _end(self, child: Child) -> None:
        self._children = tuple(one for one in self._children if one is not child)
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

    def _collect(self, children: Sequence[Child], deadline: float) -> list[Finished]:
        out = {child: bytearray() for child in children}
        err = {child: bytearray() for child in children}
        sinks: dict[int, bytearray] = {}
        for child in children:
            assert child.process.stdout is not None
            assert child.process.stderr is not None
            sinks |= {child.process.stdout.fileno(): out[child]}
            sinks |= {child.process.stderr.fileno(): err[child]}
        while sinks:
            ready = _ready(list(sinks), deadline)
            if not ready:
                return [
                    Finished(code=-1, out=b"", err=self.text(err[child]), late=True)
                    for child in children
                ]
            for descriptor in ready:
                data = os.read(descriptor, _CHUNK)
                if data:
                    sinks[descriptor] += data
                else:
                    del sinks[descriptor]
            for said in err.values():
                del said[_ERRORS_MAX:]
            if max(map(len, out.values())) > _OUTPUT_MAX:
                raise Unavailable(
                    f"git wrote more than {_OUTPUT_MAX >> 20} MiB",
                    remedy="look at the repository: it is larger than anything we can manage",
                )
        return [
            Finished(code=child.process.wait(), out=bytes(out[child]), err=self.text(err[child]))
            for child in children
        ]


@contextlib.contextmanager
def _given(stdin: bytes) -> Iterator[int]:
    """Put what a child is to read into a file without a name; its descriptor."""
    if not stdin:
        yield subprocess.DEVNULL
        return
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            file.write(stdin)
            file.seek(0)
        except OSError as error:
            raise _exhausted(error) from error
        yield file.fileno()


def _exhausted(error: OSError) -> Unavailable:
    return Unavailable(
        f"git cannot be started: {error.strerror}",
        remedy="give the controller more room, processes or descriptors; the next look tries again",
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
