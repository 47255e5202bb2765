"""From decided moves to plans: everything a plan rests on is read at one tip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_canary.app.looking import Look, Seen
from gitops_canary.app.measuring import Timing
from gitops_canary.app.pushing import cannot
from gitops_canary.app.reading import Reader
from gitops_canary.core import initialising
from gitops_canary.core.dating import Clock
from gitops_canary.core.edits import confirm
from gitops_canary.core.evidence import decision_path, digest
from gitops_canary.core.initialising import Beginning
from gitops_canary.core.plan import QUARANTINE, Context, Plan, plan
from gitops_canary.core.undoing import Brought
from gitops_canary.errors import CanaryError, Unavailable
from gitops_canary.manifest.spec_file import policy_json
from gitops_canary.model.decision import Act, Hold
from gitops_canary.model.names import CanaryId, Digest, Path, Revision
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.rollout import Action, Rollout
from gitops_canary.model.spec import CanarySpec, Policy
from gitops_canary.ports import Git


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the moves of one look."""

    reader: Reader
    git: Git
    timing: Timing
    clock: Clock

    def plans(
        self,
        acts: Sequence[Act],
        seen: Look,
        answers: Mapping[CanaryId, Mapping[Question, Answer]],
        proofs: Revision | None,
        begun: Mapping[CanaryId, Beginning],
    ) -> tuple[list[Plan], dict[CanaryId, Hold]]:
        """Plan what takes traffic back first; what cannot be planned is held with its reason.

        Each is made on the texts that those before it leave, as they are pushed together: nobody
        writes into another one's places. `proofs` is the tip of the evidence branch.
        """
        plans: list[Plan] = []
        refused: dict[CanaryId, Hold] = {}
        entries = self.reader.text(seen.view.revision, QUARANTINE)
        texts: dict[Path, str] = {}
        # Each request is merged by itself, so none rests on another's entry, or text.
        apart = self.timing.landed
        for act in sorted(acts, key=lambda a: (not a.urgent, a.canary)):
            if act.action is Action.INITIALISE:
                plans.append(initialising.plan(act, begun[act.canary]).dated(self.clock, 0))
                continue
            one = seen.seen[act.canary]
            own = answers.get(act.canary, {})
            try:
                made = self._plan(act, _over(one, texts), seen, own, entries, proofs)
                plans.append(made.dated(self.clock, one.situation.since_ms))
                entries = entries if apart else made.files.get(QUARANTINE, entries)
                texts |= {} if apart else made.files
            except Unavailable:
                raise
            except CanaryError as error:
                refused[act.canary] = cannot(act.canary, error)
        return plans, refused

    def _plan(
        self,
        act: Act,
        one: Seen,
        seen: Look,
        answers: Mapping[Question, Answer],
        entries: str,
        proofs: Revision | None,
    ) -> Plan:
        assert one.stable is not None, "a move without a stable revision is never decided"
        assert one.situation.stable is not None, "as above"
        rollout = one.rollout if one.rollout and one.rollout.id == act.rollout else None
        spec = one.spec.pinned(one.spec.policy if rollout is None else one.policy)
        router = self.reader.router(spec)
        tip = one.pinned_at if rollout and one.pinned_at else seen.view.revision
        policy, pinned = self._policy(act, spec, rollout, tip)
        context = Context(
            spec=spec,
            policy=policy,
            policy_json=policy_json(policy),
            rollout=rollout,
            source=one.source,
            stable_revision=one.situation.stable,
            tip=one.tip,
            stable=one.stable,
            quarantine=entries,
            earlier=self._earlier(rollout, proofs),
            answers=answers,
            policy_revision=pinned,
            origins=self._origins(pinned, act.canary),
            scrape_ms=self.timing.scrape_ms,
            lag_ms=self.timing.lag_ms,
            scrape_timeout_ms=self.timing.scrape_timeout_ms,
            landed=self.timing.landed,
            brought=self._brought(rollout, seen.view.revision)
            if rollout and act.restores
            else None,
            rule=self.timing.rule,
        )
        made = plan(act, context, router)
        assert made.after is not None, "its ground was read"
        confirm(act, before=one.tip.owned, after=made.after, place=one.spec.place)
        return made

    def _brought(self, rollout: Rollout, tip: Revision) -> Brought | None:
        """List what the commit changed that asked for a version; of a merge, on its branch.

        None where a person accepted a history without it: no abort waits for it.
        """
        source = rollout.moves[0].record.source
        if not self.git.contains(tip, source):
            return None
        parents = self.git.commit(source).parents
        before = self.git.files(parents[0]) if parents else {}
        after = self.git.files(source)
        paths = [path for path in {*before, *after} if before.get(path) != after.get(path)]
        return Brought(before={p: before[p].id if p in before else None for p in paths})

    def _policy(
        self, act: Act, spec: CanarySpec, rollout: Rollout | None, otherwise: Revision
    ) -> tuple[Policy, Revision]:
        """Give the policy that the attempt was pinned to, and where it was read.

        A canary that is scaled down after its rollout still belongs to that one.
        """
        if rollout is None or act.action is Action.START:
            return spec.policy, otherwise
        started = rollout.started.revision
        then = self.reader.view(started).canaries.get(act.canary)
        return (then.policy, started) if then else (spec.policy, otherwise)

    def _origins(self, revision: Revision, canary: CanaryId) -> Mapping[str, str]:
        spec = self.reader.view(revision).canaries.get(canary)
        return spec.origins if spec else {}

    def _earlier(self, rollout: Rollout | None, tip: Revision | None) -> Sequence[bytes]:
        """Read the rollout's decisions so far; no move waits for one that cannot be read."""
        if tip is None or rollout is None:
            return ()
        return [
            self._decision(tip, decision_path(move.record, number), move.record.evidence)
            for number, move in enumerate(rollout.moves, 1)
        ]

    def _decision(self, tip: Revision, path: Path, wanted: Digest | None) -> bytes:
        """Read one decision; empty where it is not what its commit says, which `verify` names."""
        try:
            data = self.reader.text(tip, path).encode()
        except Unavailable:
            raise
        except CanaryError:
            return b""
        return data if digest(data) == wanted else b""


def _over(one: Seen, texts: Mapping[Path, str]) -> Seen:
    """Give a canary on the texts that moves before its own leave; what it owns is as it was."""
    if texts.keys().isdisjoint(one.tip.texts):
        return one
    now = {path: texts.get(path, text) for path, text in one.tip.texts.items()}
    return replace(one, tip=replace(one.tip, texts=now))
