"""Pull requests as values."""

from dataclasses import dataclass
from enum import Enum

from gitops_canary.model.names import Revision


class Stage(Enum):
    """How far a request is."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Ready(Enum):
    """Whether a forge would merge an open request now."""

    YES = "yes"
    BLOCKED = "blocked"
    """A rule of the branch is not met: a review, a check."""
    BEHIND = "behind"
    """The branch has to be up to date with its base first."""
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    """The forge has not found out yet."""


class Method(Enum):
    """How a forge writes a merged request down."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One pull request from a branch of ours."""

    number: int
    stage: Stage
    head: Revision
    title: str
    ready: Ready = Ready.UNKNOWN
    """Told of open ones only."""
    merged: Revision | None = None
    """What the target branch got by it; of merged ones only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What became of asking for a merge."""

    tip: Revision | None
    """Of the target branch, where it was merged."""
    why: str = ""
    """Why it was not."""
    queued: bool = False
    """Whether the branch takes merges from a queue alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a request says when it is opened."""

    branch: str
    title: str
    body: str
    """The commit's message below its subject."""
    text: str
    """The same as the forge's page shows it best, in Markdown."""
    labels: tuple[str, ...]
