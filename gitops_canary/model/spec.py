"""What a Canary document asks for, whichever dialect it was written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum

from gitops_canary.errors import Place
from gitops_canary.model.announcement import Alert
from gitops_canary.model.names import CanaryId, Digest
from gitops_canary.model.references import Replicas, Routing, SourcePair
from gitops_canary.model.webhooks import Webhook


class Dialect(Enum):
    """Which API group the document belongs to."""

    FLAGGER = "flagger.app/v1beta1"
    OWN = "gitops-canary.dev/v1alpha1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A workload named by a Canary; `namespace` is the Canary's own."""

    api_version: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Inclusive bounds of a measured value; None is unbounded on that side."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What `conditions` asks of one check, with Argo Rollouts' fields; limits of -1 are off."""

    success: str = ""
    """Condition on `result`; empty where there is none."""
    failure: str = ""
    failure_limit: int = 0
    inconclusive_limit: int = 0
    consecutive_error_limit: int = 4
    consecutive_success_limit: int = 0
    count: int | None = None
    """Measurements wanted at each weight; None for one good one."""
    initial_delay_ms: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One measurement and its limits.

    `builtin` is the name of a builtin metric (`request-success-rate`, `request-duration`) and then
    `query` is empty; otherwise `query` is the template's PromQL with `{{ }}` placeholders intact.
    """

    name: str
    source: str
    """Name of a metric source in controller.yaml."""
    builtin: str | None
    query: str
    interval_ms: int
    """Length of the query's window."""
    limits: Limits
    variables: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    """The URL the document carries; must be one the operator allows for `source`."""
    criteria: Criteria | None = None
    """For `conditions`; where absent the limits are its condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a person asked for, as bytes in the Canary document (never as a trailer).

    Entries name a rollout (`abort`, `retry`, `promote`), a rollout and step (`approve`:
    `<rollout>/<step>`) or a rollout and the weight to adopt (`resume`: `<rollout>/<weight>`), so
    that none outlives its purpose.
    """

    paused: bool = False
    approve: tuple[str, ...] = ()
    abort: str | None = None
    retry: str | None = None
    resume: str | None = None
    promote: str | None = None
    """The rollout to promote now, without the checks that are left."""


class Strategy(Enum):
    """How a candidate meets its users."""

    WEIGHTED = "weighted"
    """A rising share of everybody's requests."""
    BLUE_GREEN = "blue/green"
    """Nobody's, until it passed its iterations; then everybody's."""
    AB_TEST = "A/B"
    """All requests that match, and no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Requests that go to the candidate in an A/B test; everything in it has to hold.

    `headers` and `query` map a name to how its value is compared (`exact`, `prefix`, `suffix`,
    `regex`) and with what; header names are in lower case.
    """

    headers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    query: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    source_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affinity:
    """Cookies by which users stay on the side that they met first."""

    cookie: str
    """Name of the cookie of those who met the candidate."""
    max_age_s: int
    primary_cookie: str = ""
    """Name of the cookie of those who met the primary; empty where they are drawn anew."""
    primary_max_age_s: int = 0
    attributes: str = ""
    """More of both cookies, as `Set-Cookie` has it, e.g. `Path=/; Secure`."""


POD_GRACE_MS = 90_000
"""Longer than the cluster takes to see a dead node or to take out a pod that is not ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePolicy:
    """Which judge decides, and how sure it has to be; all but the type is for `sequential`."""

    type: str = "threshold"
    shadows: tuple[str, ...] = ()
    """Judges that say what they would have decided."""
    alpha: Decimal = Decimal("0.01")
    rho: Decimal = Decimal("1.5")
    overdispersion: Decimal | None = None
    """Least overdispersion assumed; it is measured besides."""
    dwell_ms: int = 60_000
    min_soak_ms: int = 300_000
    max_hold_ms: int = 600_000
    min_requests: int = 100
    fast_advance: bool = False
    on_inconclusive: str = "promote"
    warmup_ms: int = 60_000
    """How long after the canary's first traffic its latency is not looked at."""
    share_guard: bool = True
    """Whether traffic that does not split as the weight says holds."""
    pod_grace_ms: int = POD_GRACE_MS
    """How long a pod that alone would condemn the canary may be broken; 0 condemns at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The part of a Canary that is pinned when a rollout starts."""

    steps: tuple[Decimal, ...]
    """Rising weights in percent; the last one is judged before promotion.

    In an A/B test the one step is 100 percent of the requests that match, in blue/green of all.
    """
    interval_ms: int
    threshold: int
    """Failed instants (cumulative over the rollout) that condemn the candidate."""
    checks: tuple[Check, ...]
    progress_deadline_ms: int
    skip_analysis: bool
    attempts_max: int = 3
    """How often one candidate may be started before a person is asked."""
    strategy: Strategy = Strategy.WEIGHTED
    iterations: int = 1
    """Passing looks an A/B test needs, or blue/green before it takes traffic."""
    match: tuple[Match, ...] = ()
    """Of an A/B test: any of them is enough."""
    mirror: Decimal | None = None
    """Percent of requests copied to the candidate before its first weight; None for none."""
    settle_ms: int = 30_000
    """How long after a commit a fact that no source shows is taken as live."""
    judge: JudgePolicy = field(default_factory=JudgePolicy)
    no_data: str = "hold"
    """What silence of a whole deadline means: hold (retreat), extend, ask or fail."""
    approvals: tuple[int, ...] = ()
    """Steps a person has to approve going on from; 0 is before the first weight."""
    rollback_window_ms: int = 0
    """How long a finished version may come back without steps; 0 is never."""
    return_step: Decimal | None = None
    """Percent that go back to the primary at a time after a promotion; None is all at once."""
    watch_ms: int = 0
    """How long a finished version is still judged, by its limits alone; 0 is not at all."""
    watch_action: str = "abort"
    """What a failing watch does: abort, or alert a person."""
    webhooks: tuple[Webhook, ...] = ()
    """Who is asked, in the document's order."""
    on_retreat: str = "keep"
    """What the last allowed retreat does with the version: keep it in Git, or restore."""
    affinity: Affinity | None = None
    """Who met the candidate stays with it for the rollout; None where everyone is drawn anew."""
    canary_ready: int = 100
    """Percent of the canary's pods that have to be available before it takes traffic."""
    primary_ready: int = 100
    """Percent of the promoted primary's pods that have to be available before it gets it back."""
    digest: Digest
    """sha256 over the canonical JSON of every field above."""

    def returned(self, weight: Decimal) -> Decimal:
        """Give the canary's weight after one step back to the promoted primary."""
        return max(weight - (self.return_step or weight), Decimal(0))

    @property
    def descent(self) -> tuple[Decimal, ...]:
        """List the weights between the last step and 0 on the way back to the primary."""
        found, weight = [], self.returned(self.steps[-1])
        while weight > 0:
            found.append(weight)
            weight = self.returned(weight)
        return tuple(found)

    @property
    def trial(self) -> int:
        """Passing looks a candidate needs before its first weight."""
        if self.strategy is Strategy.BLUE_GREEN:
            return self.iterations
        return 0 if self.mirror is None else 1

    def needed(self, step: int) -> int:
        """Count the passing looks a step needs before the next move; step 0 is the start."""
        if step == 0:
            return self.trial
        return self.iterations if self.strategy is Strategy.AB_TEST else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySpec:
    """One Canary document, validated."""

    id: CanaryId
    dialect: Dialect
    place: Place
    namespace: str
    name: str
    target: Workload
    apex: str
    """Name of the Service users call; `-primary` and `-canary` are derived from it."""
    provider: str
    """Key of the routing table, e.g. `istio`."""
    policy: Policy
    control: Control
    suspend: bool
    source: tuple[SourcePair, ...] = ()
    """Where versions lie; empty where they are the pod templates of two workloads."""
    replicas: Replicas | None = None
    """Where the canary's replicas lie beside listed fields; None where they are not ours."""
    routing: Routing | None = None
    """Where the weight lies; None where routing objects are found by the Services they name."""
    autoscaler: tuple[str, str] | None = None
    """Kind and name of the target's scaler, where the document names one."""
    homeless: bool = False
    """Whether the document names no namespace, and `default` stands in."""
    deferred: tuple[str, ...] = ()
    """Fields present but not honoured yet; non-empty only where `allow_missing` let them by."""
    alerts: tuple[Alert, ...] = ()
    """Who is told; of today's document, not pinned."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each value of the policy came from: `file:line:column`, or `default`."""

    def pinned(self, policy: Policy) -> "CanarySpec":
        """Give this spec with the policy that a running rollout is pinned to."""
        return self if policy.digest == self.policy.digest else replace(self, policy=policy)
