"""Some rollouts of a clone, each move held against its commit, its evidence, its seal and pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gitops_canary.app.bulk import Bulk
from gitops_canary.app.checking import Checker, Decisions
from gitops_canary.app.claims import Claim, Illegible, Key
from gitops_canary.app.indexing import PlainSift
from gitops_canary.app.lineage import Lineage
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.rewriting import Rewriter
from gitops_canary.core.replay import fault
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest.spec_file import DEFERRABLE
from gitops_canary.manifest.webhooks import AT as WEBHOOKS
from gitops_canary.model.commits import Blob
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.rollout import Action, Move
from gitops_canary.routing import ROUTERS


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
class Audited:
    """What came out about some rollouts; all of it can be sent to another process."""

    about_commits: list[tuple[int, Finding]] = field(default_factory=list)
    """With the rank of the commit."""
    about_branch: list[Finding] = field(default_factory=list)
    """About the evidence branch's own commits."""
    written: dict[Path, Revision | None] = field(default_factory=dict)
    """As `Bulk.written`."""
    lost: dict[Path, Revision] = field(default_factory=dict)
    """As `Bulk.lost`."""
    about_seals: list[Finding] = field(default_factory=list)
    about_pages: list[Finding] = field(default_factory=list)
    chains: dict[Key, list[Move]] = field(default_factory=dict)


class _Sift(PlainSift):
    """Compares revisions by their trees; everything else reads all files once."""

    def __init__(self, clone: PlainClone) -> None:
        super().__init__(clone)
        self._clone = clone

    def changed(self, before: Revision, after: Revision) -> dict[Path, Blob | None]:
        """List the regular files that differ; None where one is gone."""
        return dict(self._clone.changed(before, after))


class Auditor:
    """Audits rollouts one after another; what it has read serves the next ones too.

    Raises:
        VerificationError: an object was changed under its name.
    """

    def __init__(
        self,
        *,
        clone: PlainClone,
        ownership: Ownership,
        scope: Scope,
        lineage: Lineage,
        context: frozenset[Revision],
        bulk: Bulk | None,
    ) -> None:
        self._clone = clone
        self._ownership = ownership
        self._scope = scope
        self._lineage = lineage
        self._context = context
        self._bulk = bulk.on(clone) if bulk else None
        rules = Rules(paths=scope.paths, default_provider="istio", allow_missing=DEFERRABLE)
        reader = Reader(clone, rules, ROUTERS, _Sift(clone))
        hooked = replace(rules, allow_missing=DEFERRABLE - {WEBHOOKS})
        self._rewriter = Rewriter(clone=clone, reader=reader, rules=rules)
        self._checker = Checker(
            clone=clone,
            reader=reader,
            hooked=Reader(clone, hooked, ROUTERS, _Sift(clone)),
            decisions=Decisions(clone, bulk.files if bulk else None),
        )

    def audit(self, rollouts: Sequence[Sequence[Claim]]) -> Audited:
        """Audit rollouts, commit by commit as they lie in the history."""
        found = Audited()
        claims = sorted((c for rollout in rollouts for c in rollout), key=lambda c: c.rank)
        self._read_ahead(claims)
        for claim in claims:
            about = ((claim.rank, finding) for finding in self._claim(claim, found.chains))
            found.about_commits.extend(about)
        if self._bulk:
            for chain in filter(rolls, found.chains.values()):
                found.about_seals.extend(self._bulk.seals(chain))
                found.about_pages.extend(self._bulk.pages(chain))
        return found

    def illegible(self, found: Illegible) -> Finding:
        """Say what a commit is that claims to be a move and cannot be read."""
        doubt = self._ownership.doubt(found.raw)
        if doubt:
            return self._foreign(found.revision, doubt)
        return _finding(found.revision, found.error.problem, found.error.remedy)

    def _read_ahead(self, claims: Sequence[Claim]) -> None:
        """Read what the checks will ask for, in few turns with git."""
        self._ownership.prepare(claim.raw for claim in claims)
        pairs = []
        for claim in claims:
            parents = self._clone.commits([Revision(p) for p in claim.raw.parents[:1]])
            pairs += [(parent.tree, claim.raw.tree) for parent in parents.values() if parent]
        files = self._clone.read_ahead(pairs)
        self._clone.hold([*files, *(self._bulk.blobs(claims) if self._bulk else ())])

    def _claim(self, claim: Claim, chains: dict[Key, list[Move]]) -> Iterator[Finding]:
        move, key = claim.move, (claim.move.record.canary, claim.move.record.rollout)
        doubt = self._ownership.doubt(claim.raw)
        chain = chains.get(key, [])
        if doubt and (not self._scope.sealed or self._bulk is None):
            yield self._foreign(move.revision, doubt)
            return
        found = list(self._move(claim, chain, forge=bool(doubt)))
        wrong = any(one.kind is not Kind.NEWER for one in found)
        if doubt and (wrong or (self._bulk and self._bulk.unsealed(move, len(chain) + 1))):
            yield self._foreign(move.revision, doubt)
            return
        chains.setdefault(key, chain).append(replace(move, sealed=bool(doubt)))
        if move.revision not in self._context:
            yield from found

    def _move(self, claim: Claim, chain: Sequence[Move], *, forge: bool) -> Iterator[Finding]:
        move, before = claim.move, chain[-1] if chain else None
        what = f"{move.record.canary} {move.record.action.value}"
        wrong = fault(before, move)
        if wrong and not self._cut(move, chain):
            yield _finding(move.revision, f"{what}: it {wrong}.", "git log --graph")
        elif before and not self._lineage.descends(move.revision, before.revision):
            text = f"{what}: its previous move is no ancestor of it."
            yield _finding(move.revision, text, "git log --graph")
        if before and move.date_ms < before.date_ms:
            text = f"{what}: it is older than its previous move."
            yield _finding(move.revision, text, "git log --format=fuller")
        if move.record.action is Action.INITIALISE:
            yield from self._rewriter.check(move, claim.raw, forge=forge)
        else:
            yield from self._checker.check(move, claim.raw, chain, forge=forge)

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


def rolls(chain: Sequence[Move]) -> bool:
    """Tell whether a chain is a rollout, which rests on evidence, and does not initialise."""
    return chain[0].record.action is not Action.INITIALISE


def _finding(revision: Revision, problem: str, remedy: str) -> Finding:
    return Finding(kind=Kind.DIFFERENCE, revision=revision, problem=problem, remedy=remedy)
