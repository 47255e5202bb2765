"""The whole record of one clone, verified without any server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gitops_canary.app.bulk import Bulk
from gitops_canary.app.checking import Checker
from gitops_canary.app.lineage import Lineage
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.replaying import Decided
from gitops_canary.core.evidence import decision_path
from gitops_canary.core.message import claims, parse
from gitops_canary.core.replay import fault
from gitops_canary.errors import HistoryError
from gitops_canary.git.objects import RawCommit
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest.spec_file import DEFERRABLE
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.rollout import Move
from gitops_canary.routing import ROUTERS

Chains = dict[tuple[CanaryId, RolloutId], list[Move]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is verified, and what is known from elsewhere."""

    tip: Revision
    since: Revision | None = None
    """Commits reachable from here are context: they are read, and not reported."""
    evidence: Revision | None
    known_tip: Revision | None = None
    """A tip somebody wrote down earlier: the history must still contain it."""
    rewritten: bool = False
    """Whether a squashed or rebased history is expected."""
    sealed: bool = False
    """Whether a forge writes the commits (pull requests): a seal then vouches for one."""
    paths: tuple[str, ...] = ()


@dataclass(slots=True)
class Verified:
    """What was read and found; findings oldest commit first."""

    findings: list[Finding] = field(default_factory=list)
    commits: int = 0
    rollouts: int = 0
    verdicts: int = 0
    decided: list[Decided] = field(default_factory=list)
    """Every decision that could be read, to ask its source again."""

    @property
    def differences(self) -> list[Finding]:
        """What speaks against the record."""
        return [one for one in self.findings if one.kind is Kind.DIFFERENCE]


def verify(clone: PlainClone, ownership: Ownership, scope: Scope) -> Verified:
    """Verify everything reachable from a tip.

    Raises:
        VerificationError: an object was changed under its name, so nothing built on it counts.
    """
    return _Verifier(clone, ownership, scope).run()


class _Verifier:
    def __init__(self, clone: PlainClone, ownership: Ownership, scope: Scope) -> None:
        self._clone = clone
        self._ownership = ownership
        self._scope = scope
        self._lineage = Lineage(clone, scope.tip)
        self._context = self._lineage.ancestors(scope.since) if scope.since else frozenset()
        self._bulk = Bulk(clone, ownership, scope.evidence) if scope.evidence else None
        rules = Rules(paths=scope.paths, default_provider="istio", allow_missing=DEFERRABLE)
        self._checker = Checker(
            clone=clone,
            reader=Reader(clone, rules, ROUTERS),
            bulk=self._bulk.files if self._bulk else None,
        )
        self._found = Verified()
        self._chains: Chains = {}

    def run(self) -> Verified:
        for revision, raw in self._lineage.commits():
            self._found.findings.extend(self._commit(revision, raw))
        self._found.rollouts = len(self._chains)
        self._found.findings.extend(self._whole())
        return self._found

    def _commit(self, revision: Revision, raw: RawCommit) -> Iterator[Finding]:
        doubt = self._ownership.doubt(raw)
        if doubt and not claims(raw.message):
            return
        try:
            record = parse(raw.message, revision)
        except HistoryError as error:
            if doubt:
                yield self._foreign(revision, doubt)
            else:
                yield self._finding(revision, error.problem, error.remedy)
            return
        if record is None:
            return
        chain = self._chains.get((record.canary, record.rollout), [])
        move = Move(record=record, revision=revision, date_ms=raw.date_s * 1000)
        found = list(self._move(move, raw, chain, forge=bool(doubt)))
        if doubt and not self._vouched(move, chain, found):
            yield self._foreign(revision, doubt)
            return
        if revision not in self._context and (document := self._checker.read(move, len(chain) + 1)):
            self._found.decided.append((move, document, tuple(chain)))
        self._chains.setdefault((record.canary, record.rollout), chain).append(move)
        if revision not in self._context:
            self._found.commits += 1
            yield from found

    def _vouched(self, move: Move, chain: Sequence[Move], found: Sequence[Finding]) -> bool:
        """Whether a seal vouches for a commit that somebody else wrote, exactly as decided."""
        if not self._scope.sealed or found or self._bulk is None:
            return False
        return self._bulk.unsealed(decision_path(move.record, len(chain) + 1)) is None

    def _move(
        self, move: Move, raw: RawCommit, chain: Sequence[Move], *, forge: bool
    ) -> Iterator[Finding]:
        before = chain[-1] if chain else None
        what = f"{move.record.canary} {move.record.action.value}"
        wrong = fault(before, move)
        if wrong and not self._cut(move, chain):
            yield self._finding(move.revision, f"{what}: it {wrong}.", "git log --graph")
        elif before and not self._lineage.descends(move.revision, before.revision):
            text = f"{what}: its previous move is no ancestor of it."
            yield self._finding(move.revision, text, "git log --graph")
        if before and move.date_ms < before.date_ms:
            text = f"{what}: it is older than its previous move."
            yield self._finding(move.revision, text, "git log --format=fuller")
        yield from self._checker.check(move, raw, chain, forge=forge)

    def _cut(self, move: Move, chain: Sequence[Move]) -> bool:
        """Whether the chain only begins in the middle because the clone does."""
        return not chain and move.record.previous is not None and self._lineage.shallow

    def _foreign(self, revision: Revision, doubt: str) -> Finding:
        return Finding(
            kind=Kind.UNREADABLE if self._scope.rewritten else Kind.DIFFERENCE,
            revision=revision,
            problem=f"It carries a record of the controller, but {doubt}.",
            remedy="the controller never obeys it; if your history was squashed or rebased: "
            "--rewritten",
        )

    def _whole(self) -> Iterator[Finding]:
        """Yield what is about no single move: cut history, lost tips, the evidence branch."""
        scope = self._scope
        for lost in sorted(self._lineage.missing):
            yield Finding(
                kind=Kind.UNREADABLE,
                revision=lost,
                problem="It is not in this clone, nor anything before it.",
                remedy="git fetch --unshallow origin",
            )
        if scope.known_tip and not self._lineage.descends(scope.tip, scope.known_tip):
            yield self._finding(
                scope.known_tip,
                f"The last known tip is not part of the history of {scope.tip[:12]}: "
                "commits were cut off or rewritten.",
                "fetch again; ask who may force-push to this branch",
            )
        if self._bulk is None:
            if self._chains:
                yield self._finding(
                    None,
                    "This clone has no evidence branch.",
                    "git fetch origin gitops-canary/evidence:"
                    "refs/remotes/origin/gitops-canary/evidence",
                )
            return
        yield from self._bulk.check(self._chains, rewritten=scope.rewritten)
        self._found.verdicts = self._bulk.verdicts

    def _finding(self, revision: Revision | None, problem: str, remedy: str) -> Finding:
        return Finding(kind=Kind.DIFFERENCE, revision=revision, problem=problem, remedy=remedy)
