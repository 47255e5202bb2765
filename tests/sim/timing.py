"""Whose clock is wrong, and for how long: a spell, or all of a controller's life."""

from .measured import HOUR_MS, YEAR_MS, Fault, Undo
from .pieces import mark
from .simulation import Simulation

WRONG = 0.04
"""The share of controllers whose clock is wrong for good."""
OFF_MS = (-YEAR_MS, -HOUR_MS, -300_000, 300_000, HOUR_MS, YEAR_MS)


def wrong_for_good(world: Simulation) -> None:
    """Let some controllers have a clock that nobody ever sets right."""
    for name in sorted(world.offsets):
        drawn = mark(world.seed, "wrong for good", name)
        if drawn < WRONG:
            off_ms = OFF_MS[int(drawn / WRONG * len(OFF_MS))]
            world.usual_ms[name] = off_ms
            world.tell(f"the clock of {name} is wrong by {off_ms} ms for good")


def _clock(world: Simulation) -> Undo:
    """One controller's clock jumps, or stands still."""
    name = world.rng.choice(sorted(world.offsets))
    jump = world.rng.choice((-YEAR_MS, -HOUR_MS, -30_000, 30_000, HOUR_MS, YEAR_MS, None))
    frozen = world.now_ms
    if jump is None:
        world.offsets[name] = lambda: frozen
    else:
        world.offsets[name] = lambda: world.now_ms + jump
    return lambda: world.usual(name)


def _skewed(world: Simulation) -> Undo:
    """Every controller's clock is off by something of its own."""
    for name in sorted(world.offsets):
        off_ms = world.rng.choice((-300_000, -60_000, -5_000, 5_000, 60_000, 300_000))
        world.offsets[name] = lambda off_ms=off_ms: world.now_ms + off_ms  # type: ignore[misc]  # a default binds it now

    def undo() -> None:
        for name in world.offsets:
            world.usual(name)

    return undo


def _server(world: Simulation) -> Undo:
    """The Git server's clock is wrong, or it tells no time."""
    off_ms = world.rng.choice((*OFF_MS, None))
    world.remote.clock = lambda: None if off_ms is None else world.now_ms + off_ms

    def undo() -> None:
        world.remote.clock = lambda: world.now_ms

    return undo


OWN: dict[str, Fault] = {
    "a clock is wrong": _clock,
    "the clocks of replicas differ": _skewed,
}
SERVED: dict[str, Fault] = {"the Git server's clock is wrong": _server}
TIMING: dict[str, Fault] = {**OWN, **SERVED}
