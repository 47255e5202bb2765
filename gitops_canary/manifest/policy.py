"""The policy as canonical JSON, and its digest: what `Canary-Policy` binds a rollout to."""

import hashlib
from dataclasses import replace
from decimal import Decimal

import rfc8785

from gitops_canary.manifest.scalars import Json, spelled
from gitops_canary.model.names import Digest
from gitops_canary.model.spec import Check, Policy

NO_DIGEST = Digest("")
"""Of a policy that is still being made."""


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
    }


def _limit(value: Decimal | None) -> str | None:
    return None if value is None else spelled(value)
