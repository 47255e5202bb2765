"""What rolls a canary back under a policy (as JSON), in words; each judge has its own way."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gitops_canary.core.text import counted
from gitops_canary.core.units import joined, unit
from gitops_canary.model.spec import Strategy

Json = dict[str, Any]
_THRESHOLD = "threshold"
_ALL = 100


def condemned_by(policy: Json) -> str:
    """Say what condemns, e.g. `2 failed looks`."""
    judge = policy.get("judge") or {"type": _THRESHOLD}
    if judge["type"] == "sequential":
        times = 1 / Decimal(judge["alpha"])
        # Where nobody is left to compare with the limit has a risk of its own, half as large.
        often = f"3 times in {2 * times:.0f}" if _whole(policy) else f"once in {times:.0f} rollouts"
        return f"evidence that condemns a good version at most {often}"
    if judge["type"] == "conditions":
        return "more failed measurements of a check at one weight than its failureLimit"
    if judge["type"] == "mannwhitney":
        return "measured points that rank worse than the primary's"
    return counted(policy["threshold"], "failed look")


def limits(policy: Json) -> Iterator[str]:
    """Say of every check, and every webhook that is one, what speaks against the canary."""
    kind = (policy.get("judge") or {"type": _THRESHOLD})["type"]
    for check in policy["checks"]:
        beyond = " or ".join(_beyond(check))
        if kind == "conditions" and (said := check.get("criteria")):
            yield f"{check['name']}: {_condition(said) or beyond}: a failed measurement"
        elif kind in {_THRESHOLD, "conditions"} or not check["builtin"]:
            yield f"{check['name']} {beyond}: a failed check"
        else:
            alone = ", and at 100 % by itself" if _whole(policy) else ""
            counted = f"counted, request by request, against the primary{alone}"
            yield f"{check['name']} {beyond}: {counted}"
    for hook in policy.get("webhooks", ()):
        if hook["type"] in {"rollout", "pre-rollout"}:
            yield f"the webhook {hook['name']} answers neither 200, 201 nor 202: a failed check"
    if kind == "sequential" and any(not check["builtin"] for check in policy["checks"]):
        yield f"{policy['threshold']} failed checks of a query in all, as evidence does"


def _whole(policy: Json) -> bool:
    """Whether the canary is given all traffic, so that nobody is left to compare it with."""
    matched = policy.get("strategy") == Strategy.AB_TEST.value
    return not matched and any(Decimal(step) >= _ALL for step in policy.get("steps", ()))


def _beyond(check: Json) -> Iterator[str]:
    name = unit(check["builtin"], _THRESHOLD)
    if check["minimum"] is not None:
        yield f"below {joined(check['minimum'], name)}"
    if check["maximum"] is not None:
        yield f"above {joined(check['maximum'], name)}"


def _condition(said: Json) -> str:
    failure = [said["failure"]] if said["failure"] else []
    success = [f"not {said['success']}"] if said["success"] and not failure else []
    lets = said["failureLimit"]
    by = f" ({lets} let by)" if lets > 0 else " (never too often)" if lets else ""
    return "".join([*failure, *success, by]) if failure or success else ""
