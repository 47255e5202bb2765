"""What people and their services are told about one decision."""

from dataclasses import dataclass
from enum import IntEnum

from gitops_canary.model.names import CanaryId, RolloutId


class Severity(IntEnum):
    """How much it matters; Flagger's words, each with those above it."""

    INFO = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Who is told about a Canary, and from which severity on."""

    name: str
    notifier: str
    """Name in controller.yaml, or `namespace/name` of an AlertProvider."""
    severity: Severity = Severity.INFO


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One decision that changed, in one sentence."""

    canary: CanaryId
    namespace: str
    name: str
    rollout: RolloutId
    event: str
    """The move's or the wait's word, e.g. `advance` or `waits for approval`."""
    severity: Severity
    sentence: str
    phase: str
    """Flagger's word for where the rollout stands."""
    weight: str
    """Percent."""
    version: str
    at_ms: int
    ended: bool
    """Whether the rollout is over with it."""
    move: str = ""
    """Which move of the rollout it is, the same for every process; empty where it is none."""

    @property
    def key(self) -> str:
        """Name it: told again, it is the same."""
        return f"{self.canary}/{self.rollout}/{self.event}/{self.weight}/{self.move or self.at_ms}"
