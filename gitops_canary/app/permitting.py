"""What a person allows a rollout: to pass a gate, or to be promoted without what is left."""

from gitops_canary.app.branch_standing import Standing
from gitops_canary.app.steering import Change, Want, controlled
from gitops_canary.errors import Refused
from gitops_canary.manifest.steering import add
from gitops_canary.model.names import CanaryId, Path
from gitops_canary.model.rollout import Action, Move

_BEFORE = frozenset({Action.START, Action.ADVANCE})


def approved(canary: CanaryId) -> Want:
    """Allow the step where a rollout stands, if a gate is there."""

    def want(standing: Standing) -> Change | None:
        spec, move = standing.spec(canary), _running(standing, canary)
        step = move.record.step
        token = f"{move.record.rollout}/{step}"
        if token in spec.control.approve:
            return None
        # Gates are pinned with the policy, so those of the rollout's start count.
        gates = standing.policy(move).approvals
        if step not in gates:
            known = ", ".join(map(str, gates)) or "none"
            raise Refused(
                f"{canary} needs no approval at step {step}.",
                remedy=f"wait for a step with a gate ({known}); `gitops-canary status` tells",
                place=spec.place,
            )
        path = Path(spec.place.file)
        before = standing.text(path)
        index = standing.index(canary)
        after = add(before, index, spec.dialect, "approve", token, file=path)
        said = f"approval of {token}"
        return Change(path=path, before=before, after=after, said=said)

    return want


def promoted(canary: CanaryId) -> Want:
    """Ask for the promotion at once: a person's word in the place of all checks that are left."""

    def want(standing: Standing) -> Change | None:
        rollout = _running(standing, canary).record.rollout
        said = f"override: promotion of {rollout} without the checks that are left"
        return controlled(standing, canary, "promote", value=rollout, said=said)

    return want


def _running(standing: Standing, canary: CanaryId) -> Move:
    """Find the newest move of a rollout on its way up.

    Raises:
        Refused: there is none.
    """
    standing.spec(canary)
    move = standing.last(canary)
    if move is None or move.record.over:
        raise Refused(
            f"Nothing of {canary} is rolling out.",
            remedy="commit a new version first; `gitops-canary status` tells when it has started",
        )
    if move.record.action not in _BEFORE:
        raise Refused(
            f"{canary} is being promoted already.", remedy="wait for its finish; nothing to allow"
        )
    return move
