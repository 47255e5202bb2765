"""What people do at the forge, and what goes wrong there, from random numbers of their own."""

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from gitops_canary.core.delivery import prefix
from gitops_canary.model.names import Revision
from gitops_canary.model.request import Draft, Method, Stage

from .forge import Pull
from .manifests import with_replicas
from .pieces import mark
from .remote import CONFIG, ME
from .simulation import ADA

if TYPE_CHECKING:
    from .requested import Requested

Act = Callable[["Reviewers"], None]
STATES = ("down", "lost", "limited", "denied", "keeping", "rationing")
TENDS_MS = 20_000
SCALED = 0.4
"""In which share of these worlds pods are scaled, so that a move that waits does something else."""
BROKEN = b"BROKEN"


class Reviewers:
    """Whoever looks at pull requests: at random until the chaos ends, and then as one should."""

    def __init__(self, requested: "Requested", table: Mapping[str, Act]) -> None:
        self.requested, self.world = requested, requested.world
        self.forge = requested.forge
        self.rng = Random(f"at the forge {self.world.seed}")  # noqa: S311 - as in simulation.py
        self._table = table
        self.world.later(self.rng.randrange(5_000, 30_000), self._act)

    def home(self) -> None:
        """Take every rule off, let the forge answer, and tend what is open from now on."""
        forge = self.forge
        forge.needs_approval = forge.checks_hang = forge.strict = forge.queue = False
        forge.thinks_ms = 0
        self.requested.states.clear()
        self._tend()

    def pick(self, stage: Stage = Stage.OPEN) -> Pull | None:
        """Choose a request of a stage; None where there is none."""
        self.forge.look()
        found = [one for one in self.forge.pulls if one.stage is stage]
        return self.rng.choice(found) if found else None

    def press(self, pull: Pull, method: Method) -> None:
        """Press the button, whatever the rules say."""
        self.world.actor = "person"
        self.forge.press(pull, method)

    def soon(self, span_ms: int, act: Callable[[], None]) -> None:
        """Do something later, if nobody has gone home by then."""
        self.world.later(span_ms, lambda: None if self.world.calm else act())

    def _act(self) -> None:
        if self.world.calm:
            return
        self.world.later(self.rng.randrange(3_000, 40_000), self._act)
        if CONFIG in self.world.remote.refs:
            name = self.rng.choice(sorted(self._table))
            self.world.tell(f"at the forge: {name}")
            self.world.actor = "person"
            self._table[name](self)
            self.world.disturbed_ms = self.world.now_ms

    def _tend(self) -> None:
        """Give branches back what they had, reopen what was closed, and merge what is ours to."""
        self.world.later(TENDS_MS, self._tend)
        if CONFIG not in self.world.remote.refs:
            return
        self.world.actor = "person"
        self.forge.look()
        for pull in [*self.forge.pulls]:
            if next(self.forge.of(pull.branch)) is not pull:
                continue
            theirs = self.world.remote.raw(pull.head).committer == str(ADA)
            if pull.stage is Stage.OPEN and theirs:
                self.world.remote.point(pull.branch, pull.first)
            elif pull.refused:
                self.forge.reopen(pull)
            elif pull.stage is Stage.OPEN and not self.requested.delivery.merges:
                self.forge.press(pull, self.requested.delivery.method)


def _approve(people: Reviewers) -> None:
    pull = people.pick()
    if pull:
        people.forge.approved.add(pull.head)


def _merge(people: Reviewers) -> None:
    pull = people.pick()
    if pull:
        people.press(pull, people.requested.delivery.method)


def _merge_late(people: Reviewers) -> None:
    """Merge what is open now a while later, if it still is: it may be stale by then."""
    pull = people.pick()
    method = people.rng.choice((*Method, people.requested.delivery.method))
    if pull:
        people.soon(people.rng.randrange(2_000, 90_000), lambda: people.press(pull, method))


def _close(people: Reviewers) -> None:
    pull = people.pick()
    if pull:
        people.forge.close(pull)


def _close_and_delete(people: Reviewers) -> None:
    pull = people.pick()
    if pull:
        people.world.remote.point(pull.branch, None)


def _reopen(people: Reviewers) -> None:
    pull = people.pick(Stage.CLOSED)
    if pull and next(people.forge.of(pull.branch)) is pull:
        people.forge.reopen(pull)


def _push(people: Reviewers) -> None:
    """Commit to a request's branch, sometimes what the move changes."""
    pull = people.pick()
    if pull:
        _commit(people, pull, [pull.head])


def _force(people: Reviewers) -> None:
    """Put something else in place of a request's commit."""
    pull = people.pick()
    if pull:
        _commit(people, pull, [people.forge.main])


def _commit(people: Reviewers, pull: Pull, parents: list[Revision]) -> None:
    world = people.world
    world.remote.commit(
        {"README.md": f"weight: {people.rng.randrange(1000)}\n".encode()},
        "Mine\n",
        who=ADA,
        date_s=world.now_ms // 1000,
        branch=pull.branch,
        parents=parents,
    )


def _name_alike(people: Reviewers) -> None:
    """Push branches that are named as those of moves are, and sort before them; open one."""
    world, shape = people.world, people.rng.choice(sorted(people.world.shapes))
    pushed = []
    for _ in range(people.rng.randrange(1, 5)):
        number = people.rng.randrange(100_000)
        pushed.append(f"{prefix(CONFIG)}{shape}/0{number:011}-start-0-first")
        world.remote.commit(
            {"docs/alike": str(number).encode()}, "Mine\n", who=ADA, date_s=world.now_ms // 1000,
            branch=pushed[-1], parents=[people.forge.main],
        )  # fmt: skip
    if people.rng.random() < 0.5:
        people.forge.open(Draft(branch=min(pushed), title="Mine", body="", text="", labels=()))


def _restore(people: Reviewers) -> None:
    """Take commits off a branch again."""
    pull = people.pick()
    if pull and people.world.remote.raw(pull.head).committer != str(ME):
        people.world.remote.point(pull.branch, pull.first)


def _retitle(people: Reviewers) -> None:
    pull = people.pick()
    if pull:
        pull.title = people.rng.choice((f"withdrawn: {pull.title}", "Canary-Format: 1"))


def _rule(name: str) -> Act:
    def toggle(people: Reviewers) -> None:
        """For a while: everybody knows how long required checks can hang."""
        setattr(people.forge, name, True)
        span_ms = people.rng.choice((20_000, 60_000, 200_000))
        people.soon(span_ms, lambda: setattr(people.forge, name, False))

    return toggle


def _slow(people: Reviewers) -> None:
    people.forge.thinks_ms = people.rng.choice((5_000, 60_000))
    people.soon(60_000, lambda: setattr(people.forge, "thinks_ms", 0))


def _answers(people: Reviewers) -> None:
    """Let the forge answer otherwise for a while, one controller or all."""
    names = sorted(people.world.network)
    if people.rng.random() < 0.5:
        names = [people.rng.choice(names)]
    state = people.rng.choice(STATES)
    people.requested.states |= dict.fromkeys(names, state)
    people.world.tell(f"the forge is {state} for {', '.join(names)}")

    def undo() -> None:
        for name in names:
            people.requested.states.pop(name, None)

    people.soon(people.rng.choice((5_000, 20_000, 60_000)), undo)


ACTS: Mapping[str, Act] = {
    "approve": _approve,
    "approve another": _approve,
    "merge": _merge,
    "merge late": _merge_late,
    "close": _close,
    "close and delete": _close_and_delete,
    "reopen": _reopen,
    "reopen another": _reopen,
    "push to a branch": _push,
    "force a branch": _force,
    "name branches alike": _name_alike,
    "restore a branch": _restore,
    "restore another branch": _restore,
    "retitle": _retitle,
    "ask for approvals": _rule("needs_approval"),
    "let checks hang": _rule("checks_hang"),
    "ask for branches that are up to date": _rule("strict"),
    "switch a queue on": _rule("queue"),
    "think": _slow,
    "answer otherwise": _answers,
    "answer otherwise again": _answers,
}


def scaled(requested: "Requested") -> None:
    """Let people scale pods in Git, straight on the branch that requests wait for.

    In some worlds, from random numbers of its own, so that the others are as they were.
    """
    world, seed = requested.world, requested.world.seed
    rng = Random(f"scaled {seed}")  # noqa: S311 - as in simulation.py

    def act() -> None:
        if world.calm:
            return
        world.later(rng.randrange(10_000, 60_000), act)
        shape, tip = rng.choice([*world.shapes.values()]), world.remote.refs.get(CONFIG)
        text = world.files(tip).get(shape.workload_path, BROKEN) if tip else BROKEN
        other = with_replicas(text, shape.name, rng.randrange(1, 5))
        if other != text and BROKEN not in text:
            world.commit({shape.workload_path: other}, "Scale it\n")

    if mark(seed, "scales") < SCALED:
        world.later(rng.randrange(10_000, 60_000), act)
