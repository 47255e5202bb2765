"""Everything Git says about the canaries of one tip, before anything else is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.pushing import cannot
from gitops_canary.app.reading import Reader, View
from gitops_canary.core.edits import Ground
from gitops_canary.core.message import rollout_id
from gitops_canary.core.plan import QUARANTINE
from gitops_canary.core.replay import OVER, History
from gitops_canary.core.situation import Situation
from gitops_canary.core.text import iso
from gitops_canary.errors import CanaryError
from gitops_canary.manifest import bindings, quarantine
from gitops_canary.manifest.image_changes import ImageChange
from gitops_canary.model.commits import Commit
from gitops_canary.model.decision import Hold
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.observation import Expectation
from gitops_canary.model.rollout import Action, Rollout
from gitops_canary.model.spec import CanarySpec, Policy, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One canary as Git shows it. `situation` lacks only what is measured."""

    spec: CanarySpec
    policy: Policy
    tip: Ground
    written: Ground | None
    stable: Ground | None
    source: Revision
    situation: Situation

    @property
    def rollout(self) -> Rollout | None:
        """The newest rollout, running or over."""
        return self.situation.rollout

    @property
    def running(self) -> bool:
        """Whether its newest move expects another one."""
        return self.rollout is not None and self.situation.last not in OVER


@dataclass(frozen=True, slots=True)
class Look:
    """All canaries of one tip: seen, or held because they cannot be."""

    view: View
    history: History
    seen: Mapping[CanaryId, Seen]
    held: Mapping[CanaryId, Hold]
    unmanaged: tuple[ImageChange, ...] = ()


def look(
    reader: Reader, graph: Graph, now_ms: int, known: dict[CanaryId, Seen] | None = None
) -> Look:
    """Look at every canary of a tip; what is wrong with one never stops another.

    `known` keeps what was seen, for the next look at the same tip.

    Raises:
        HistoryError: a commit of ours cannot be read.
    """
    view = reader.view(graph.tip)
    history = graph.history
    entries = quarantine.parse(reader.text(graph.tip, QUARANTINE))
    eye = _Eye(reader, graph, history, entries, now_ms, {} if known is None else known)
    seen: dict[CanaryId, Seen] = {}
    held = {canary: cannot(canary, error) for canary, error in view.errors.items()}
    for canary, spec, deleted in _canaries(reader, view, history):
        unread = _unread(view, spec) if deleted else None
        try:
            if unread:
                raise unread
            seen[canary] = eye.look_again(view, spec, deleted=deleted)
        except CanaryError as error:
            held[canary] = cannot(canary, error)
    for canary, clash in bindings.conflicts({c: s.tip.binding for c, s in seen.items()}).items():
        held[canary] = cannot(canary, clash)
        del seen[canary]
    return Look(view, history, seen, held)


def _canaries(
    reader: Reader, view: View, history: History
) -> Iterator[tuple[CanaryId, CanarySpec, bool]]:
    """List the canaries at the tip, then those deleted while they were rolling."""
    for canary, spec in view.canaries.items():
        yield canary, spec, False
    for canary, found in history.moves.items():
        if canary in view.canaries or canary in view.errors or found[0].record.action in OVER:
            continue
        spec_then = reader.view(found[0].revision).canaries.get(canary)
        if spec_then:
            yield canary, spec_then, True


def _unread(view: View, spec: CanarySpec) -> CanaryError | None:
    """Say why a Canary that seems gone cannot be read: it is broken then, not deleted."""
    names = (CanaryId(spec.place.file), CanaryId(f"{spec.namespace}/{spec.name}"))
    return next((view.errors[name] for name in names if name in view.errors), None)


@dataclass(frozen=True, slots=True)
class _Eye:
    reader: Reader
    graph: Graph
    history: History
    entries: tuple[quarantine.Entry, ...]
    now_ms: int
    known: dict[CanaryId, Seen]
    """What was seen at this tip before."""

    def look_again(self, view: View, spec: CanarySpec, *, deleted: bool) -> Seen:
        """See a canary; at a tip that was looked at before, only the clock has moved."""
        known = self.known.get(spec.id)
        if known is None:
            self.known[spec.id] = known = self.see(view, spec, deleted=deleted)
            return known
        quarantined = self._quarantined(spec, known.tip)
        situation = replace(known.situation, now_ms=self.now_ms, quarantined=quarantined)
        return replace(known, situation=situation)

    def see(self, view: View, spec: CanarySpec, *, deleted: bool) -> Seen:
        tip = self.reader.bind(view, spec)
        rollout = self.history.rollout(spec.id)
        running = rollout is not None and rollout.last.record.action not in OVER
        written = self.reader.ground(rollout.last.revision, spec.id) if rollout else None
        source = self._source(spec, tip, written)
        name = rollout_id(spec.id, source.revision, tip.owned.candidate.digest)
        stable_at = self._stable(spec, tip, rollout, name)
        stable = self.reader.ground(stable_at, spec.id) if stable_at else None
        policy = self._pinned(spec, rollout) if running and rollout else spec.policy
        situation = Situation(
            canary=spec.id,
            policy=policy,
            control=spec.control,
            suspend=spec.suspend,
            deleted=deleted,
            tip=tip.owned,
            written=written.owned if written else None,
            rollout=rollout,
            candidate_id=name,
            source_ms=source.date_ms,
            stable=stable_at,
            stable_replicas=stable.owned.candidate.replicas if stable else None,
            renewed=False,
            quarantined=self._quarantined(spec, tip),
            tip_ms=self.graph.commit(self.graph.tip).date_ms,
            live=None,
            verdicts=(),
            now_ms=self.now_ms,
        )
        if situation.moved and situation.fresh:
            situation = replace(situation, renewed=self._renewed(spec, source))
        return Seen(
            spec=spec,
            policy=policy,
            tip=tip,
            written=written,
            stable=stable,
            source=source.revision,
            situation=situation,
        )

    def _source(self, spec: CanarySpec, tip: Ground, written: Ground | None) -> Commit:
        """Find who changed the candidate; the tip stands in where nothing rolls."""
        fresh = written is not None and written.owned.candidate != tip.owned.candidate
        if tip.owned.settled and not fresh:
            return self.graph.commit(self.graph.tip)
        return self.graph.origin(lambda r: self._value(r, spec.id, "candidate"))

    def _renewed(self, spec: CanarySpec, source: Commit) -> bool:
        """Whether the candidate is as new as the newest override, or newer.

        One commit that changes both (the revert of an abort does) counts as a new candidate.
        """
        override = self.graph.origin(lambda r: self._value(r, spec.id, "override"))
        return self.graph.contains(source.revision, override.revision)

    def _value(self, revision: Revision, canary: CanaryId, part: str) -> str | None:
        """Give one owned value of a revision in a comparable form; None where it has none."""
        try:
            owned = self.reader.ground(revision, canary).owned
        except CanaryError:
            # A revision that cannot be read differs from every one that can.
            return None
        if part == "candidate":
            return owned.candidate.digest
        return f"{owned.weight.normalize()} {owned.shape} {owned.primary.digest}"

    def _stable(
        self, spec: CanarySpec, tip: Ground, rollout: Rollout | None, name: str
    ) -> Revision | None:
        """Find the newest revision to go back to: settled, weight 0, serving today's primary.

        Today's primary is asked for because an old side branch that was merged late holds
        revisions that were once stable and are not what production runs.
        """
        if rollout and (rollout.id == name or tip.owned.settled):
            return rollout.moves[0].record.stable
        if tip.owned.settled and tip.owned.weight == 0:
            return self.graph.tip
        for revision in self.graph.revisions():
            if self._is_stable(revision, spec, tip):
                return revision
        return rollout.moves[0].record.stable if rollout else None

    def _is_stable(self, revision: Revision, spec: CanarySpec, tip: Ground) -> bool:
        try:
            owned = self.reader.ground(revision, spec.id).owned
        except CanaryError:
            # Nothing can be restored from a revision that cannot be read.
            return False
        return (
            owned.settled and owned.weight == 0 and owned.primary.digest == tip.owned.primary.digest
        )

    def _pinned(self, spec: CanarySpec, rollout: Rollout) -> Policy:
        """Read the policy as it was when the rollout started."""
        then = self.reader.view(rollout.started.revision).canaries.get(spec.id)
        return then.policy if then else spec.policy

    def _quarantined(self, spec: CanarySpec, tip: Ground) -> str | None:
        digest = tip.owned.candidate.digest
        entry = quarantine.blocks(self.entries, spec.id, digest, iso(self.now_ms))
        if entry is None or spec.control.retry == entry.rollout:
            return None
        return f"{entry.reason} (rollout {entry.rollout}, until {entry.expires})"


def expectation(seen: Seen, *, delay_ms: int, settle_ms: int) -> Expectation | None:
    """Say what the newest move looks like once it is live; None where nothing was moved.

    Counting starts one delay after the commit's date: a decision is asked no sooner than that, so
    nothing older can be its effect.
    """
    if seen.rollout is None or seen.written is None:
        return None
    move, written = seen.rollout.last, seen.written.owned
    record = move.record
    starts, promotes = record.action is Action.START, record.action is Action.PROMOTE
    known = seen.stable.owned.candidate.images if seen.stable else {}
    visible = written.candidate.visible and written.primary.visible
    return Expectation(
        canary=seen.spec.id,
        revision=move.revision,
        namespace=seen.spec.namespace,
        since_ms=move.date_ms + delay_ms,
        weight_from=record.weight_from,
        weight_to=record.weight_to,
        canary_workload=seen.spec.target.name,
        primary_workload=f"{seen.spec.target.name}-primary",
        canary_images=(written.candidate.images if visible else {}) if starts else None,
        primary_images=(written.primary.images if visible else {}) if promotes else None,
        canary_replicas=written.candidate.replicas if starts else None,
        primary_replicas=written.primary.replicas if promotes else None,
        version_unseen=(starts or promotes) and (not visible or written.candidate.images == known),
        settle_ms=settle_ms,
        matched=seen.policy.strategy is Strategy.AB_TEST,
        routes=seen.written.binding.routes,
        provider=seen.spec.provider,
        apex=seen.spec.apex,
    )
