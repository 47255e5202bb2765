"""Each thing that can be wrong with a version is caught; what nobody sees never advances."""

import io
import os
import signal
import time
from pathlib import Path

import pytest
from rich.console import Console

from gitops_canary.lab.patience import until
from gitops_canary.lab.performance import Performance
from gitops_canary.lab.screen import Screen
from gitops_canary.lab.story import Fault, catalogue, registry
from gitops_canary.lab.world import World

INTERVALS_S = 4.0
"""Two of the example's intervals: long enough for an advance that must not come."""
PATIENCE_S = 90.0
pytestmark = pytest.mark.timeout(400)


def subject(world: World) -> str:
    return world.origin.git("log", "-1", "--format=%s", "main")


def see(world: World, words: str) -> None:
    until(lambda: True if words in subject(world) else None, what=words, timeout_s=PATIENCE_S)


@pytest.mark.parametrize("fault", [Fault.LATENCY, Fault.CRASH])
def test_a_fault_is_caught_and_blindness_never_advances(tmp_path: Path, fault: Fault) -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=200))
    with World.start(tmp_path / "world", registry(fault)) as world:
        performance = Performance(world, screen)
        performance.prepare()
        story = catalogue(fault)["B"]

        assert performance.play(story, last=True), out.getvalue()
        if fault is Fault.LATENCY:
            blind(world)

        counts, (_, failed) = world.end_load(), world.envoy.answers()
    print(f"{fault.value}: {counts.answered} requests, {sum(counts.failed.values())} failed")
    assert sum(counts.failed.values()) == failed
    assert counts.transport_errors == 0
    assert fault is Fault.CRASH or failed == 0


def blind(world: World) -> None:
    """Stop the sync agent after its fetch, then Prometheus: nothing may move meanwhile."""
    world.pause_sync(paused=True)
    world.person.release("1.3.0")
    see(world, "start 1.3.0")
    started = world.origin.tip()
    until(
        lambda: True if world.synced().fetched == started else None,
        what="the agent to fetch the start",
        timeout_s=PATIENCE_S,
    )
    time.sleep(INTERVALS_S)  # the length of the observation, not a wait for anything
    assert world.origin.tip() == started

    os.kill(world.prometheus.child.pid, signal.SIGSTOP)
    try:
        world.pause_sync(paused=False)
        until(
            lambda: True if world.envoy.live().revision == started else None,
            what="the start to be applied",
            timeout_s=PATIENCE_S,
        )
        time.sleep(INTERVALS_S)  # as above
        assert world.origin.tip() == started
    finally:
        os.kill(world.prometheus.child.pid, signal.SIGCONT)
    see(world, "0% -> 5%")
