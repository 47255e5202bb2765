"""Telling the forge where rollouts stand, beside the decisions and never in their way."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gitops_canary.app.looking import Seen
from gitops_canary.app.tick import Report
from gitops_canary.core.evidence import page_paths
from gitops_canary.core.notice import ends, notice, unjudged
from gitops_canary.core.plan import Plan
from gitops_canary.errors import CanaryError, Unavailable
from gitops_canary.model.decision import Act, Decision
from gitops_canary.model.names import CanaryId
from gitops_canary.model.notice import Notice
from gitops_canary.model.rollout import Action, Record
from gitops_canary.ports import Forge

log = logging.getLogger("gitops_canary")
DRAIN_S = 20
"""How long an ending program waits for what is still to be told."""


REST_S = 60
"""How long a forge that does not answer, or asks to wait, is left alone."""


@dataclass(slots=True)
class Noticer:
    """Keeps the newest notice of each rollout and tells them one after the other.

    What it remembers only spares requests: told again, nothing changes on the forge. A forge that
    is away is told later, the last word about a version too; one that refuses with the next news.
    """

    forge: Forge
    evidence: bool = True
    """Whether there is a branch with the record to link to."""
    clock: Callable[[], float] = time.monotonic
    """Seconds; only differences count."""
    _told: dict[str, Notice] = field(default_factory=dict)
    _due: dict[str, Notice] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None
    _rests_until_s: float = float("-inf")
    _said: str = ""
    """The last trouble, which is not told twice."""

    def take(self, report: Report) -> None:
        """Take in what a look decided; returns at once."""
        self.note(tuple(notices(report, evidence=self.evidence)))

    def note(self, found: Sequence[Notice]) -> None:
        """Take in how all rollouts of a repository stand; returns at once."""
        for one in found:
            if self._told.get(one.key) != one:
                self._due[one.key] = one
        self._told = {one.key: self._told[one.key] for one in found if one.key in self._told}
        rests = self.clock() < self._rests_until_s
        if self._due and not rests and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._tell())

    async def drain(self) -> None:
        """Wait for what is still to be told, for 20 s at the most."""
        if self._task:
            await asyncio.wait([self._task], timeout=DRAIN_S)
            self._task.cancel()

    async def _tell(self) -> None:
        while self._due:
            key, one = next(iter(self._due.items()))
            del self._due[key]
            # Marked before the attempt: a forge that says no is asked again with the next news.
            self._told[key] = one
            try:
                await self.forge.tell(one)
            except Unavailable as error:
                self._due.setdefault(key, one)
                self._rests_until_s = self.clock() + REST_S
                self._complain(one, error)
                return
            except CanaryError as error:
                self._complain(one, error)
            except Exception:
                # A bug here must be heard, and may not end the telling of the others.
                log.exception("%s: a bug kept the forge from being told", one.canary)
            else:
                self._said = ""

    def _complain(self, one: Notice, error: CanaryError) -> None:
        if self._said != str(error):
            self._said = str(error)
            log.warning("%s: the forge was not told: %s", one.canary, error)


def notices(report: Report, *, evidence: bool = True) -> Iterator[Notice]:
    """Say what a look means to the authors of the versions that roll, or just ended."""
    pushed = {plan.act.canary: plan for plan in report.pushed if plan.evidence}
    resting = {canary for canary, plan in pushed.items() if plan.act.action is Action.IDLE}
    for canary, one in report.seen.items():
        if _bypassing(one) and one.situation.bypass and canary not in pushed:
            yield unjudged(canary, one.situation.bypass, one.situation.unjudged)
        if canary in resting:
            continue  # scaling down is no news of the version, and must not look like a new try
        plan = pushed.get(canary)
        decision: Decision | None = plan.act if plan else report.decisions.get(canary)
        if decision is not None and (plan or one.running or not one.tip.owned.settled):
            found = _notice(canary, one, decision, plan)
            yield found if evidence else replace(found, page="")


def _bypassing(one: Seen) -> bool:
    """Whether the primary has another version than our newest move left.

    Whoever edits beside it, resources say, does so on both sides on purpose: that is told to the
    operators, but a failed mark would stand on every such request.
    """
    if one.rollout is None or one.written is None:
        return False
    return one.written.owned.primary.version != one.tip.owned.primary.version


def _notice(canary: CanaryId, one: Seen, decision: Decision, plan: Plan | None) -> Notice:
    """Say how one canary stands to whoever committed the version that it is about.

    A merge, or a push whose answer was lost, is told of at a look that has the move already: after
    an abort the candidate there is another version, of another commit.
    """
    rollout = one.rollout if one.running else None
    record = plan.record if plan else rollout.last.record if rollout else None
    name = decision.rollout if isinstance(decision, Act) else one.situation.candidate_id
    return notice(
        decision,
        key=f"{canary}/{record.rollout if record else name}",
        source=record.source if record else one.source,
        tip=one.tip.owned,
        version=plan.record.version if plan else one.tip.owned.candidate.version,
        policy=one.policy,
        verdicts=decision.verdicts if isinstance(decision, Act) else one.situation.verdicts,
        page=_page(plan),
        path=_path(plan, record),
    )


def _path(plan: Plan | None, record: Record | None) -> str:
    """Find the page of the newest move on the evidence branch; empty before the first one."""
    files = plan.evidence.files if plan and plan.evidence else {}
    pages = [path for path in files if path.endswith("/README.md")]
    return str(pages[0] if pages else page_paths(record)[0] if record else "")


def _page(plan: Plan | None) -> str:
    """Take the readable evidence out of a plan: it is the go/no-go summary once all is over."""
    if plan is None or plan.evidence is None or not ends(plan.act):
        return ""
    found = (data for path, data in plan.evidence.files.items() if path.endswith("/README.md"))
    page = next(found, None)
    return page.decode() if page else ""
