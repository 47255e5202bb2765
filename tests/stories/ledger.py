"""A branch in memory: the stand-in for the Git port in stories, which need no server's manners."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_canary.core.footing import anchored
from gitops_canary.errors import Conflict, SpecError
from gitops_canary.model.commits import Blob, Commit
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import BlobId, Path, Revision

Files = Mapping[Path, bytes]


def _name(*parts: object) -> str:
    return hashlib.sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()


@dataclass
class Ledger:
    """One branch and its commits; ids are functions of content, parents, date and message."""

    tip: Revision | None = None
    commits: dict[Revision, Commit] = field(default_factory=dict)
    trees: dict[Revision, Files] = field(default_factory=dict)
    blobs: dict[BlobId, bytes] = field(default_factory=dict)
    proof: Revision | None = None
    """Tip of the evidence branch."""

    def record(
        self,
        files: Mapping[Path, bytes | None],
        message: str,
        date_ms: int,
        *,
        ours: bool = False,
        parents: tuple[Revision, ...] | None = None,
    ) -> Revision:
        """Commit on the tip, or on given parents, and make it the tip."""
        self.tip = self._add(files, message, date_ms, ours=ours, parents=parents)
        return self.tip

    def _add(
        self,
        files: Mapping[Path, bytes | None],
        message: str,
        date_ms: int,
        *,
        ours: bool,
        parents: tuple[Revision, ...] | None,
    ) -> Revision:
        """Add a commit; its files begin as the first parent's."""
        if parents is None:
            parents = (self.tip,) if self.tip else ()
        before = self.trees[parents[0]] if parents else {}
        tree = {path: body for path, body in {**before, **files}.items() if body is not None}
        date_ms = max([date_ms // 1000 * 1000, *(self.commits[p].date_ms for p in parents)])
        revision = Revision(_name(sorted(tree.items()), parents, date_ms, message))
        who = "gitops-canary <canary@example.com>" if ours else "Ada <ada@example.com>"
        self.commits[revision] = Commit(
            revision=revision,
            parents=parents,
            author=who,
            committer=who,
            date_ms=date_ms,
            message=message,
            ours=ours,
        )
        self.trees[revision] = tree
        for body in tree.values():
            self.blobs[BlobId(_name(body))] = body
        return revision

    def poll(self) -> Revision | None:
        return self.tip

    def fetch(self) -> tuple[Revision, Revision | None]:
        assert self.tip is not None, "a story begins with a commit"
        return self.tip, self.proof

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        tree = self.trees[revision]
        return {p: Blob(id=BlobId(_name(body)), executable=False) for p, body in tree.items()}

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        return {blob: self.blobs[blob] for blob in blobs}

    def commit(self, revision: Revision) -> Commit:
        return self.commits[revision]

    def several(self, revisions: Sequence[Revision]) -> Sequence[Commit]:
        return [self.commits[revision] for revision in revisions]

    def history(
        self, tip: Revision, *, since: Revision | None = None, mentioning: str | None = None
    ) -> Iterator[Commit]:
        old = self._reachable(since) if since else set()
        for commit in self._walk(tip):
            if commit.revision not in old and (mentioning or "") in commit.message:
                yield commit

    def _walk(self, tip: Revision) -> Iterator[Commit]:
        """Walk children before parents; a merge's last parent comes first, as in real git."""
        waiting = dict.fromkeys(self._reachable(tip), 0)
        for revision in waiting:
            for parent in self.commits[revision].parents:
                waiting[parent] += 1
        ready = [tip]
        while ready:
            commit = self.commits[ready.pop()]
            yield commit
            for parent in commit.parents:
                waiting[parent] -= 1
                ready += [parent] if waiting[parent] == 0 else []

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        return ancestor in self._reachable(revision)

    def push(
        self,
        *,
        onto: Revision,
        commits: Sequence[PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> tuple[Revision, ...]:
        if (onto, evidence_onto) != (self.tip, self.proof):
            raise Conflict("the branch moved", remedy="decide again")
        made = tuple(self.record(c.files, c.message, c.at_ms, ours=True) for c in commits)
        for one in evidence:
            named = anchored(one, made[-1], "main")
            below = (self.proof,) if self.proof else ()
            self.proof = self._add(
                named.files, named.message, named.at_ms, ours=True, parents=below
            )
        return made

    def abandon(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing runs."""

    def find(self, word: str) -> Revision:
        """Find the newest commit whose message contains a word."""
        assert self.tip is not None, "a story begins with a commit"
        for commit in self.history(self.tip):
            if word in commit.message:
                return commit.revision
        raise SpecError(f"No commit says {word!r}.", remedy="correct the story")

    def _reachable(self, tip: Revision) -> set[Revision]:
        found: set[Revision] = set()
        todo = [tip]
        while todo:
            revision = todo.pop()
            if revision not in found:
                found.add(revision)
                todo += self.commits[revision].parents
        return found
