"""A person's own clone, used as they would use it: their identity, credentials and settings.

The work tree and the index are never touched. What is read and what is committed is the branch as
the remote has it, so it does not matter what is checked out here, or half edited.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as LocalPath

from gitops_canary.errors import CanaryError, Conflict, Refused, SpecError
from gitops_canary.git import rejection
from gitops_canary.git.address import check_branch
from gitops_canary.git.process import Finished
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # as in process.py
from git.cmd import Git

_DEPTH = 5000
"""Commits looked at for moves, as deep as the controller looks."""
_BLOB_BYTES_MAX = 1 << 20
_TIMEOUT_S = 120
_FILES = {"100644": False, "100755": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A commit as its message tells it; whose it is nobody has checked."""

    revision: Revision
    date_ms: int
    message: str


class Checkout:
    """One clone and one branch of its remote; a `ports.Store`."""

    def __init__(self, directory: LocalPath, *, branch: str | None = None) -> None:
        """Find the clone that a directory lies in.

        `branch` is by default the remote's own default, else what the checked out branch follows.

        Raises:
            Refused: there is no clone, or no branch to work on.
        """
        self._directory = directory
        top = self._ask("rev-parse", "--git-dir")
        if not top.ok:
            raise Refused(
                f"{directory} is not in a Git repository.",
                remedy="name a clone of the config repository with --checkout",
            )
        followed = self._word("rev-parse", "--symbolic-full-name", "@{upstream}")
        self.remote = followed.split("/")[2] if followed.count("/") > 2 else "origin"  # noqa: PLR2004 - refs/remotes/<name>/...
        prefix = f"refs/remotes/{self.remote}/"
        default = self._word("symbolic-ref", "--quiet", f"{prefix}HEAD")
        found = branch or (default or followed).removeprefix(prefix)
        if not found:
            raise Refused(
                f"{directory} follows no branch.", remedy="name the config branch with --branch"
            )
        self.branch = check_branch(found)
        self._ref = f"{prefix}{self.branch}"

    def fetch(self) -> Revision:
        """Fetch the branch; its tip.

        Raises:
            Unavailable: the remote does not answer.
            Refused: it will not have us, or has no such branch.
        """
        spec = f"+refs/heads/{self.branch}:{self._ref}"
        done = self._ask("fetch", "--quiet", "--no-tags", self.remote, spec)
        if not done.ok:
            raise self._explained("fetch", done)
        return Revision(self._must("rev-parse", "--verify", f"{self._ref}^{{commit}}"))

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        """List the regular files of a revision."""
        found: dict[Path, Blob] = {}
        for line in self._must("ls-tree", "-r", "-z", "--full-tree", revision).split("\0"):
            about, _, path = line.partition("\t")
            mode, _, name = about.partition(" ")
            if mode in _FILES:
                blob = BlobId(name.split(" ")[1])
                found[Path(path)] = Blob(id=blob, executable=_FILES[mode])
        return found

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Read blobs; one over the size limit raises SpecError naming the limit."""
        found: dict[BlobId, bytes] = {}
        for blob in blobs:
            if int(self._must("cat-file", "-s", blob)) > _BLOB_BYTES_MAX:
                raise SpecError(
                    f"The file with blob {blob} is larger than {_BLOB_BYTES_MAX} bytes.",
                    remedy="keep manifests small",
                )
            found[blob] = self._done(self._ask("cat-file", "blob", blob), "cat-file").out
        return found

    def told(self, tip: Revision) -> Iterator[Told]:
        """List the commits that may be moves of the controller, newest first."""
        which = ("--topo-order", f"--max-count={_DEPTH}", "--grep=^Canary-Rollout: ")
        text = self._must("log", "-z", *which, "--format=%H %ct%n%B", tip, "--")
        for one in filter(None, text.split("\0")):
            head, _, message = one.partition("\n")
            revision, _, date = head.partition(" ")
            yield Told(revision=Revision(revision), date_ms=int(date) * 1000, message=message)

    def commit(self, onto: Revision, path: Path, content: bytes, message: str) -> Revision:
        """Make a commit that changes one file, signed where the person's settings say so."""
        blob = self._must("hash-object", "-w", "--stdin", stdin=content)
        known = self.files(onto).get(path)
        mode = "100755" if known and known.executable else "100644"
        with tempfile.TemporaryDirectory(prefix="gitops-canary-") as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            self._must("read-tree", onto, extra=index)
            entry = f"{mode} {blob}\t{path}\0".encode()
            self._must("update-index", "-z", "--index-info", stdin=entry, extra=index)
            tree = self._must("write-tree", extra=index)
        signs = self._word("config", "--type=bool", "commit.gpgSign") == "true"
        options = ("-S",) if signs else ()
        made = self._must("commit-tree", *options, "-p", onto, tree, stdin=message.encode())
        return Revision(made)

    def push(self, revision: Revision, branch: str, *, onto: Revision) -> None:
        """Push a commit, made on top of `onto`, to a branch of the remote, never by force.

        Raises:
            Conflict: somebody pushed first.
            Refused: the server will not have it.
            Unavailable: it does not answer.
        """
        target = f"refs/heads/{check_branch(branch)}"
        done = self._ask("push", "--quiet", "--porcelain", self.remote, f"{revision}:{target}")
        if done.ok:
            return
        if branch == self.branch:
            # Servers word a lost race in a dozen ways; the branch itself tells.
            tip = self.fetch()
            if self._ask("merge-base", "--is-ancestor", revision, tip).ok:
                return
            if tip != onto:
                raise Conflict(f"Somebody pushed to {branch} first.", remedy="run it again")
        if b"rejected]" in done.out:
            raise Refused(
                f"The server will not have the commit on {branch}: {rejection.said(done.err)}",
                remedy="send it to a new branch with --to BRANCH, and open a pull request",
            )
        raise self._explained("push", done)

    def _explained(self, what: str, done: Finished) -> CanaryError:
        error = rejection.explain(what, done)
        remedy = f"make `git {what} {self.remote}` work in {self._directory}, then run this again"
        return type(error)(error.problem, remedy=remedy)

    def _word(self, *argv: str) -> str:
        """Ask for something that may be missing; empty then."""
        done = self._ask(*argv)
        return done.out.decode(errors="replace").strip() if done.ok else ""

    def _must(self, *argv: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
        done = self._done(self._ask(*argv, stdin=stdin, extra=extra), argv[0])
        return done.out.decode(errors="replace").removesuffix("\n")

    def _done(self, done: Finished, name: str) -> Finished:
        if not done.ok:
            raise Refused(
                f"git {name} said: {rejection.said(done.err)}",
                remedy=f"try the same in {self._directory}; git needs your name, e-mail and key",
            )
        return done

    def _ask(
        self, *argv: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None
    ) -> Finished:
        env = {"LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1", **(extra or {})}
        if not sys.stdin.isatty():
            env["GIT_TERMINAL_PROMPT"] = "0"
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            code, out, err = Git(str(self._directory)).execute(
                ["git", *argv],
                istream=file,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                kill_after_timeout=_TIMEOUT_S,
                env=env,
            )
        text = err.decode(errors="replace") if isinstance(err, bytes) else str(err)
        return Finished(code=code, out=out if isinstance(out, bytes) else out.encode(), err=text)
