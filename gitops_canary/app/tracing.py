"""Who made the owned values of one canary what they are, and where they were stable; read only."""

from collections.abc import Callable
from dataclasses import dataclass

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.reading import Reader
from gitops_canary.app.trail import Bearing, Value
from gitops_canary.core.edits import Ground
from gitops_canary.core.message import rollout_id
from gitops_canary.core.replay import Misfit
from gitops_canary.errors import CanaryError, Unavailable
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.owned import Owned, Templates
from gitops_canary.model.rollout import Move, Rollout
from gitops_canary.model.spec import CanarySpec, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The candidate at the tip: whose it is and which rollout it has or would have."""

    rollout: RolloutId
    source: Commit
    """The newest revision that changed an owned candidate value."""
    fresh: bool
    """A person changed it since our newest move, even where it is the same again."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One canary in the history of one tip."""

    reader: Reader
    graph: Graph
    canary: CanaryId
    tip: Ground

    def candidate(self, rollout: Rollout | None, written: Ground | None) -> Candidate:
        """Find who changed the candidate; the tip stands in where nothing rolls."""
        owned = self.tip.owned
        same = written is not None and written.owned.candidate.digest == owned.candidate.digest
        if owned.settled and (rollout is None or rollout.last.record.over):
            # Nothing rolls and nothing starts, so nobody needs to know; most canaries rest.
            tip = self.graph.commit(self.graph.tip)
            return Candidate(rollout=self._name(tip.revision), source=tip, fresh=not same)
        fresh = not (rollout and same and self._kept_since(rollout.last))
        if rollout and not fresh:
            first = rollout.moves[0]
            record = first.record
            own = self._name(record.source) == rollout.id
            if own and self._kept_since(first):
                source = self.graph.commit(record.source)
                return Candidate(rollout=rollout.id, source=source, fresh=False)
        if owned.settled and not (written and fresh):
            source = self.graph.commit(self.graph.tip)
        else:
            source = self._origin(self._candidate)
        return Candidate(rollout=self._name(source.revision), source=source, fresh=fresh)

    def override(self) -> Commit:
        """Find who last changed weight, route or primary."""
        return self._origin(self._override)

    def promoter(self) -> Commit:
        """Find who gave the primary what it runs."""
        return self._origin(self._primary)

    def renewed(self, candidate: Candidate, override: Commit, *, ours: bool) -> bool:
        """Tell whether the candidate is as new as the newest override, or newer.

        One commit that changes both (the revert of an abort does) counts as a new candidate, but
        not where no move of ours came before it (`ours`): that is a rollout somebody else began.
        """
        source = candidate.source.revision
        if source == override.revision:
            return ours
        return self.graph.contains(source, override.revision)

    def answered(self, override: Commit) -> bool:
        """Tell whether `control.resume` is as new as the newest override: no word is older."""
        said = self._origin(self._resume).revision
        return said == override.revision or self.graph.contains(said, override.revision)

    def beyond(self, record: Misfit | None, candidate: Candidate) -> str:
        """Say why a record cannot be read, as long as what it did is there; empty once it is over.

        Its rollout is over where all traffic goes to the primary, and candidate and primary are
        the same or the candidate is newer.
        """
        owned = self.tip.owned
        if record is None or (owned.settled and not owned.exposed):
            return ""
        newer = self.graph.contains(candidate.source.revision, record.revision)
        return "" if newer and not owned.exposed else record.why

    def stable(self, rollout: Rollout | None, name: RolloutId) -> Revision | None:
        """Find the newest revision to go back to: settled, weight 0, serving today's primary.

        Today's primary is asked for because an old side branch that was merged late holds
        revisions that were once stable and are not what production runs.
        """
        owned = self.tip.owned
        if rollout and (rollout.id == name or owned.settled):
            return rollout.moves[0].record.stable
        if owned.settled and not owned.exposed:
            return self.graph.tip
        found = self.graph.trail.first(Value(self._is_stable, self._bearing))
        return found or (rollout.moves[0].record.stable if rollout else None)

    def _origin(self, value: Callable[[Revision], str | None]) -> Commit:
        return self.graph.commit(self.graph.trail.origin(Value(value, self._bearing)))

    def _kept_since(self, move: Move) -> bool:
        """Tell whether nobody changed the candidate since a move, not even there and back."""
        return self.graph.trail.kept(Value(self._candidate, self._bearing), move.revision)

    def _name(self, source: Revision) -> RolloutId:
        return rollout_id(self.canary, source, self.tip.owned.candidate.digest)

    def _is_stable(self, revision: Revision) -> bool:
        owned = self._owned(revision)
        return (
            owned is not None
            and owned.settled
            and not owned.exposed
            and owned.primary.digest == self.tip.owned.primary.digest
        )

    def _candidate(self, revision: Revision) -> str | None:
        owned = self._owned(revision)
        return owned.candidate.digest if owned else None

    def _primary(self, revision: Revision) -> str | None:
        owned = self._owned(revision)
        if owned is None:
            return None
        whole = isinstance(self.tip.binding.versions, Templates)
        return owned.primary.digest if whole else owned.primary.version

    def _resume(self, revision: Revision) -> str | None:
        spec = self.reader.view(revision).canaries.get(self.canary)
        return spec.control.resume if spec else None

    def _override(self, revision: Revision) -> str | None:
        owned = self._owned(revision)
        if owned is None:
            return None
        weight = f"{owned.weight.normalize()} {owned.mirrored} {owned.kept}"
        return f"{weight} {owned.shape} {owned.primary.digest}"

    def _owned(self, revision: Revision) -> Owned | None:
        return owned_at(self.reader, revision, self.canary)

    def _bearing(self, revision: Revision) -> Bearing | None:
        try:
            return self.reader.bearing(revision, self.canary)
        except Unavailable:
            raise
        except CanaryError:
            return None  # nothing is passed over then: `_owned` meets the same error


def ground_with(reader: Reader, revision: Revision, spec: CanarySpec, policy: Policy) -> Ground:
    """Read what a canary owns at a revision, by `spec` where its own document is gone.

    Raises:
        CanaryError: it cannot be read, or bound.
    """
    view = reader.view(revision)
    if spec.id in view.canaries or spec.id in view.errors:
        return reader.ground(revision, spec.id, policy)
    return reader.bind(view, spec.pinned(policy))


def owned_at(reader: Reader, revision: Revision, canary: CanaryId) -> Owned | None:
    """Read the owned values of a revision; as `ground_at`."""
    ground = ground_at(reader, revision, canary)
    return ground.owned if ground else None


def ground_at(reader: Reader, revision: Revision, canary: CanaryId) -> Ground | None:
    """Read what a canary owns at a revision; None where it cannot be read.

    Raises:
        Unavailable: the clone is damaged, or does not answer.
    """
    try:
        return reader.ground(revision, canary)
    except Unavailable:
        raise  # else a damaged clone would look like another history
    except CanaryError:
        # Not swallowed: at the tip the same error holds the canary and is told.
        return None


def deletion(reader: Reader, graph: Graph, canary: CanaryId) -> CanarySpec | None:
    """Give the spec at the parent of the commit that deleted a Canary; None if it never was."""
    own = Bearing(labels=frozenset(), others=frozenset({canary}))
    there = Value(lambda revision: canary in reader.view(revision).canaries, lambda _: own)
    gone = graph.commit(graph.trail.origin(there))
    specs = (reader.view(parent).canaries.get(canary) for parent in gone.parents)
    return next((spec for spec in specs if spec), None)
