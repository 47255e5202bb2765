"""What goes wrong, and for how long: spells, because coins thrown anew at each call hide faults."""

from collections.abc import Mapping, Sequence

from gitops_canary.errors import Refused, Unavailable
from gitops_canary.git.commands import Update
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.pack import Made

from .dying import DYING, UNHEARD
from .measured import BROKEN, MEASURED, Fault, Undo
from .remote import CONFIG
from .rewriting import REWRITTEN
from .simulation import Simulation
from .spells import Spells
from .timing import SERVED, TIMING, wrong_for_good

RATION_MS = 30_000
SLOW = 8
"""How much likelier slow calls are where a fixed delay stands in for looking."""
OWN = 4
"""How much likelier its own metrics are broken where an application is judged by some."""


class Weather(Spells):
    """All that goes wrong now and then in every world."""

    def __init__(self, world: Simulation, table: Mapping[str, Fault]) -> None:
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
        names = [name for name in (*sorted(table), *more) if name in table.keys() - left_out]
        super().__init__(world, table, names, world.rng)
        world.reach = self._reach  # type: ignore[method-assign]  # the server's front door
        wrong_for_good(world)
        self.start()

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
            raise expired(what)
        if what == "push":
            self._world.before_push(name)


def expired(what: str) -> Refused:
    """Say that credentials are no good."""
    return Refused(
        f"git {what} was refused: wrong user or password",
        remedy="check url, credentials.username and the file in credentials.passwordFile",
    )


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
