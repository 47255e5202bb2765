"""What the world looks like once a canary's newest move, or a person's, is live."""

from dataclasses import replace

from gitops_canary.app.looking import Seen
from gitops_canary.model.observation import Expectation
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import Strategy


def expectation(seen: Seen, *, delay_ms: int, settle_ms: int) -> Expectation | None:
    """Say what the newest move looks like once it is live; None where nothing was moved.

    Counting starts one whole delay after the commit's date, by when it was pushed: nothing older.
    """
    if seen.rollout is None or seen.written is None:
        return None
    move, written, spec, policy = seen.rollout.last, seen.written.owned, seen.spec, seen.policy
    record = move.record
    override = seen.override if seen.situation.moved else None
    starts = record.action is Action.START
    promotes = record.action is Action.PROMOTE and override is None
    known = seen.stable.owned.candidate.images if seen.stable else {}
    visible = written.candidate.visible and written.primary.visible
    expected = Expectation(
        canary=spec.id,
        revision=move.revision,
        namespace=spec.namespace,
        since_ms=move.date_ms + delay_ms,
        weight_from=seen.left,
        weight_to=record.weight_to,
        canary_workload=spec.target.name,
        primary_workload=f"{spec.target.name}-primary",
        workload_kind=spec.target.kind,
        canary_images=(written.candidate.images if visible else {}) if starts else None,
        primary_images=(written.primary.images if visible else {}) if promotes else None,
        canary_replicas=written.candidate.replicas if starts else None,
        primary_replicas=written.primary.replicas if promotes else None,
        ready_percent=policy.canary_ready if starts else policy.primary_ready,
        lasting=promotes or (starts and not policy.trial),
        version_unseen=(starts or promotes) and (not visible or written.candidate.images == known),
        settle_ms=settle_ms,
        matched=policy.strategy is Strategy.AB_TEST or policy.affinity is not None,
        routes=seen.written.binding.routes,
        provider=spec.provider,
        apex=spec.apex,
        spec=spec.pinned(policy),
    )
    if override is None:
        return expected
    # Where no weight of ours came first nobody has seen the candidate ready: that stays part of it.
    return replace(
        expected,
        revision=override.revision,
        since_ms=override.date_ms + delay_ms,
        weight_from=written.weight,
        weight_to=seen.tip.owned.weight,
        routes=seen.tip.binding.routes,
    )
