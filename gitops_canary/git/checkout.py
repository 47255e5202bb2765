"""A person's own clone, used as they would use it: their identity, credentials and settings.

The work tree and the index are never touched. What is read and what is committed is the branch as
the remote has it, so it does not matter what is checked out here, or half edited.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as LocalPath

from gitops_canary.core.footing import MARK, anchor
from gitops_canary.errors import CanaryError, ConfigError, Conflict, Refused, UsageError
from gitops_canary.git import rejection
from gitops_canary.git.address import check_branch
from gitops_canary.git.persons import PersonsGit
from gitops_canary.git.process import Finished
from gitops_canary.model.names import Revision

_DEPTH = 5000
"""Commits looked at for moves, as deep as the controller looks."""
_EVIDENCE = "gitops-canary/evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A commit as its message tells it; whose it is nobody has checked."""

    revision: Revision
    date_ms: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A commit and its parents."""

    revision: Revision
    parents: tuple[Revision, ...]


class Checkout(PersonsGit):
    """One clone and one branch of its remote; a `ports.Store`."""

    def __init__(self, directory: LocalPath, *, branch: str | None = None) -> None:
        """Find the clone that a directory lies in.

        `branch` is by default the remote's own default, else what the checked out branch follows.

        Raises:
            UsageError: there is no clone, or no branch to work on.
        """
        super().__init__(directory)
        followed = self._word("rev-parse", "--symbolic-full-name", "@{upstream}")
        self.remote = followed.split("/")[2] if followed.count("/") > 2 else "origin"  # noqa: PLR2004 - refs/remotes/<name>/...
        prefix = f"refs/remotes/{self.remote}/"
        default = self._word("symbolic-ref", "--quiet", f"{prefix}HEAD")
        found = branch or (default or followed).removeprefix(prefix)
        if not found:
            raise UsageError(
                f"{directory} follows no branch.", remedy="name the config branch with --branch"
            )
        self.branch = _branch_named(found)
        self._ref = f"{prefix}{self.branch}"

    def fetch(self) -> Revision:
        """Fetch the branch; its tip.

        Raises:
            Unavailable: the remote does not answer.
            Refused: it will not have us.
            UsageError: it has no such branch, or this clone no remote.
        """
        spec = f"+refs/heads/{self.branch}:{self._ref}"
        done = self._ask("fetch", "--quiet", "--no-tags", self.remote, spec)
        if "couldn't find remote ref" in done.err:
            raise UsageError(
                f"The branch {self.branch} is not on {self.remote}.",
                remedy="correct --branch, or push the branch",
            )
        if not done.ok:
            raise self._explained("fetch", done)
        return Revision(self._must("rev-parse", "--verify", f"{self._ref}^{{commit}}"))

    def resolve(self, name: str) -> Revision | None:
        """Find a commit by an id, whole or short, or by a ref; None where this clone has none."""
        spec = f"{name}^{{commit}}"
        found = "" if name.startswith("-") else self._word("rev-parse", "--verify", "-q", spec)
        return Revision(found) if found else None

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `revision` or reachable from it; unknown ones are not."""
        return self._ask("merge-base", "--is-ancestor", ancestor, revision).ok

    def named(self) -> Revision | None:
        """Find the newest commit of the branch that the evidence branch names, by asking both.

        Whose evidence it is nobody has checked. None where there is no evidence, or none names it.
        """
        ref = f"refs/remotes/{self.remote}/{_EVIDENCE}"
        done = self._ask(
            "fetch", "--quiet", "--no-tags", self.remote, f"+refs/heads/{_EVIDENCE}:{ref}"
        )
        if not done.ok:
            return None
        text = self._must("log", "-z", f"--grep=^{MARK} ", "--format=%B", ref, "--")
        found = (anchor(message, self.branch) for message in text.split("\0"))
        return next(filter(None, found), None)

    def told(self, tip: Revision) -> Iterator[Told]:
        """List the commits that may be moves of the controller, newest first."""
        which = ("--topo-order", f"--max-count={_DEPTH}", "--grep=^Canary-Rollout: ")
        return self._told(tip, *which)

    def mentioning(self, tip: Revision, text: str) -> Iterator[tuple[Revision, str]]:
        """Give the commits whose message has a text, with the message, newest first."""
        told = self._told(tip, "--topo-order", "--fixed-strings", f"--grep={text}")
        return ((one.revision, one.message) for one in told)

    def _told(self, tip: Revision, *which: str) -> Iterator[Told]:
        text = self._must("log", "-z", *which, "--format=%H %ct%n%B", tip, "--")
        for one in filter(None, text.split("\0")):
            head, _, message = one.partition("\n")
            revision, _, date = head.partition(" ")
            yield Told(revision=Revision(revision), date_ms=int(date) * 1000, message=message)

    def behind(self, tip: Revision) -> Iterator[Behind]:
        """List everything reachable from a commit, children before parents."""
        for line in self._must("rev-list", "--topo-order", "--parents", tip, "--").splitlines():
            revision, *parents = map(Revision, line.split())
            yield Behind(revision=revision, parents=tuple(parents))

    def push(self, revision: Revision, branch: str, *, onto: Revision) -> None:
        """Push a commit, made on top of `onto`, to a branch of the remote, never by force.

        Raises:
            Conflict: somebody pushed first.
            Refused: the server will not have it.
            Unavailable: it does not answer.
        """
        target = f"refs/heads/{_branch_named(branch)}"
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
        if not self._word("config", "--get", f"remote.{self.remote}.url"):
            return UsageError(
                f"{self._directory} has no remote {self.remote}.",
                remedy="name a clone of the config repository with --checkout",
            )
        error = rejection.explain(what, done)
        remedy = f"make `git {what} {self.remote}` work in {self._directory}, then run this again"
        return type(error)(error.problem, remedy=remedy)


def _branch_named(name: str) -> str:
    """Accept a branch that the command line or the clone names; UsageError otherwise."""
    try:
        return check_branch(name)
    except ConfigError as error:  # what settings would be blamed for elsewhere
        raise UsageError(error.problem, remedy=error.remedy) from error
