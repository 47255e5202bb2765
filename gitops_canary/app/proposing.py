"""The branches of single moves: what lies on them, held against the target branch; new ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_canary.app.guarding import resting
from gitops_canary.app.pushing import Tips
from gitops_canary.app.vouching import Witness
from gitops_canary.core import delivery
from gitops_canary.core.delivery import Hand, Proposal
from gitops_canary.core.evidence import digest, owned_values
from gitops_canary.core.message import parse
from gitops_canary.core.plan import Plan
from gitops_canary.delivery_ports import Branches, Choice
from gitops_canary.errors import CanaryError, Conflict, HistoryError, Locked, Refused
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.request import Request, Stage
from gitops_canary.model.rollout import Record
from gitops_canary.ports import Git

Created = Mapping[str, Revision | CanaryError]
_UPDATES_MAX = 50
"""Merges of the target branch into a move's that are passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposing:
    """Reads and writes the branches of one target branch's moves."""

    git: Git
    branches: Branches
    witness: Witness
    target: str
    evidence: bool
    """Whether moves are written with evidence."""
    sealed: bool = False
    """Whether the forge writes the commits, so that only a seal makes them ours: then no abort goes
    without evidence where that cannot be written, and all that is sealed has to be so still."""

    def there(self, tips: Tips, due: Mapping[str, Plan], choose: Choice) -> dict[str, Proposal]:
        """Look at the branches chosen; `due` are the moves that are due, by their branches."""
        found = self.branches.below(delivery.prefix(self.target), choose)
        return {b: self._proposal(b, tip, tips, due.get(b)) for b, tip in found.items()}

    def proofs(self, tips: Tips) -> Revision | None:
        """Give the evidence branch as it is now: others write there while the target rests.

        Raises:
            Conflict: it names what the target has lost, or not got, since the look began.
        """
        evidence = self.git.fetch()[1]
        if evidence is None or evidence == tips[1]:
            return evidence  # whoever looked has held that against the target
        named = resting(self.git, evidence, self.target)
        if named is not None and not self.git.contains(tips[0], named):
            raise Conflict(
                f"The evidence is of {named[:12]}, which {self.target} does not have.",
                remedy="nothing: the controller looks again",
            )
        return evidence

    def moved_from(self, main: Revision) -> bool:
        """Ask whether the target branch is elsewhere by now."""
        return self.git.poll() != main

    def undone(self, main: Revision, request: Request) -> bool:
        """Ask whether the target branch lacks what a request has brought, as far as we know."""
        if request.stage is not Stage.MERGED or request.merged is None:
            return False
        return not self.git.contains(main, request.merged)

    def delete(self, there: Proposal) -> None:
        """Delete a branch that is as it was seen."""
        self.branches.delete(there.branch, there.tip)

    def create(self, chosen: Mapping[str, Plan], tips: Tips) -> Created:
        """Push moves to branches of their own; the tip of each, or why the server refuses it.

        Raises:
            Conflict: another process was faster with something else.
            Unavailable: the server did not answer.
        """
        try:
            return self._push(chosen, tips, evidence=self.evidence)
        except (Refused, Locked) as error:
            if len(chosen) > 1:
                return self._apart(chosen, tips)
            [plan] = chosen.values()
            if not (plan.act.urgent and self.evidence and not self.sealed):
                return dict.fromkeys(chosen, error)
            return self._bare(chosen, tips)

    def _apart(self, chosen: Mapping[str, Plan], tips: Tips) -> Created:
        made: dict[str, Revision | CanaryError] = {}
        for branch, plan in chosen.items():
            made |= self.create({branch: plan}, tips)
            _, evidence = self.git.fetch()
            tips = (tips[0], evidence)
        return made

    def _bare(self, chosen: Mapping[str, Plan], tips: Tips) -> Created:
        try:
            return self._push(chosen, tips, evidence=False)
        except (Refused, Locked) as error:
            return dict.fromkeys(chosen, error)

    def _push(
        self, chosen: Mapping[str, Plan], tips: Tips, *, evidence: bool
    ) -> Mapping[str, Revision]:
        proofs = [plan.evidence for plan in chosen.values() if plan.evidence]
        return self.branches.create(
            onto=tips[0],
            commits={branch: plan.commit for branch, plan in chosen.items()},
            evidence_onto=tips[1],
            evidence=proofs if evidence else (),
        )

    def _proposal(self, branch: str, tip: Revision, tips: Tips, due: Plan | None) -> Proposal:
        main, proofs = tips
        head = self.git.commit(tip)
        own = self._own(head)
        record = _record(own)
        if record and delivery.branch_of(self.target, record) != branch:
            record = None
        hand = self._hand(own, head, main, record, due)
        if hand is Hand.OURS and record and due and not self._proven(record, due, proofs):
            hand = Hand.STALE
        return Proposal(
            branch=branch,
            tip=tip,
            hand=hand,
            record=record,
            message=own.message,
            landed=self.git.contains(main, tip),
        )

    def _hand(
        self, own: Commit, head: Commit, main: Revision, record: Record | None, due: Plan | None
    ) -> Hand:
        if record is None or not self._only_updated(own, head, main):
            return Hand.FOREIGN
        holds = self._fresh(own, main) and (due is None or delivery.same(due.record, record))
        return Hand.OURS if holds else Hand.STALE

    def _proven(self, record: Record, due: Plan, proofs: Revision | None) -> bool:
        """Whether the evidence of a move is still there, and its seal would bind what is merged.

        Another move for the same place in the chain writes over it; one that was taken back for
        that can be opened again by anybody.
        """
        if due.evidence is None or record.evidence is None or proofs is None:
            return True
        wanted = due.record.evidence
        written = due.evidence.files.items()
        paths = [path for path, data in written if data is not None and digest(data) == wanted]
        files = self.git.files(proofs)
        blobs = [files[path].id for path in paths if path in files]
        found = [d for d in self.git.read(blobs).values() if digest(d) == record.evidence]
        if not self.sealed:
            return bool(found)
        now = [owned_values(due.evidence.files[path] or b"") for path in paths]
        return [owned_values(data) for data in found] == now

    def _own(self, head: Commit) -> Commit:
        """Find the move's commit: behind the merges by which a branch is brought up to date."""
        for _ in range(_UPDATES_MAX):
            if len(head.parents) < 2:  # noqa: PLR2004 - a merge has two
                break
            head = self.git.commit(head.parents[0])
        return head

    def _only_updated(self, own: Commit, head: Commit, main: Revision) -> bool:
        """Whether a branch holds the move's commit, and besides it only what the target has."""
        if len(own.parents) != 1 or not self.git.contains(main, own.parents[0]):
            return False
        if own.revision == head.revision:
            return True
        base = head.parents[1]
        mine = self._touched(own)
        if not self.git.contains(main, base):
            return False
        if self.witness.differing(base, head.revision) != mine:
            return False
        files = self.git.files(own.revision), self.git.files(head.revision)
        return all(files[0].get(path) == files[1].get(path) for path in mine)

    def _fresh(self, own: Commit, main: Revision) -> bool:
        """Whether the target branch still has, of what the move changes, what it had."""
        moved = self.witness.differing(own.parents[0], main)
        return self._touched(own).isdisjoint(moved)

    def _touched(self, own: Commit) -> frozenset[Path]:
        return self.witness.differing(own.parents[0], own.revision)


def _record(own: Commit) -> Record | None:
    if not own.ours:
        return None
    try:
        return parse(own.message, own.revision)
    except HistoryError:
        return None  # what cannot be read is no move: the branch is left to whoever wrote it
