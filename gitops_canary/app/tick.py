"""One look at one repository, and at most a few pushes: read, ask, decide, write."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.backoff import at_once
from gitops_canary.app.beginnings import Beginner, Found
from gitops_canary.app.checkpointing import Checkpoint
from gitops_canary.app.delivering import Delivering
from gitops_canary.app.guarding import Guard, Memory
from gitops_canary.app.hooking import Hooking
from gitops_canary.app.looking import Look, Seen, look
from gitops_canary.app.lost import Lost
from gitops_canary.app.measuring import Measured, Measuring
from gitops_canary.app.planning import Planner
from gitops_canary.app.pushing import NOTHING_PUSHED, Budget, Pushed, Pusher, Refusals, Tips
from gitops_canary.app.reading import Reader
from gitops_canary.app.showing import Showing
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.app.unmanaged import Unmanaged, unmanaged
from gitops_canary.app.vouching import Witness, vouching
from gitops_canary.app.worker import Worker
from gitops_canary.core import initialising
from gitops_canary.core.condensing import Past
from gitops_canary.core.dating import Clock
from gitops_canary.core.hook_body import body as hook_body
from gitops_canary.core.initialising import Beginning
from gitops_canary.core.plan import Plan
from gitops_canary.core.replay import History
from gitops_canary.core.unheard import unanswered
from gitops_canary.errors import CanaryError, Conflict
from gitops_canary.model.decision import Decision
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.webhooks import Call
from gitops_canary.ports import Git

ROUNDS_MAX = 6
"""How often one tick decides again: lost races, and moves that could not go in one push."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one tick saw, decided and wrote; `seen` with what was measured."""

    repository: str
    tip: Revision | None
    decisions: Mapping[CanaryId, Decision]
    seen: Mapping[CanaryId, Seen]
    """Those at the tip, and every one that was moved."""
    history: History = field(default_factory=lambda: History({}))
    pushed: tuple[Plan, ...] = ()
    planned: tuple[Plan, ...] = ()
    """Moves that are due and were not written (`plan`, `status`), or not yet."""
    unmanaged: tuple[Unmanaged, ...] = ()
    """What changed outside every canary, or every rollout, since the tip before."""
    barren: tuple[str, ...] = ()
    """The allowed paths below which the tip has no file."""
    error: CanaryError | None = None
    """What kept the whole repository from being looked at."""
    due_ms: int | None = None
    """How long after this look there is more to judge; None where nothing is judged."""
    breakglass: str = ""
    """What a person can type while Git is away and canaries take traffic; empty if nothing."""


@dataclass(slots=True, kw_only=True)
class Station:
    """One repository with all its ports. Git is only ever touched by its own single thread."""

    name: str
    git: Git
    reader: Reader
    measuring: Measuring
    budget: Budget
    hooking: Hooking = field(default_factory=Hooking)
    evidence: bool = True
    time: Timekeeper
    worker: Worker = field(default_factory=Worker)
    branch: str = "main"
    memory: Memory = field(default_factory=Memory)
    beginner: Beginner | None = None
    """Writes primaries that are missing; None leaves that to people."""
    witness: Witness | None = None
    """What tells of seals, where commits that a forge wrote may be ours; None: they never are."""
    delivering: Delivering | None = None
    """Delivers moves by pull request; None pushes them."""
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    wait: Callable[[int], Awaitable[None]] = at_once
    """Waits after so many lost races in a row."""
    _races: int = 0
    _guard: Guard = field(init=False)
    _refusals: Refusals = field(default_factory=Refusals)
    _graph: Graph | None = None
    _fresh: bool = False
    """Whether the graph was read after the last failure."""
    _before: Revision | None = None
    """The tip looked at before this one."""
    _seen: dict[CanaryId, Seen] = field(default_factory=dict)
    _unmanaged: tuple[Unmanaged, ...] | None = None
    """None where it was not looked for at this tip."""
    _lost: Lost = field(default_factory=Lost)
    _tips: tuple[Revision, Revision | None] | None = None
    _showing: Showing = field(init=False)

    def __post_init__(self) -> None:
        self._showing = Showing(self.git)
        self._guard = Guard(
            git=self.git,
            text=self.reader.text,
            branch=self.branch,
            evidence=self.evidence,
            memory=self.memory,
        )

    async def tick(self, *, write: bool) -> Report:
        """Look once, and write what is due; never raises a CanaryError."""
        pushed: list[Plan] = []
        changed: dict[Unmanaged, None] = {}
        moved: dict[CanaryId, Seen] = {}
        try:
            for _ in range(ROUNDS_MAX):
                report, again = await self._round(write=write)
                pushed.extend(report.pushed)
                changed |= dict.fromkeys(report.unmanaged)
                movers = {plan.act.canary for plan in report.pushed}
                moved |= {one: report.seen[one] for one in movers & report.seen.keys()}
                if not again:
                    break
                await self.wait(self._races)
        except CanaryError as error:
            tip = self._tips[0] if self._tips else None
            self._forget()
            # What was known may not be in the clone that is made anew.
            self._graph, self._before, self._seen = None, None, {}
            return Report(
                repository=self.name,
                tip=tip,
                decisions={},
                # What was pushed before the trouble is told like any other push.
                seen=moved,
                pushed=tuple(pushed),
                error=error,
            )
        known = {**moved, **report.seen}
        return replace(report, pushed=tuple(pushed), unmanaged=tuple(changed), seen=known)

    async def page(self, folder: str, count: int) -> str | None:
        """Write a rollout's page as its decisions were at the newest look; None without any.

        Raises:
            CanaryError: they cannot be read.
        """
        evidence = self._tips[1] if self._tips else None
        if evidence is None:
            return None
        return await self.worker.do(lambda: self._showing.page(evidence, folder, count))

    def close(self) -> None:
        """Close Git and end its thread; what still runs there is ended first."""
        self.git.abandon()
        self.worker.end(self.git.close)

    async def _round(self, *, write: bool) -> tuple[Report, bool]:
        seen, now_ms = await self.worker.do(self._look)
        self._lost.see(seen.history)
        begun, held = await self._uninitialised(seen)
        decisions, measured = await self._decide(seen, begun, now_ms, write=write)
        decisions.update(held)
        steady_ms = self.time.steady()
        acts = self._refusals.due(decisions, steady_ms)
        clock = await self.measuring.clock(measured, now_ms) if acts else Clock(own_ms=now_ms)
        clock = self.time.dating(clock)
        planner = Planner(self.reader, self.git, self.measuring.timing, clock)
        plans, refused = await self.worker.do(
            lambda: planner.plans(acts, seen, measured.answers, self._known()[1], begun)
        )
        decisions.update(refused)
        self._lost.tried(plans, seen.seen)
        try:
            at_ms = steady_ms if write else None
            with self._lost.kept(plans if write and self.delivering is None else ()):
                outcome = await self._push(plans, decisions, seen.history, at_ms)
        except Conflict:
            self._forget()
            self._races += 1
            return self._report(seen, decisions, (), plans, measured), True
        self._races = 0
        decisions.update({**outcome.refused, **outcome.waiting})
        self._refusals.add(acts, outcome, steady_ms)
        if outcome.tip:
            self._guard.moved(outcome.tip)
        if outcome.tip or outcome.outdated or outcome.refused or outcome.doubted:
            self._forget()  # back where it was before our push, perhaps, or mended meanwhile
        rest = tuple(p for p in plans if p not in outcome.pushed)
        return self._report(seen, decisions, outcome.pushed, rest, measured), outcome.again

    async def _push(
        self, plans: list[Plan], due: Mapping[CanaryId, Decision], past: History, at_ms: int | None
    ) -> Pushed:
        if self.delivering:
            return await self.delivering.deliver(plans, due, past, self._known(), at_ms)
        if at_ms is None:
            return NOTHING_PUSHED
        pusher = Pusher(self.git, self.budget, self.evidence, self._refusals.doubted)
        return await self.worker.do(lambda: pusher.push(plans, self._known(), at_ms))

    def _report(
        self,
        seen: Look,
        decisions: Mapping[CanaryId, Decision],
        pushed: tuple[Plan, ...],
        planned: Sequence[Plan],
        measured: Measured,
    ) -> Report:
        pushed = (*self._lost.arrived(), *pushed)
        awaited = self.delivering.awaited if self.delivering else ()
        now = seen.measured(measured.situations)
        return Report(
            repository=self.name,
            tip=seen.view.revision,
            decisions=decisions,
            seen={**self._lost.moved(pushed, awaited), **now},
            history=seen.history,
            unmanaged=seen.unmanaged,
            barren=seen.view.index.barren,
            pushed=pushed,
            planned=tuple(planned),
            due_ms=measured.due_ms,
        )

    def _look(self) -> tuple[Look, int]:
        remote = self.git.poll()
        if remote is None:
            raise self._guard.missing()
        if self._tips is None or self._tips[0] != remote:
            self._tips = self._guard.stand(self.git.fetch())
        tip = self._tips[0]
        if self._graph is None or self._graph.tip != tip or not self._fresh:
            if not self._graph or self._graph.tip != tip:
                self._before = self._graph.tip if self._graph else None
            seals = vouching(self.git, self.reader, self.witness, self._tips[1])
            past = self._graph.past if self._graph else self._restored(tip)
            stirred, by_request = self.reader.stirred, self.delivering is not None
            self.reader.turn()
            self._graph = Graph(self.git, tip, past, seals, stirred, delivered=by_request)
            self._guard.keep(self._tips, self._graph.newest)
            self._fresh = True
            self._seen, self._unmanaged = {}, None
        now_ms = self.time.now_ms(self._graph.made_ms)
        seen = look(self.reader, self._graph, now_ms, self._seen)
        self._graph.past = self.checkpoint.keep(self._graph.past, now_ms, self.reader)
        if self._unmanaged is None:
            before = self._before or next(iter(self._graph.commit(tip).parents), tip)
            grounds = {canary: one.tip for canary, one in seen.seen.items()}
            self._unmanaged = unmanaged(self.reader, self._graph, before, grounds)
        return replace(seen, unmanaged=self._unmanaged), now_ms

    def _restored(self, tip: Revision) -> Past | None:
        past = self.checkpoint.restore(self.git, tip)
        self.reader.expected = self.checkpoint.words
        return past

    async def _decide(
        self, seen: Look, begun: Mapping[CanaryId, Beginning], now_ms: int, *, write: bool
    ) -> tuple[dict[CanaryId, Decision], Measured]:
        """Ask the world about every canary at once, then decide."""
        measured = await self.measuring.measure(seen.seen, now_ms, begun)
        self.time.hear(measured.clock_ms)
        decisions: dict[CanaryId, Decision] = dict(seen.held)
        situations = {k: measured.situations.get(k, one.situation) for k, one in seen.seen.items()}

        def body(call: Call) -> Mapping[str, object]:
            one = seen.seen[call.canary]
            owned = one.tip.owned
            return hook_body(call, one.spec, weight=owned.weight, version=owned.candidate.version)

        decided = await self.hooking.decide(situations, body, asks=write)
        for canary, decision in decided.items():
            decisions[canary] = unanswered(decision, measured.silence)
        for canary, beginning in begun.items():
            decisions[canary] = initialising.decide(beginning, measured.steps.get(canary), now_ms)
        return decisions, measured

    async def _uninitialised(self, seen: Look) -> Found:
        """Find canaries that are not initialised yet, where the operator wants that done."""
        beginner, graph = self.beginner, self._graph
        if beginner is None or graph is None:
            return {}, {}
        return await self.worker.do(lambda: beginner.look(seen, graph))

    def _forget(self) -> None:
        """Fetch before the next look: evidence may have moved alone, and damage heals by that."""
        self._tips = None
        self._fresh = False

    def _known(self) -> Tips:
        assert self._tips is not None, "nothing is planned before the first fetch"
        return self._tips
