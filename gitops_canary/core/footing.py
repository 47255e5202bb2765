"""What the controller rests on in the config branch, and whether it is still there; pure.

Each commit on the evidence branch, which only ever grows, names a commit that was on the config
branch when it was pushed. So a controller that remembers nothing can still tell that the config
branch was forced back or replaced.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Revision

MARK = "Canary-Tip:"
"""Trailer of a commit on the evidence branch: a full id on the config branch, the branch's name."""
_ANCHOR = re.compile(rf"^{MARK} ([0-9a-f]{{40}}) (\S+)$", re.MULTILINE)
Contains = Callable[[Revision, Revision], bool]
"""Whether a revision is or reaches another; unknown ones are not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """One look at both branches that was found to be in order."""

    tip: Revision
    move: Revision | None
    """The controller's newest move there."""
    evidence: Revision | None
    anchor: Revision | None
    """The newest commit of the config branch that the evidence branch names."""


def anchored(evidence: PlannedCommit, tip: Revision, branch: str) -> PlannedCommit:
    """Let a commit of evidence name the tip of the config branch that it belongs to."""
    return replace(evidence, message=f"{evidence.message}\n{MARK} {tip} {branch}\n")


def anchor(message: str, branch: str) -> Revision | None:
    """Read the commit of this config branch that a commit of evidence names."""
    found = (name for name, named in _ANCHOR.findall(message) if named == branch)
    return next((Revision(name) for name in found), None)


def anchors(message: str) -> tuple[Revision, ...]:
    """Read the commits of any config branch that a commit of evidence names."""
    return tuple(Revision(name) for name, _ in _ANCHOR.findall(message))


def follows(tip: Revision, before: Footing | None, contains: Contains) -> bool:
    """Tell whether a tip only adds to the one before it."""
    return before is not None and (tip == before.tip or contains(tip, before.tip))


def kept(evidence: Revision | None, before: Footing | None, contains: Contains) -> bool:
    """Tell whether the evidence branch still holds what it held before."""
    if before is None or before.evidence is None or before.evidence == evidence:
        return True
    return evidence is not None and contains(evidence, before.evidence)


def lost(
    tip: Revision,
    named: Revision | None,
    before: Footing | None,
    *,
    whole: bool,
    contains: Contains,
) -> Revision | None:
    """Find what the controller rests on and a tip no longer reaches; None where all is there.

    `named` is the newest commit that the evidence branch names, which every controller sees alike.
    What was seen `before` adds moves that went without evidence; where the evidence branch is not
    `whole`, or names nothing, it is all there is, and the whole branch as it was must be there.
    """
    forward = follows(tip, before, contains)
    proven = named is None or named == tip or (forward and before and named == before.anchor)
    if named is not None and not proven and not contains(tip, named):
        return named
    if before is None or forward:
        return None
    rest = before.move if named is not None and whole else before.tip
    return None if rest is None or contains(tip, rest) else rest
