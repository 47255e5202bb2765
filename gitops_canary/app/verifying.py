"""The whole record of one clone, verified without any server."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gitops_canary.app.auditing import Audited, Auditor, Scope, rolls
from gitops_canary.app.bulk import Bulk
from gitops_canary.app.checking import Decisions
from gitops_canary.app.claims import Claim, Illegible, Key, by_rollout, read
from gitops_canary.app.lineage import Lineage
from gitops_canary.app.losses import losses, told
from gitops_canary.app.replaying import Decided
from gitops_canary.app.turns import in_turns
from gitops_canary.errors import CanaryError, VerificationError
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.rollout import Move

__all__ = ["Scope", "Verified", "verify"]
_PIECE = 64
"""Rollouts audited in one piece: so many that reading ahead pays, so few that memory stays low."""


@dataclass(slots=True)
class Verified:
    """What was read and found; findings oldest commit first."""

    findings: list[Finding] = field(default_factory=list)
    commits: int = 0
    rollouts: int = 0
    verdicts: int = 0
    chains: list[list[Move]] = field(default_factory=list)
    """The moves of each rollout, those that count, oldest first."""
    unanswered: bool = False
    """Whether a source that was to be asked again did not answer."""

    @property
    def differences(self) -> list[Finding]:
        """What speaks against the record."""
        return self.of(Kind.DIFFERENCE)

    def of(self, kind: Kind) -> list[Finding]:
        """Give the findings of one kind."""
        return [one for one in self.findings if one.kind is kind]


def verify(
    clone: PlainClone, ownership: Ownership, scope: Scope, *, processes: int = 1
) -> Verified:
    """Verify everything reachable from a tip; what comes out does not depend on the processes.

    Raises:
        VerificationError: an object was changed under its name, so nothing built on it counts.
    """
    return _Verifier(clone, ownership, scope).run(processes)


def decided(clone: PlainClone, scope: Scope, found: Verified) -> Iterator[Decided]:
    """Read every decision that verification counted and that can be read."""
    bulk = {p: b.id for p, b in clone.files(scope.evidence).items()} if scope.evidence else None
    decisions = Decisions(clone, bulk)
    for chain in found.chains:
        for number, move in enumerate(chain, 1):
            try:
                document = decisions.of(move, number)
            except CanaryError:
                continue  # verification has told what is wrong with it
            yield move, document, tuple(chain[: number - 1])


class _Verifier:
    def __init__(self, clone: PlainClone, ownership: Ownership, scope: Scope) -> None:
        self._clone = clone
        self._ownership = ownership
        self._scope = scope
        self._lineage = Lineage(clone, scope.tip)
        self._context = self._lineage.ancestors(scope.since) if scope.since else frozenset()
        self._losses = losses(clone, self._lineage, scope.tip)
        accepted = self._losses.known.keys()
        self._bulk = (
            Bulk(clone, ownership, scope.evidence, self._lineage, accepted)
            if scope.evidence
            else None
        )
        self._process = os.getpid()
        self._auditor = self._audits_on(clone)
        self._rollouts: list[list[Claim]] = []

    def run(self, processes: int) -> Verified:
        """Hand the rollouts out in pieces, and put together what comes back."""
        claims = list(read(self._lineage.commits(), self._lineage.landings))
        about = [(c.rank, self._auditor.illegible(c)) for c in claims if isinstance(c, Illegible)]
        self._rollouts = list(by_rollout(c for c in claims if isinstance(c, Claim)).values())
        pieces = -(-len(self._rollouts) // _PIECE)
        # The evidence branch itself is the last piece of work, besides the rollouts.
        parts = list(in_turns(self._piece, pieces + 1, processes=processes))
        return self._together(about, [_opened(part) for part in parts])

    def _piece(self, number: int) -> Audited | tuple[str, str]:
        """Audit some rollouts, or in the end the evidence branch; an error as problem, remedy."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._clone = self._clone.twin()
            self._auditor = self._audits_on(self._clone)
        try:
            if rollouts := self._rollouts[number * _PIECE : (number + 1) * _PIECE]:
                return self._auditor.audit(rollouts)
            if self._bulk is None:
                return Audited()
            bulk = self._bulk.on(self._clone)
            return Audited(about_branch=list(bulk.walk()), written=bulk.written, lost=bulk.lost)
        except CanaryError as error:
            return error.problem, error.remedy

    def _audits_on(self, clone: PlainClone) -> Auditor:
        return Auditor(
            clone=clone,
            ownership=self._ownership,
            scope=self._scope,
            lineage=self._lineage,
            context=self._context,
            bulk=self._bulk,
        )

    def _together(self, about: list[tuple[int, Finding]], parts: Sequence[Audited]) -> Verified:
        chains: dict[Key, list[Move]] = {}
        for part in parts:
            about += part.about_commits
            chains |= part.chains
        about = [a for a in about if a[1].revision not in self._context]
        found = Verified(findings=[finding for _, finding in sorted(about, key=lambda a: a[0])])
        found.chains = list(chains.values())
        rolled = list(filter(rolls, found.chains))
        found.rollouts = len(rolled)
        found.commits = sum(
            move.revision not in self._context for chain in found.chains for move in chain
        )
        found.findings += self._missing()
        found.findings += self._losses.findings
        if self._bulk is None:
            found.findings += _no_evidence() if rolled else []
            found.findings += told(self._losses.known, {})
            return found
        for part in parts:
            found.findings += part.about_branch
            self._bulk.written |= part.written
            self._bulk.lost |= part.lost
        strays, found.verdicts = self._bulk.strays(found.chains, rewritten=self._scope.rewritten)
        found.findings += told(self._losses.known, self._bulk.lost)
        seals = [finding for part in parts for finding in part.about_seals]
        found.findings += sorted((*strays, *seals), key=lambda one: one.problem)
        found.findings += [finding for part in parts for finding in part.about_pages]
        return found

    def _missing(self) -> Iterator[Finding]:
        """Yield what is about no move: cut history and lost tips."""
        scope = self._scope
        for lost in sorted(self._lineage.missing):
            yield Finding(
                kind=Kind.UNREADABLE,
                revision=lost,
                problem="It is not in this clone, nor anything before it.",
                remedy="git fetch --unshallow origin",
            )
        if loss := self._losses.known.get(scope.known_tip or scope.tip):
            yield Finding(
                kind=Kind.UNREADABLE,
                revision=loss.by,
                problem=f"The last known tip is gone. {loss.sentence}.",
                remedy="give the tip that was looked at next time",
            )
        elif scope.known_tip and not self._lineage.descends(scope.tip, scope.known_tip):
            yield Finding(
                kind=Kind.DIFFERENCE,
                revision=scope.known_tip,
                problem=f"The last known tip is not part of the history of {scope.tip[:12]}: "
                "commits were cut off or rewritten.",
                remedy="fetch again; ask who may force-push to this branch",
            )


def _opened(part: Audited | tuple[str, str]) -> Audited:
    if isinstance(part, Audited):
        return part
    problem, remedy = part
    raise VerificationError(problem, remedy=remedy)


def _no_evidence() -> list[Finding]:
    return [
        Finding(
            kind=Kind.DIFFERENCE,
            revision=None,
            problem="This clone has no evidence branch.",
            remedy="git fetch origin gitops-canary/evidence:"
            "refs/remotes/origin/gitops-canary/evidence",
        )
    ]
