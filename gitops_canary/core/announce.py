"""From decisions to what is told about them; pure."""

from collections.abc import Mapping

from gitops_canary.core.explain import sentence
from gitops_canary.core.text import iso, one_line, percent
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import Revision, RolloutId
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action, Move, Rollout
from gitops_canary.model.spec import CanarySpec
from gitops_canary.model.webhooks import HookType, Webhook

_PHASES: Mapping[Action, str] = {
    Action.PROMOTE: "Promoting",
    Action.FINISH: "Finalising",
    Action.ABORT: "Failed",
    Action.RETREAT: "Failed",
    Action.IDLE: "Succeeded",
}
_WAITING = frozenset({Wait.APPROVAL, Wait.WEBHOOK})
PEOPLE_HEAR = frozenset({Action.ABORT, Action.RETREAT})
"""Moves of severity error; holds that somebody has to end are found, and told, by every process."""


def announcement(
    decision: Decision,
    spec: CanarySpec,
    tip: Owned,
    rollout: Rollout | None,
    *,
    candidate: RolloutId,
    now_ms: int,
) -> Announcement:
    """Say one decision for people and services outside.

    `rollout` is the newest one before it, `candidate` the one there would be; `now_ms` is when a
    hold began.
    """
    ended = isinstance(decision, Act) and _ends(decision)
    return Announcement(
        canary=decision.canary,
        namespace=spec.namespace,
        name=spec.name,
        rollout=concerned(decision, rollout, candidate),
        event=decision.action.value if isinstance(decision, Act) else decision.wait.value,
        severity=severity(decision),
        sentence=sentence(decision),
        phase=_phase(decision, ended=ended),
        weight=percent(decision.weight if isinstance(decision, Act) else tip.weight),
        version=tip.candidate.version,
        at_ms=decision.at_ms if isinstance(decision, Act) else now_ms,
        ended=ended,
    )


def concerned(decision: Decision, rollout: Rollout | None, candidate: RolloutId) -> RolloutId:
    """Name the rollout that a decision is about."""
    return decision.rollout or (rollout.id if rollout else candidate)


def told_again(move: Move, spec: CanarySpec, message: str) -> Announcement:
    """Say a move that another process made; the first paragraph of its commit says why."""
    record = move.record
    first = message.split("\n\n")[1:2]
    why = f" {' '.join(first[0].split())}" if first else ""
    what = f"{record.canary}: {record.action.value}, weight {percent(record.weight_to)} %.{why}"
    return Announcement(
        canary=record.canary,
        namespace=spec.namespace,
        name=spec.name,
        rollout=record.rollout,
        event=record.action.value,
        severity=Severity.ERROR,
        sentence=one_line(f"{what} Told again after a restart: made at {iso(move.date_ms)}."),
        phase=_PHASES[record.action],
        weight=percent(record.weight_to),
        version=record.version,
        at_ms=move.date_ms,
        ended=True,
        move=named(record.previous),
    )


def named(previous: Revision | None) -> str:
    """Name a move of a rollout by the one it follows: on one history that is one move."""
    return f"after {previous or 'none'}"


def severity(decision: Decision) -> Severity:
    """Say how much a decision matters."""
    if isinstance(decision, Act):
        return Severity.ERROR if decision.action in PEOPLE_HEAR else Severity.INFO
    return Severity.WARN if decision.alert else Severity.INFO


def _ends(act: Act) -> bool:
    return act.action in PEOPLE_HEAR or (act.action is Action.FINISH and act.weight == 0)


def _phase(decision: Decision, *, ended: bool) -> str:
    if isinstance(decision, Hold):
        return "Waiting" if decision.wait in _WAITING else "Progressing"
    if ended and decision.action is Action.FINISH:
        return "Succeeded"
    return _PHASES.get(decision.action, "Progressing")


def listeners(spec: CanarySpec, told: Announcement) -> tuple[Webhook, ...]:
    """List the webhooks that hear of it: all events, and the end of a rollout."""
    kinds = {HookType.EVENT, HookType.POST_ROLLOUT} if told.ended else {HookType.EVENT}
    return tuple(hook for hook in spec.policy.webhooks if hook.type in kinds)


def told_body(told: Announcement, hook: Webhook) -> dict[str, object]:
    """Write the body for a webhook that is told; the fields of events are Flagger's."""
    metadata = dict(hook.metadata)
    if hook.type is HookType.EVENT:
        metadata |= {
            "eventMessage": told.sentence,
            "eventType": "Normal" if told.severity is Severity.INFO else "Warning",
            "timestamp": str(told.at_ms),
        }
    return {
        "name": told.name,
        "namespace": told.namespace,
        "phase": told.phase,
        "checksum": told.rollout,
        "metadata": metadata,
        "canary": told.canary,
        "rollout": told.rollout,
        "type": hook.type.value,
        "webhook": hook.name,
        "event": told.event,
        "weight": told.weight,
        "version": told.version,
    }
