"""The judge of a policy as canonical JSON, and back."""

from decimal import Decimal
from typing import Any

from gitops_canary.manifest.scalars import Json, spelled
from gitops_canary.model.spec import POD_GRACE_MS, JudgePolicy, Policy

_COUNTED = "sequential"


def judge_json(policy: Policy) -> dict[str, Json]:
    """Give what differs from Flagger's rule; the digest of that does not know of judges."""
    found: dict[str, Json] = {}
    judge = _judge(policy.judge)
    # Compared as written: what the chosen judge does not read makes no difference.
    if judge != _judge(JudgePolicy()):
        found["judge"] = judge
    if policy.no_data != "hold":
        found["noData"] = policy.no_data
    return found


def _judge(judge: JudgePolicy) -> dict[str, Json]:
    """Give the judge; what only `sequential` reads is left out for the others."""
    found: dict[str, Json] = {"type": judge.type, "shadows": list(judge.shadows)}
    if _COUNTED not in {judge.type, *judge.shadows}:
        return found
    least, grace_ms = judge.overdispersion, judge.pod_grace_ms
    # Left out where it is the usual: policies from before it was known keep their digest.
    said: dict[str, Json] = {} if grace_ms == POD_GRACE_MS else {"podGraceMs": grace_ms}
    said |= {} if judge.share_guard else {"shareGuard": False}
    return {
        **found,
        "alpha": spelled(judge.alpha),
        "rho": spelled(judge.rho),
        "overdispersion": None if least is None else spelled(least),
        "dwellMs": judge.dwell_ms,
        "minSoakMs": judge.min_soak_ms,
        "maxHoldMs": judge.max_hold_ms,
        "minRequests": judge.min_requests,
        "fastAdvance": judge.fast_advance,
        "onInconclusive": judge.on_inconclusive,
        "warmupMs": judge.warmup_ms,
        **said,
    }


def judge_from(value: dict[str, Any]) -> dict[str, Any]:
    """Read what `judge_json` wrote, as arguments of a Policy.

    Raises:
        KeyError, ValueError, ArithmeticError: it is not that.
    """
    return {"judge": _judge_from(value.get("judge")), "no_data": value.get("noData", "hold")}


def _judge_from(value: dict[str, Any] | None) -> JudgePolicy:
    if value is None:
        return JudgePolicy()
    shadows = tuple(value["shadows"])
    if "alpha" not in value:
        return JudgePolicy(type=value["type"], shadows=shadows)
    least = value["overdispersion"]
    return JudgePolicy(
        type=value["type"],
        shadows=shadows,
        alpha=Decimal(value["alpha"]),
        rho=Decimal(value["rho"]),
        overdispersion=None if least is None else Decimal(least),
        dwell_ms=value["dwellMs"],
        min_soak_ms=value["minSoakMs"],
        max_hold_ms=value["maxHoldMs"],
        min_requests=value["minRequests"],
        fast_advance=value["fastAdvance"],
        on_inconclusive=value["onInconclusive"],
        warmup_ms=value["warmupMs"],
        pod_grace_ms=value.get("podGraceMs", POD_GRACE_MS),
        share_guard=value.get("shareGuard", True),
    )
