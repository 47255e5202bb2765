"""A hundred canaries that all begin at once; `MANY=1000` makes them a thousand."""

import cProfile
import os
from collections import Counter
from typing import Any

import pytest

from .manifests import with_tag
from .pieces import Setting
from .remote import CONFIG
from .simulation import Simulation
from .test_found import actions, until

MANY = int(os.environ.get("MANY", "100"))
SHAPE: dict[str, Any] = {"steps": (50,), "interval_s": 30} | dict.fromkeys(
    ("shared", "idles", "latency", "query"), False
)
FEW, TIMES = 4, 10


def rolled(many: int) -> Simulation:
    """Roll so many canaries of one repository, begun by one commit, to their end."""
    world = Simulation(1, Setting(canaries=many, poll_ms=30_000), **SHAPE)
    world.twinless = True  # what a replica calls is none of what the controller does
    files = world.files(world.remote.refs[CONFIG])
    world.commit(
        {
            shape.workload_path: with_tag(files[shape.workload_path], shape.name, "v1")
            for shape in world.shapes.values()
        },
        "Bump all\n",
    )
    until(world, lambda: actions(world).count("finish") == many, 3600)
    return world


@pytest.mark.timeout(3600)
def test_many_rollouts_at_once_cost_a_push_for_each_step_and_not_for_each_canary() -> None:
    world = rolled(MANY)
    moves = Counter(actions(world))
    assert moves == {"start": MANY, "advance": MANY, "promote": MANY, "finish": MANY}
    pushes = {move.base for move in world.watch.landed.values()}
    assert len(pushes) == len(moves)


def test_no_part_of_the_controller_works_more_than_in_proportion_to_the_canaries() -> None:
    few, many = calls(FEW), calls(FEW * TIMES)
    # Twice, since a look may come a little later, and find more samples, in one of the worlds.
    beyond = {p: (few[p], n) for p, n in many.items() if n > 2 * TIMES * max(few[p], FEW)}
    assert not beyond


def calls(many: int) -> Counter[str]:
    """Count the calls of each function while so many canaries roll.

    Git's own files are left out: a tree that lists a thousand files is as long in every commit.
    """
    profile = cProfile.Profile()
    profile.runcall(rolled, many)
    found: Counter[str] = Counter()
    for entry in profile.getstats():
        if not isinstance(entry.code, str):
            _, ours, path = entry.code.co_filename.rpartition("gitops_canary/")
            if ours and not path.startswith("git/"):
                found[f"{path}:{entry.code.co_firstlineno} {entry.code.co_name}"] += entry.callcount
    return found
