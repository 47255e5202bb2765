"""What `gitops-canary judge` reads: strict models, from which its JSON Schema is made."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

BLOCKS_MAX = 100_000


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True,
        hide_input_in_errors=True, allow_inf_nan=False,
    )  # fmt: skip


def _plain(value: object) -> object:
    """Take 150.0 for 150, as JSON Schema does; leave everything else to be refused or read."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _no_flag(value: object) -> object:
    """Refuse true and false, which the reader's library takes for 1 and 0."""
    if isinstance(value, bool):
        raise PydanticCustomError("number", "input should be a number, not true or false")
    return value


Whole = Annotated[int, BeforeValidator(_plain), Field(ge=0, le=10**15, strict=True)]
Part = Annotated[float, Field(ge=1e-9, le=1 - 1e-9)]
"""Nearer to 0 or 1 there is no number to compute with."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Limit = Annotated[Decimal, Field(max_digits=40, decimal_places=20)]
Instant = Annotated[int, Field(ge=0, le=10**15, strict=True)]
Span = Annotated[int, Field(ge=0, le=604_800_000, strict=True)]


class ThresholdMetric(_Strict):
    """Limits of one metric; both ends are included."""

    name: Name
    min: Limit | None = None
    max: Limit | None = None


class Threshold(_Strict):
    """Flagger's rule."""

    type: Literal["threshold"]
    threshold: Annotated[int, Field(ge=1)] = 1
    """Failed blocks that condemn."""
    metrics: tuple[ThresholdMetric, ...]


class ConditionsMetric(_Strict):
    """One metric with Argo Rollouts' fields; limits of -1 are off."""

    name: Name
    success_condition: str | None = None
    failure_condition: str | None = None
    failure_limit: Annotated[int, Field(ge=-1)] = 0
    inconclusive_limit: Annotated[int, Field(ge=-1)] = 0
    consecutive_error_limit: Annotated[int, Field(ge=-1)] = 4
    consecutive_success_limit: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int, Field(ge=1)] | None = None
    interval_ms: Span | None = None
    initial_delay_ms: Span = 0
    dry_run: bool = False


class Conditions(_Strict):
    """Argo Rollouts' rule."""

    type: Literal["conditions"]
    metrics: tuple[ConditionsMetric, ...]


class RankMetric(_Strict):
    """One metric of both sides, compared by ranks."""

    name: Name
    direction: Literal["increase", "decrease", "either"] = "either"
    tolerance: Annotated[float, Field(ge=0)] = 0.25
    confidence: Part = 0.98
    effect: Literal["meanRatio", "cles"] = "meanRatio"
    allowed_decrease: float | None = None
    allowed_increase: float | None = None
    critical: bool = False
    critical_decrease: float | None = None
    critical_increase: float | None = None
    must_have_data: bool = False
    nan_strategy: Literal["remove", "replace"] = "remove"
    outliers: Literal["keep", "remove"] = "keep"
    outlier_factor: Annotated[float, Field(gt=0)] = 3.0
    partial_ratio: Annotated[float, Field(ge=0)] = 2.0
    """Mean ratio from which a significant fault of a part of the points is bad too; 0 is off."""
    least_points: Annotated[int, Field(ge=1)] = 5
    groups: tuple[Name, ...] = ("all",)
    muted: bool = False


class MannWhitney(_Strict):
    """Kayenta's rule."""

    type: Literal["mannwhitney"]
    metrics: tuple[RankMetric, ...]
    group_weights: dict[str, float] = Field(default_factory=dict)
    passing: Annotated[float, Field(ge=0, le=100)] = 95.0
    marginal: Annotated[float, Field(ge=0, le=100)] = 75.0
    every: Annotated[int, Field(ge=1)] = 1
    """Judge every so many blocks."""


class SequentialMetric(_Strict):
    """One metric judged on counts; give `budget` or `min`."""

    name: Name
    budget: Part | None = None
    """Largest share of bad requests that is fine."""
    min: Annotated[float, Field(ge=1e-7, le=100 - 1e-7)] | None = None
    """Least percentage of good requests: a budget of 1 - min / 100."""
    phi: Annotated[float, Field(ge=0.01, le=1000)] = 1.0
    """How much more bad requests scatter than single ones would; taken as 1 to 20."""
    known: bool = True
    """Whether `phi` was measured; if not, no single block condemns."""
    history: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of bad requests before the rollout."""
    warmup_ms: Span = 0


class Sequential(_Strict):
    """Evidence on counts, looked at after every block."""

    type: Literal["sequential"]
    metrics: tuple[SequentialMetric, ...]
    values: tuple[ThresholdMetric, ...] = ()
    """Metrics without counts, judged by limits."""
    threshold: Annotated[int, Field(ge=1)] = 1
    """Blocks with a value beyond its limit that condemn."""
    alpha: Part = 0.01
    rho: Annotated[float, Field(ge=1, le=100)] = 1.5
    floor: Annotated[float, Field(ge=1e-9, le=1)] = 0.25
    dwell_ms: Span = 60_000
    seen_ms: Span = 15_000
    """How much of a weight has to be seen; a block at the least."""
    fast_dwell_ms: Span = 30_000
    fast_advance: bool = False
    min_soak_ms: Span = 300_000
    max_hold_ms: Span = 600_000
    min_requests: Whole = 100
    on_inconclusive: Literal["promote", "hold", "rollback"] = "promote"
    pod_grace_ms: Span = 90_000
    """How long one pod that alone would condemn the canary may be broken; 0 condemns at once."""
    share_guard: bool = True
    """Hold while the traffic does not split as the weight says."""


AnyJudge = Annotated[Threshold | Conditions | MannWhitney | Sequential, Field(discriminator="type")]


class Counts(_Strict):
    """Requests of one block; bad ones are part of the total."""

    canary: Whole
    canary_bad: Whole
    primary: Whole = 0
    primary_bad: Whole = 0


Four = Annotated[tuple[Whole, Whole, Whole, Whole], Field(strict=False)]
Two = Annotated[tuple[Whole, Whole], Field(strict=False)]
_TEXT = r"^\s*([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[Nn]a[Nn]|[+-]?[Ii]nf)\s*$"
Number = Annotated[
    float | int | Annotated[str, Field(max_length=60, pattern=_TEXT)], BeforeValidator(_no_flag)
]
"""A number, also as a text as Prometheus writes it: "0.5", "NaN", "+Inf"."""


class Reading(_Strict):
    """One metric in one block."""

    metric: Name
    counts: Counts | Four | None = None
    """An object, or [canary, canaryBad, primary, primaryBad]."""
    pods: dict[Name, Two] = Field(default_factory=dict)
    """[requests, bad ones] of each of the canary's pods, for `sequential`: one that fails alone is
    waited for."""
    primary_pods: dict[Name, Two] = Field(default_factory=dict)
    """The same of the primary's: one that is broken alone is left out of what follows."""
    value: Number | None = None
    """The canary's value."""
    results: tuple[Number, ...] = ()
    """All numbers of the answer, for conditions on `result`; the value alone where absent."""
    canary: tuple[Number, ...] = ()
    primary: tuple[Number, ...] = ()
    """Points of both sides, for mannwhitney."""
    baseline: Number | None = None
    trouble: (
        Literal["noData", "undefined", "invalid", "stale", "several", "partial", "error"] | None
    ) = None
    """Why there is no number; then nothing else of the reading counts."""
    why: str = ""


class Block(_Strict):
    """What was measured between two instants at one live weight."""

    start_ms: Instant | None = None
    """Where absent, blocks follow each other."""
    end_ms: Instant | None = None
    """Where absent, `blockMs` after the start."""
    weight: Annotated[Decimal, Field(ge=0, le=100, decimal_places=20)] = Decimal(10)
    """Percent of traffic on the canary."""
    last: bool = False
    """Whether this is the last step, so that a pass promotes."""
    readings: tuple[Reading, ...] = ()
    underway: bool = False
    """Whether another weight was on its way: then it may condemn, and passes nothing."""
    doubt: str = ""
    """Why the whole block may not decide, e.g. the source was down."""
    since_ms: Instant | None = None
    """When the weight was asked for, from which its dwell counts; its first block's start if not
    said."""


class Document(_Strict):
    """A judge and the blocks it is to judge."""

    judge: AnyJudge
    shadows: tuple[AnyJudge, ...] = ()
    """Judges beside it that do not decide."""
    block_ms: Annotated[int, Field(ge=1, le=86_400_000)] = 15_000
    blocks: Annotated[tuple[Block, ...], Field(max_length=BLOCKS_MAX)]
