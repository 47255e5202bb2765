"""The same operations on the forge in memory and on the stand-in for GitHub over HTTP."""

import asyncio
import pathlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from conformance.git_pair import outcome
from pulls_server import PullsServer
from sim.branching import Way
from sim.forge import Forge
from sim.remote import CONFIG, Remote

from gitops_canary.delivery_ports import Requests
from gitops_canary.forge.github import GitHub
from gitops_canary.forge.github_requests import GitHubRequests
from gitops_canary.git.objects import Identity
from gitops_canary.lab.origin import ADA, Origin
from gitops_canary.model.names import Revision
from gitops_canary.model.request import Draft, Method, Request, Stage

BRANCHES = ("gitops-canary/main/a/b", "gitops-canary/main/a/c")
PATHS = ("a", "b", "c")
START_S = 1_700_000_000
LAST = 20
"""Operations that are told where the two differ."""


async def _at_once() -> None:
    """Take no time."""


@dataclass(slots=True)
class ForgePair:
    """One model with its counterpart; every commit has the same id on both sides."""

    rng: Random
    origin: Origin
    token: pathlib.Path
    remote: Remote = field(default_factory=Remote)
    now_s: int = START_S
    log: list[str] = field(default_factory=list)
    server: PullsServer = field(init=False)
    forge: Forge = field(init=False)
    model: Requests = field(init=False)
    real: Requests = field(init=False)

    def __post_init__(self) -> None:
        self.server = PullsServer(self.origin, lambda: self.now_s)
        self.forge = Forge(remote=self.remote, now_ms=lambda: self.now_s * 1000)
        github = GitHub(
            url=self.server.url, repository="acme/config", token_file=self.token, pause_s=0
        )
        self.model = Way(forge=self.forge, pause=_at_once)
        self.real = GitHubRequests(github, "acme/config", CONFIG)
        self.commit()

    def step(self) -> None:
        """Do one random operation on both."""
        self.now_s += 10
        self.rng.choice(OPERATIONS)(self)
        self.forge.look()  # as GitHub does at every push
        self.server.open_ones()
        refs = {b: self.origin.tip(b) for b in (CONFIG, *BRANCHES)}
        assert {b: self.remote.refs.get(b) for b in refs} == refs, self.log[-LAST:]

    # What the controller asks. -------------------------------------------------------------------

    def find(self) -> None:
        branch = self.rng.choice(BRANCHES)
        self._ask(f"find {branch}", lambda one: asyncio.run(one.find(branch)))

    def open(self) -> None:
        branch = self.rng.choice(BRANCHES)
        if branch not in self.remote.refs:
            self._commit(branch, [self.forge.main])
        draft = Draft(branch=branch, title=f"Move {self.now_s}", body="", text="", labels=("x",))
        self._ask(f"open {branch}", lambda one: asyncio.run(one.open(draft)))

    def withdraw(self) -> None:
        request = self._known()
        if request:
            title = f"withdrawn: {request.title}"
            self._ask(f"withdraw {title}", lambda one: asyncio.run(one.withdraw(request, title)))

    def update(self) -> None:
        request = self._known()
        if request:
            self._ask(f"update {request.number}", lambda one: asyncio.run(one.update(request)))

    def merge(self) -> None:
        """Merge what is known of one: its head may be another by now."""
        request = self._known()
        if request is None:
            return
        method = self._method(request.number)
        draft = Draft(branch="", title=f"Squashed {self.now_s}", body="", text="", labels=())

        def call(one: Requests) -> object:
            done = asyncio.run(one.merge(request, draft, method))
            return done.tip, bool(done.why), done.queued

        self._ask(f"merge {request.number} by {method.value}", call)

    # What people do. -----------------------------------------------------------------------------

    def commit(self) -> None:
        self._commit(CONFIG, None)

    def branch(self) -> None:
        """Push a move, in place of whatever was there."""
        self._commit(self.rng.choice(BRANCHES), [self.forge.main])

    def push(self) -> None:
        branch = self.rng.choice(BRANCHES)
        if branch in self.remote.refs:
            self._commit(branch, None)

    def delete(self) -> None:
        branch = self.rng.choice(BRANCHES)
        self.remote.point(branch, None)
        self.origin.git("update-ref", "-d", f"refs/heads/{branch}")

    def approve(self) -> None:
        request = self._known()
        if request:
            self.forge.approved.add(request.head)
            self.server.approved.add(request.head)

    def rules(self) -> None:
        for name in ("needs_approval", "strict", "queue"):
            value = self.rng.random() < 0.3
            setattr(self.forge, name, value)
            setattr(self.server, name, value)

    def close(self) -> None:
        for one, other in zip(self.forge.pulls, self.server.pull_requests, strict=True):
            if one.stage is Stage.OPEN and self.rng.random() < 0.3:
                one.stage, other.state = Stage.CLOSED, "closed"

    def _commit(self, branch: str, parents: list[Revision] | None) -> None:
        files: dict[str, bytes | None] = {
            self.rng.choice(PATHS): f"{self.rng.randrange(3)}\n".encode()
        }
        message, who = f"At {self.now_s}\n", Identity(name=ADA.name, email=ADA.email)
        model = self.remote.commit(
            files, message, who=who, date_s=self.now_s, branch=branch, parents=parents
        )
        real = self.origin.commit(files, message, branch=branch, parents=parents, at=self.now_s)
        self._both(f"commit on {branch}", model, real)

    def _known(self) -> Request | None:
        """Choose a request as it was listed, some time ago or just now."""
        found = [one for b in BRANCHES for one in self.forge.find(b)]
        return self.rng.choice(found) if found else None

    def _method(self, number: int) -> Method:
        """Choose a method; the stand-in rebases one commit alone."""
        pull = self.forge.pulls[number - 1]
        several = len(self.forge.commits(pull.head, self.forge.main)) > 1
        return self.rng.choice([one for one in Method if one is not Method.REBASE or not several])

    def _ask(self, what: str, call: Callable[[Requests], object]) -> None:
        self._both(what, outcome(lambda: call(self.model)), outcome(lambda: call(self.real)))

    def _both(self, what: str, one: object, other: object) -> None:
        self.log.append(f"{what}: {one!s:.300}")
        assert one == other, "\n".join([*self.log[-LAST:], f"really: {other}"])


OPERATIONS: Sequence[Callable[[ForgePair], None]] = (
    ForgePair.find, ForgePair.find, ForgePair.find, ForgePair.open, ForgePair.open, ForgePair.open,
    ForgePair.withdraw, ForgePair.update, ForgePair.merge, ForgePair.merge, ForgePair.merge,
    ForgePair.commit, ForgePair.branch, ForgePair.branch, ForgePair.push, ForgePair.delete,
    ForgePair.approve, ForgePair.approve, ForgePair.rules, ForgePair.close,
)  # fmt: skip
