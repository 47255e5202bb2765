"""Whose permission the next move needs: a person's, or a webhook's."""

from gitops_canary.core import hooks
from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Decision, Wait
from gitops_canary.model.spec import Strategy
from gitops_canary.model.webhooks import HookType


def gate(s: Situation, step: int) -> Decision | None:
    """Hold for a person's word where the policy wants one before going on from a step."""
    assert s.rollout is not None
    if s.approved(step):
        return None
    token = f"{s.rollout.id}/{step}"
    after = f"step {step} of {len(s.policy.steps)}" if step else "the first weight"
    return s.hold(
        Wait.APPROVAL,
        f"A person has to approve going on {'from' if step else 'to'} {after}.",
        remedy=f"`gitops-canary approve {s.canary}` (writes control.approve: [{token}])",
        alert=True,
    )


def unconfirmed(s: Situation, *, promotes: bool = False) -> Decision | None:
    """Hold for webhooks that have to confirm the next move; None where none has to any more.

    As in Flagger, blue/green is confirmed before it takes traffic, and not again.
    """
    assert s.rollout is not None
    blue_green = s.policy.strategy is Strategy.BLUE_GREEN
    kinds = [HookType.CONFIRM_PROMOTION] if promotes is not blue_green else []
    if s.policy.strategy is Strategy.WEIGHTED:
        kinds.append(HookType.CONFIRM_TRAFFIC_INCREASE)
    return hooks.gate(s, s.rollout.id, *kinds)
