"""Git as a person runs it: their identity, their settings, their credentials, their clone.

Neither the work tree nor the index is ever touched.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path as LocalPath

from gitops_canary.errors import Refused, SpecError, UsageError
from gitops_canary.git import rejection
from gitops_canary.git.process import Finished
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # as in process.py
from git.cmd import Git

_BLOB_BYTES_MAX = 1 << 20
_TIMEOUT_S = 120
_FILES = {"100644": False, "100755": True}


class PersonsGit:
    """One clone of a person's; a `ports.Store`."""

    def __init__(self, directory: LocalPath) -> None:
        """Find the clone that a directory lies in.

        Raises:
            UsageError: there is none.
        """
        self._directory = directory
        if not self._ask("rev-parse", "--git-dir").ok:
            raise UsageError(
                f"{directory} is not in a Git repository.",
                remedy="name a clone of the config repository with --checkout",
            )

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

    def commit(self, onto: Revision, files: Mapping[Path, bytes], message: str) -> Revision:
        """Make a commit that writes some files, signed where the person's settings say so."""
        known = self.files(onto)
        entries = b""
        for path, content in sorted(files.items()):
            blob = self._must("hash-object", "-w", "--stdin", stdin=content)
            mode = "100755" if path in known and known[path].executable else "100644"
            entries += f"{mode} {blob}\t{path}\0".encode()
        with tempfile.TemporaryDirectory(prefix="gitops-canary-") as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            self._must("read-tree", onto, extra=index)
            self._must("update-index", "-z", "--index-info", stdin=entries, extra=index)
            tree = self._must("write-tree", extra=index)
        signs = self._word("config", "--type=bool", "commit.gpgSign") == "true"
        options = ("-S",) if signs else ()
        made = self._must("commit-tree", *options, "-p", onto, tree, stdin=message.encode())
        return Revision(made)

    def _word(self, *argv: str) -> str:
        """Ask for something that may be missing; empty then."""
        done = self._ask(*argv)
        return done.out.decode(errors="replace").strip() if done.ok else ""

    def _must(self, *argv: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
        done = self._done(self._ask(*argv, stdin=stdin, extra=extra), argv[0])
        return done.out.decode(errors="replace").removesuffix("\n")

    def _done(self, done: Finished, name: str) -> Finished:
        if "dentity unknown" in done.err or "empty ident name" in done.err:
            raise Refused(
                "Git does not know in whose name to commit.",
                remedy="git config --global user.name NAME, and user.email ADDRESS",
            )
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
