"""One commit of ours, checked against its parent, its evidence and its policy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.app.reading import Reader
from gitops_canary.core import recorded
from gitops_canary.core.edits import Ground, confirm, edits
from gitops_canary.core.evidence import decision_path, digest, owned_json
from gitops_canary.core.message import rollout_id
from gitops_canary.core.plan import QUARANTINE, quarantine_entry
from gitops_canary.core.recompute import recompute
from gitops_canary.errors import CanaryError, EditRefused, NewerRecordError, VerificationError
from gitops_canary.git.objects import RawCommit
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest import quarantine
from gitops_canary.manifest.policy import policy_from_json
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.names import BlobId, CanaryId, Digest, Path, Revision
from gitops_canary.model.rollout import Action, Move
from gitops_canary.model.spec import CanarySpec

Json = dict[str, Any]


@dataclass(slots=True)
class Decisions:
    """The decisions of a clone; `bulk` is the evidence branch's tip: path to blob."""

    clone: PlainClone
    bulk: Mapping[Path, BlobId] | None
    """None where this clone has no evidence branch."""

    def of(self, move: Move, number: int) -> Json:
        """Read a move's decision.

        Raises:
            VerificationError: it is not there, or not what the commit says.
        """
        path = decision_path(move.record, number)
        blob = (self.bulk or {}).get(path)
        if blob is None:
            raise VerificationError(
                f"Its evidence {path} is not on the evidence branch.",
                remedy="git fetch origin gitops-canary/evidence:"
                "refs/remotes/origin/gitops-canary/evidence",
            )
        data = self.clone.read([blob])[blob]
        if digest(data) != move.record.evidence:
            raise VerificationError(
                f"Its evidence {path} is not the one it was decided on: the sha256 differs.",
                remedy=f"git log -- {path} on the evidence branch shows who changed it",
            )
        return read_decision(data, name=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks moves one by one."""

    clone: PlainClone
    reader: Reader
    hooked: Reader
    """Reads Canaries with their webhooks, which an operator may do without."""
    decisions: Decisions

    def check(
        self, move: Move, raw: RawCommit, before: Sequence[Move], *, forge: bool
    ) -> Iterator[Finding]:
        """Yield what is wrong with one move, given the moves of its rollout before it.

        A commit that a forge wrote for us may have another author.
        """
        yield from (differs(move, text) for text in shape(raw, forge=forge))
        document = None
        try:
            document = self.decisions.of(move, len(before) + 1)
        except NewerRecordError as error:
            yield beyond(move, error)
        except CanaryError as error:
            lost = self.decisions.bulk is None
            yield Finding(
                kind=Kind.UNREADABLE if lost else Kind.DIFFERENCE,
                revision=move.revision,
                problem=error.problem,
                remedy=error.remedy,
            )
        if document is None:
            return
        yield from (differs(move, text) for text in self._claims(move, raw, document))
        try:
            yield from (differs(move, text) for text in recompute(document, before))
        except NewerRecordError as error:
            yield beyond(move, error)
        except (KeyError, ValueError, ArithmeticError) as error:
            yield differs(move, f"its decision cannot be decided again: {error!r}")
        yield from self._tree(move, raw, document, before)

    def _claims(self, move: Move, raw: RawCommit, document: Json) -> Iterator[str]:
        """Hold the trailers against the evidence, and the time against the commit's date."""
        evidence = move.record.evidence
        assert evidence is not None, "its digest was compared"
        told = recorded.record(document, evidence)
        if told != move.record:
            names = [
                name for name in told.__slots__ if getattr(told, name) != getattr(move.record, name)
            ]
            yield f"its trailers and its evidence disagree about {', '.join(names)}"
        decided_s = recorded.act(document).at_ms // 1000
        if move.date_ms // 1000 < decided_s > self._newest_s(move, raw):
            yield "it is dated before its own decision"

    def _newest_s(self, move: Move, raw: RawCommit) -> int:
        """Give the newest date of what a move rests on: a clock that was ahead may have made it.

        The decision has that date then, and the commit the time that was told (`core.dating`).
        """
        names = [*map(Revision, raw.parents), move.record.source]
        found = self.clone.commits(names).values()
        return max((one.date_s for one in found if one), default=0)

    def _tree(
        self, move: Move, raw: RawCommit, document: Json, earlier: Sequence[Move]
    ) -> Iterator[Finding]:
        """Make the change again on the parent: the commit must be that, to the byte."""
        if len(raw.parents) != 1:
            return
        parent = Revision(raw.parents[0])
        before = self.clone.commits([parent])[parent]
        if before is None:
            yield unread(move, "its parent is not in this clone", "git fetch --unshallow origin")
            return
        changed = self.clone.tree_changes(before.tree, raw.tree)
        try:
            yield from self._again(move, parent, document, changed, earlier)
        except (VerificationError, EditRefused) as error:
            yield differs(move, error.problem.rstrip("."))
        except CanaryError as error:
            yield unread(move, f"its change cannot be made again: {error.problem}", error.remedy)
            told = {change["path"] for change in document["changes"]}
            yield from (
                differs(move, f"it changes {path}, which its evidence does not tell")
                for path in sorted(changed.keys() - told)
            )

    def _again(
        self,
        move: Move,
        parent: Revision,
        document: Json,
        changed: Mapping[Path, BlobId | None],
        earlier: Sequence[Move],
    ) -> Iterator[Finding]:
        """Make the move again, and hold every changed file and the owned values against it.

        Raises:
            CanaryError: the revision cannot be read by today's code.
            VerificationError: its evidence tells other owned values than the revision has.
        """
        canary = move.record.canary
        policy = policy_from_json(document["policy"]["effective"])
        spec = self._spec(canary, parent, earlier).pinned(policy)
        tip = self._ground(parent, spec)
        stable = self.reader.ground(move.record.stable, canary)
        act, router = recorded.act(document), self.reader.router(spec)
        act = replace(act, weight=move.record.weight_to)
        if act.override and spec.control.promote != move.record.rollout:
            raise VerificationError(
                "its evidence claims an override, which no person asked for",
                remedy="look at control.promote of the Canary at its parent",
            )
        files = dict(edits(act, spec=spec, tip=tip, stable=stable, router=router))
        if act.quarantine:
            old = self.reader.text(parent, QUARANTINE)
            entry = quarantine_entry(act, move.record.version, tip.owned.candidate.digest)
            if (new := quarantine.add(old, entry)) != old:
                files[QUARANTINE] = new
        wrong = list(compare(self.clone, changed, files))
        yield from (differs(move, text) for text in wrong)
        if not wrong:
            # To the byte what was made again, so what the commit holds is what the move gives.
            after = self._ground(move.revision, spec).owned
            confirm(act, before=tip.owned, after=after, place=spec.place)
            seen = {"before": owned_json(tip.owned), "after": owned_json(after)}
            self._hold(move, document, seen)

    def _spec(self, canary: CanaryId, parent: Revision, earlier: Sequence[Move]) -> CanarySpec:
        """Find the Canary that a move is about; one deleted meanwhile is as its last move had it.

        Raises:
            CanaryError: it cannot be read.
        """
        places = (parent, *(move.revision for move in earlier[-1:]))
        found = (self.reader.view(place).canaries.get(canary) for place in places)
        spec = next((one for one in found if one), None)
        if spec is None:
            self.reader.ground(parent, canary)  # says what is wrong with it
            raise AssertionError("a ground without a Canary")
        return spec

    def _ground(self, revision: Revision, spec: CanarySpec) -> Ground:
        """Read what a Canary owns; where its document is gone, that is still there."""
        view = self.reader.view(revision)
        if spec.id in view.canaries or spec.id in view.errors:
            return self.reader.ground(revision, spec.id, spec.policy)
        return self.reader.bind(view, spec)

    def _hold(self, move: Move, document: Json, owned_now: Json) -> None:
        """Hold what the evidence says about the repository against the repository.

        Raises:
            VerificationError: it says something else.
        """
        record, wrong = move.record, ""
        policy_at = Revision(document["policy"]["revision"])
        candidate = owned_now["before"]["candidate"]["digest"]
        if _values(document["owned"]) != _values(owned_now):
            wrong = "its evidence tells other owned values than the commit and its parent have"
        elif record.policy not in self._policies(policy_at, record.canary):
            wrong = f"its policy is not the one the Canary had at {policy_at[:12]}"
        elif record.action is Action.START and record.rollout != rollout_id(
            record.canary, record.source, candidate
        ):
            wrong = "its rollout's id does not follow from its source and candidate"
        if wrong:
            raise VerificationError(wrong, remedy="compare its decision with the manifests")

    def _policies(self, revision: Revision, canary: CanaryId) -> Iterator[Digest]:
        """Digest the policies that a controller may have read: without webhooks, or with them."""
        for reader in (self.reader, self.hooked):
            spec = reader.view(revision).canaries.get(canary)
            if spec is not None:
                yield spec.policy.digest


def _values(owned_json: Json) -> Json:
    """Take the digests out: how they are computed may change, what they stand for may not."""
    return {
        when: {
            "weight": values["weight"],
            "candidate": values["candidate"]["images"],
            "primary": values["primary"]["images"],
            "replicas": [values[side]["replicas"] for side in ("candidate", "primary")],
        }
        for when, values in owned_json.items()
    }


def compare(
    clone: PlainClone, changed: Mapping[Path, BlobId | None], wanted: Mapping[Path, str]
) -> Iterator[str]:
    """Hold what a commit changed against the texts its move gives."""
    for path in sorted(changed.keys() - wanted.keys()):
        yield f"it changes {path}, where it owns nothing"
    for path in sorted(wanted.keys() - changed.keys()):
        yield f"it does not change {path}, which its move would"
    for path in sorted(changed.keys() & wanted.keys()):
        blob = changed[path]
        if blob is None or clone.read([blob])[blob] != wanted[path].encode():
            yield f"it changes {path} in another way than its move would"


def shape(raw: RawCommit, *, forge: bool) -> Iterator[str]:
    """Say what is wrong with a commit's parents and people."""
    if len(raw.parents) != 1:
        yield f"it has {len(raw.parents)} parents; a move has one"
    if raw.author != raw.committer and not forge:
        yield "its author is not its committer"


def differs(move: Move, text: str) -> Finding:
    """Say that a move is not what it claims."""
    return Finding(
        kind=Kind.DIFFERENCE,
        revision=move.revision,
        problem=f"{move.record.canary} {move.record.action.value}: {text}.",
        remedy=f"git show {move.revision}",
    )


def beyond(move: Move, error: NewerRecordError) -> Finding:
    """Say that a newer version made a move, so that it is not proven here."""
    what = f"{move.record.canary} {move.record.action.value}: {error.problem}"
    return Finding(kind=Kind.NEWER, revision=move.revision, problem=what, remedy=error.remedy)


def unread(move: Move, text: str, remedy: str) -> Finding:
    """Say that a move could not be checked."""
    return Finding(kind=Kind.UNREADABLE, revision=move.revision, problem=text, remedy=remedy)
