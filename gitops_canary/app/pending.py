"""What is on its way by pull request: each branch of a move, its request, and what to do now."""

from collections.abc import Iterable, Mapping
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
    plan: Plan | None
    """The move that is due, if it is this branch's."""
    there: Proposal | None
    request: Request | None
    do: Do

    def hold(self) -> Hold | None:
        """Say what a due move waits for, as long as nothing is done about it; None for nothing."""
        if self.plan is None:
            return None
        act, request = self.plan.act, self.request
        if self.do is Do.TAKEN:
            return delivery.taken(act, self.branch)
        if request is None:
            return None
        made = {
            Do.ASK: lambda: delivery.waits(act, request, ""),
            Do.REFUSED: lambda: delivery.refused(act, request.number),
            Do.ASTRAY: lambda: delivery.astray(act, request.number),
        }.get(self.do)
        return made() if made else None


async def pending(
    requests: Requests,
    due: Mapping[str, Plan],
    there: Mapping[str, Proposal],
    known: Iterable[str],
    decisions: Mapping[CanaryId, Decision],
) -> tuple[list[Case], dict[CanaryId, Hold]]:
    """Find the request of every branch: of due moves first, of those there, of those known.

    With the holds of moves of which the forge will not tell.

    Raises:
        Refused: it will not tell of a branch whose move is not due.
        Unavailable: it did not answer.
    """
    found: list[Case] = []
    held: dict[CanaryId, Hold] = {}
    for branch in dict.fromkeys((*due, *there, *known)):
        plan, proposal = due.get(branch), there.get(branch)
        record = proposal.record if proposal else None
        owner = plan.act.canary if plan else record.canary if record else None
        try:
            request = delivery.newest(await requests.find(branch))
        except Refused as error:
            if plan is None:
                raise
            held[plan.act.canary] = cannot(plan.act.canary, error)
            continue
        do = delivery.course(
            wanted=plan is not None,
            kept=delivery.unheard(decisions.get(owner) if owner else None),
            there=proposal,
            request=request,
        )
        found.append(Case(branch=branch, plan=plan, there=proposal, request=request, do=do))
    return found, held
