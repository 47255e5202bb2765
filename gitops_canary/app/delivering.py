"""Delivery by pull request: every move gets a branch and a request, and counts once merged.

Nothing is kept: branches and requests are found again at each look (`core/delivery.py`). A request
is merged by us only at a look that decides the same move again, so that none is merged that no
longer holds.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gitops_canary.app.pending import Case, pending
from gitops_canary.app.proposing import Proposing
from gitops_canary.app.pushing import NOTHING_PUSHED, Budget, Pushed, Tips, cannot, compatible
from gitops_canary.app.worker import Worker
from gitops_canary.core import delivery
from gitops_canary.core.delivery import Do, Hand, Proposal
from gitops_canary.core.plan import Plan
from gitops_canary.core.replay import History
from gitops_canary.delivery_ports import Requests
from gitops_canary.errors import CanaryError, Conflict, Refused, Unavailable
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.model.request import Draft, Method, Ready, Request

log = logging.getLogger("gitops_canary")
_ANEW = frozenset({Do.PROPOSE, Do.RENEW, Do.WITHDRAW})
_CLEARS = frozenset({Do.CLEAR, Do.RENEW, Do.WITHDRAW})


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
        now_ms: int | None,
    ) -> Pushed:
        """Bring branches and requests in line with the plans, the urgent ones first.

        `history` holds the moves that the target branch has. Without `now_ms` nothing is changed,
        and only what due moves wait for is told.

        Raises:
            Conflict: the target branch moved, or another process was faster; look again.
            Unavailable: Git server or forge did not answer.
        """
        if now_ms is None:
            return await self._show(plans, decisions, tips)
        cases, waiting = await self._pending(plans, decisions, tips)
        look = _Look(tips[0], waiting=waiting)
        try:
            await self._clear(cases, tips, look)
            await self._propose(cases, tips, now_ms, look)
            for case in cases:
                if case.plan:
                    await self._handle(case, case.plan, look)
        except Unavailable:
            # What became of these finds whoever asked for them.
            for case in cases:
                self._sent.pop(case.branch, None)
            raise
        self._tell_landed(cases, history, look)
        return Pushed(
            pushed=tuple(look.pushed),
            refused={},
            again=look.again,
            waiting=look.waiting,
            outdated=look.outdated,
        )

    async def _show(
        self, plans: Sequence[Plan], decisions: Mapping[CanaryId, Decision], tips: Tips
    ) -> Pushed:
        try:
            cases, waiting = await self._pending(plans, decisions, tips)
        except CanaryError as error:
            log.warning("pull requests are not shown: %s", error)
            return NOTHING_PUSHED
        holds = ((case.plan, case.hold()) for case in cases)
        told = {plan.act.canary: hold for plan, hold in holds if plan and hold}
        return replace(NOTHING_PUSHED, waiting={**waiting, **told})

    async def _pending(
        self, plans: Sequence[Plan], decisions: Mapping[CanaryId, Decision], tips: Tips
    ) -> tuple[list[Case], dict[CanaryId, Hold]]:
        due = {delivery.branch_of(self.target, plan.record): plan for plan in plans}
        records = {branch: plan.record for branch, plan in due.items()}
        there = await self.worker.do(lambda: self.proposing.there(tips[0], records))
        return await pending(self.requests, due, there, self._sent, decisions)

    async def _clear(self, cases: Sequence[Case], tips: Tips, look: _Look) -> None:
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

    async def _propose(self, cases: Sequence[Case], tips: Tips, now_ms: int, look: _Look) -> None:
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

    async def _handle(self, case: Case, plan: Plan, look: _Look) -> None:
        """Go on with a move whose branch or request is there already."""
        there, request, act = case.there, case.request, plan.act
        if case.do is Do.OPEN and there:
            await self._open(plan, _draft(case.branch, plan, there.message), look)
        elif case.do is Do.ASK and request and there:
            await self._ask(plan, request, _draft(case.branch, plan, there.message), look)
        elif hold := case.hold():
            look.waiting[act.canary] = hold

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

    def _tell_landed(self, cases: Sequence[Case], history: History, look: _Look) -> None:
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
