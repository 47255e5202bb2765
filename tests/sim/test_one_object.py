"""Canaries whose weights stand in one object: each rolls as if it were alone."""

from typing import Any

import pytest

from gitops_canary.model.decision import Hold, Wait

from .cluster import Quality
from .manifests import Shape
from .pieces import Setting
from .remote import CONFIG
from .routes import with_weight
from .simulation import Simulation
from .test_found import SECOND, bump, until

NEVER: dict[str, Any] = {"shared": True, "idles": False, "latency": False, "query": False}


def both(controllers: int = 1) -> tuple[Simulation, Shape, Shape]:
    """Make a world without weather or people: two canaries in one VirtualService."""
    setting = Setting(canaries=2, controllers=controllers, poll_ms=10_000)
    world = Simulation(7, setting, joined=True, **NEVER, steps=(10, 50), interval_s=30)
    one, other = world.shapes.values()
    assert one.route_path == other.route_path
    return world, one, other


def actions(world: Simulation, shape: Shape) -> list[str]:
    landed = world.watch.landed.values()
    return [move.record.action.value for move in landed if move.shape.id == shape.id]


@pytest.mark.parametrize("controllers", [1, 3])
def test_one_is_rolled_back_while_the_other_goes_up(controllers: int) -> None:
    world, good, bad = both(controllers)
    bump(world, bad, "v1", Quality(errors=0.4))
    bump(world, good, "v1")
    until(world, lambda: "finish" in actions(world, good) and "abort" in actions(world, bad))
    assert actions(world, good) == ["start", "advance", "advance", "promote", "finish"]
    assert actions(world, bad) == ["start", "advance", "abort"]


def test_a_weight_that_a_person_sets_holds_its_own_canary_alone() -> None:
    world, one, other = both()
    bump(world, one, "v1")
    bump(world, other, "v1")
    until(world, lambda: "advance" in actions(world, one) and "advance" in actions(world, other))
    text = world.files(world.remote.refs[CONFIG])[one.route_path]
    world.commit({one.route_path: with_weight(text, other.name, 33)}, "Move the weight\n")
    until(world, lambda: "finish" in actions(world, one))
    end_ms = world.now_ms + 30 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    held = world.reports["controller-0"].decisions[other.id]  # type: ignore[index]  # a CanaryId
    assert isinstance(held, Hold)
    assert held.wait is Wait.OVERRIDE
    now = world.facts(world.remote.refs[CONFIG], other)
    assert now is not None
    assert now.weight == 33
