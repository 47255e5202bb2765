"""The same operations on a repository in memory and on a real one, for comparing what they say."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from sim.memory import MemoryGit
from sim.remote import CONFIG, EVIDENCE, ME, Remote

from gitops_canary.errors import CanaryError
from gitops_canary.git.objects import Identity, ObjectId
from gitops_canary.git.repository import Repository
from gitops_canary.git.signing import SigningKey
from gitops_canary.lab.origin import ADA, Origin
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path, Revision
from gitops_canary.ports import Git

PATHS = ("apps/a.yaml", "apps/b.yaml", "apps/deep/er/c.yaml", "README", "apps/a.yaml.txt")
Files = Mapping[str, bytes | None]


def outcome(call: Callable[[], object]) -> object:
    """Give what a call returns, or which error it raises."""
    try:
        return call()
    except CanaryError as error:
        return type(error).__name__


@dataclass(slots=True)
class Pair:
    """One model with its real counterpart, and two clones of each."""

    rng: Random
    remote: Remote
    origin: Origin
    clones: Sequence[tuple[MemoryGit, Repository]]
    revisions: list[Revision] = field(default_factory=list)
    """Everything ever committed, and one that never was."""
    log: list[str] = field(default_factory=list)

    def both(self, what: str, one: object, other: object) -> None:
        """Note an operation and hold the two outcomes against each other."""
        self.log.append(f"{what}: {one!s:.120}")
        assert one == other, "\n".join([*self.log, f"really: {other}"])

    def step(self) -> None:
        """Do one random operation on both."""
        self.rng.choice(OPERATIONS)(self)
        refs = {b: self.origin.tip(b) for b in (CONFIG, EVIDENCE)}
        self.both("refs", {b: self.remote.refs.get(b) for b in refs}, refs)

    def commit(self) -> None:
        """A person commits on the config branch."""
        self._person(CONFIG, None)

    def commit_evidence(self) -> None:
        """Somebody commits on the evidence branch."""
        self._person(EVIDENCE, None)

    def merge(self) -> None:
        """A person merges an old revision, from either side."""
        tip = self.remote.refs.get(CONFIG)
        if tip and self.revisions:
            parents = [tip, self.rng.choice(self.revisions)]
            if ObjectId(parents[1]) in self.remote.objects and parents[1] != tip:
                self.rng.shuffle(parents)
                self._person(CONFIG, parents)

    def rewind(self) -> None:
        """Somebody forces a branch back, or deletes it, or puts it back."""
        branch = self.rng.choice((CONFIG, EVIDENCE))
        known = [r for r in self.revisions if ObjectId(r) in self.remote.objects]
        target = self.rng.choice([None, *known]) if known else None
        self.remote.point(branch, target)
        ref = f"refs/heads/{branch}"
        self.origin.git(*(["update-ref", ref, target] if target else ["update-ref", "-d", ref]))
        self.log.append(f"{branch} := {target}")

    def protect(self) -> None:
        """The config branch takes no pushes, or takes them again."""
        if self.rng.random() < 0.4:
            self.origin.protect(CONFIG, bypass=["nobody"])
            self.remote.refuses = lambda updates, _made: (
                "no" if any(u.branch == CONFIG for u in updates) else ""
            )
        else:
            self.origin.unprotect()
            self.remote.refuses = lambda _updates, _made: ""

    def poll(self) -> None:
        """Look as a tick does: what was polled is what is fetched."""
        self._ask("poll", lambda git: (git.poll(), outcome(git.fetch)))

    def fetch(self) -> None:
        self._ask("fetch", lambda git: git.fetch())

    def history(self) -> None:
        tip = self._any()
        self._ask(f"history {tip[:7]}", lambda git: list(git.history(tip)))
        since = self._any() if self.rng.random() < 0.7 else None
        about = self.rng.choice((None, "move", "hand"))
        self._ask(
            f"history {tip[:7]} since {since}, {about}",
            lambda git: list(git.history(tip, since=since, mentioning=about)),
        )
        self._ask(f"commit {tip[:7]}", lambda git: git.commit(tip))

    def files(self) -> None:
        tip = self._any()
        self._ask(f"files {tip[:7]}", lambda git: dict(git.files(tip)))

    def read(self) -> None:
        tip = self._any()

        def read(git: Git) -> object:
            found = git.files(tip)
            return git.read([blob.id for _, blob in sorted(found.items())])

        self._ask(f"read {tip[:7]}", read)

    def contains(self) -> None:
        one, other = self._any(), self._any()
        self._ask(f"{one[:7]} contains {other[:7]}", lambda git: git.contains(one, other))

    def push(self) -> None:
        """Push on what a clone last saw, on something old, or the same once more."""
        model, real = self.rng.choice(self.clones)
        local = model.disk.local
        onto = local.get(CONFIG) if self.rng.random() < 0.8 else self._any()
        proof = local.get(EVIDENCE) if self.rng.random() < 0.8 else None
        commits = [self._plan(f"move {n}") for n in range(self.rng.randrange(1, 3))]
        evidence = [self._plan("evidence", EVIDENCE)] if self.rng.random() < 0.8 else []
        if onto is None:
            return
        for _ in range(self.rng.choice((1, 1, 2))):
            results = [
                outcome(
                    lambda git=git: git.push(  # type: ignore[misc]  # a default binds it now
                        onto=onto, commits=commits, evidence_onto=proof, evidence=evidence
                    )
                )
                for git in (model, real)
            ]
            self.both(f"push onto {onto[:7]}, {proof}", *results)
        if isinstance(results[0], tuple):
            self.revisions += results[0]

    def _ask(self, what: str, call: Callable[[Git], object]) -> None:
        model, real = self.rng.choice(self.clones)
        self.both(what, outcome(lambda: call(model)), outcome(lambda: call(real)))

    def _any(self) -> Revision:
        return self.rng.choice([*self.revisions, Revision("1" * 40)])

    def _plan(self, what: str, place: str = "") -> PlannedCommit:
        files: dict[Path, bytes | None] = {Path(p): c for p, c in self._change().items() if c}
        if place == EVIDENCE:
            files = {Path("a/b/decision-01.json"): what.encode()}
        at_ms = 1_700_000_000_000 + self.rng.randrange(10_000_000)
        return PlannedCommit(files=files, message=f"{what}\n", at_ms=at_ms)

    def _change(self) -> Files:
        paths = self.rng.sample(PATHS, self.rng.randrange(1, 3))
        return {path: f"{self.rng.randrange(4)}\n".encode() for path in paths}

    def _person(self, branch: str, parents: list[Revision] | None) -> None:
        files, at = self._change(), 1_700_000_000 + self.rng.randrange(10_000)
        who = Identity(name=ADA.name, email=ADA.email)
        model = self.remote.commit(
            files, "By hand\n", who=who, date_s=at, branch=branch, parents=parents
        )
        real = self.origin.commit(files, "By hand\n", branch=branch, parents=parents, at=at)
        self.both(f"commit on {branch}", model, real)
        self.revisions.append(model)


OPERATIONS: Sequence[Callable[[Pair], None]] = (
    Pair.commit, Pair.commit, Pair.commit_evidence, Pair.merge, Pair.rewind, Pair.protect,
    Pair.poll, Pair.fetch, Pair.fetch, Pair.fetch, Pair.history, Pair.files, Pair.read,
    Pair.contains, Pair.push, Pair.push, Pair.push, Pair.push,
)  # fmt: skip


def pair(rng: Random, origin: Origin, key_file: pathlib.Path, key: SigningKey) -> Pair:
    """Open two clones of a model and of the real thing beside it, one of them lean."""
    remote = Remote()
    clones = [
        (
            MemoryGit(remote, key=key),
            Repository(
                url=f"file://{origin.path}",
                branch=CONFIG,
                directory=origin.path.parent / f"clone-{number}",
                name=ME.name,
                email=ME.email,
                signing_key=key_file,
                allow_file=True,
                lean=bool(number),
            ),
        )
        for number in range(2)
    ]
    return Pair(rng, remote, origin, clones)
