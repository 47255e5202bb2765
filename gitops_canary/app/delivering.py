"""Delivery by pull request: every move gets a branch and a request, and counts once merged.

Nothing is kept: branches and requests are found again at each look (`core/delivery.py`). A request
is merged by us only at a look that decides the same move again, so that none is merged that no
longer holds.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gitops_canary.app.brought import Brought
from gitops_canary.app.clearing import Clearing
from gitops_canary.app.crowd import Crowd
from gitops_canary.app.pending import Case, held, pending
from gitops_canary.app.proposing import Proposing
from gitops_canary.app.pushing import NOTHING_PUSHED, Budget, Pushed, Tips, cannot, compatible
from gitops_canary.app.resting import Resting
from gitops_canary.app.worker import Worker
from gitops_canary.core import delivery
from gitops_canary.core.delivery import Do
from gitops_canary.core.plan import Plan
from gitops_canary.core.replay import History
from gitops_canary.delivery_ports import Requests
from gitops_canary.errors import CanaryError, Conflict, Limited, Refused
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.request import Draft, Merging, Method, Ready, Request, Stage

log = logging.getLogger("gitops_canary")
_ANEW = frozenset({Do.PROPOSE, Do.RENEW, Do.WITHDRAW})


@dataclass(slots=True, kw_only=True)
class Delivering:
    """Delivers the moves of one repository; its Git is touched by the worker alone."""

    proposing: Proposing
    requests: Requests
    worker: Worker
    budget: Budget
    target: str
    crowd: Crowd
    merges: bool = True
    """Whether requests are merged by us, where the branch's rules allow; else people do."""
    method: Method = Method.MERGE
    _sent: dict[str, Plan] = field(default_factory=dict)
    """What was proposed, to tell of it once it has landed, whatever was measured or lost since; an
    end of the process loses that message."""
    _clearing: Clearing = field(init=False)
    _resting: Resting = field(default_factory=Resting)

    def __post_init__(self) -> None:
        self._clearing = Clearing(proposing=self.proposing, worker=self.worker)

    @property
    def awaited(self) -> Iterator[CanaryId]:
        """Name the canaries of which something was proposed that has not landed yet."""
        return (plan.act.canary for plan in self._sent.values())

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
            Unavailable: Git server or forge did not answer. Where the forge limits requests due
                moves are held instead.
        """
        tips = tips[0], await self.worker.do(lambda: self.proposing.proofs(tips))
        if now_ms is None:
            return await self._show(plans, decisions, history, tips)
        look, limited = Brought(tips[0]), dict[CanaryId, Hold]()
        try:
            self._resting.check(now_ms)
            await self._bring(plans, decisions, history, tips, now_ms, look)
        except Limited as error:
            limited = self._resting.holds(error, plans, now_ms)
        return look.result(tips[0], limited, decisions)

    async def _bring(
        self,
        plans: Sequence[Plan],
        decisions: Mapping[CanaryId, Decision],
        history: History,
        tips: Tips,
        now_ms: int,
        look: Brought,
    ) -> None:
        cases, look.stuck = await self._pending(plans, decisions, history, tips, now_ms)
        await self._make_way(cases, tips, look)
        free = [case for case in cases if case.owner not in look.stuck]
        await self._propose(free, tips, now_ms, look)
        for case in free:
            if case.plan:
                await self._handle(case, case.plan, look)
        await self._clear(cases, look)
        self._tell_landed(cases, history, look)

    async def _show(
        self,
        plans: Sequence[Plan],
        decisions: Mapping[CanaryId, Decision],
        history: History,
        tips: Tips,
    ) -> Pushed:
        try:
            cases, stuck = await self._pending(plans, decisions, history, tips, 0)
        except CanaryError as error:
            log.warning("pull requests are not shown: %s", error)
            return NOTHING_PUSHED
        holds = ((case.plan, case.hold(merges=self.merges)) for case in cases)
        told = {plan.act.canary: hold for plan, hold in holds if plan and hold}
        return replace(NOTHING_PUSHED, waiting=told | held(stuck, decisions))

    async def _pending(
        self,
        plans: Sequence[Plan],
        decisions: Mapping[CanaryId, Decision],
        history: History,
        tips: Tips,
        now_ms: int,
    ) -> tuple[list[Case], dict[CanaryId, Refused]]:
        """Look at the branches of due moves first, at those there, and at those proposed here."""
        due = {delivery.branch_of(self.target, plan.record): plan for plan in plans}
        own = {*due, *self._sent}
        choose = self.crowd.looking(own, history, now_ms)
        there = await self.worker.do(lambda: self.proposing.there(tips, due, choose))
        asked = self.crowd.asking(there, own, history, now_ms)
        branches = dict.fromkeys((*due, *asked, *self._sent))
        owners = {one: delivery.canary_of(self.target, one) for one in branches}

        async def undone(request: Request) -> bool:
            return await self.worker.do(partial(self.proposing.undone, tips[0], request))

        return await pending(self.requests, undone, owners, due, there, decisions)

    async def _make_way(self, cases: Sequence[Case], tips: Tips, look: Brought) -> None:
        """Take back what is not due any more; what has been merged meanwhile is looked at anew.

        A request is closed before anything takes its place, so that of two moves for one place in
        the chain only one can ever be merged.
        """
        doubtful = False
        for case in cases:
            merged = case.plan and case.request and case.request.stage is Stage.MERGED
            doubtful = doubtful or merged or case.do is Do.WITHDRAW
            try:
                await self._take_back(case, tips, look)
            except Refused as error:
                look.stuck[case.owner] = error
                log.warning("%s could not be taken back: %s", case.branch, error)
        if doubtful and await self.worker.do(partial(self.proposing.moved_from, tips[0])):
            raise _overtaken()

    async def _take_back(self, case: Case, tips: Tips, look: Brought) -> None:
        if case.do is Do.WITHDRAW and case.request:
            await self._withdraw(case.request, tips)
        if case.do in _ANEW and case.there and case.there.disposable:
            await self.worker.do(partial(self.proposing.delete, case.there))
            look.outdated = True

    async def _clear(self, cases: Sequence[Case], look: Brought) -> None:
        """Delete what is over; only a move that needs the very name waits for one that stays."""
        over = {case.branch: case for case in cases if case.do is Do.CLEAR}
        tried = await self._clearing.clear([case.there for case in over.values() if case.there])
        look.outdated = look.outdated or None in tried.values()
        for branch, error in tried.items():
            if error and over[branch].plan:
                look.waiting[over[branch].owner] = cannot(over[branch].owner, error)

    async def _withdraw(self, request: Request, tips: Tips) -> None:
        title = f"{delivery.WITHDRAWN}{request.title.removeprefix(delivery.WITHDRAWN)}"
        try:
            await self.requests.withdraw(request, title)
        except Refused:
            # One that was merged meanwhile is closed already.
            if await self.worker.do(partial(self.proposing.moved_from, tips[0])):
                raise _overtaken() from None
            raise

    async def _propose(self, cases: Sequence[Case], tips: Tips, now_ms: int, look: Brought) -> None:
        """Push due moves to branches of their own and open requests; aborts never wait."""
        due = {case.branch: case.plan for case in cases if case.plan and case.do in _ANEW}
        allowed = self.budget.allows(now_ms)
        fitting = compatible([plan for plan in due.values() if allowed or plan.act.urgent])
        chosen = {branch: plan for branch, plan in due.items() if plan in fitting}
        if not chosen:
            return
        self.budget.spend(now_ms)
        made = await self.worker.do(lambda: self.proposing.create(chosen, tips))
        look.outdated = True
        for branch, plan in chosen.items():
            tip = made[branch]
            if isinstance(tip, CanaryError):
                look.waiting[plan.act.canary] = cannot(plan.act.canary, tip)
            else:
                await self._open(plan, tip, _draft(branch, plan, plan.commit.message), look)

    async def _handle(self, case: Case, plan: Plan, look: Brought) -> None:
        """Go on with a move whose branch or request is there already."""
        there, request, act = case.there, case.request, plan.act
        if case.do is Do.OPEN and there:
            await self._open(plan, there.tip, _draft(case.branch, plan, there.message), look)
        elif case.do is Do.ASK and request and there:
            draft = _draft(case.branch, plan, there.message)
            await self._ask(plan, request, there.tip, draft, look)
        elif hold := case.hold(merges=self.merges):
            look.waiting[act.canary] = hold

    async def _open(self, plan: Plan, tip: Revision, draft: Draft, look: Brought) -> None:
        """Open a request; one that is urgent is merged at once where no rule is in the way."""
        try:
            request = await self.requests.open(draft)
        except Refused as error:
            look.waiting[plan.act.canary] = cannot(plan.act.canary, error)
            return
        self._sent[draft.branch] = plan
        why = "it was opened just now"
        look.waiting[plan.act.canary] = delivery.waits(plan.act, request, why, merges=self.merges)
        if plan.act.urgent:
            await self._ask(plan, request, tip, draft, look)

    async def _ask(
        self, plan: Plan, request: Request, tip: Revision, draft: Draft, look: Brought
    ) -> None:
        """Have a request merged, or say what it waits for; `tip` is what was found to be ours."""
        self._sent[draft.branch] = plan
        act = plan.act
        if request.head != tip:
            why = "its branch has just moved"
            look.waiting[act.canary] = delivery.waits(act, request, why, merges=self.merges)
            return
        done = Merging(tip=None)
        tries = request.ready is Ready.YES or (plan.act.urgent and request.ready is Ready.UNKNOWN)
        try:
            if request.ready is Ready.BEHIND:
                await self.requests.update(request)
            elif self.merges and tries and look.taken.isdisjoint(plan.files):
                done = await self._merge(plan, request, draft, look)
        except Refused as error:
            look.waiting[act.canary] = cannot(act.canary, error)
            return
        if done.tip:
            look.waiting.pop(act.canary, None)
        elif done.queued:
            look.waiting[act.canary] = delivery.queued(act, request.number)
        else:
            look.waiting[act.canary] = delivery.waits(act, request, done.why, merges=self.merges)

    async def _merge(self, plan: Plan, request: Request, draft: Draft, look: Brought) -> Merging:
        """Have a request merged on what was looked at.

        No forge takes the tip that a merge is meant for, so the time between is kept short.
        """
        if await self.worker.do(partial(self.proposing.moved_from, look.main)):
            look.again = True
            return Merging(tip=None, why="the branch has just moved")
        done = await self.requests.merge(request, draft, self.method)
        if done.tip:
            look.main, look.again = done.tip, True
            look.taken |= set(plan.files)
        return done

    def _tell_landed(self, cases: Sequence[Case], history: History, look: Brought) -> None:
        """Tell of what was merged as of a push, once it is seen to be a move.

        It is none where somebody's commit came between, and the forge wrote what nothing vouches
        for.
        """
        for case in cases:
            if case.plan is None and (plan := self._sent.pop(case.branch, None)):
                moves = history.moves.get(plan.act.canary, ())
                if any(delivery.same(move.record, plan.record) for move in moves):
                    look.pushed.append(plan)


def _draft(branch: str, plan: Plan, message: str) -> Draft:
    return delivery.draft(branch, message, urgent=plan.act.urgent)


def _overtaken() -> Conflict:
    return Conflict("a pull request was merged meanwhile", remedy="nothing: it is looked at again")
