"""Candidates that a quarantine keeps out, or that may be kept out by what nobody can read."""

from gitops_canary.core.situation import Situation
from gitops_canary.core.text import percent
from gitops_canary.model.decision import Hold, Wait


def barred(s: Situation) -> Hold | None:
    """Hold a candidate that a quarantine keeps out, or may keep out; None where none does."""
    if s.barred:
        share = f"{percent(s.tip.weight)} % of the traffic" if s.tip.weight > 0 else "no traffic"
        return s.hold(
            Wait.QUARANTINED,
            f"The candidate, which gets {share}, is quarantined: {s.quarantined}",
            remedy=f"`gitops-canary retry {s.canary}` if it deserves another try",
            alert=True,
        )
    if s.illegible:
        return s.hold(
            Wait.ERROR,
            f"Whether the candidate is quarantined cannot be read: {s.illegible}",
            remedy="restore the line from history, or delete it to let its version in; what rolls "
            "already goes on",
            alert=True,
        )
    return None
