"""Delivery by pull request in a world: a clone with branches for moves, a way to the forge."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from gitops_canary.app.checkpointing import Checkpoint
from gitops_canary.app.crowd import Crowd
from gitops_canary.app.delivering import Delivering
from gitops_canary.app.proposing import Proposing
from gitops_canary.app.tick import Station
from gitops_canary.core.crowding import BRANCHES_MAX, STRANGERS_MAX
from gitops_canary.core.footing import anchored
from gitops_canary.delivery_ports import Choice
from gitops_canary.errors import Refused, Unavailable
from gitops_canary.git.commands import Update
from gitops_canary.git.editing import Draft as Trees
from gitops_canary.git.rejection import conflict
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.request import Draft, Merging, Method, Request

from .forge import Forge
from .memory import MemoryGit
from .remote import CONFIG, EVIDENCE

T = TypeVar("T")
TOKEN = "allow the token to read and write contents and pull requests"  # noqa: S105 - a remedy


def _quiet(point: str) -> None:
    del point


@dataclass(slots=True)
class MemoryBranches(MemoryGit):
    """`delivery_ports.Branches` and `vouching.Witness` in memory."""

    polled: Callable[[], None] = lambda: None
    """Is told once the tip was asked for."""
    looked: Callable[[Collection[str], Collection[str]], None] = lambda _found, _chosen: None
    """Is told of the branches there were, and of those that were chosen."""
    deleting: Callable[[], None] = lambda: None
    """Is told of each branch that is to be deleted; what it raises is the server's answer."""

    def poll(self) -> Revision | None:
        tip = MemoryGit.poll(self)
        self.polled()
        return tip

    def below(self, folder: str, choose: Choice) -> Mapping[str, Revision]:
        self.boundary("below")
        self.network("poll")
        found = {b: tip for b, tip in self.remote.refs.items() if b.startswith(folder)}
        tips = {branch: found[branch] for branch in choose(found)}
        self.looked(found, tips)
        self.disk.known |= self.remote.reachable(*tips.values(), known=frozenset(self.disk.known))
        return tips

    def create(
        self,
        *,
        onto: Revision,
        commits: Mapping[str, PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> Mapping[str, Revision]:
        draft = Trees(self._trees.body)
        tips = {b: self._drafting.chain(draft, onto, [one])[0] for b, one in commits.items()}
        named = [anchored(one, onto, self.branch) for one in evidence]
        proof = self._drafting.chain(draft, evidence_onto, named)
        updates = [Update(branch=b, old=None, new=tip) for b, tip in tips.items()]
        if proof:
            updates.append(Update(branch=EVIDENCE, old=evidence_onto, new=proof[-1]))
        self.boundary("store")
        self.remote.objects.update(draft.made)
        self.disk.known |= {*tips.values(), *proof}
        self.boundary("stored")
        self._send(updates, draft)
        return tips

    def delete(self, branch: str, tip: Revision) -> None:
        self.network("push")
        self.deleting()
        now = self.remote.refs.get(branch)
        if now not in {None, tip}:
            raise conflict([Update(branch=branch, old=tip, new=now or tip)])
        self.remote.point(branch, None)
        self.boundary("deleted")
        self.network("acknowledged")

    def differing(self, before: Revision, after: Revision) -> frozenset[Path]:
        trees = self.remote.tree(before), self.remote.tree(after)
        return frozenset(map(Path, self.remote.differing(*trees)))

    def unseal(self, data: bytes) -> bytes:
        return self._ownership.unseal(data)


@dataclass(slots=True, kw_only=True)
class Way:
    """One controller's way to the forge (`delivery_ports.Requests`)."""

    forge: Forge
    pause: Callable[[], Awaitable[None]]
    boundary: Callable[[str], None] = _quiet
    state: Callable[[], str] = lambda: "up"
    """How the forge answers this controller now; `keeping` and `rationing` are about deletions."""
    asked: Callable[[str], None] = _quiet
    """Is told of each call as it arrives."""

    async def find(self, branch: str) -> tuple[Request, ...]:
        return await self._call("find", lambda: self.forge.find(branch))

    async def open(self, draft: Draft) -> Request:
        return await self._call("open", lambda: self.forge.open(draft))

    async def withdraw(self, request: Request, title: str) -> None:
        await self._call("withdraw", lambda: self.forge.withdraw(request, title))

    async def update(self, request: Request) -> None:
        await self._call("update", lambda: self.forge.update(request))

    async def merge(self, request: Request, draft: Draft, method: Method) -> Merging:
        return await self._call("merge", lambda: self.forge.merge(request, draft, method))

    def delete(self) -> None:
        """Say no to a branch's deletion, by a rule or for a while; or let it pass."""
        if self.state() == "keeping":
            raise Refused("the server refused the push (deletions)", remedy="allow them")
        if self.state() == "rationing":
            raise _silent("limited")

    async def _call(self, name: str, work: Callable[[], T]) -> T:
        self.boundary(name)
        await self.pause()
        state = self.state()
        if state in {"down", "limited"} or CONFIG not in self.forge.remote.refs:
            raise _silent(state)
        if state == "denied":
            words = "GitHub answered 403 (Resource not accessible by integration)."
            raise Refused(words, remedy=TOKEN)
        self.asked(name)
        result = work()
        self.boundary(f"{name} done")
        if state == "lost":
            raise _silent(state)
        await self.pause()
        return result


def _silent(state: str) -> Unavailable:
    why = "429 (rate limit exceeded)" if state == "limited" else "502 (Bad Gateway)"
    return Unavailable(f"GitHub answered {why}.", remedy="nothing: it is tried again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How the moves of a world are delivered."""

    method: Method
    merges: bool = True
    """Whether controllers merge; else people do."""
    branches_max: int = BRANCHES_MAX
    strangers_max: int = STRANGERS_MAX


def equipped(station: Station, git: MemoryBranches, way: Way, delivery: Delivery) -> None:
    """Let a station deliver by pull request, as the controller puts it together."""
    merging = delivery.method is Method.MERGE
    git.deleting = way.delete
    station.delivering = Delivering(
        proposing=Proposing(
            git=git, branches=git, witness=git, target=CONFIG, evidence=True, sealed=not merging
        ),
        requests=way,
        worker=station.worker,
        budget=station.budget,
        target=CONFIG,
        crowd=Crowd(
            target=CONFIG,
            branches_max=delivery.branches_max,
            strangers_max=delivery.strangers_max,
        ),
        merges=delivery.merges,
        method=delivery.method,
    )
    station.witness = None if merging else git
    timing = replace(station.measuring.timing, landed=True)
    station.measuring = replace(station.measuring, timing=timing)
    station.checkpoint = Checkpoint()
