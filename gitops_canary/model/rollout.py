"""One candidate's way, as its commits tell it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId


class Action(Enum):
    """What a commit of the controller does."""

    INITIALISE = "initialise"
    START = "start"
    ADVANCE = "advance"
    PROMOTE = "promote"
    FINISH = "finish"
    IDLE = "idle"
    ABORT = "abort"
    RETREAT = "retreat"


OVER = frozenset({Action.FINISH, Action.ABORT, Action.RETREAT, Action.IDLE})
"""Moves that end a rollout, or an attempt of it."""


class Outcome(Enum):
    """What the checks say; silence is never health."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time a verdict looks at, both ends included."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The trailers of one commit of the controller (format 1), parsed."""

    canary: CanaryId
    rollout: RolloutId
    action: Action
    step: int
    steps: int
    weight_from: Decimal
    weight_to: Decimal
    version: str
    verdict: Outcome
    failed: int
    threshold: int
    window: Window | None
    policy: Digest
    evidence: Digest | None
    source: Revision
    stable: Revision
    previous: Revision | None
    reverts: tuple[Revision, ...]

    @property
    def finished(self) -> bool:
        """Whether this is the finish that left the canary no traffic."""
        return self.action is Action.FINISH and self.over

    @property
    def over(self) -> bool:
        """Whether the rollout takes no more traffic to the canary after this move.

        A finish in steps (`stepWeightPromotion`) leaves some of it until its last one.
        """
        return self.weight_to == 0 and self.action in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A record and the commit that carries it. `date_ms` is its committer date, whole seconds."""

    record: Record
    revision: Revision
    date_ms: int
    landed_ms: int | None = None
    """When the merge that brought it was made; None where none did, or nobody asked."""
    sealed: bool = False
    """Whether a forge wrote its commit, as it merged; False where nobody asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """The moves of one rollout that are reachable from the tip, oldest first; never empty."""

    moves: tuple[Move, ...]

    @property
    def last(self) -> Move:
        """The newest move."""
        return self.moves[-1]

    @property
    def id(self) -> RolloutId:
        """The rollout's id, the same in every move."""
        return self.last.record.rollout

    @property
    def attempts(self) -> int:
        """How often this rollout was started."""
        return sum(move.record.action is Action.START for move in self.moves)

    @property
    def started(self) -> Move:
        """The newest start; the policy is pinned at its revision."""
        return next(m for m in reversed(self.moves) if m.record.action is Action.START)
