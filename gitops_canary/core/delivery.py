"""Which pull request a move needs, and what becomes of those that are there; pure.

Each move has a branch of its own, named for the move, with one commit and at most one open request.
So a request never comes to mean another move than the one that was approved, and everything is
found again from the names of branches and the forge's list of requests.
"""

from dataclasses import dataclass, replace
from enum import Enum

from gitops_canary.core.message import COLUMNS
from gitops_canary.errors import Unavailable
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.request import Draft, Ready, Request, Stage
from gitops_canary.model.rollout import Outcome, Record

WITHDRAWN = "withdrawn: "
"""Begins the title of a request that the controller closed itself."""
LABEL, LABEL_ROLLBACK = "gitops-canary", "gitops-canary-rollback"
BODY_MAX = 60_000
"""Characters of a request's text; GitHub takes 65,536."""
_FIRST = "first"
SHORT = 8
"""Characters of a commit in the name of a branch."""


class Hand(Enum):
    """Whose work the tip of a move's branch is."""

    OURS = "ours"
    """The move's commit, or it with the target branch merged into it."""
    STALE = "stale"
    """Ours, decided on what is no longer so."""
    FOREIGN = "foreign"


class Do(Enum):
    """What to do about one branch and its newest request."""

    LEAVE = "leave"
    CLEAR = "clear"
    """Delete the branch."""
    WITHDRAW = "withdraw"
    """Close the request and delete the branch; a move that is still due is proposed anew."""
    RENEW = "renew"
    """Delete the branch and propose the move anew."""
    PROPOSE = "propose"
    OPEN = "open"
    ASK = "ask"
    """Have the open request merged, as far as the rules of the branch allow."""
    REFUSED = "refused"
    """A person closed it."""
    TAKEN = "taken"
    """A person works on the branch."""
    ASTRAY = "astray"
    """It was merged, and what came out is no move of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A branch below our prefix, as the server has it."""

    branch: str
    tip: Revision
    hand: Hand
    record: Record | None
    """Of the move's commit; None where there is none of ours."""
    message: str = ""
    landed: bool = False
    """Whether the target branch has it."""

    @property
    def strange(self) -> bool:
        """Whether nothing of ours lies there: anybody can name any number of branches so."""
        return self.hand is Hand.FOREIGN and self.record is None

    @property
    def disposable(self) -> bool:
        """Whether nobody's work is lost with the branch."""
        return self.landed or self.hand is not Hand.FOREIGN


def prefix(target: str) -> str:
    """Say below which name the branches of a target branch's moves lie."""
    return f"gitops-canary/{target}/"


def branch_of(target: str, record: Record) -> str:
    """Name the branch of a move: no two moves of a canary share one."""
    after = record.previous[:SHORT] if record.previous else _FIRST
    move = f"{record.rollout}-{record.action.value}-{record.step}-{after}"
    return f"{prefix(target)}{record.canary}/{move}"


def canary_of(target: str, branch: str) -> CanaryId:
    """Name the canary whose move a branch is for, by its name; empty for a name of another form."""
    return CanaryId(branch.removeprefix(prefix(target)).rpartition("/")[0])


def same(one: Record, other: Record) -> bool:
    """Tell whether two records are one move, although more may have been measured for one."""
    return _bare(one) == _bare(other)


def _bare(record: Record) -> Record:
    return replace(record, verdict=Outcome.NONE, failed=0, window=None, evidence=None)


def draft(branch: str, message: str, *, urgent: bool) -> Draft:
    """Write a request as its commit reads: a forge that squashes takes title and text from it."""
    title, _, body = message.partition("\n")
    body = body.strip("\n")
    if len(body) > BODY_MAX:
        body = f"{body[:BODY_MAX]}\n\n(cut; the commit has it all)"
    labels = (LABEL, LABEL_ROLLBACK) if urgent else (LABEL,)
    return Draft(branch=branch, title=title, body=body, text=_fenced(body), labels=labels)


def _fenced(body: str) -> str:
    """Fence the table of checks, whose columns a page would not keep."""
    return "\n\n".join(
        f"```\n{block}\n```" if tuple(block.partition("\n")[0].split()) == COLUMNS else block
        for block in body.split("\n\n")
    )


def newest(requests: tuple[Request, ...]) -> Request | None:
    """Choose the request that counts, of those from one branch, newest first: the open one."""
    return next((one for one in requests if one.stage is Stage.OPEN), next(iter(requests), None))


def course(
    *,
    wanted: bool,
    kept: bool,
    there: Proposal | None,
    request: Request | None,
    undone: bool = False,
) -> Do:
    """Decide about one branch.

    `wanted`: its move is due now. `kept`: nobody can tell whether it is. `undone`: what its
    request brought was forced away from the target branch again.
    """
    if there and there.landed:
        return Do.CLEAR
    if not wanted:
        return Do.LEAVE if kept else _unwanted(there, request)
    if request is None or undone or _taken_back(request):
        return _unasked(there)
    match request.stage:
        case Stage.OPEN:
            return _asked(there)
        case Stage.MERGED:
            return Do.ASTRAY
        case Stage.CLOSED:
            return Do.REFUSED


def _taken_back(request: Request) -> bool:
    """Whether we closed it; an open one is asked for, whatever it is called."""
    return request.stage is not Stage.OPEN and request.title.startswith(WITHDRAWN)


def _unwanted(there: Proposal | None, request: Request | None) -> Do:
    if request and request.stage is Stage.OPEN:
        return Do.WITHDRAW
    return Do.CLEAR if there and there.hand is not Hand.FOREIGN else Do.LEAVE


def _unasked(there: Proposal | None) -> Do:
    if there is None:
        return Do.PROPOSE
    return {Hand.OURS: Do.OPEN, Hand.STALE: Do.RENEW, Hand.FOREIGN: Do.TAKEN}[there.hand]


def _asked(there: Proposal | None) -> Do:
    if there is None:
        return Do.LEAVE  # whoever deleted the branch closed the request; the next look sees it so
    return {Hand.OURS: Do.ASK, Hand.STALE: Do.WITHDRAW, Hand.FOREIGN: Do.TAKEN}[there.hand]


def unheard(decision: Decision | None) -> bool:
    """Tell whether a move may still be due, only that a source keeps silent."""
    return isinstance(decision, Hold) and (
        decision.wait is Wait.DATA or decision.exit_code == Unavailable.exit_code
    )


def waits(act: Act, request: Request, why: str, *, merges: bool) -> Hold:
    """Hold a move whose request is open; `merges` tells whether the controller merges by itself."""
    words = {
        Ready.YES: "it can be merged",
        Ready.BLOCKED: "the branch's rules ask for more: a review, or a check",
        Ready.BEHIND: "it is brought up to date with the branch",
        Ready.CONFLICT: "the forge sees a conflict with the branch",
        Ready.UNKNOWN: "the forge has not said yet whether it can be merged",
    }
    return _hold(
        act,
        f"{_what(act)} waits in pull request #{request.number}: {why or words[request.ready]}.",
        (
            "the controller merges it as soon as the branch's rules let it, which may ask for an "
            "approval; closing it refuses the move"
            if merges
            else "approve and merge it; closing it refuses the move"
        ),
        alert=act.urgent,
    )


def queued(act: Act, number: int) -> Hold:
    """Hold a move that only a merge queue brings to the branch."""
    return _hold(
        act,
        f"{_what(act)} waits in pull request #{number}: the branch takes merges from its merge "
        "queue alone, and the controller does not enqueue.",
        f"put #{number} into the queue, and set delivery.merge: people; or take the queue off",
        alert=True,
    )


def refused(act: Act, number: int) -> Hold:
    """Hold a move that a person refused."""
    return _hold(
        act,
        f"A person closed pull request #{number} for this move ({act.action.value}).",
        f"reopen #{number} to let it go on; another decision or a new candidate makes a new one",
        alert=act.urgent,
    )


def taken(act: Act, branch: str) -> Hold:
    """Hold a move on whose branch a person works."""
    return _hold(
        act,
        f"Somebody else committed to {branch}, the branch of this move; it is left to them.",
        "merge it yourself, take the commits off the branch again, or close the request, which "
        "refuses the move",
        alert=True,
    )


def astray(act: Act, number: int) -> Hold:
    """Hold a move whose request was merged into something else."""
    return _hold(
        act,
        f"Pull request #{number} was merged, but what came out is no commit of this move.",
        "squash and rebase need forgeCommits: true, and the message as the request has it; "
        "what it changed can be adopted by `gitops-canary resume`",
        alert=True,
    )


def _what(act: Act) -> str:
    return "The rollback" if act.urgent else f"The move ({act.action.value})"


def _hold(act: Act, reason: str, remedy: str, *, alert: bool) -> Hold:
    return Hold(
        canary=act.canary,
        wait=Wait.REQUEST,
        reason=reason,
        remedy=remedy,
        rollout=act.rollout,
        alert=alert,
    )
