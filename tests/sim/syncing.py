"""The sync engine: applies what Git says, now and then."""

from typing import TYPE_CHECKING

from .remote import CONFIG

if TYPE_CHECKING:
    from .simulation import Simulation


def sync(world: "Simulation") -> None:
    """Apply what Git says, and do so again in a while."""
    world.later(world.rng.randrange(2_000, 6_000) + world.engine_lag_ms, lambda: sync(world))
    tip = world.remote.refs.get(CONFIG)
    if tip is None or world.engine == "down":
        return
    if world.engine == "older":
        parents = world.remote.parents(tip)
        tip = parents[0] if parents else tip
    world.applied = tip
    for shape in world.shapes.values():
        wanted = world.facts(tip, shape)
        if wanted is not None:
            world.cluster.apply(shape.name, wanted)
