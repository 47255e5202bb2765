"""Commits that a forge wrote for us: ours where a seal on the evidence branch binds just that.

The seal is over the whole decision: the move, what preceded it, the owned values before and after,
and each changed line. Whoever writes the commit chooses its id, author, date and signature only.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gitops_canary.app.reading import Reader
from gitops_canary.app.tracing import ground_with
from gitops_canary.core import recorded
from gitops_canary.core.diffs import diff, diff_around
from gitops_canary.core.edits import Ground
from gitops_canary.core.evidence import decision_path, digest, owned_json
from gitops_canary.core.message import parse
from gitops_canary.core.statement import seal_path, statement
from gitops_canary.errors import CanaryError, HistoryError, Unavailable
from gitops_canary.manifest.policy import policy_from_json
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.rollout import Record
from gitops_canary.model.spec import Policy
from gitops_canary.ports import Git

Json = dict[str, Any]
_DECISIONS_MAX = 500


class Witness(Protocol):
    """What only the repository itself can tell."""

    def unseal(self, data: bytes) -> bytes:
        """Give the statement that one of our keys sealed; ValueError where none did."""

    def differing(self, before: Revision, after: Revision) -> frozenset[Path]:
        """Name everything that two revisions hold differently: links, modules and modes too."""


Over = Callable[[Iterable[Commit]], Iterable[Commit]]


def vouching(git: Git, reader: Reader, witness: Witness | None, evidence: Revision | None) -> Over:
    """Say how commits are held against seals; without witness or evidence branch not at all."""
    if witness is None or evidence is None:
        return iter
    return Vouching(git, reader, witness, evidence).over


@dataclass(frozen=True, slots=True)
class Vouching:
    """Holds commits that are not ours by signature against the seals of one evidence branch."""

    git: Git
    reader: Reader
    witness: Witness
    evidence: Revision

    def over(self, commits: Iterable[Commit]) -> Iterator[Commit]:
        """Give the commits, those that a seal vouches for as ours."""
        for commit in commits:
            yield replace(commit, ours=True) if not commit.ours and self._ours(commit) else commit

    def _ours(self, commit: Commit) -> bool:
        try:
            record = parse(commit.message, commit.revision)
        except HistoryError:
            return False
        if record is None or len(commit.parents) != 1:
            return False
        try:
            document = self._sealed(record)
            return document is not None and self._fits(commit, record, document)
        except Unavailable:
            raise
        except (CanaryError, ValueError, ArithmeticError, KeyError, TypeError):
            return False  # what cannot be read vouches for nothing: the commit stays a person's

    def _sealed(self, record: Record) -> Json | None:
        """Find the decision that the commit names, if one of our keys sealed it."""
        files = self.git.files(self.evidence)
        for number in range(1, _DECISIONS_MAX):
            path = decision_path(record, number)
            blobs = files.get(path), files.get(seal_path(path))
            if blobs[0] is None or blobs[1] is None:
                return None
            bodies = self.git.read([blobs[0].id, blobs[1].id])
            decision = bodies[blobs[0].id]
            if digest(decision) != record.evidence:
                continue
            if self.witness.unseal(bodies[blobs[1].id]) != statement(path, decision):
                return None
            # Its schema is not asked for: what a newer version added changes nothing of the rest.
            document: Json = json.loads(decision)
            return document
        return None

    def _fits(self, commit: Commit, record: Record, document: Json) -> bool:
        """Hold trailers, changed lines and owned values against the decision."""
        assert record.evidence is not None, "its decision was found by it"
        if recorded.record(document, record.evidence) != record:
            return False
        policy = policy_from_json(document["policy"]["effective"])
        now = {
            when: owned_json(self._ground(revision, record, policy).owned)
            for when, revision in (("before", commit.parents[0]), ("after", commit.revision))
        }
        same: bool = now == document["owned"]
        # Earlier versions wrote diffs with context: either way it is what the seal is over.
        return same and any(
            self._changes(commit, written) == document["changes"] for written in (diff, diff_around)
        )

    def _ground(self, revision: Revision, record: Record, policy: Policy) -> Ground:
        """Read what a Canary owns; where its document is gone, as its last move had it."""
        canary = record.canary
        then = self.reader.view(record.previous).canaries if record.previous else {}
        if canary in then:
            return ground_with(self.reader, revision, then[canary], policy)
        return self.reader.ground(revision, canary, policy)

    def _changes(
        self, commit: Commit, written: Callable[[Path, str, str], str]
    ) -> list[Json] | None:
        """Write down what the commit changes, as a decision does; None for more than text."""
        parent, here = commit.parents[0], commit.revision
        old, new = self.git.files(parent), self.git.files(here)
        found: list[Json] = []
        for path in sorted(self.witness.differing(parent, here)):
            was, now = old.get(path), new.get(path)
            if now is None or now.executable != (was is not None and was.executable):
                return None
            texts = self.reader.text(parent, path), self.reader.text(here, path)
            found.append({"path": path, "diff": written(path, *texts)})
        return found
