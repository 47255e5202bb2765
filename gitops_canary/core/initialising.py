"""Initialising, carried out: three commits, each live before the next; no measurement decides.

What is still missing follows from the manifests alone, so a controller that remembers nothing goes
on where it was. A step that was committed and is missing again was taken back by a person, and
stays so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.core.message import compose, rollout_id, subject
from gitops_canary.core.plan import Plan
from gitops_canary.core.text import duration
from gitops_canary.manifest.initial.draft import Stage
from gitops_canary.model.decision import WAY_OUT, Act, Decision, Hold, PlannedCommit, Wait
from gitops_canary.model.names import Path, Revision, RolloutId
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.model.owned import DocRef, Side
from gitops_canary.model.rollout import Action, Move, Outcome, Record
from gitops_canary.model.spec import CanarySpec

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """One canary that is not initialised yet, at one tip."""

    spec: CanarySpec
    tip: Revision
    tip_ms: int
    stages: tuple[Stage, ...]
    """What is missing, in order; never empty."""
    before: Mapping[Path, str]
    """Texts of the files that the next stage changes; new ones are not there."""
    moves: tuple[Move, ...]
    """Of this initialising so far, oldest first."""
    workload: Side
    """What runs, and will be the primary's."""
    routes: tuple[DocRef, ...]
    """The routing objects that split already."""
    selects: tuple[str, str]
    """Label and value of the primary's pods."""
    remarks: tuple[str, ...] = ()
    """What a person has to look at, in whole sentences; of the first step alone."""

    @property
    def step(self) -> int:
        """The step that is due."""
        return int(self.stages[0].step.partition("/")[0])

    @property
    def steps(self) -> int:
        """How many there are."""
        return int(self.stages[0].step.partition("/")[2])


def expected(one: Beginning, *, delay_ms: int, settle_ms: int) -> Expectation | None:
    """Say what the step before the due one looks like once it is live; None for the first.

    Before users are sent to the primary it has to be ready in its version; before the canary rests
    the routes have to lead to the primary.
    """
    if one.step == 1:
        return None
    last = one.moves[-1] if one.moves else None
    ready = one.step == 2  # noqa: PLR2004 - the step that sends users over
    name = one.spec.target.name
    return Expectation(
        canary=one.spec.id,
        revision=last.revision if last else one.tip,
        namespace=one.spec.namespace,
        since_ms=(last.date_ms if last else one.tip_ms) + delay_ms,
        weight_from=ZERO,
        weight_to=ZERO,
        canary_workload=name,
        primary_workload=f"{name}-primary",
        canary_images=None,
        primary_images=one.workload.images if ready else None,
        canary_replicas=None,
        primary_replicas=one.workload.replicas if ready else None,
        version_unseen=False,
        settle_ms=settle_ms,
        workload_kind=one.spec.target.kind,
        routes=() if ready else one.routes,
        provider=one.spec.provider,
        apex=one.spec.apex,
        selects=None if ready else one.selects,
    )


def _asked(spec: CanarySpec, wait: Wait, reason: str) -> Hold:
    return Hold(canary=spec.id, wait=wait, reason=reason, remedy=WAY_OUT[wait].format(spec.id))


def decide(one: Beginning, live: Liveness | None, now_ms: int) -> Decision:
    """Commit the next step, or hold with a reason; `live` is that of what `expected` says."""
    spec = one.spec
    if spec.suspend:
        return _asked(spec, Wait.SUSPENDED, "Nothing is done while suspended.")
    if spec.control.paused:
        return _asked(spec, Wait.PAUSED, "Initialising is paused.")
    if any(move.record.step >= one.step for move in one.moves):
        return Hold(
            canary=spec.id,
            wait=Wait.OVERRIDE,
            reason=f"Step {one.step}/{one.steps} of initialising was committed, and is not there "
            "any more.",
            remedy="commit it again, e.g. by `gitops-canary init`, or delete the Canary",
            alert=True,
        )
    if one.step > 1 and (live is None or live.live_ms is None):
        return _awaited(one, live, now_ms)
    if live is not None and live.assumed and one.step == 2:  # noqa: PLR2004 - sends users over
        return Hold(
            canary=spec.id,
            wait=Wait.PERSON,
            reason="No source sees whether the pods of the primary are ready, so users are not "
            "sent to it.",
            remedy="add argocd, flux, kubernetes or kube-state-metrics, or commit step 2 yourself "
            "(`gitops-canary init`)",
            alert=True,
        )
    at_ms = one.tip_ms if live is None or live.live_ms is None else live.live_ms
    return Act(
        canary=spec.id,
        rollout=one.moves[0].record.rollout if one.moves else _name(one),
        action=Action.INITIALISE,
        step=one.step,
        weight=ZERO,
        verdict=Outcome.NONE,
        failed=0,
        window=None,
        reason=_why(one),
        at_ms=at_ms,
        live=live,
    )


def plan(act: Act, one: Beginning) -> Plan:
    """Write the step down: whole files and the message. Pure; nothing is pushed."""
    stage = one.stages[0]
    record = Record(
        canary=act.canary,
        rollout=act.rollout,
        action=act.action,
        step=act.step,
        steps=one.steps,
        weight_from=ZERO,
        weight_to=ZERO,
        version=one.workload.version or f"template@{one.workload.digest}",
        verdict=Outcome.NONE,
        failed=0,
        threshold=one.spec.policy.threshold,
        window=None,
        policy=one.spec.policy.digest,
        evidence=None,
        source=one.moves[0].record.source if one.moves else one.tip,
        stable=one.moves[0].record.stable if one.moves else one.tip,
        previous=one.moves[-1].revision if one.moves else None,
        reverts=(),
    )
    message = compose(
        subject(act.canary, f"initialise: {stage.title}", f"step {act.step}/{one.steps}"),
        paragraphs=(_why(one), f"Version: {record.version}.", *one.remarks),
        verdict=None,
        record=record,
    )
    files = {path: text.encode() for path, text in stage.files.items()}
    return Plan(
        act=act,
        record=record,
        files=stage.files,
        commit=PlannedCommit(files=files, message=message, at_ms=act.at_ms),
        evidence=None,
        after=None,
        before=one.before,
    )


def _why(one: Beginning) -> str:
    stage = one.stages[0]
    after = f" Next: step {one.step + 1}/{one.steps}, once {stage.until}." if stage.until else ""
    return f"{stage.why}{after}"


def _awaited(one: Beginning, live: Liveness | None, now_ms: int) -> Hold:
    begun = one.moves[-1].date_ms if one.moves else one.tip_ms
    late = now_ms > begun + one.spec.policy.progress_deadline_ms
    missing = live.waiting if live and live.waiting else "nobody has said yet that it is live"
    since = f" for {duration((now_ms - begun) // 1000 * 1000)}" if late else ""
    return Hold(
        canary=one.spec.id,
        wait=Wait.LIVE,
        reason=f"Step {one.step - 1}/{one.steps} of initialising is not live{since}: {missing}.",
        remedy="look at the sync engine, and at the pods of the primary" if late else "",
        alert=late,
    )


def _name(one: Beginning) -> RolloutId:
    return rollout_id(one.spec.id, one.tip, one.workload.digest)
