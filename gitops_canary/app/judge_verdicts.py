"""What `gitops-canary judge` prints, one object a line; its JSON Schema is made of this."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

OUTCOMES = Literal["pass", "fail", "inconclusive"]


class _Said(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True
    )


class Check(_Said):
    """What one metric comes to by now."""

    name: str
    outcome: OUTCOMES
    value: str | None
    """The canary's, as received; the percentage of its good requests where they are counted."""
    baseline: str | None
    """The same of the primary."""
    limit: str
    samples: str
    """How much it rests on, in words."""
    why: str
    numbers: dict[str, str]
    """What the judge computed, by name; logarithms are natural ones, to 12 decimals."""


class Shadow(_Said):
    """What one judge says after a block."""

    judge: Literal["threshold", "conditions", "mannwhitney", "sequential"]
    outcome: OUTCOMES
    decision: Literal["advance", "promote", "hold", "rollback"]
    """What a controller would do."""
    final: bool
    """Whether a failure condemns the version by now."""
    heard: bool
    """Whether there was something to judge by."""
    reason: str
    start_ms: Annotated[int, Field(ge=0)]
    end_ms: Annotated[int, Field(ge=1)]
    weight: str
    """Percent of traffic on the canary."""
    checks: list[Check]


class Said(Shadow):
    """The verdict after one block, and what each of the shadows says, in their order."""

    block: Annotated[int, Field(ge=0)]
    """The number of the block, from 0."""
    shadows: list[Shadow]
