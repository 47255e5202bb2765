"""Questions to other people's services: may this go on, does that test pass, shall it go back."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gitops_canary.model.names import CanaryId, RolloutId


class HookType(Enum):
    """When a webhook is called; Flagger's words."""

    CONFIRM_ROLLOUT = "confirm-rollout"
    PRE_ROLLOUT = "pre-rollout"
    ROLLOUT = "rollout"
    CONFIRM_TRAFFIC_INCREASE = "confirm-traffic-increase"
    CONFIRM_PROMOTION = "confirm-promotion"
    POST_ROLLOUT = "post-rollout"
    ROLLBACK = "rollback"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook of a Canary."""

    name: str
    type: HookType
    target: str
    """The URL a Flagger document carries, or the name of a webhook in controller.yaml."""
    timeout_ms: int = 10_000
    """For one attempt."""
    retries: int = 0
    """Attempts after the first, where that had no answer or a 5xx."""
    metadata: tuple[tuple[str, str], ...] = ()
    """Sent along; sorted by key."""
    muted: bool = False
    """Whether its refusal alerts nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question to one webhook about one instant; the same question is asked once."""

    hook: Webhook
    canary: CanaryId
    rollout: RolloutId
    since_ms: int
    """Committer date of the move it follows; 0 where it follows none."""
    step: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a webhook said. Nobody can ask it again for the same instant."""

    passed: bool | None
    """None where there was no answer, which is neither a pass nor a failure."""
    status: int | None
    """HTTP status; None where there was none."""
    why: str
    """In words, e.g. `HTTP 403`."""


Replies = Mapping[tuple[Webhook, int], Reply]
"""What is known since the newest move, by webhook and instant."""
