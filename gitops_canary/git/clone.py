"""The directory our clone lies in: ours alone, and worth nothing."""

import fcntl
import hashlib
import json
import os
import pathlib
import shutil

from gitops_canary.errors import ConfigError, Unavailable
from gitops_canary.git.commands import INIT, REFS, branch_of
from gitops_canary.git.process import Runner
from gitops_canary.git.surroundings import Surroundings
from gitops_canary.git.upkeep import Upkeep
from gitops_canary.model.names import Revision

_FORMAT = 1
_MARK = "gitops-canary.json"


class Clone:
    """A bare repository in a directory, for one remote, used by one process at a time.

    Raises:
        ConfigError: the directory cannot be written, or holds something that is not ours.
        Unavailable: another process uses it.
    """

    def __init__(self, runner: Runner, *, packs_max: int) -> None:
        directory = runner.surroundings.directory
        self._runner = runner
        self._upkeep = Upkeep(runner, packs_max)
        self._mark = directory / _MARK
        self._text = _mark_text(runner.surroundings)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _open_lock(directory)
        except OSError as error:
            raise ConfigError(
                f"the clone's directory {directory} cannot be used: {error.strerror}",
                remedy="give the controller a directory it may write",
            ) from error
        try:
            self._take(directory)
        except BaseException:
            self.close()
            raise

    def tips(self) -> dict[str, Revision]:
        """Read the branches as last fetched; empty where the clone cannot be read."""
        finished = self._runner.run(REFS)
        if not finished.ok:
            return {}
        lines = (line.split(" ", 1) for line in finished.out.decode().splitlines())
        return {branch_of(ref): Revision(revision) for revision, ref in lines}

    def make_anew(self) -> None:
        """Begin again with an empty clone."""
        self._upkeep.stop()
        git_dir = self._runner.surroundings.git_dir
        try:
            if not os.fstat(self._lock).st_nlink:
                self._come_back()
            self._mark.write_text("incomplete\n")  # ours, and to be made anew if we stop here
            shutil.rmtree(git_dir, ignore_errors=True)
            finished = self._runner.run(INIT)
            if not finished.ok:
                raise _unmade(git_dir, finished.err.strip())
            self._mark.write_text(self._text)
        except OSError as error:
            raise _unmade(git_dir, str(error.strerror)) from error

    def tidy(self) -> None:
        """Keep the clone small, beside everything else; never waits."""
        self._upkeep.go_on()

    def close(self) -> None:
        """Let another process have the directory; closing twice is fine."""
        self._upkeep.stop()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _come_back(self) -> None:
        """Make the directory again, which somebody deleted while we used it."""
        directory = self._runner.surroundings.directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(self._lock)
        self._lock = _open_lock(directory)
        self._take(directory)

    def _take(self, directory: pathlib.Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"another process uses the clone in {directory}",
                remedy="stop it, or give this one a directory of its own",
            ) from error
        repository = self._runner.surroundings.git_dir
        if repository.exists() and not self._mark.exists():
            raise ConfigError(
                f"{repository} is not a clone of the controller's own",
                remedy="name an empty directory; the controller deletes what lies in its clone",
            )
        self._runner.surroundings.prepare()
        if not repository.exists() or self._mark.read_text(errors="replace") != self._text:
            self.make_anew()


def _open_lock(directory: pathlib.Path) -> int:
    return os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _unmade(git_dir: pathlib.Path, why: str) -> Unavailable:
    return Unavailable(
        f"no clone can be made in {git_dir}: {why}",
        remedy="look at the disk: is it full or read-only?",
    )


def _mark_text(surroundings: Surroundings) -> str:
    """Say whose clone it is; one that left files out is none for a controller that does not."""
    digest = hashlib.sha256(surroundings.address.url.encode()).hexdigest()
    lean = {"lean": True} if surroundings.lean else {}
    return json.dumps({"format": _FORMAT, "url": f"sha256:{digest}", **lean}) + "\n"
