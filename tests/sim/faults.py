"""What goes wrong, and for how long: spells, because coins thrown anew at each call hide faults."""

from collections.abc import Mapping, Sequence

from gitops_canary.errors import Refused, Unavailable
from gitops_canary.git.commands import Update
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.pack import Made

from .dying import DYING, UNHEARD
from .measured import BROKEN, MEASURED, UNTRUE, Fault, Undo, nothing
from .remote import CONFIG
from .rewriting import REWRITTEN
from .simulation import Simulation
from .timing import SERVED, TIMING, wrong_for_good

RATION_MS = 30_000
SLOW = 8
"""How much likelier slow calls are where a fixed delay stands in for looking."""
OWN = 4
"""How much likelier its own metrics are broken where an application is judged by some."""


class Weather:
    """Draws spells of faults until the seed's chaos ends, and then ends them all."""

    def __init__(self, world: Simulation, table: Mapping[str, Fault]) -> None:
        self._world = world
        self._table = table
        more: tuple[str, ...] = ()
        if not world.sees_live:  # then when a move got to the server is all there is
            more += ("everything is slow",) * SLOW
        if any(shape.query for shape in world.shapes.values()):
            more += (BROKEN,) * OWN
        # Where developers have a clock that is ahead as well, nobody would know better.
        left_out = tuple(SERVED) if world.ahead else ()
        if world.requested and world.requested.sealed:
            left_out = (*left_out, "the evidence branch is lost")  # all that makes moves ours
        if not any(shape.alerts for shape in world.shapes.values()):
            left_out = (*left_out, UNHEARD)
        self._names = [name for name in (*sorted(table), *more) if name in table.keys() - left_out]
        self._undo: dict[int, tuple[str, Undo]] = {}
        self._count = 0
        world.reach = self._reach  # type: ignore[method-assign]  # the server's front door
        wrong_for_good(world)
        world.later(world.rng.randrange(5_000, 40_000), self._begin)

    def end(self) -> None:
        """End every spell."""
        for number in list(self._undo):
            self._end(number)

    def _begin(self) -> None:
        world, rng = self._world, self._world.rng
        if world.calm:
            return
        name = rng.choice(self._names)
        self._count += 1
        number = self._count
        world.figures.faults += 1
        world.spells += 1
        world.untrue += name in UNTRUE
        world.tell(f"fault: {name}")
        self._undo[number] = (name, self._table[name](world))
        world.later(rng.choice((5_000, 20_000, 60_000, 150_000)), lambda: self._end(number))
        world.later(rng.randrange(10_000, 60_000), self._begin)

    def _end(self, number: int) -> None:
        name, undo = self._undo.pop(number, ("", nothing))
        if name:
            undo()
            self._world.spells -= 1
            if name in UNTRUE:
                self._world.untrue -= 1
                self._world.untrue_ms = self._world.now_ms
            self._world.disturbed_ms = self._world.now_ms
            self._world.tell(f"fault over: {name}")

    def _reach(self, name: str, what: str) -> None:
        """Let a call through to the Git server, or not."""
        state = self._world.network[name].git
        if state == "down" or (state == "flapping" and self._world.rng.random() < 0.5):
            raise _away(what)
        if state == "lost" and what == "acknowledged":
            raise _away(what)
        if state == "half-open" and (what != "push" or self._world.rng.random() < 0.5):
            raise _away(what)
        if state == "expired":
            raise Refused(
                f"git {what} was refused: wrong user or password",
                remedy="check url, credentials.username and the file in credentials.passwordFile",
            )
        if what == "push":
            self._world.before_push(name)


def _away(what: str) -> Unavailable:
    return Unavailable(
        f"git {what} did not end before its deadline and was stopped",
        remedy="look at the Git server and the network; `run` asks again by itself",
    )


def _git(state: str) -> Fault:
    def begin(world: Simulation) -> Undo:
        """For one controller, or for all."""
        names = sorted(world.network)
        if world.rng.random() < 0.5:
            names = [world.rng.choice(names)]
        for name in names:
            world.network[name].git = state

        def undo() -> None:
            for name in names:
                world.network[name].git = "up"

        return undo

    return begin


def _slow(world: Simulation) -> Undo:
    """Every call of one controller takes up to 40 seconds."""
    network = world.network[world.rng.choice(sorted(world.network))]
    network.latency_ms = 40_000

    def undo() -> None:
        network.latency_ms = 200

    return undo


def _slow_answers(world: Simulation) -> Undo:
    """Prometheus takes up to 20 seconds for an answer."""
    for network in world.network.values():
        network.metrics = "slow"

    def undo() -> None:
        for network in world.network.values():
            network.metrics = "up"

    return undo


def _refusing(world: Simulation) -> Undo:
    """A hook declines pushes: all of them, those of one canary, or those of several commits."""
    kind = world.rng.choice(("all", "one", "batch"))
    name = world.rng.choice(sorted(world.cluster.apps))

    def refuses(updates: Sequence[Update], made: Mapping[ObjectId, Made]) -> str:
        bodies = [made[ObjectId(u.new)].body for u in updates if u.branch == CONFIG]
        commits = sum(b"Canary-Format: 1" in one.body for one in made.values())
        mine = any(f"Canary: prod/{name}\n".encode() in one.body for one in made.values())
        declined = {"all": bool(bodies), "one": mine, "batch": commits > 1}[kind]
        return "pre-receive hook declined" if declined else ""

    world.remote.refuses = refuses

    def undo() -> None:
        world.remote.refuses = lambda _updates, _made: ""

    return undo


def _rationed(world: Simulation) -> Undo:
    """The server answers one push in half a minute, and tells all others to come later."""
    last_ms = [0]

    def before(name: str) -> None:
        if world.now_ms - last_ms[0] < RATION_MS:
            raise Unavailable(
                "git push failed (exit 128): returned error: 429",
                remedy="look at the Git server and the network; `run` asks again by itself",
            )
        last_ms[0] = world.now_ms
        del name

    world.before_push = before

    def undo() -> None:
        world.before_push = lambda _name: None

    return undo


def _racing(world: Simulation) -> Undo:
    """Somebody pushes to the branch between our last look and our push, again and again."""

    def before(name: str) -> None:
        if world.rng.random() < 0.7 and CONFIG in world.remote.refs:
            actor, count = world.actor, world.rng.randrange(1_000_000)
            world.commit({"README.md": f"weight: {count}\n".encode()}, "Notes\n")
            world.actor = actor
        del name

    world.before_push = before

    def undo() -> None:
        world.before_push = lambda _name: None

    return undo


FAULTS: Mapping[str, Fault] = {
    **MEASURED,
    **TIMING,
    **REWRITTEN,
    **DYING,
    "the Git server is down": _git("down"),
    "the Git server flaps": _git("flapping"),
    "acknowledgements are lost": _git("lost"),
    "credentials have expired": _git("expired"),
    "connections to the Git server are half open": _git("half-open"),
    "everything is slow": _slow,
    "Prometheus is slow": _slow_answers,
    "a hook declines pushes": _refusing,
    "somebody always pushes first": _racing,
    "pushes are rationed": _rationed,
}
