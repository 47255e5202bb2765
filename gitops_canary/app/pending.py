"""What is on its way by pull request: each branch of a move, its request, and what to do now."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from gitops_canary.app.pushing import cannot
from gitops_canary.core import delivery
from gitops_canary.core.delivery import Do, Proposal
from gitops_canary.core.plan import Plan
from gitops_canary.delivery_ports import Requests
from gitops_canary.errors import Refused
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.names import CanaryId
from gitops_canary.model.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One branch at one look."""

    branch: str
    owner: CanaryId
    plan: Plan | None
    """The move that is due, if it is this branch's."""
    there: Proposal | None
    request: Request | None
    do: Do

    def hold(self, *, merges: bool) -> Hold | None:
        """Say what a due move waits for, as long as nothing is done about it; None for nothing.

        `merges` tells whether the controller merges requests by itself.
        """
        if self.plan is None:
            return None
        act, request = self.plan.act, self.request
        if self.do is Do.TAKEN:
            return delivery.taken(act, self.branch)
        if request is None:
            return None
        made = {
            Do.ASK: lambda: delivery.waits(act, request, "", merges=merges),
            Do.REFUSED: lambda: delivery.refused(act, request.number),
            Do.ASTRAY: lambda: delivery.astray(act, request.number),
        }.get(self.do)
        return made() if made else None


async def pending(
    requests: Requests,
    undone: Callable[[Request], Awaitable[bool]],
    owners: Mapping[str, CanaryId],
    due: Mapping[str, Plan],
    there: Mapping[str, Proposal],
    decisions: Mapping[CanaryId, Decision],
) -> tuple[list[Case], dict[CanaryId, Refused]]:
    """Find the request of every branch in `owners`; and of whose moves the forge will not tell.

    `undone` tells of a merged one whether the target branch lacks what it brought.

    Raises:
        Unavailable: it did not answer.
    """
    found: list[Case] = []
    refused: dict[CanaryId, Refused] = {}
    for branch, owner in owners.items():
        plan, proposal = due.get(branch), there.get(branch)
        # What is over may stay, where a rule keeps branches: it costs no question at each look.
        over = plan is None and proposal is not None and proposal.landed
        try:
            request = None if over else delivery.newest(await requests.find(branch))
        except Refused as error:
            refused[owner] = error
            continue
        do = delivery.course(
            wanted=plan is not None,
            kept=delivery.unheard(decisions.get(owner)),
            there=proposal,
            request=request,
            undone=plan is not None and request is not None and await undone(request),
        )
        case = Case(branch=branch, owner=owner, plan=plan, there=proposal, request=request, do=do)
        found.append(case)
    return found, refused


def held(
    stuck: Mapping[CanaryId, Refused], decisions: Mapping[CanaryId, Decision]
) -> dict[CanaryId, Hold]:
    """Hold the canaries that are stuck; anybody can name a branch for one that is not there."""
    return {one: cannot(one, error) for one, error in stuck.items() if one in decisions}
