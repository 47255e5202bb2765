"""What the controller has decided: to hold, or to move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from gitops_canary.model.names import CanaryId, Path, RolloutId
from gitops_canary.model.observation import Liveness, Verdict
from gitops_canary.model.rollout import Action, Outcome, Window
from gitops_canary.model.webhooks import Call, Replies


class Wait(Enum):
    """Why nothing is done; the value is the word users see."""

    IDLE = "idle"
    LIVE = "waits for sync"
    READY = "waits for a ready canary"
    WEBHOOK = "waits for a webhook"
    WINDOW = "measures"
    WATCH = "watches"
    DATA = "waits for data"
    APPROVAL = "waits for approval"
    REQUEST = "waits for a pull request"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    OVERRIDE = "overridden"
    QUARANTINED = "quarantined"
    PERSON = "waits for a person"
    ERROR = "cannot go on"


WAY_OUT: Mapping[Wait, str] = {
    Wait.PAUSED: "`gitops-canary resume {}` lets it go on",
    Wait.SUSPENDED: "take `suspend` out of the Canary {} to let it go on",
}
"""What ends a wait for which a person has asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Do nothing, with a reason."""

    canary: CanaryId
    wait: Wait
    reason: str
    """One sentence for a person."""
    remedy: str = ""
    rollout: RolloutId | None = None
    alert: bool = False
    """Whether somebody has to be told."""
    exit_code: int = 0
    """Of the error behind it, where there is one."""
    asks: tuple[Call, ...] = ()
    """Webhooks whose answers may end it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A move: a decision that becomes a commit. `at_ms` is a function of the inputs."""

    canary: CanaryId
    rollout: RolloutId
    action: Action
    step: int
    weight: Decimal
    verdict: Outcome
    failed: int
    window: Window | None
    reason: str
    """One or two sentences for a person, ending in a full stop."""
    at_ms: int
    verdicts: tuple[Verdict, ...] = ()
    """Every verdict at the current weight up to this decision, oldest first."""
    live: Liveness | None = None
    told: Replies = field(default_factory=dict, hash=False)
    """What webhooks had said."""
    quarantine: bool = False
    restore: bool = False
    """Of a retreat: whether the version leaves Git too, without a verdict on it."""
    override: bool = False
    """Whether a person's word stands here in the place of checks that were left."""

    @property
    def restores(self) -> bool:
        """Whether the version leaves Git."""
        return self.action is Action.ABORT or self.restore

    @property
    def urgent(self) -> bool:
        """Whether this goes before everything else."""
        return self.action in {Action.ABORT, Action.RETREAT}


Decision = Hold | Act


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCommit:
    """One commit: full new bytes per path (None deletes), message, committer date.

    The parent is whatever commit precedes it in its push; `at_ms` is raised to the parent's
    committer date where that is later, though not beyond `now_ms`.
    """

    files: Mapping[Path, bytes | None]
    message: str
    at_ms: int
    now_ms: int | None = None
    """The time, where it is known: whoever dates a commit ahead dates no later ones."""
    statements: Mapping[Path, bytes] = field(default_factory=dict)
    """Statements to seal with our key, by the path of the seal; left out where there is no key."""
