"""What the world looks like once a canary's newest move, or a person's, is live."""

from gitops_canary.app.looking import Seen
from gitops_canary.model.commits import Commit
from gitops_canary.model.observation import Expectation
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import Strategy


def expectation(seen: Seen, *, delay_ms: int, settle_ms: int) -> Expectation | None:
    """Say what the newest move looks like once it is live; None where nothing was moved.

    Counting starts one delay after the commit's date: a decision is asked no sooner than that, so
    nothing older can be its effect.
    """
    if seen.rollout is None or seen.written is None:
        return None
    move, written = seen.rollout.last, seen.written.owned
    record = move.record
    if seen.override and seen.situation.moved:
        return _overridden(seen, seen.override, delay_ms=delay_ms, settle_ms=settle_ms)
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
        workload_kind=seen.spec.target.kind,
        canary_images=(written.candidate.images if visible else {}) if starts else None,
        primary_images=(written.primary.images if visible else {}) if promotes else None,
        canary_replicas=written.candidate.replicas if starts else None,
        primary_replicas=written.primary.replicas if promotes else None,
        ready_percent=seen.policy.canary_ready if starts else seen.policy.primary_ready,
        version_unseen=(starts or promotes) and (not visible or written.candidate.images == known),
        settle_ms=settle_ms,
        matched=seen.policy.strategy is Strategy.AB_TEST or seen.policy.affinity is not None,
        routes=seen.written.binding.routes,
        provider=seen.spec.provider,
        apex=seen.spec.apex,
        spec=seen.spec.pinned(seen.policy),
    )


def _overridden(seen: Seen, override: Commit, *, delay_ms: int, settle_ms: int) -> Expectation:
    """Say what a person's weight looks like once it is live, so that it can be measured.

    Where no weight of ours came first nobody has seen the candidate ready: that is part of it then.
    """
    assert seen.written is not None, "there is a move to differ from"
    written, known = seen.written.owned, seen.stable.owned.candidate.images if seen.stable else {}
    starts = seen.situation.last is Action.START
    visible = written.candidate.visible and written.primary.visible
    return Expectation(
        canary=seen.spec.id,
        revision=override.revision,
        namespace=seen.spec.namespace,
        since_ms=override.date_ms + delay_ms,
        weight_from=seen.written.owned.weight,
        weight_to=seen.tip.owned.weight,
        canary_workload=seen.spec.target.name,
        primary_workload=f"{seen.spec.target.name}-primary",
        workload_kind=seen.spec.target.kind,
        canary_images=(written.candidate.images if visible else {}) if starts else None,
        primary_images=None,
        canary_replicas=written.candidate.replicas if starts else None,
        primary_replicas=None,
        version_unseen=starts and (not visible or written.candidate.images == known),
        settle_ms=settle_ms,
        matched=seen.policy.strategy is Strategy.AB_TEST or seen.policy.affinity is not None,
        routes=seen.tip.binding.routes,
        provider=seen.spec.provider,
        apex=seen.spec.apex,
        spec=seen.spec.pinned(seen.policy),
    )
