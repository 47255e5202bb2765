"""A chain of a person's commits on top of what is checked out, on a branch of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path as LocalPath

from gitops_canary.errors import Refused, UsageError
from gitops_canary.git.address import check_branch
from gitops_canary.git.persons import PersonsGit
from gitops_canary.model.names import Path, Revision

Commit = tuple[Mapping[Path, str], str]
"""Path to new text, and the message."""


class WorkTree(PersonsGit):
    """What is checked out in a clone."""

    def __init__(self, directory: LocalPath) -> None:
        """Find the clone.

        Raises:
            UsageError: there is none, or the directory is not its top.
            Refused: it has no commit yet.
        """
        super().__init__(directory)
        if self._word("rev-parse", "--show-prefix"):
            raise UsageError(
                f"{directory} is not the top of its repository.",
                remedy=f"name {self._word('rev-parse', '--show-toplevel')} with --checkout",
            )
        head = self._word("rev-parse", "--verify", "HEAD^{commit}")
        if not head:
            raise Refused("Nothing is committed here yet.", remedy="commit the manifests first")
        self.head = Revision(head)
        self.branch = self._word("symbolic-ref", "--quiet", "--short", "HEAD")
        self.remote = self._word("config", f"branch.{self.branch}.remote") or "origin"

    def changed(self) -> tuple[str, ...]:
        """List the files of the work tree that are not as they were committed."""
        text = self._must("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
        return tuple(sorted(one[3:] for one in text.split("\0") if one))

    def has_branch(self, name: str) -> bool:
        """Tell whether there is a branch of that name."""
        return bool(self._word("rev-parse", "--verify", f"refs/heads/{check_branch(name)}"))

    def chain(self, name: str | None, commits: Sequence[Commit]) -> tuple[Revision, ...]:
        """Make commits one after another, on a new branch if one is named; touch nothing else.

        Raises:
            Refused: there is such a branch, or git will not have a commit.
        """
        if name and self.has_branch(name):
            raise Refused(
                f"There is a branch {name} already.",
                remedy="merge what it holds, or keep it under another name: "
                f"`git branch -m {name} {name}-before`",
            )
        at, made = self.head, []
        for files, message in commits:
            at = self.commit(at, {path: text.encode() for path, text in files.items()}, message)
            made.append(at)
        if name:
            self._must("update-ref", f"refs/heads/{name}", at, "0" * 40)
        return tuple(made)

    def patch(self, revision: Revision) -> str:
        """Write a commit as a patch that `git am` takes."""
        return self._must("format-patch", "--stdout", "-1", revision) + "\n"
