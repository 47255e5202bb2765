"""What the promises take for the truth."""

from .manifests import Shape, with_weight
from .remote import CONFIG
from .simulation import Simulation
from .test_found import actions, bump, quiet, until


def moved(world: Simulation, shape: Shape, weight: int) -> None:
    """Move the weight as a person, and wait a while once it is live."""
    text = world.files(world.remote.refs[CONFIG])[shape.route_path]
    world.commit({shape.route_path: with_weight(text, shape.name, weight)}, "Move it\n")
    until(world, lambda: world.cluster.apps[shape.name].weight == weight)
    end_ms = world.now_ms + 20_000
    until(world, lambda: world.now_ms > end_ms)


def test_what_flows_after_a_weight_has_come_back_is_not_counted_before_it() -> None:
    """A pass was held against failures of a minute later: nothing had been counted in between."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    app = world.cluster.apps[shape.name]
    until(world, lambda: app.weight > 0)
    moved(world, shape, 0)
    moved(world, shape, 10)
    gone_ms, back_ms = app.weights[-2][0], app.weights[-1][0]
    assert app.truth.within(gone_ms + 1, back_ms - 1) == (0, 0, 0)
    assert app.truth.within(back_ms, back_ms + 10_000)[0] > 0
