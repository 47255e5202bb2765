"""Two versions at once, as while a controller is upgraded one replica after the other, and back.

A version cannot be run beside itself, but what it judges and records by is a value: the number of
its rule (`core/judges`). Each record names its own, so that one of a version still to come is there
too: it judges as this one does, and this one does not know it.
"""

from gitops_canary.core.judges.sequential_types import RULE

from .controllers import Controller
from .pieces import Network, mark
from .simulation import Simulation

PAIRS = ((RULE - 1, RULE), (RULE, RULE + 1))
"""The rules of the older and the newer version: the one before this, or the one after it."""
BACK = 0.4
"""The share of the worlds in which the newer version is taken back again."""
SOON_MS, APART_MS, LATER_MS = 120_000, (20_000, 120_000), 60_000
"""When the upgrade begins at the latest, how far apart two replicas change, and how long after the
last one a downgrade begins."""


def mix(world: Simulation) -> None:
    """Let a world have two controllers at least, and change the version of each."""
    old, new = PAIRS[int(mark(world.seed, "two versions at once") * len(PAIRS))]
    if len(world.controllers) == 1:
        name = "controller-1"
        world.network[name] = Network()
        world.controllers[name] = world._controller(name)
        world.begin_life(world.controllers[name], 1_000)
    least, most = APART_MS
    apart_ms = least + int(mark(world.seed, "apart") * (most - least))
    first_ms = int(mark(world.seed, "upgrade") * SOON_MS)
    last_ms = first_ms + apart_ms * len(world.controllers)
    for number, controller in enumerate(world.controllers.values()):
        controller.rule = old
        _change(world, controller, new, first_ms + number * apart_ms)
        if mark(world.seed, "back") < BACK:
            _change(world, controller, old, last_ms + LATER_MS + number * apart_ms)


def _change(world: Simulation, controller: Controller, rule: int, span_ms: int) -> None:
    """Start a controller again, as another version."""

    def change() -> None:
        if not world.calm:
            controller.rule = rule
            world.tell(f"{controller.name} is of rule {rule} from now on")
            world.kill(controller, wipe=bool(span_ms % 2), restart_ms=2_000)

    world.later(span_ms, change)
