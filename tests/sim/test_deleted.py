"""A Canary that somebody deletes while a move of it waits in a pull request."""

import pytest

from gitops_canary.model.request import Method

from .branching import Delivery
from .pieces import KEY, Setting
from .remote import CONFIG
from .simulation import Simulation
from .test_crowds import opened
from .test_found import bump, until


@pytest.mark.parametrize("method", [Method.MERGE, Method.SQUASH])
def test_a_weight_that_is_merged_after_its_canary_was_deleted_is_taken_back(method: Method) -> None:
    """The version kept its traffic: where its newest move lies there is no Canary to bind."""
    setting = Setting(
        poll_ms=10_000, atomic=True, key=KEY, delivery=Delivery(method=method, merges=False)
    )
    world = Simulation(7, setting, steps=(10, 50))
    assert world.requested
    [shape] = world.shapes.values()
    forge = world.requested.forge
    bump(world, shape, "v1")
    forge.press(opened(world, forge, "-start-"), method)
    advance = opened(world, forge, "-advance-")
    world.commit({shape.canary_path: None}, "Delete the Canary\n")
    world.actor = "person"
    forge.press(advance, method)
    exposed = world.facts(world.remote.refs[CONFIG], shape)
    assert exposed is None or exposed.weight == 10
    forge.press(opened(world, forge, "-retreat-"), method)
    until(world, lambda: world.cluster.apps[shape.name].weights[-1][1] == 0)
    world.loop.end()
