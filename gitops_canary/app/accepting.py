"""A person takes a rewritten branch as it is: from what they looked at to the line that says so."""

from gitops_canary.app.branch_standing import Standing
from gitops_canary.app.steering import Change, Want
from gitops_canary.errors import Refused
from gitops_canary.git.commands import is_revision
from gitops_canary.manifest import accepted
from gitops_canary.model.names import Path, Revision

_FILE = Path(accepted.FILE)


def loss_accepted(name: str, lost: str) -> Want:
    """Ask to go on with the branch as it is, of which `name` is a commit, without `lost`.

    `lost` may be empty: then it is what the evidence branch names and the branch does not reach.
    """

    def want(standing: Standing) -> Change:
        one = _loss(standing, name, lost)
        before = standing.text(_FILE)
        accepted.parse(before)
        said = f"the loss of {one.lost[:12]} accepted, looking at {one.accepted[:12]}"
        return Change(path=_FILE, before=before, after=accepted.add(before, one), said=said)

    return want


def _loss(standing: Standing, name: str, lost: str) -> accepted.Acceptance:
    """Find what a person has looked at, and what is not in the branch any more.

    Raises:
        Refused: that is not part of the branch, or nothing is lost.
    """
    clone = standing.checkout
    seen = clone.resolve(name)
    if seen is None or not clone.contains(standing.tip, seen):
        raise Refused(
            f"{name} is not part of {clone.branch} as the remote has it.",
            remedy=f"name the commit you have looked at, e.g. its tip {standing.tip[:12]} (in a "
            "shallow clone: git fetch --unshallow)",
        )
    gone = Revision(lost) if lost else clone.named()
    if gone is None:
        raise Refused(
            "The evidence branch does not say what was lost.",
            remedy="name it with --lost; the controller's alert gives the whole command",
        )
    if not is_revision(gone):
        raise Refused(
            f"{gone} is not a full revision.", remedy="give --lost all 40 digits of the alert"
        )
    if clone.contains(standing.tip, gone):
        raise Refused(
            f"{gone[:12]} is part of {clone.branch}: nothing that was built on is lost.",
            remedy="nothing, the controller goes on; `gitops-canary status` says what holds it",
        )
    return accepted.Acceptance(accepted=seen, lost=gone)
