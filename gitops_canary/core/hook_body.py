"""What a webhook is sent: Flagger's fields, and what an approver needs besides; pure."""

from collections.abc import Mapping
from decimal import Decimal

from gitops_canary.core.text import percent
from gitops_canary.model.spec import CanarySpec
from gitops_canary.model.webhooks import Call, HookType

_PHASES: Mapping[HookType, str] = {HookType.CONFIRM_ROLLOUT: "Waiting"}
"""Flagger's phase where it is not Progressing, which it also says of a promotion that waits."""


def body(call: Call, spec: CanarySpec, *, weight: Decimal, version: str) -> dict[str, object]:
    """Write the body of a call. `checksum` names the rollout, where Flagger hashes the pods."""
    return {
        "name": spec.name,
        "namespace": spec.namespace,
        "phase": _PHASES.get(call.hook.type, "Progressing"),
        "checksum": call.rollout,
        "metadata": dict(call.hook.metadata),
        "canary": call.canary,
        "rollout": call.rollout,
        "type": call.hook.type.value,
        "webhook": call.hook.name,
        "step": f"{call.step}/{len(spec.policy.steps)}",
        "weight": percent(weight),
        "version": version,
    }


def key(call: Call) -> str:
    """Name one question: the same for every attempt, another for the next one."""
    hook, canary = call.hook, call.canary
    return f"{canary}/{call.rollout}/{call.step}/{hook.type.value}/{hook.name}/{call.at_ms}"
