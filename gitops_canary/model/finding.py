"""What a verification found."""

from dataclasses import dataclass
from enum import Enum

from gitops_canary.model.names import Revision


class Kind(Enum):
    """How bad it is."""

    DIFFERENCE = "difference"
    """The record does not match what it claims."""
    UNREADABLE = "unreadable"
    """Something could not be checked; nothing speaks against it."""
    NEWER = "newer"
    """A newer version wrote it: whether it holds, this one cannot tell, so it is not proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, and the commit it is about."""

    kind: Kind
    revision: Revision | None
    """None where it is about no single commit."""
    problem: str
    remedy: str
