"""What `resume` does with the weight that a person has set, said before it is asked for."""

from decimal import Decimal

from gitops_canary.core.text import percent
from gitops_canary.model.spec import Policy

_NAMED = 8
"""Steps that are listed; of longer ladders the ends are."""


def unadopted(policy: Policy, weight: Decimal, *, returning: bool) -> str:
    """Say that a running rollout will not go on from a weight, and why; empty where it will.

    `returning` is whether the primary has the version already.
    """
    back = "resume takes the traffic back to 0 %" if weight else "resume leaves the traffic at 0 %"
    if returning:
        return f"the primary was promoted already: {back}"
    if weight in policy.steps:
        return ""
    return (
        f"{percent(weight)} % is no step of the ladder: {back}; "
        f"to go on commit {_one_of(policy.steps)} first"
    )


def adopted(policy: Policy, weight: Decimal, *, returning: bool) -> str:
    """Say what a `resume` of a running rollout asked for, once it has; see `unadopted`."""
    then = "goes back to 0 %" if weight else "stays at 0 %"
    if returning:
        return f"resumed after the promotion: the traffic {then}"
    if weight in policy.steps:
        return f"resumed at {percent(weight)} %"
    return f"resumed from {percent(weight)} %, which is no step of the ladder: the traffic {then}"


def _one_of(steps: tuple[Decimal, ...]) -> str:
    names = [percent(step) for step in steps]
    if len(names) > _NAMED:
        names = [*names[: _NAMED // 2], "...", names[-1]]
    return f"one of {', '.join(names)}" if len(names) > 1 else names[0]
