"""A hundred canaries that all begin at once; `MANY=1000` makes them a thousand."""

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


@pytest.mark.timeout(3600)
def test_many_rollouts_at_once_cost_a_push_for_each_step_and_not_for_each_canary() -> None:
    world = Simulation(1, Setting(canaries=MANY, poll_ms=30_000), **SHAPE)
    files = world.files(world.remote.refs[CONFIG])
    world.commit(
        {
            shape.workload_path: with_tag(files[shape.workload_path], shape.name, "v1")
            for shape in world.shapes.values()
        },
        "Bump all\n",
    )
    until(world, lambda: actions(world).count("finish") == MANY, 3600)
    moves = Counter(actions(world))
    assert moves == {"start": MANY, "advance": MANY, "promote": MANY, "finish": MANY}
    pushes = {move.base for move in world.watch.landed.values()}
    assert len(pushes) == len(moves)
