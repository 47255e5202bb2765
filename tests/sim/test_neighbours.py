"""What one tenant does to its files never costs another one its rollout."""

from collections.abc import Callable

import pytest

from .manifests import Shape
from .pieces import Setting
from .remote import CONFIG
from .simulation import Simulation
from .test_found import SECOND, bump, until

Log = list[tuple[str, str, int]]
Harm = Callable[[bytes], bytes]


def rollout(harm: Harm | None) -> tuple[Log, int]:
    """Roll one canary out while the other's files are harmed; its moves, and how long it took."""
    world = Simulation(11, Setting(canaries=2, poll_ms=10_000), shared=False, idles=False)
    mine, other = world.shapes.values()
    bump(world, mine, "v1")
    began_ms = world.now_ms
    if harm is not None:
        world.later(SECOND, lambda: _again(world, other, harm))

    def log() -> Log:
        moves = [m for m in world.watch.landed.values() if m.shape.id == mine.id]
        return [(m.record.action.value, str(m.record.weight_to), m.record.step) for m in moves]

    until(world, lambda: bool(log()) and log()[-1][0] == "finish", 2400)
    return log(), world.now_ms - began_ms


def _again(world: Simulation, shape: Shape, harm: Harm) -> None:
    """Harm every file of a canary, every few seconds."""
    files = world.files(world.remote.refs[CONFIG])
    paths = (shape.canary_path, shape.workload_path, shape.route_path)
    world.commit({path: harm(files[path]) for path in paths}, "Harm\n")
    world.later(5 * SECOND, lambda: _again(world, shape, harm))


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: text[:20_000] + b"\nBROKEN: [{\n",
        lambda text: text[:20_000] + b"\n---\nkind: Canary\nBROKEN: &a [*a, *a, *a]\n",
        lambda text: text[:20_000] + b"\n# BROKEN \xff\xfe\x00\n",
        lambda text: text[:20_000] + b"\n# BROKEN" + b"[" * 5000 + b"\n",
        lambda text: (text[:2000] + b"# BROKEN " + b"x" * 1_100_000)[: 1_100_000],
    ],
    ids=["no YAML", "aliases", "no text", "brackets", "too large"],
)  # fmt: skip
def test_a_hostile_neighbour_changes_nothing_and_costs_no_time(harm: Harm) -> None:
    alone, alone_ms = rollout(None)
    beside, beside_ms = rollout(harm)
    assert beside == alone
    assert beside_ms <= 2 * alone_ms
