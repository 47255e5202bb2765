"""A clone that is not ours, read for verification: nothing is written, no remote is asked.

Every object is hashed again, since git does not do that when it reads one. Parents are read from
the commits themselves, so that no graft, replacement or commit-graph can hide any.
"""

import pathlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass

from gitops_canary.errors import CanaryError, SpecError, UsageError, VerificationError
from gitops_canary.git.address import Address
from gitops_canary.git.changes import Pair, below, changes
from gitops_canary.git.commands import Command
from gitops_canary.git.objects import (
    Entry,
    Kind,
    ObjectId,
    RawCommit,
    object_id,
    parse_commit,
)
from gitops_canary.git.process import Runner
from gitops_canary.git.reader import DamagedClone, Reader
from gitops_canary.git.surroundings import Surroundings
from gitops_canary.git.trees import Files, Trees
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision

_REFS = Command(("for-each-ref", "--format=%(objectname) %(refname)"))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}(?:[~^][0-9]{0,5}){0,5}")
_BLOB_BYTES_MAX = 64 << 20
_TIMEOUT_MS = 60_000


@dataclass(frozen=True, slots=True)
class _Elsewhere(Surroundings):
    """Surroundings whose repository is somebody's clone."""

    repository: pathlib.Path = pathlib.Path()

    @property
    def git_dir(self) -> pathlib.Path:
        """The clone's own directory, or the file that names it."""
        return self.repository


class _Proving(Reader):
    """Reads objects and hashes each again."""

    def read(self, ids: Sequence[ObjectId], kind: str) -> Iterator[tuple[ObjectId, bytes]]:
        """Yield the bodies of objects of one kind, in order.

        Raises:
            VerificationError: the bytes are not those the name stands for, or one is missing.
        """
        try:
            for name, body in super().read(ids, kind):
                if object_id(Kind(kind.encode()), body) != name:
                    raise VerificationError(
                        f"The {kind} {name} is not what its name stands for: its bytes were "
                        "changed.",
                        remedy="run git fsck, and fetch the repository again from its server",
                    )
                yield name, body
        except DamagedClone as error:
            raise VerificationError(
                f"An object is not in this clone: {error}.",
                remedy="fetch it again, whole: without --depth and --filter",
            ) from error


class PlainClone:
    """One clone on this machine; a `ports.Store`. Close it at the end.

    Raises:
        UsageError: there is no Git repository at the path.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="gitops-canary-verify-")
        surroundings = _Elsewhere(
            directory=pathlib.Path(self._scratch.name),
            address=Address("file:///nowhere", "file"),
            credentials=None,
            ca_file=None,
            blob_bytes_max=_BLOB_BYTES_MAX,
            low_speed_s=1,
            repository=_git_dir(path.resolve()),
        )
        surroundings.prepare()
        self._runner = Runner(surroundings, timeout_ms=_TIMEOUT_MS)
        self._commits: dict[Revision, RawCommit | None] = {}
        self._begin()
        finished = self._runner.run(_REFS)
        if not finished.ok:
            self.close()
            raise UsageError(
                f"{path} cannot be read as a Git repository: {finished.err.strip()}",
                remedy="name the folder of a clone",
            )
        lines = (line.split(" ", 1) for line in finished.out.decode(errors="replace").splitlines())
        self.refs: dict[str, Revision] = {ref: Revision(tip) for tip, ref in lines}

    def _begin(self) -> None:
        self._reader = _Proving(self._runner)
        self._trees = Trees(self._reader)
        self._ahead: dict[ObjectId, bytes] = {}

    def twin(self) -> "PlainClone":
        """Give a reader of the same clone with a git of its own, for another process.

        It knows the commits read so far, and ends with its process; only the first one is closed.
        """
        twin = copy(self)
        twin._begin()  # noqa: SLF001 - it is one of us
        return twin

    def close(self) -> None:
        """End git and remove the scratch folder."""
        self._reader.close()
        self._scratch.cleanup()

    def resolve(self, name: str) -> Revision:
        """Find the commit that a branch, a tag or an abbreviated id names, with `~2` or `^` behind.

        Raises:
            SpecError: it names none.
        """
        found = None
        if _NAME.fullmatch(name):
            argv = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            found = self._runner.run(Command(argv))
        if found is None or not found.ok:
            raise SpecError(
                f"{ascii(name)[:100]} is no commit of this clone.",
                remedy="fetch it, or write its whole id",
            )
        return Revision(found.out.decode().strip())

    def commits(self, names: Sequence[Revision]) -> dict[Revision, RawCommit | None]:
        """Read commits; None for one that the clone lacks.

        Raises:
            VerificationError: an object was changed under its name, or is no commit git would make.
        """
        unknown = [ObjectId(n) for n in dict.fromkeys(names) if n not in self._commits]
        if not unknown:
            return {name: self._commits[name] for name in names}
        present = [n for n, kind, _ in list(self._reader.info(unknown)) if kind == "commit"]
        for name, body in self._reader.read(present, "commit"):
            try:
                self._commits[Revision(name)] = parse_commit(body)
            except ValueError as error:
                raise VerificationError(
                    f"Commit {name} is none that git would make: {error}.", remedy="run git fsck"
                ) from error
        for lost in set(unknown) - set(present):
            self._commits[Revision(lost)] = None
        return {name: self._commits[name] for name in names}

    def read_history(self, tip: Revision) -> None:
        """Read all commits that git names as reachable in few turns; what it leaves out is no loss.

        It may be misled about what is reachable: whoever walks goes by the parents in the commits.
        """
        told = self._runner.run(Command(("rev-list", tip)))
        if told.ok:
            self.commits([Revision(name) for name in told.out.decode().split()])

    def mentioning(self, text: str) -> Iterator[tuple[Revision, str]]:
        """Give the commits of all refs whose message has a text, with the message, newest first.

        Git may leave some out, which is no loss for what is only told.
        """
        argv = ("rev-list", "--all", "--date-order", "--fixed-strings", f"--grep={text}")
        names = [Revision(name) for name in self._runner.run(Command(argv)).out.decode().split()]
        return ((name, raw.message) for name, raw in self.commits(names).items() if raw)

    def tree_changes(self, before: ObjectId, after: ObjectId) -> dict[Path, BlobId | None]:
        """Name every path that differs, with its new blob; None where it is gone or no blob."""
        found: dict[Path, BlobId | None] = {}
        for path, was, now in changes(self._entries, before, after):
            same_mode = was is None or now is None or was.mode == now.mode
            plain = now is not None and now.is_file and same_mode
            found[Path(path.decode(errors="backslashreplace"))] = (
                BlobId(now.id.hex()) if now and plain else None
            )
        return found

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        """List the regular files of a revision, executable or not."""
        return Files(self._trees, self._root(revision), nullcontext)

    def changed(self, before: Revision, after: Revision) -> Mapping[Path, Blob | None]:
        """List the regular files that differ between two revisions; None where one is gone."""
        return self._trees.changed(self._root(before), self._root(after))

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Read blobs."""
        names = [ObjectId(blob) for blob in dict.fromkeys(blobs)]
        found = {name: self._ahead[name] for name in names if name in self._ahead}
        if missing := [name for name in names if name not in found]:
            found |= self._reader.read(missing, "blob")
        return {BlobId(name): found[name] for name in names}

    def read_ahead(self, pairs: Sequence[Pair]) -> set[ObjectId]:
        """Read what comparing pairs of trees needs, in few turns with git.

        Returns the regular files that the later trees hold and the earlier ones do not.
        """
        wanted: set[ObjectId] = set()
        level = list(dict.fromkeys(pairs))
        while level:
            self._trees.bodies([tree for pair in level for tree in pair])
            level = below(self._entries, level, wanted)
        return wanted

    def hold(self, blobs: Iterable[ObjectId | BlobId]) -> None:
        """Read files in few turns with git, and keep them until the next call."""
        self._ahead = dict(self._reader.read(sorted({ObjectId(b) for b in blobs}), "blob"))

    def _root(self, revision: Revision) -> ObjectId:
        raw = self.commits([revision])[revision]
        if raw is None:
            raise _lacking(revision)
        return raw.tree

    def _entries(self, tree: ObjectId) -> Mapping[bytes, Entry]:
        try:
            return self._trees.entries(tree)
        except ValueError as error:
            raise VerificationError(
                f"Tree {tree} is none that git would make: {error}.", remedy="run git fsck"
            ) from error


def _git_dir(path: pathlib.Path) -> pathlib.Path:
    """Find the repository that a folder is, or lies in, as git does (gitrepository-layout)."""
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
    around = [path] if bare else [path, *path.parents]
    return next((one / ".git" for one in around if (one / ".git").exists()), path)


def _lacking(revision: Revision) -> CanaryError:
    return SpecError(
        f"Commit {revision} is not in this clone.", remedy="git fetch --unshallow origin"
    )
