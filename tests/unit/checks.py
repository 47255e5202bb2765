"""Canaries and checks for the tests of measuring."""

from decimal import Decimal

from gitops_canary.errors import Place
from gitops_canary.model.names import CanaryId, Digest
from gitops_canary.model.spec import (
    CanarySpec,
    Check,
    Control,
    Dialect,
    Limits,
    Policy,
    Workload,
)

SUCCESS, DURATION = "request-success-rate", "request-duration"


def check(
    builtin: str | None = SUCCESS,
    *,
    query: str = "",
    minimum: str | None = "99",
    maximum: str | None = None,
    interval_ms: int = 60_000,
    variables: dict[str, str] | None = None,
) -> Check:
    limits = Limits(
        minimum=None if minimum is None else Decimal(minimum),
        maximum=None if maximum is None else Decimal(maximum),
    )
    return Check(
        name=builtin or "mine",
        source="default",
        builtin=builtin,
        query=query,
        interval_ms=interval_ms,
        limits=limits,
        variables=variables or {},
    )


def spec(
    *checks: Check, provider: str = "istio", target: str = "shop", apex: str = "store"
) -> CanarySpec:
    policy = Policy(
        steps=(Decimal(10),),
        interval_ms=15_000,
        threshold=2,
        checks=checks,
        progress_deadline_ms=600_000,
        skip_analysis=False,
        digest=Digest("sha256:0"),
    )
    workload = Workload(api_version="apps/v1", kind="Deployment", namespace="prod", name=target)
    return CanarySpec(
        id=CanaryId("prod/shop"),
        dialect=Dialect.FLAGGER,
        place=Place("canary.yaml", 1, 1),
        namespace="prod",
        name="shop-rollout",
        target=workload,
        apex=apex,
        provider=provider,
        policy=policy,
        control=Control(),
        suspend=False,
    )
