"""What the author of a change is told on the forge."""

from dataclasses import dataclass
from enum import Enum

from gitops_canary.model.names import CanaryId, Revision


class Mark(Enum):
    """State of a commit on a forge, in every forge's words."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Where one rollout stands: a commit status, and one comment that is kept up to date."""

    canary: CanaryId
    key: str
    """Names the comment: one for each rollout, found again by it."""
    source: Revision
    """The commit that changed the version."""
    mark: Mark
    summary: str
    """One line of at most 140 characters."""
    body: str
    """Markdown; foreign words in it are written so that nothing acts as markup."""
    page: str = ""
    """Path of the readable record on the evidence branch; empty where there is none."""
