"""What `gitops-canary judge` reads: strict models, from which its JSON Schema is made."""

import re
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from gitops_canary.core.judges.sequential_types import RULE

BLOCKS_MAX = 100_000
SECTION_7 = 30
"""The decision before the first that changed when evidence condemns."""
_SOME: dict[str, JsonValue] = {"minItems": 1}
"""Told of by an error of ours, which says more than the reader's library."""


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


def _exact(pattern: str, value: object) -> object:
    """Read a text exactly; leave a number to be read."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        raise PydanticCustomError("text", "input should be a number")
    # As it is written: 0.1 is a tenth, and not the double next to it.
    return Decimal(str(value)) if isinstance(value, (str, float)) else _no_flag(value)


def _numbers(pattern: str, least: int, most: int) -> dict[str, Any]:
    number = {"type": "number", "minimum": least, "maximum": most}
    return {"anyOf": [number, {"type": "string", "pattern": pattern}]}


_PLAIN = BeforeValidator(_plain)
"""Stands last: what bounds a number stands before it, or the schema has other words for it."""
Int = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15), _PLAIN]
Least1 = Annotated[int, Field(strict=True, ge=1, le=10**15), _PLAIN]
Off = Annotated[int, Field(strict=True, ge=-1, le=10**15), _PLAIN]
"""A limit; -1 is off."""
Whole = Annotated[int, Field(strict=True, ge=0, le=10**15), _PLAIN]
Real = Annotated[float, Field(strict=True)]
Ratio = Annotated[float, Field(strict=True, ge=0)]
Share = Annotated[float, Field(strict=True, ge=0, le=100)]
"""Of a hundred."""
Flag = Annotated[bool, Field(strict=True)]
Part = Annotated[float, Field(strict=True, ge=1e-9, le=1 - 1e-9)]
"""Nearer to 0 or 1 there is no number to compute with."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
_LIMIT = r"^-?[0-9]{1,15}(\.[0-9]{1,20})?$"
_WEIGHT = r"^(100(\.0{1,20})?|[0-9]{1,2}(\.[0-9]{1,20})?)$"
Limit = Annotated[
    Decimal,
    Field(ge=-(10**15), le=10**15),
    BeforeValidator(partial(_exact, _LIMIT)),
    WithJsonSchema(_numbers(_LIMIT, -(10**15), 10**15)),
]
"""A number, also as a text, which keeps all of its digits."""
Weight = Annotated[
    Decimal,
    Field(ge=0, le=100),
    BeforeValidator(partial(_exact, _WEIGHT)),
    WithJsonSchema(_numbers(_WEIGHT, 0, 100)),
]
Span = Annotated[int, Field(strict=True, ge=0, le=604_800_000), _PLAIN]


class ThresholdMetric(_Strict):
    """Limits of one metric; both ends are included."""

    name: Name
    min: Limit | None = None
    max: Limit | None = None


class Threshold(_Strict):
    """Flagger's rule."""

    type: Literal["threshold"]
    threshold: Int = 1
    """Failed blocks that condemn; 0 or less is 1, as in Flagger."""
    metrics: Annotated[tuple[ThresholdMetric, ...], Field(json_schema_extra=_SOME)]


class ConditionsMetric(_Strict):
    """One metric with Argo Rollouts' fields; limits of -1 are off."""

    name: Name
    success_condition: str | None = None
    failure_condition: str | None = None
    failure_limit: Off = 0
    inconclusive_limit: Off = 0
    consecutive_error_limit: Off = 4
    consecutive_success_limit: Whole = 0
    count: Least1 | None = None
    interval_ms: Span | None = None
    initial_delay_ms: Span = 0
    dry_run: Flag = False


class Conditions(_Strict):
    """Argo Rollouts' rule."""

    type: Literal["conditions"]
    metrics: Annotated[tuple[ConditionsMetric, ...], Field(json_schema_extra=_SOME)]


class RankMetric(_Strict):
    """One metric of both sides, compared by ranks."""

    name: Name
    direction: Literal["increase", "decrease", "either"] = "either"
    tolerance: Ratio = 0.25
    confidence: Part = 0.98
    effect: Literal["meanRatio", "cles"] = "meanRatio"
    allowed_decrease: Real | None = None
    allowed_increase: Real | None = None
    critical: Flag = False
    critical_decrease: Real | None = None
    critical_increase: Real | None = None
    must_have_data: Flag = False
    nan_strategy: Literal["remove", "replace"] = "remove"
    outliers: Literal["keep", "remove"] = "keep"
    outlier_factor: Annotated[float, Field(strict=True, gt=0)] = 3.0
    partial_ratio: Ratio = 2.0
    """Mean ratio from which a significant fault of a part of the points is bad too; 0 is off."""
    least_points: Least1 = 5
    groups: tuple[Name, ...] = ("all",)
    muted: Flag = False


class MannWhitney(_Strict):
    """Kayenta's rule."""

    type: Literal["mannwhitney"]
    metrics: Annotated[tuple[RankMetric, ...], Field(json_schema_extra=_SOME)]
    group_weights: dict[Name, Share] = Field(default_factory=dict)
    passing: Share = 95.0
    marginal: Share = 75.0
    every: Least1 = 1
    """Judge every so many blocks."""


class SequentialMetric(_Strict):
    """One metric judged on counts; give `budget` or `min`."""

    name: Name
    budget: Part | None = None
    """Largest share of bad requests that is fine."""
    min: Annotated[float, Field(strict=True, ge=1e-7, le=100 - 1e-7)] | None = None
    """Least percentage of good requests: a budget of 1 - min / 100."""
    phi: Annotated[float, Field(strict=True, ge=0.01, le=1000)] = 1.0
    """How much more bad requests scatter than single ones would; taken as 1 at the least."""
    known: Flag = True
    """Whether `phi` was measured; if not, no single block condemns."""
    history: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    """Share of bad requests before the rollout."""
    warmup_ms: Span = 0


class Sequential(_Strict):
    """Evidence on counts, looked at after every block."""

    type: Literal["sequential"]
    metrics: tuple[SequentialMetric, ...]
    values: tuple[ThresholdMetric, ...] = ()
    """Metrics without counts, judged by limits."""
    threshold: Least1 = 1
    """Blocks with a value beyond its limit that condemn."""
    alpha: Part = 0.01
    rho: Annotated[float, Field(strict=True, ge=1, le=100)] = 1.5
    floor: Annotated[float, Field(strict=True, ge=1e-9, le=1)] = 0.25
    dwell_ms: Span = 60_000
    seen_ms: Span = 15_000
    """How much of a weight has to be seen; a block at the least."""
    fast_dwell_ms: Span = 30_000
    fast_advance: Flag = False
    min_soak_ms: Span = 300_000
    max_hold_ms: Span = 600_000
    min_requests: Whole = 100
    on_inconclusive: Literal["promote", "hold", "rollback"] = "promote"
    pod_grace_ms: Span = 90_000
    """How long one pod that alone would condemn the canary may be broken; 0 condemns at once."""
    share_guard: Flag = True
    """Hold while the traffic does not split as the weight says."""
    rule: Annotated[int, Field(strict=True, ge=SECTION_7, le=RULE), _PLAIN] = RULE
    """The newest decision on the weighing of evidence that holds, by its number; with 30 the two
    ways condemn each by itself, at once and at every weight."""


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
    Real | Annotated[int, Field(strict=True)] | Annotated[str, Field(max_length=60, pattern=_TEXT)],
    BeforeValidator(_no_flag),
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

    start_ms: Whole | None = None
    """Where absent, blocks follow each other."""
    end_ms: Whole | None = None
    """Where absent, `blockMs` after the start."""
    weight: Weight = Decimal(10)
    """Percent of traffic on the canary."""
    last: Flag = False
    """Whether this is the last step, so that a pass promotes."""
    readings: tuple[Reading, ...] = ()
    underway: Flag = False
    """Whether another weight was on its way: then it may condemn, and passes nothing."""
    doubt: str = ""
    """Why the whole block may not decide, e.g. the source was down."""
    since_ms: Whole | None = None
    """When the weight was asked for, from which its dwell counts; its first block's start if not
    said."""


class Document(_Strict):
    """A judge and the blocks it is to judge."""

    judge: AnyJudge
    shadows: tuple[AnyJudge, ...] = ()
    """Judges beside it that do not decide."""
    block_ms: Annotated[int, Field(strict=True, ge=1, le=86_400_000), _PLAIN] = 15_000
    blocks: Annotated[tuple[Block, ...], Field(max_length=BLOCKS_MAX, json_schema_extra=_SOME)]
