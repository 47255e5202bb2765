"""What a child process of ours sees: settings and an environment made from nothing.

A command line may be seen by other users of the machine; it holds no secret, nor does the
environment, except a proxy's address as the operator set it.
"""

import base64
import os
import pathlib
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from gitops_canary.errors import ConfigError
from gitops_canary.git.address import Address
from gitops_canary.git.commands import Command

_SSH = (
    "ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=20",
    "-oServerAliveInterval=15", "-oForwardAgent=no", "-oPermitLocalCommand=no",
    # A connection that is shared outlives git, and holds its pipes open.
    "-oControlMaster=no", "-oControlPath=none",
)  # fmt: skip
_LOW_SPEED_MIN_S = 2
_LOW_SPEED_MAX_S = 20
_PROXIES = ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")
_ASKPASS = """#!/bin/sh
case "$1" in
  Username*) printf '%s\\n' "$GITOPS_CANARY_USERNAME" ;;
  Password*) cat -- "$GITOPS_CANARY_PASSWORD_FILE" ;;
  *) exit 1 ;;
esac
"""


_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.logAllRefUpdates": "false",
    # The remote is the truth: a clone that a power failure damaged is made anew.
    "core.fsync": "none",
    "safe.bareRepository": "explicit",
    "protocol.allow": "never",
    "transfer.credentialsInUrl": "die",
    "transfer.fsckObjects": "true",
    "fetch.fsck.zeroPaddedFilemode": "warn",
    "fetch.writeCommitGraph": "true",
    "transfer.bundleURI": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.windowMemory": "64m",
    # Larger blobs go through without being held, whatever they inflate to.
    "core.bigFileThreshold": "16m",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "no",
    "push.followTags": "false",
    "push.gpgSign": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How we log in; the password stays in its file until git's helper asks for it."""

    username: str
    password_file: pathlib.Path

    def redact(self, text: str) -> str:
        """Take the password out of a text, in every form in which it goes to a server."""
        try:
            lines = self.password_file.read_bytes().splitlines()
        except OSError:
            return text
        for line in filter(None, (line.strip() for line in lines)):
            login = base64.b64encode(self.username.encode() + b":" + line).decode()
            for form in (login, line.decode(errors="replace"), quote(line, safe="")):
                text = text.replace(form, "***")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """A key of our own, and the only hosts it is shown to."""

    key_file: pathlib.Path
    known_hosts: pathlib.Path

    @property
    def command(self) -> str:
        """The ssh that git starts, for a shell: no agent, nobody else's settings."""
        options = {
            "IdentitiesOnly": "yes",
            "IdentityFile": str(self.key_file),
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": os.devnull,
        }
        words = [f"-o{name}={value}" for name, value in options.items()]
        return shlex.join([*_SSH, "-F", os.devnull, *words])


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where git works, for which remote, and how it may reach it."""

    directory: pathlib.Path
    """Absolute; ours alone."""
    address: Address
    credentials: Credentials | None
    ca_file: pathlib.Path | None
    blob_bytes_max: int
    ssh: Ssh | None = None
    """How we log in by ssh; None: as the user's own ssh does."""
    lean: bool = False
    """Whether the clone leaves out every file until it is asked for, and not only large ones."""
    low_speed_s: int
    """After so many seconds without a byte a transfer ends."""

    @property
    def git_dir(self) -> pathlib.Path:
        """The bare repository."""
        return self.directory / "repo.git"

    @property
    def left_out(self) -> str:
        """Git's name for what the clone leaves out; `blob:limit` is what is so large or larger."""
        return "blob:none" if self.lean else f"blob:limit={self.blob_bytes_max + 1}"

    def prepare(self) -> None:
        """Write the password helper and an empty home."""
        (self.directory / "home").mkdir(exist_ok=True)
        helper = self.directory / "askpass"
        helper.write_text(_ASKPASS)
        helper.chmod(0o700)

    def argv(self, command: Command) -> list[str]:
        """Write out the whole command line."""
        scheme = self._scheme(command)
        settings = {**_SETTINGS, "http.lowSpeedTime": str(self.low_speed_s)}
        if command.network:
            settings |= {"remote.origin.url": self.address.url}
            settings |= {f"protocol.{scheme}.allow": "always"}
            settings |= {"http.sslCAInfo": str(self.ca_file)} if self.ca_file else {}
        if command.unchecked:
            settings |= {"transfer.fsckObjects": "false"}
        if command.partial:
            settings |= {"remote.origin.promisor": "true"}
            settings |= {"remote.origin.partialCloneFilter": self.left_out}
        settings |= dict(command.settings)
        return [
            _program("git"), f"--git-dir={self.git_dir}",
            *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
            *command.argv,
        ]  # fmt: skip

    def environment(self, command: Command) -> Mapping[str, str]:
        """Make everything that the child finds in its environment."""
        scheme = self._scheme(command)
        environment = {
            "PATH": os.pathsep.join((str(pathlib.Path(_program("git")).parent), os.defpath)),
            "HOME": str(self.directory / "home"),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_GRAFT_FILE": str(self.directory / "home" / "none"),
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ALLOW_PROTOCOL": scheme,
            "SSH_ASKPASS_REQUIRE": "never",
        }
        if scheme == "https":
            environment |= _inherited(_PROXIES)
        if scheme == "ssh":
            environment |= {} if self.ssh else _inherited(("SSH_AUTH_SOCK",))
            environment["GIT_SSH_COMMAND"] = self.ssh.command if self.ssh else shlex.join(_SSH)
        if self.credentials and scheme in {"https", "http"}:
            environment["GIT_ASKPASS"] = str(self.directory / "askpass")
            environment["GITOPS_CANARY_USERNAME"] = self.credentials.username
            environment["GITOPS_CANARY_PASSWORD_FILE"] = str(self.credentials.password_file)
        return environment

    def _scheme(self, command: Command) -> str:
        return self.address.scheme if command.network else "none"


def low_speed_s(timeout_ms: int) -> int:
    """Choose after how many seconds of silence a transfer with this deadline is given up."""
    return max(_LOW_SPEED_MIN_S, min(_LOW_SPEED_MAX_S, timeout_ms // 2000))


def redact(text: str, credentials: Credentials | None) -> str:
    """Take every secret out of what a program said: our password, and a proxy's."""
    for address in _inherited(_PROXIES).values():
        user, at, _ = urlsplit(address).netloc.rpartition("@")
        text = text.replace(user, "***") if at and user else text
    return credentials.redact(text) if credentials else text


def has_proxy(surroundings: Surroundings) -> bool:
    """Tell whether the operator's environment sends git through a proxy."""
    return surroundings.address.scheme == "https" and bool(_inherited(_PROXIES))


def _program(name: str) -> str:
    return _found(name, os.environ.get("PATH", os.defpath))


@lru_cache
def _found(name: str, places: str) -> str:
    path = shutil.which(name, path=places)
    if path is None:
        raise ConfigError(f"{name} is not on PATH", remedy=f"install {name}")
    return str(pathlib.Path(path).absolute())


def _inherited(names: tuple[str, ...]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}
