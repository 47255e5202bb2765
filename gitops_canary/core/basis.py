"""What a decision rested on, as its evidence tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.sides import Answers
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Move
from gitops_canary.model.spec import CanarySpec, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a decision rested on, besides the decision itself."""

    spec: CanarySpec
    policy: Policy
    effective: Mapping[str, Any]
    """The policy as JSON."""
    policy_revision: Revision
    """Where the policy was read."""
    origins: Mapping[str, str]
    """Where each of its values stands there."""
    scrape_ms: int
    lag_ms: int
    scrape_timeout_ms: int | None
    """None as in records from before it was known: a scrape may take its interval."""
    answers: Answers
    before: Owned
    after: Owned
    previous_ms: int | None
    """Committer date of the rollout's previous move; None where this is its first."""
    changes: Mapping[Path, tuple[str, str]]
    """Every text on the config branch that changes: before, after."""
    finished: bool = False
    """Whether the rollout was over, so that its primary was judged."""
    moves: Sequence[Move] = ()
    """The rollout's moves so far, oldest first."""
    landed: bool = False
    """Whether moves are dated by the merges that brought them, not as they were written."""
    rule: int = RULE
    """Which decision on the weighing of evidence holds; older ones for old records."""
