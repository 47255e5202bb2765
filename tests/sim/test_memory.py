"""What a controller remembers of rollouts that are over: moves, and caches of a fixed size."""

import gc
from collections import Counter

from .manifests import with_tag
from .pieces import Setting
from .remote import CONFIG
from .simulation import Simulation
from .test_found import actions, until
from .test_many import SHAPE

WARM = 8
BOUNDED = ("git.", "model.commits.", "model.observation.", "model.rollout.")
"""Commits, their directories and samples are the world's; moves are history."""


def test_nothing_of_a_rollout_that_is_over_is_kept_but_its_moves() -> None:
    world = Simulation(1, Setting(canaries=1, poll_ms=30_000, forgets=True), **SHAPE)
    roll(world, 1, WARM)
    before = things()
    roll(world, WARM + 1, 3 * WARM)
    grown = {name: (before[name], n) for name, n in things().items() if n > before[name] + 2}
    assert not grown


def roll(world: Simulation, first: int, last: int) -> None:
    """Roll one version after the other out."""
    [shape] = world.shapes.values()
    for number in range(first, last + 1):
        text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
        new = with_tag(text, shape.name, f"v{number}")
        world.commit({shape.workload_path: new}, f"Bump {number}\n")
        until(world, lambda: actions(world).count("finish") == number, 3600)  # noqa: B023 - read at once


def things() -> Counter[str]:
    """Count everything that is of a type of the controller's, but for what is bounded otherwise."""
    gc.collect()
    types = (type(one) for one in gc.get_objects())
    names = (f"{one.__module__}.{one.__qualname__}" for one in types)
    ours = (name.partition("gitops_canary.") for name in names if name.startswith("gitops_canary."))
    return Counter(name for _, _, name in ours if not name.startswith(BOUNDED))
