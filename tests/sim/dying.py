"""What goes wrong with controllers themselves: they die, and their disks fail them."""

from collections.abc import Callable, Mapping

from gitops_canary.core.announce import PEOPLE_HEAR
from gitops_canary.core.message import parse
from gitops_canary.errors import Unavailable

from .controllers import Killed
from .measured import Fault, Undo, nothing
from .simulation import Simulation

UNHEARD = "who takes a version back dies"
"""Where somebody listens: nobody else can tell them."""


def _kill(world: Simulation) -> Undo:
    """Between two calls, wherever it happens to be."""
    rng = world.rng
    controller = world.controllers[rng.choice(sorted(world.controllers))]
    world.kill(controller, wipe=rng.random() < 0.3, restart_ms=rng.randrange(1_000, 60_000))
    return nothing


def _between(world: Simulation, boundary: Callable[[str, str], None]) -> Undo:
    """Stand at every boundary between two effects."""
    world.boundaries = boundary

    def undo() -> None:
        world.boundaries = lambda _name, _point: None

    return undo


def _crashing(world: Simulation) -> Undo:
    """At any boundary between two effects."""

    def boundary(name: str, point: str) -> None:
        if world.rng.random() < (0.4 if point in {"stored", "landed", "store"} else 0.1):
            world.tell(f"{name} dies at {point!r}")
            raise Killed

    return _between(world, boundary)


def _full(world: Simulation) -> Undo:
    """The disk of a clone is full: nothing is fetched into it, and no commit is stored."""
    full = world.rng.choice(sorted(world.controllers))

    def boundary(name: str, point: str) -> None:
        if name == full and point in {"fetch", "store"}:
            raise Unavailable(
                "the clone takes nothing: No space left on device", remedy="make some"
            )

    return _between(world, boundary)


def _damage(world: Simulation) -> Undo:
    """A clone loses objects."""
    world.controllers[world.rng.choice(sorted(world.controllers))].disk.damaged = True
    return nothing


def _unheard(world: Simulation) -> Undo:
    """Whoever takes a version back dies before anybody hears of it."""

    def boundary(name: str, point: str) -> None:
        if point not in {"landed", "merge done"}:
            return
        fresh = [one.revision for one in world.watch.waiting if one.by == name]
        records = [parse(world.message(one), one) for one in fresh]
        if any(record and record.action in PEOPLE_HEAR for record in records):
            world.tell(f"{name} dies of it")
            raise Killed

    return _between(world, boundary)


DYING: Mapping[str, Fault] = {
    "a controller is killed": _kill,
    "controllers crash": _crashing,
    "a clone is damaged": _damage,
    "a clone's disk is full": _full,
    UNHEARD: _unheard,
}
