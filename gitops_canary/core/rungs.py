"""Whether the step and the weight of a decision on record are those of its policy."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gitops_canary.core import recorded
from gitops_canary.model.decision import Act
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.spec import Policy

Json = dict[str, Any]


def unlike(document: Json, policy: Policy) -> Iterator[str]:
    """Say in words what differs from the ladder of the policy; nothing where all is its."""
    act = recorded.act(document)
    steps = int(document["step"].partition("/")[2])
    if steps != len(policy.steps):
        yield f"it counts {steps} steps, the policy has {len(policy.steps)}"
    if int(document["failed"].partition("/")[2]) != policy.threshold:
        yield f"its threshold is not the policy's, {policy.threshold}"
    free = act.override or policy.skip_analysis or policy.rollback_window_ms
    if act.action is Action.PROMOTE and act.verdict is Outcome.NONE and not free:
        yield "it promotes without a verdict, and neither policy nor person allows that"
    allowed = _allowed(act, policy, Decimal(document["weight"]["from"]))
    if act.weight != allowed:
        yield f"the weight {act.weight} at step {act.step} is not the policy's, {allowed}"


def _allowed(act: Act, policy: Policy, before: Decimal) -> Decimal | None:
    """Give the weight that a move has to have after another; None where there is no such step."""
    if act.action is Action.ADVANCE:
        return dict(enumerate(policy.steps, 1)).get(act.step)
    if act.action is Action.PROMOTE:
        return before
    return policy.returned(before) if act.action is Action.FINISH else Decimal(0)
