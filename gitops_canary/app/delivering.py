"""Delivery by pull request: every move gets a branch and a request, and counts once merged.

Nothing is kept: branches and requests are found again at each look (`core/delivery.py`). A request
is merged by us only at a look that decides the same move again, so that none is merged that no
longer holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gitops_canary.app.proposing import Proposing
from gitops_canary.app.pushing import Budget, Pushed, Tips, cannot, compatible
from gitops_canary.app.worker import Worker
from gitops_canary.core import delivery
from gitops_canary.core.delivery import Do, Hand, Proposal
from gitops_canary.core.plan import Plan
from gitops_canary.core.replay import History
from gitops_canary.delivery_ports import Requests
from gitops_canary.errors import Conflict, Refused
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.model.request import Draft, Method, Ready, Request

_ANEW = frozenset({Do.PROPOSE, Do.RENEW, Do.WITHDRAW})
_CLEARS = frozenset({Do.CLEAR, Do.RENEW, Do.WITHDRAW})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One branch at one look."""

    branch: str
    plan: Plan | None
    """The move that is due, if it is this branch's."""
    there: Proposal | None
    request: Request | None
    do: Do


@dataclass(slots=True)
class _Look:
    """What comes out of one look."""

    main: Revision
    """The tip of the target branch, as far as we know."""
    pushed: list[Plan] = field(default_factory=list)
    waiting: dict[CanaryId, Hold] = field(default_factory=dict)
    taken: set[Path] = field(default_factory=set)
    """Files that a request merged at this look has changed."""
    again: bool = False
    outdated: bool = False


@dataclass(slots=True, kw_only=True)
class Delivering:
    """Delivers the moves of one repository; its Git is touched by the worker alone."""

    proposing: Proposing
    requests: Requests
    worker: Worker
    budget: Budget
    target: str
    merges: bool = True
    """Whether requests are merged by us, where the branch's rules allow; else people do."""
    method: Method = Method.MERGE
    _sent: dict[str, Plan] = field(default_factory=dict)
    """What was proposed, to tell of it once it has landed; losing it loses that message."""

    async def deliver(
        self,
        plans: Sequence[Plan],
        decisions: Mapping[CanaryId, Decision],
        history: History,
        tips: Tips,
        now_ms: int,
    ) -> Pushed:
        """Bring branches and requests in line with the plans, the urgent ones first.

        `history` holds the moves that the target branch has.

        Raises:
            Conflict: the target branch moved, or another process was faster; look again.
            Unavailable: Git server or forge did not answer.
        """
        look = _Look(tips[0])
        cases = await self._cases(plans, decisions, tips, look)
        await self._clear(cases, tips, look)
        await self._propose(cases, tips, now_ms, look)
        for case in cases:
            if case.plan:
                await self._handle(case, case.plan, look)
        self._tell_landed(cases, history, look)
        return Pushed(
            pushed=tuple(look.pushed),
            refused={},
            again=look.again,
            waiting=look.waiting,
            outdated=look.outdated,
        )

    async def _cases(
        self,
        plans: Sequence[Plan],
        decisions: Mapping[CanaryId, Decision],
        tips: Tips,
        look: _Look,
    ) -> list[_Case]:
        """Find every branch of ours, or of a due move, with its request."""
        wanted = {delivery.branch_of(self.target, plan.record): plan for plan in plans}
        records = {branch: plan.record for branch, plan in wanted.items()}
        there = await self.worker.do(lambda: self.proposing.there(tips[0], records))
        found: list[_Case] = []
        for branch in dict.fromkeys((*wanted, *there, *self._sent)):
            plan, proposal = wanted.get(branch), there.get(branch)
            record = proposal.record if proposal else None
            owner = plan.act.canary if plan else record.canary if record else None
            try:
                request = delivery.newest(await self.requests.find(branch))
            except Refused as error:
                if plan is None:
                    raise
                look.waiting[plan.act.canary] = cannot(plan.act.canary, error)
                continue
            decision = decisions.get(owner) if owner else None
            do = delivery.course(
                wanted=plan is not None,
                kept=delivery.unheard(decision),
                there=proposal,
                request=request,
            )
            found.append(_Case(branch=branch, plan=plan, there=proposal, request=request, do=do))
        return found

    async def _clear(self, cases: Sequence[_Case], tips: Tips, look: _Look) -> None:
        """Take back what is not due any more; what has been merged meanwhile is looked at anew.

        A request is closed before anything takes its place, so that of two moves for one place in
        the chain only one can ever be merged.
        """
        doubtful = False
        for case in cases:
            doubtful = doubtful or case.do in {Do.WITHDRAW, Do.ASTRAY}
            if case.do is Do.WITHDRAW and case.request:
                await self._withdraw(case.request, tips)
            if case.do in _CLEARS and case.there and _deletable(case.there):
                await self.worker.do(partial(self.proposing.delete, case.there))
                look.outdated = True
        if doubtful and await self.worker.do(partial(self.proposing.moved_from, tips[0])):
            raise _overtaken()

    async def _withdraw(self, request: Request, tips: Tips) -> None:
        title = f"{delivery.WITHDRAWN}{request.title.removeprefix(delivery.WITHDRAWN)}"
        try:
            await self.requests.withdraw(request, title)
        except Refused:
            # One that was merged meanwhile is closed already.
            if await self.worker.do(partial(self.proposing.moved_from, tips[0])):
                raise _overtaken() from None
            raise

    async def _propose(self, cases: Sequence[_Case], tips: Tips, now_ms: int, look: _Look) -> None:
        """Push due moves to branches of their own and open requests; aborts never wait."""
        due = {case.branch: case.plan for case in cases if case.plan and case.do in _ANEW}
        allowed = self.budget.allows(now_ms)
        fitting = compatible([plan for plan in due.values() if allowed or plan.act.urgent])
        chosen = {branch: plan for branch, plan in due.items() if plan in fitting}
        if not chosen:
            return
        self.budget.spend(now_ms)
        refused = await self.worker.do(lambda: self.proposing.create(chosen, tips))
        look.outdated = True
        look.waiting |= {
            chosen[branch].act.canary: cannot(chosen[branch].act.canary, error)
            for branch, error in refused.items()
        }
        for branch, plan in chosen.items():
            if branch not in refused:
                await self._open(plan, _draft(branch, plan, plan.commit.message), look)

    async def _handle(self, case: _Case, plan: Plan, look: _Look) -> None:
        """Go on with a move whose branch or request is there already."""
        there, request, act = case.there, case.request, plan.act
        if case.do is Do.OPEN and there:
            await self._open(plan, _draft(case.branch, plan, there.message), look)
        elif case.do is Do.ASK and request and there:
            await self._ask(plan, request, _draft(case.branch, plan, there.message), look)
        elif case.do is Do.REFUSED and request:
            look.waiting[act.canary] = delivery.refused(act, request.number)
        elif case.do is Do.ASTRAY and request:
            look.waiting[act.canary] = delivery.astray(act, request.number)
        elif case.do is Do.TAKEN:
            look.waiting[act.canary] = delivery.taken(act, case.branch)

    async def _open(self, plan: Plan, draft: Draft, look: _Look) -> None:
        """Open a request; one that is urgent is merged at once where no rule is in the way."""
        try:
            request = await self.requests.open(draft)
        except Refused as error:
            look.waiting[plan.act.canary] = cannot(plan.act.canary, error)
            return
        self._sent[draft.branch] = plan
        look.waiting[plan.act.canary] = delivery.opened(plan.act, request)
        if plan.act.urgent:
            await self._ask(plan, request, draft, look)

    async def _ask(self, plan: Plan, request: Request, draft: Draft, look: _Look) -> None:
        """Have a request merged, or say what it waits for."""
        self._sent.setdefault(draft.branch, plan)
        why = ""
        tries = request.ready is Ready.YES or (plan.act.urgent and request.ready is Ready.UNKNOWN)
        try:
            if request.ready is Ready.BEHIND:
                await self.requests.update(request)
            elif self.merges and tries and look.taken.isdisjoint(plan.files):
                why = await self._merge(plan, request, draft, look)
        except Refused as error:
            look.waiting[plan.act.canary] = cannot(plan.act.canary, error)
            return
        if plan in look.pushed:
            look.waiting.pop(plan.act.canary, None)
            return
        if why:
            request = replace(request, ready=Ready.BLOCKED)
        look.waiting[plan.act.canary] = delivery.waits(plan.act, request, why)

    async def _merge(self, plan: Plan, request: Request, draft: Draft, look: _Look) -> str:
        """Have a request merged on what was looked at; why it was not.

        No forge takes the tip that a merge is meant for, so the time between is kept short.
        """
        if await self.worker.do(partial(self.proposing.moved_from, look.main)):
            look.again = True
            return "the branch has just moved"
        done = await self.requests.merge(request, draft, self.method)
        if done.tip is None:
            return done.why
        look.main, look.again = done.tip, True
        look.taken |= set(plan.files)
        look.pushed.append(plan)
        self._sent.pop(draft.branch, None)
        return ""

    def _tell_landed(self, cases: Sequence[_Case], history: History, look: _Look) -> None:
        """Tell of what people merged as of a push."""
        for case in cases:
            if case.plan is None and (plan := self._sent.pop(case.branch, None)):
                moves = history.moves.get(plan.act.canary, ())
                if any(delivery.same(move.record, plan.record) for move in moves):
                    look.pushed.append(plan)


def _deletable(there: Proposal) -> bool:
    return there.landed or there.hand is not Hand.FOREIGN


def _draft(branch: str, plan: Plan, message: str) -> Draft:
    return delivery.draft(branch, message, urgent=plan.act.urgent)


def _overtaken() -> Conflict:
    return Conflict(
        "a pull request was merged meanwhile", remedy="nothing: the controller looks again"
    )
