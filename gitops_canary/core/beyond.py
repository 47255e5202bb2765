"""Records that this version cannot read, as one of a newer version: nothing rests on a guess."""

from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Hold, Wait


def beyond(s: Situation) -> Hold | None:
    """Hold a canary whose newest record cannot be read; None where that is over, or none is there.

    No abort goes either: which version is the good one, only that record tells.
    """
    if not s.beyond or s.suspend:
        return None
    return s.hold(
        Wait.ERROR,
        f"The newest record cannot be read, as if a newer version had written it: {s.beyond}",
        remedy="run the version of gitops-canary that wrote it; or end its rollout yourself: "
        "commit the version to keep, as candidate and primary, with weight 0",
        alert=True,
    )
