"""The policy as canonical JSON, and its digest: what `Canary-Policy` binds a rollout to."""

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import rfc8785

from gitops_canary.manifest.judge_json import judge_from, judge_json
from gitops_canary.manifest.scalars import Json, spelled
from gitops_canary.manifest.webhooks import webhooks_from, webhooks_json
from gitops_canary.model.names import Digest
from gitops_canary.model.spec import Affinity, Check, Criteria, Limits, Match, Policy, Strategy

NO_DIGEST = Digest("")
"""Of a policy that is still being made."""
_ALL = 100
_KNOWN = 256
"""Policies remembered: thousands of decisions carry the same few."""


def sealed(policy: Policy) -> Policy:
    """Give the policy with its digest: sha256 over the RFC 8785 form of `policy_json`."""
    data = rfc8785.dumps(policy_json(policy))
    return replace(policy, digest=Digest(f"sha256:{hashlib.sha256(data).hexdigest()}"))


def policy_json(policy: Policy) -> dict[str, Json]:
    """Give every field but the digest; decimals as text, durations in milliseconds."""
    return {
        "steps": [spelled(step) for step in policy.steps],
        "intervalMs": policy.interval_ms,
        "threshold": policy.threshold,
        "checks": [_check(check) for check in policy.checks],
        "progressDeadlineMs": policy.progress_deadline_ms,
        "skipAnalysis": policy.skip_analysis,
        "attemptsMax": policy.attempts_max,
        "settleMs": policy.settle_ms,
        **_strategy(policy),
        **_afterwards(policy),
        **_readiness(policy),
        **webhooks_json(policy),
        **judge_json(policy),
    }


def _strategy(policy: Policy) -> dict[str, Json]:
    """Give what only some strategies have; an ordinary ladder's digest does not know of it."""
    found: dict[str, Json] = {}
    if policy.strategy is not Strategy.WEIGHTED:
        found |= {"strategy": policy.strategy.value, "iterations": policy.iterations}
    if policy.match:
        found["match"] = [_match(one) for one in policy.match]
    if policy.mirror is not None:
        found["mirror"] = spelled(policy.mirror)
    if policy.return_step is not None:
        found["returnStep"] = spelled(policy.return_step)
    if policy.affinity is not None:
        found["affinity"] = _affinity(policy.affinity)
    if policy.approvals:
        found["approvals"] = [*policy.approvals]
    if policy.rollback_window_ms:
        found["rollbackWindowMs"] = policy.rollback_window_ms
    return found


def _afterwards(policy: Policy) -> dict[str, Json]:
    """Give what follows a promotion or a retreat; the digest without it does not know of it."""
    found: dict[str, Json] = {}
    if policy.watch_ms:
        found |= {"watchMs": policy.watch_ms, "watchAction": policy.watch_action}
    if policy.on_retreat != "keep":
        found["onRetreat"] = policy.on_retreat
    return found


def _readiness(policy: Policy) -> dict[str, Json]:
    """Give the shares of pods that are enough, where not all are asked for."""
    shares: dict[str, Json] = {
        "canaryReady": policy.canary_ready,
        "primaryReady": policy.primary_ready,
    }
    return {name: share for name, share in shares.items() if share != _ALL}


def _affinity(one: Affinity) -> dict[str, Json]:
    return {
        "cookie": one.cookie,
        "maxAgeS": one.max_age_s,
        "primaryCookie": one.primary_cookie,
        "primaryMaxAgeS": one.primary_max_age_s,
        "attributes": one.attributes,
    }


def _match(one: Match) -> dict[str, Json]:
    return {
        "headers": {name: list(how) for name, how in one.headers.items()},
        "query": {name: list(how) for name, how in one.query.items()},
        "sourceLabels": dict(one.source_labels),
    }


def _check(check: Check) -> dict[str, Json]:
    return {
        "name": check.name,
        "source": check.source,
        "builtin": check.builtin,
        "query": check.query,
        "intervalMs": check.interval_ms,
        "minimum": _limit(check.limits.minimum),
        "maximum": _limit(check.limits.maximum),
        "variables": dict(check.variables),
        "address": check.address,
        **({"criteria": _criteria(check.criteria)} if check.criteria else {}),
    }


def _criteria(one: Criteria) -> dict[str, Json]:
    return {
        "success": one.success,
        "failure": one.failure,
        "failureLimit": one.failure_limit,
        "inconclusiveLimit": one.inconclusive_limit,
        "consecutiveErrorLimit": one.consecutive_error_limit,
        "consecutiveSuccessLimit": one.consecutive_success_limit,
        "count": one.count,
        "initialDelayMs": one.initial_delay_ms,
        "dryRun": one.dry_run,
    }


def _criteria_from(value: dict[str, Any] | None) -> Criteria | None:
    if value is None:
        return None
    return Criteria(
        success=value["success"],
        failure=value["failure"],
        failure_limit=value["failureLimit"],
        inconclusive_limit=value["inconclusiveLimit"],
        consecutive_error_limit=value["consecutiveErrorLimit"],
        consecutive_success_limit=value["consecutiveSuccessLimit"],
        count=value["count"],
        initial_delay_ms=value["initialDelayMs"],
        dry_run=value["dryRun"],
    )


def _limit(value: Decimal | None) -> str | None:
    return None if value is None else spelled(value)


def policy_from_json(value: dict[str, Any]) -> Policy:
    """Read what `policy_json` wrote, with its digest computed again.

    Raises:
        KeyError, ValueError, ArithmeticError: it is not that.
    """
    return _policy_from(json.dumps(value, sort_keys=True))


@lru_cache(_KNOWN)
def _policy_from(text: str) -> Policy:
    value = json.loads(text)
    return sealed(
        Policy(
            steps=tuple(Decimal(step) for step in value["steps"]),
            interval_ms=value["intervalMs"],
            threshold=value["threshold"],
            checks=tuple(_check_from(check) for check in value["checks"]),
            progress_deadline_ms=value["progressDeadlineMs"],
            skip_analysis=value["skipAnalysis"],
            attempts_max=value["attemptsMax"],
            settle_ms=value["settleMs"],
            **_strategy_from(value),
            **judge_from(value),
            webhooks=webhooks_from(value),
            digest=NO_DIGEST,
        )
    )


def _strategy_from(value: dict[str, Any]) -> dict[str, Any]:
    mirror, back = value.get("mirror"), value.get("returnStep")
    return {
        "strategy": Strategy(value.get("strategy", Strategy.WEIGHTED.value)),
        "iterations": value.get("iterations", 1),
        "match": tuple(_match_from(one) for one in value.get("match", ())),
        "mirror": None if mirror is None else Decimal(mirror),
        "return_step": None if back is None else Decimal(back),
        "affinity": _affinity_from(value["affinity"]) if "affinity" in value else None,
        "approvals": tuple(value.get("approvals", ())),
        "rollback_window_ms": value.get("rollbackWindowMs", 0),
        "watch_ms": value.get("watchMs", 0),
        "watch_action": value.get("watchAction", "abort"),
        "on_retreat": value.get("onRetreat", "keep"),
        "canary_ready": value.get("canaryReady", _ALL),
        "primary_ready": value.get("primaryReady", _ALL),
    }


def _affinity_from(value: dict[str, Any]) -> Affinity:
    return Affinity(
        cookie=value["cookie"],
        max_age_s=value["maxAgeS"],
        primary_cookie=value["primaryCookie"],
        primary_max_age_s=value["primaryMaxAgeS"],
        attributes=value["attributes"],
    )


def _match_from(value: dict[str, Any]) -> Match:
    return Match(
        headers={name: (how, what) for name, (how, what) in value["headers"].items()},
        query={name: (how, what) for name, (how, what) in value["query"].items()},
        source_labels=value["sourceLabels"],
    )


def _check_from(value: dict[str, Any]) -> Check:
    low, high = value["minimum"], value["maximum"]
    return Check(
        name=value["name"],
        source=value["source"],
        builtin=value["builtin"],
        query=value["query"],
        interval_ms=value["intervalMs"],
        limits=Limits(
            minimum=None if low is None else Decimal(low),
            maximum=None if high is None else Decimal(high),
        ),
        variables=value["variables"],
        address=value["address"],
        criteria=_criteria_from(value.get("criteria")),
    )
