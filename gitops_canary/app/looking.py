"""Everything Git says about the canaries of one tip, before anything else is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.by_hand import bypass
from gitops_canary.app.proving import proven
from gitops_canary.app.pushing import cannot
from gitops_canary.app.reading import Reader, View
from gitops_canary.app.tracing import Candidate, Trace, deletion, ground_with
from gitops_canary.app.unmanaged import Unmanaged
from gitops_canary.core.edits import Ground
from gitops_canary.core.plan import QUARANTINE
from gitops_canary.core.replay import History
from gitops_canary.core.situation import WATCH_REACH_MS, Situation
from gitops_canary.core.strays import stray
from gitops_canary.errors import CanaryError, SpecError, Unavailable, Uninitialised
from gitops_canary.manifest import contested, quarantine
from gitops_canary.model.commits import Commit
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.rollout import Rollout
from gitops_canary.model.spec import CanarySpec, Control, Policy


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
    pinned_at: Revision | None = None
    """Where `policy` was read; None where that is the tip."""
    override: Commit | None = None
    """Who moved weight, route or primary since our newest move."""
    left: Decimal = Decimal(0)
    """The weight that may be live while the newest move is not."""

    @property
    def rollout(self) -> Rollout | None:
        """The newest rollout, running or over."""
        return self.situation.rollout

    @property
    def running(self) -> bool:
        """Whether its newest move expects another one."""
        return self.situation.running


@dataclass(frozen=True, slots=True)
class Look:
    """All canaries of one tip: seen, or held because they cannot be."""

    view: View
    history: History
    seen: Mapping[CanaryId, Seen]
    held: Mapping[CanaryId, Hold]
    unmanaged: tuple[Unmanaged, ...] = ()
    uninitialised: Mapping[CanaryId, CanarySpec] = field(default_factory=dict)
    """Those of the held that lack their primary, or the route that splits."""

    def measured(self, situations: Mapping[CanaryId, Situation]) -> dict[CanaryId, Seen]:
        """Give what was seen, completed by what was measured of some."""
        return {
            canary: replace(one, situation=situations[canary]) if canary in situations else one
            for canary, one in self.seen.items()
        }


def look(
    reader: Reader, graph: Graph, now_ms: int, known: dict[CanaryId, Seen] | None = None
) -> Look:
    """Look at every canary of a tip; what is wrong with one never stops another.

    `known` keeps what was seen, for the next look at the same tip.
    """
    view = reader.view(graph.tip)
    history = graph.history
    entries = quarantine.legible(reader.text(graph.tip, QUARANTINE))
    eye = _Eye(reader, graph, history, *entries, now_ms, {} if known is None else known)
    seen: dict[CanaryId, Seen] = {}
    held = {canary: cannot(canary, error) for canary, error in view.errors.items()}
    uninitialised: dict[CanaryId, CanarySpec] = {}
    for canary, spec in (*view.canaries.items(), *_deleted(reader, graph, view, history)):
        unread = None if canary in view.canaries else _unread(view, spec)
        try:
            if unread:
                raise unread
            seen[canary] = eye.look_again(view, spec)
        except Unavailable:
            raise  # of the clone, not of this canary: the next tick makes it anew
        except CanaryError as error:
            gone = canary not in view.canaries and not unread
            if isinstance(error, Uninitialised) and not gone:
                uninitialised[canary] = spec
            held[canary] = _gone(canary, error) if gone else cannot(canary, error)
    rolling = {canary for canary, one in seen.items() if _keeps(one.situation)}
    bound = {c: s.tip.binding for c, s in seen.items() if c in rolling or not s.situation.deleted}
    for canary, clash in contested.conflicts(bound, rolling).items():
        held[canary] = cannot(canary, clash)
        del seen[canary]
    return Look(view, history, seen, held, uninitialised=uninitialised)


def _keeps(situation: Situation) -> bool:
    """Whether a canary keeps what another one claims too: it rolls, or its traffic goes back.

    A newcomer must not hold up its abort.
    """
    if situation.deleted:
        return situation.tip.exposed and not (situation.moved or situation.suspend)
    return situation.running


def _gone(canary: CanaryId, error: CanaryError) -> Hold:
    """Hold a canary that was deleted with what it owned: there is nothing to go back to."""
    reason = f"The Canary was deleted, and what it owned cannot be found: {error.problem}"
    return Hold(canary=canary, wait=Wait.IDLE, reason=reason, alert=True)


def _deleted(
    reader: Reader, graph: Graph, view: View, history: History
) -> Iterator[tuple[CanaryId, CanarySpec]]:
    """List the canaries that were deleted while they were rolling, as they were until then."""
    for canary in history.moves:
        rollout = history.rollout(canary)
        if canary in view.canaries or canary in view.errors or rollout is None:
            continue
        if rollout.last.record.over or not _exposing(reader, rollout):
            continue
        if spec := deletion(reader, graph, canary):
            yield canary, spec


def _exposing(reader: Reader, rollout: Rollout) -> bool:
    """Whether the newest move gives the canary requests, or copies of them."""
    last = rollout.last
    spec = reader.view(last.revision).canaries.get(last.record.canary)
    return last.record.weight_to > 0 or (spec is not None and spec.policy.mirror is not None)


def _unread(view: View, spec: CanarySpec) -> CanaryError | None:
    """Say why a Canary that seems gone cannot be read: it is broken then, not deleted."""
    names = (CanaryId(spec.place.file), CanaryId(f"{spec.namespace}/{spec.name}"))
    return next((view.errors[name] for name in names if name in view.errors), None)


def _same(stable: Ground | None, tip: Ground) -> bool:
    """Whether the candidate is what was stable before."""
    if stable is None:
        return False
    return stable.owned.candidate.digest == tip.owned.candidate.digest


def _sleeping(stable: Ground | None, tip: Ground) -> int | None:
    """Give the canary's pods at the stable revision; None where Git does not decide that."""
    return stable.owned.candidate.replicas if stable and tip.binding.versions.idles else None


def _where(error: SpecError) -> str:
    return f"{error.place}: {error.problem}"


def _told(entry: quarantine.Entry) -> str:
    return f"{entry.reason} (rollout {entry.rollout}, until {entry.expires})"


@dataclass(frozen=True, slots=True)
class _Eye:
    reader: Reader
    graph: Graph
    history: History
    entries: tuple[quarantine.Entry, ...]
    illegible: SpecError | None
    """What is wrong with another entry."""
    now_ms: int
    known: dict[CanaryId, Seen]
    """What was seen at this tip before."""

    def look_again(self, view: View, spec: CanarySpec) -> Seen:
        """See a canary; at a tip that was looked at before, only the clock has moved."""
        known = self.known.get(spec.id)
        if known is None:
            self.known[spec.id] = known = self.see(view, spec)
            return known
        situation = replace(known.situation, now_ms=self.now_ms)
        return replace(known, situation=situation)

    def see(self, view: View, spec: CanarySpec) -> Seen:
        policy, pinned_at = self._pinned(spec, rollout := self.history.rollout(spec.id))
        tip = self.reader.bind(view, spec.pinned(policy))
        trace = Trace(self.reader, self.graph, spec.id, tip)
        written = ground_with(self.reader, rollout.last.revision, spec, policy) if rollout else None
        candidate = trace.candidate(rollout, written)
        stable_at = trace.stable(rollout, candidate.rollout)
        stable = self.reader.ground(stable_at, spec.id) if stable_at else None
        barring = self._barring(spec, tip)
        situation = Situation(
            canary=spec.id,
            policy=policy,
            control=spec.control,
            suspend=spec.suspend,
            deleted=spec.id not in view.canaries,
            tip=tip.owned,
            written=written.owned if written else None,
            rollout=rollout,
            candidate_id=candidate.rollout,
            source_ms=candidate.source.date_ms,
            stable=stable_at,
            stable_replicas=_sleeping(stable, tip),
            circular=_same(stable, tip),
            changed=candidate.fresh,
            proven=proven(trace, policy, candidate.source),
            quarantined=_told(barring) if barring else None,
            quarantined_until=barring.expires if barring else "",
            illegible=_where(self.illegible) if self.illegible else "",
            tip_ms=self.graph.commit(self.graph.tip).date_ms,
            beyond=trace.beyond(self.history.illegible.get(spec.id), candidate),
            strange=self._strange(spec),
            bypass=bypass(trace, written, candidate.source),
            now_ms=self.now_ms,
            pinned=pinned_at is not None,
        )
        if override := trace.override() if situation.moved else None:
            situation = self._against(override, situation, trace, candidate)
        return Seen(
            spec=spec,
            policy=policy,
            tip=tip,
            written=written,
            stable=stable,
            source=candidate.source.revision,
            situation=replace(situation, stray=self._stray(spec, situation)),
            pinned_at=pinned_at,
            override=override,
            left=self.history.left(spec.id, rollout.last) if rollout else Decimal(0),
        )

    def _against(
        self, override: Commit, situation: Situation, trace: Trace, candidate: Candidate
    ) -> Situation:
        """Say what is as new as what a person set: the candidate, the word to go on from it."""
        ours = situation.written is not None
        renewed = candidate.fresh and trace.renewed(candidate, override, ours=ours)
        answered = bool(situation.control.resume) and trace.answered(override)
        return replace(situation, renewed=renewed, answered=answered)

    def _stray(self, spec: CanarySpec, situation: Situation) -> tuple[str, ...]:
        if spec.control == Control(paused=spec.control.paused):
            return ()  # nothing is said, which is how most canaries are
        rollout = situation.rollout
        then = self.reader.view(rollout.last.revision).canaries if rollout else {}
        before = then[spec.id].control if spec.id in then else Control()
        known = {situation.candidate_id, *([rollout.id] if rollout else [])}
        old = {entry.rollout for entry in self.entries}
        return tuple(stray(spec.control, before, known, old))

    def _strange(self, spec: CanarySpec) -> str:
        """Say what is wrong with commits under our key that are newer than our newest move."""
        return " ".join(m.why for m in self.history.misfits if m.canary in {spec.id, None})

    def _pinned(self, spec: CanarySpec, rollout: Rollout | None) -> tuple[Policy, Revision | None]:
        """Read the policy as it was when the running rollout started; today's where none runs.

        One that finished a short while ago may still be watched, by the policy it had.
        """
        if rollout is None:
            return spec.policy, None
        last = rollout.last
        young = self.now_ms <= last.date_ms + WATCH_REACH_MS
        if last.record.over and not (last.record.finished and young):
            return spec.policy, None
        started = rollout.started.revision
        then = self.reader.view(started).canaries.get(spec.id)
        if then is None or (last.record.over and not then.policy.watch_ms):
            return spec.policy, None
        return then.policy, started

    def _barring(self, spec: CanarySpec, tip: Ground) -> quarantine.Entry | None:
        """Find what keeps the candidate out; whether that is over yet is not asked here."""
        entry = quarantine.barring(self.entries, spec.id, tip.owned.candidate.digest)
        return None if entry is None or spec.control.retry == entry.rollout else entry
