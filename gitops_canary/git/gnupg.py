"""The gpg binary, in a home of its own and an environment made from nothing."""

import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gitops_canary.errors import Unavailable

_TIMEOUT_S = 60
_ALWAYS = (
    "--batch", "--no-tty", "--no-autostart", "--no-options", "--quiet", "--no-auto-check-trustdb",
    "--trust-model", "always", "--disable-dirmngr", "--no-auto-key-retrieve",
    "--no-auto-key-locate", "--no-emit-version", "--no-comments", "--pinentry-mode", "error",
)  # fmt: skip
_RECORD_CREATED, _RECORD_EXPIRES = 5, 6


@dataclass(frozen=True, slots=True)
class Listed:
    """A key of a keyring; instants in seconds since the epoch."""

    primary: str
    """Fingerprint of the primary key it belongs to; its own where it is one."""
    created_s: int
    expires_s: int | None

    def covers(self, at_s: int) -> bool:
        """Tell whether the key was good at an instant."""
        return self.created_s <= at_s and (self.expires_s is None or at_s < self.expires_s)


class Home:
    """A folder that gpg has for itself; close it at the end."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gitops-canary-gpg-")
        self.path = pathlib.Path(self._folder.name)

    def take(self, block: str) -> Mapping[str, Listed]:
        """Import the keys of a block; those there are then."""
        self.run("--import", stdin=block.encode())
        return self._listed()

    def run(self, *argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run gpg to its end; whatever it says is the caller's to read.

        Raises:
            Unavailable: there is no gpg, or it hangs.
        """
        try:
            return subprocess.run(
                ["gpg", "--homedir", str(self.path), *_ALWAYS, *argv],
                input=stdin,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_S,
                env=_environment(),
            )
        except FileNotFoundError:
            raise Unavailable("gpg is not on PATH", remedy="install gnupg") from None
        except subprocess.TimeoutExpired:
            raise Unavailable("gpg did not end", remedy="look at its agent; try again") from None

    def _listed(self) -> Mapping[str, Listed]:
        """List every key, primary and sub, by fingerprint."""
        told = self.run("--with-colons", "--fixed-list-mode", "--list-keys")
        return dict(_listed(told.stdout.decode(errors="replace").splitlines()))

    def agent(self) -> subprocess.Popen[bytes]:
        """Start the agent of this home; it ends when our end of the pipe to `cat` does.

        Raises:
            Unavailable: there is none, or it does not start.
        """
        agent = subprocess.Popen(
            ["gpg-agent", "--homedir", str(self.path), "--quiet", "--daemon", "--", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        assert agent.stdin
        assert agent.stdout
        agent.stdin.write(b"\n")
        with suppress(BrokenPipeError):
            agent.stdin.flush()
        if not agent.stdout.read(1):  # comes back once the agent listens and cat has begun
            raise Unavailable("gpg-agent does not start", remedy="gpg-agent --version")
        return agent

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._folder.cleanup()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _listed(lines: Iterable[str]) -> Iterator[tuple[str, Listed]]:
    """Read `--with-colons`, as doc/DETAILS of GnuPG describes it."""
    primary, row = "", [""]
    for line in lines:
        fields = line.split(":")
        if fields[0] in {"pub", "sub"}:
            primary, row = "" if fields[0] == "pub" else primary, fields
        elif fields[0] == "fpr" and row[0]:
            primary = primary or fields[9]
            expires = row[_RECORD_EXPIRES]
            created_s = int(row[_RECORD_CREATED])
            yield fields[9], Listed(primary, created_s, int(expires) if expires else None)
            row = [""]
