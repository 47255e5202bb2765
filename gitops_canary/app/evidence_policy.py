"""The policy inside decision-NN.json, and what all models of it share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Sha256 = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Exact(BaseModel):
    """Nothing unknown, nothing converted."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel,
        use_attribute_docstrings=True, hide_input_in_errors=True,
    )  # fmt: skip


class Criteria(Exact):
    """What `conditions` asks of a check, with Argo Rollouts' fields."""

    success: str
    failure: str
    failure_limit: int
    inconclusive_limit: int
    consecutive_error_limit: int
    consecutive_success_limit: int
    count: int | None
    initial_delay_ms: int
    dry_run: bool


class Check(Exact):
    """One check of the policy."""

    name: str
    source: str
    builtin: str | None
    query: str
    interval_ms: int
    minimum: str | None
    maximum: str | None
    variables: dict[str, str]
    address: str | None
    criteria: Criteria | None = None


class Judge(Exact):
    """Which judge decides; all but the first two only where `sequential` takes part."""

    type: str
    shadows: list[str]
    alpha: str | None = None
    rho: str | None = None
    overdispersion: str | None = None
    dwell_ms: int | None = None
    min_soak_ms: int | None = None
    max_hold_ms: int | None = None
    min_requests: int | None = None
    fast_advance: bool | None = None
    on_inconclusive: str | None = None
    warmup_ms: int | None = None
    pod_grace_ms: int | None = None
    share_guard: bool | None = None


class Match(Exact):
    """Requests that an A/B test sends to the canary."""

    headers: dict[str, tuple[str, str]]
    query: dict[str, tuple[str, str]]
    source_labels: dict[str, str]


class Affinity(Exact):
    """Cookies by which users stay on the side that they met first."""

    cookie: str
    max_age_s: int
    primary_cookie: str
    primary_max_age_s: int
    attributes: str


class Webhook(Exact):
    """One webhook of the policy."""

    name: str
    type: str
    target: str
    timeout_ms: int
    retries: int
    metadata: dict[str, str]
    muted: bool


class Effective(Exact):
    """The policy in force; what only some strategies have is left out elsewhere."""

    steps: list[str]
    interval_ms: int
    threshold: int
    checks: list[Check]
    progress_deadline_ms: int
    skip_analysis: bool
    attempts_max: int
    settle_ms: int
    judge: Judge | None = None
    """Flagger's rule where absent."""
    no_data: str | None = None
    strategy: str | None = None
    iterations: int | None = None
    match: list[Match] | None = None
    mirror: str | None = None
    approvals: list[int] | None = None
    rollback_window_ms: int | None = None
    canary_ready: int | None = None
    primary_ready: int | None = None
    return_step: str | None = None
    watch_ms: int | None = None
    watch_action: str | None = None
    on_retreat: str | None = None
    affinity: Affinity | None = None
    webhooks: list[Webhook] | None = None


class Policy(Exact):
    """The policy in force, and where each value came from."""

    digest: Sha256
    """Of `effective` in its canonical form."""
    revision: Commit
    """Where it was read."""
    effective: Effective
    origin: dict[str, str]
    """`file:line:column` at that revision, or `default`."""
