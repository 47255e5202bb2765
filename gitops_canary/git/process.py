"""The one place that starts git, through GitPython.

GitPython's own index, object and config layers are not used: only `Git.execute` with a full argv.
It merges any `env=` into the caller's environment, so the child's environment is made from nothing
by `env -i`. Everything in it may be seen by other users of the machine; it holds no secret.
"""

import contextlib
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from git.cmd import Git

from gitops_canary.errors import ConfigError, Unavailable
from gitops_canary.git.address import Address
from gitops_canary.git.commands import Command

_CHUNK = 1 << 16
_GRACE_S = 1.0
"""How long a child told to end may take to remove its lock files."""
_OUTPUT_MAX = 256 << 20
_ERRORS_MAX = 1 << 16
_LOW_SPEED_S = 20
_ASKPASS = """#!/bin/sh
case "$1" in
  Username*) printf '%s\\n' "$GITOPS_CANARY_USERNAME" ;;
  Password*) cat -- "$GITOPS_CANARY_PASSWORD_FILE" ;;
  *) exit 1 ;;
esac
"""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How we log in; the password stays in its file until git's helper asks for it."""

    username: str
    password_file: pathlib.Path

    def redact(self, text: str) -> str:
        """Take the password out of a text."""
        try:
            password = self.password_file.read_text(errors="replace").strip()
        except OSError:
            return text
        return text.replace(password, "***") if password else text


class Child:
    """A running git with pipes; every read has a deadline, in the monotonic clock's seconds."""

    def __init__(self, argv: list[str], cwd: pathlib.Path, stdin: int) -> None:
        started = Git(cwd).execute(argv, istream=stdin, as_process=True, start_new_session=True)
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
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        if not _ready([descriptor], deadline):
            raise TimeoutError
        data = os.read(descriptor, _CHUNK)
        if not data:
            raise EOFError
        self._buffer += data

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


class Runner:
    """Starts git on one bare repository."""

    def __init__(
        self,
        *,
        directory: pathlib.Path,
        address: Address,
        credentials: Credentials | None,
        ca_file: pathlib.Path | None,
        blob_bytes_max: int,
        timeout_ms: int,
    ) -> None:
        self.git_dir = directory / "repo.git"
        self.timeout_ms = timeout_ms
        self._directory = directory
        self._address = address
        self._credentials = credentials
        self._ca_file = ca_file
        self._filter = f"blob:limit={blob_bytes_max + 1}"
        self._git = _program("git")
        self._env = _program("env")

    def prepare(self) -> None:
        """Write the password helper and an empty home."""
        (self._directory / "home").mkdir(exist_ok=True)
        helper = self._directory / "askpass"
        helper.write_text(_ASKPASS)
        helper.chmod(0o700)

    def run(
        self, command: Command, *, stdin: bytes = b"", timeout_ms: int | None = None
    ) -> Finished:
        """Run a command to its end or to its deadline; never raises for what git says.

        Raises:
            Unavailable: its output is beyond any reason.
        """
        deadline = time.monotonic() + (timeout_ms or self.timeout_ms) / 1000
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            child = Child(self._argv(command), self._directory, file.fileno())
            try:
                return self._collect(child, deadline)
            finally:
                child.kill()

    def start(self, command: Command) -> Child:
        """Start a command that talks; the caller kills it."""
        return Child(self._argv(command), self._directory, subprocess.PIPE)

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
                return Finished(code=-1, out=b"", err=self._text(err), late=True)
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
        return Finished(code=code, out=bytes(out), err=self._text(err))

    def _text(self, err: bytearray) -> str:
        text = err.decode(errors="replace")
        return self._credentials.redact(text) if self._credentials else text

    def _argv(self, command: Command) -> list[str]:
        scheme = self._address.scheme if command.network else "none"
        settings = {**_SETTINGS, "http.lowSpeedTime": str(self._low_speed_s())}
        if command.network:
            settings |= {"remote.origin.url": self._address.url}
            settings |= {f"protocol.{scheme}.allow": "always"}
            settings |= {"http.sslCAInfo": str(self._ca_file)} if self._ca_file else {}
        environment = self._environment(scheme)
        if command.partial:
            settings |= {"remote.origin.promisor": "true"}
            settings |= {"remote.origin.partialCloneFilter": self._filter}
        return [
            self._env, "-i", *(f"{key}={value}" for key, value in environment.items()),
            self._git, f"--git-dir={self.git_dir}",
            *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
            *command.argv,
        ]  # fmt: skip

    def _low_speed_s(self) -> int:
        return max(1, min(_LOW_SPEED_S, self.timeout_ms // 2000))

    def _environment(self, scheme: str) -> Mapping[str, str]:
        environment = {
            "PATH": os.pathsep.join((str(pathlib.Path(self._git).parent), os.defpath)),
            "HOME": str(self._directory / "home"),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ALLOW_PROTOCOL": scheme,
            "SSH_ASKPASS_REQUIRE": "never",
        }
        if scheme == "https":
            environment |= _inherited(("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"))
        if scheme == "ssh":
            environment |= _inherited(("SSH_AUTH_SOCK",))
            environment["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes"
        if self._credentials and scheme in {"https", "http"}:
            environment["GIT_ASKPASS"] = str(self._directory / "askpass")
            environment["GITOPS_CANARY_USERNAME"] = self._credentials.username
            environment["GITOPS_CANARY_PASSWORD_FILE"] = str(self._credentials.password_file)
        return environment


_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.logAllRefUpdates": "false",
    "safe.bareRepository": "explicit",
    "protocol.allow": "never",
    "transfer.credentialsInUrl": "die",
    "transfer.fsckObjects": "true",
    "fetch.fsck.zeroPaddedFilemode": "warn",
    "fetch.writeCommitGraph": "true",
    "transfer.bundleURI": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "no",
    "push.followTags": "false",
    "push.gpgSign": "false",
}


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise ConfigError(f"{name} is not on PATH", remedy=f"install {name}")
    return str(pathlib.Path(path).absolute())


def _inherited(names: tuple[str, ...]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


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
