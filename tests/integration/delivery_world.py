"""A config repository whose main takes no push, its forge, and a controller that opens requests.

Git is real and served over HTTP; the forge is the stand-in; metrics come from a table.
"""

import asyncio
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from forge_server import TOKEN
from pulls_server import Pull, PullsServer
from recorded_world import EVIDENCE, START_S, Table

from gitops_canary.app.crowd import Crowd
from gitops_canary.app.delivering import Delivering
from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.proposing import Proposing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.app.worker import Worker
from gitops_canary.forge.github import GitHub
from gitops_canary.forge.github_requests import GitHubRequests
from gitops_canary.git.branches import Branches
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import trust
from gitops_canary.git.plain import PlainClone
from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin
from gitops_canary.lab.world import example
from gitops_canary.model.decision import Decision, Wait
from gitops_canary.model.names import CanaryId
from gitops_canary.model.request import Method
from gitops_canary.routing import ROUTERS
from gitops_canary.sync.none import Nothing

CHECKOUT = CanaryId("prod/checkout")
CANARY = "apps/checkout/canary.yaml"
LADDER = "stepWeights: [5, 10, 25, 50, 100]"
ROUTE = "apps/checkout/virtualservice.yaml"
DEPLOYMENT = "apps/checkout/deployment.yaml"
USERS = {"bot": "b0t"}
RESTS = {Wait.IDLE, Wait.QUARANTINED}


@dataclass
class DeliveryWorld:
    """One repository; `now_ms` is everybody's clock."""

    directory: pathlib.Path
    origin: Origin
    method: Method = Method.MERGE
    merges: bool = True
    table: Table = field(default_factory=Table)
    now_ms: int = START_S * 1000
    station: Station = field(init=False)

    def __post_init__(self) -> None:
        self.key = generate_key(self.directory / "key")
        self.keys = f"gitops-canary {self.key.public_line}\n"
        for name, text in (("password", USERS["bot"]), ("token", TOKEN)):
            (self.directory / name).write_text(text)
            (self.directory / name).chmod(0o600)
        self.origin.git("config", "receive.denyDeletes", "false")
        self.origin.protect("main")
        self.forge = PullsServer(self.origin, lambda: self.now_ms // 1000)
        folder = example() / "apps" / "checkout"
        files = {f"apps/checkout/{one.name}": one.read_bytes() for one in folder.glob("*.yaml")}
        canary = files[CANARY].decode()
        assert LADDER in canary
        files[CANARY] = canary.replace(LADDER, "stepWeights: [10, 50]").encode()
        self.commit("Begin\n", files)

    def start(self, name: str = "controller") -> Station:
        """Start a controller with a disk of its own."""
        git = Branches(
            url=self.origin.url,
            branch="main",
            directory=self.directory / name,
            name="gitops-canary",
            email="canary@example.com",
            username="bot",
            password_file=self.directory / "password",
            signing_key=self.directory / "key",
            allow_http=True,
        )
        worker = Worker()
        merging = self.method is Method.MERGE
        self.station = Station(
            name="config",
            git=git,
            reader=Reader(git, Rules(paths=("apps/",), default_provider="istio"), ROUTERS),
            measuring=Measuring(
                metrics=self.table,
                sync=[Nothing(source="default", delay_ms=1000)],
                timing=Timing(scrape_ms=500, lag_ms=300, landed=True),
                settle_ms=1000,
            ),
            budget=Budget(10_000),
            worker=worker,
            time=Timekeeper.of(lambda: self.now_ms),
            witness=None if merging else git.witness,
            delivering=self._delivering(git, worker, merging=merging),
        )
        return self.station

    def _delivering(self, git: Branches, worker: Worker, *, merging: bool) -> Delivering:
        github = GitHub(
            url=self.forge.url,
            repository="acme/config",
            token_file=self.directory / "token",
            pause_s=0,
        )
        return Delivering(
            proposing=Proposing(
                git=git,
                branches=git,
                witness=git.witness,
                target="main",
                evidence=True,
                sealed=not merging,
            ),
            requests=GitHubRequests(github, "acme/config", "main"),
            worker=worker,
            budget=Budget(10_000),
            target="main",
            crowd=Crowd(target="main"),
            merges=self.merges,
            method=self.method,
        )

    def commit(self, message: str, files: dict[str, bytes]) -> str:
        """Commit to main as a person, who went through a request of their own."""
        self.now_ms += 60_000
        made: dict[str, bytes | None] = {**files}
        return self.origin.commit(made, message, at=self.now_ms // 1000)

    def change(self, path: str, old: str, new: str) -> str:
        text = self.origin.show(path).decode()
        assert old in text, (path, old)
        return self.commit(f"Change {path}\n", {path: text.replace(old, new).encode()})

    def release(self, version: str) -> None:
        """Merge a new candidate, as a person."""
        text = self.origin.show(DEPLOYMENT).decode()
        start = text.index("checkout:") + len("checkout:")
        made = text[:start] + version + text[text.index(" ", start) :]
        self.commit(f"Release {version}\n", {DEPLOYMENT: made.encode()})

    def look(self) -> Report:
        """Look once, and let a moment pass."""
        report = asyncio.run(self.station.tick(write=True))
        self.now_ms += 4000
        return report

    def step(self) -> Decision:
        report = self.look()
        assert report.error is None, report.error
        return report.decisions[CHECKOUT]

    def peek(self) -> Decision:
        """Look as `status` does."""
        return asyncio.run(self.station.tick(write=False)).decisions[CHECKOUT]

    def until(self, title: str, most: int = 40) -> Pull:
        """Look until a request is open whose title has some words."""
        for _ in range(most):
            self.step()
            for pull in self.forge.open_ones():
                if title in pull.title:
                    return pull
        raise AssertionError(f"no request {title!r}: {[p.title for p in self.pulls()]}")

    def settle(self, most: int = 60) -> Decision:
        """Look until nothing rolls."""
        for _ in range(most):
            decision = self.step()
            if getattr(decision, "wait", None) in RESTS:
                return decision
        raise AssertionError(f"it still rolls: {decision}")

    def pulls(self) -> list[Pull]:
        return self.forge.pull_requests

    def subjects(self) -> list[str]:
        """The subjects of our moves on main, oldest first, each once."""
        log = self.origin.git("log", "--reverse", "--format=%s", "main").split("\n")
        return [one.partition(": ")[2] for one in log if one.startswith("canary(")]

    def weight(self) -> str:
        text = self.origin.show(ROUTE).decode()
        return text.split("weight: ")[2].split()[0]

    def branches(self) -> list[str]:
        refs = self.origin.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads")
        return [one for one in refs.split("\n") if one not in {"main", EVIDENCE}]

    def verified(self) -> Verified:
        clone = PlainClone(self.origin.path)
        who = Identity(name="gitops-canary", email="canary@example.com")
        ownership = trust(who, [("keys", self.keys)], ())
        sealed = self.method is not Method.MERGE
        scope = Scope(tip=clone.resolve("main"), evidence=clone.resolve(EVIDENCE), sealed=sealed)
        try:
            return verify(clone, ownership, scope)
        finally:
            clone.close()


@contextmanager
def delivered(
    directory: pathlib.Path, method: Method = Method.MERGE, *, merges: bool = True
) -> Iterator[DeliveryWorld]:
    """Run a world; what the forge was asked has to be as GitHub describes it."""
    (directory / "server").mkdir()
    with Origin.start(directory / "server", USERS) as origin:
        world = DeliveryWorld(directory, origin, method, merges)
        with world.forge:
            world.start()
            try:
                yield world
            finally:
                world.station.close()
    assert world.forge.violations == [], "\n".join(world.forge.violations[:5])
