"""What goes wrong in a few of the worlds only, by random numbers of their own."""

from collections.abc import Mapping, Sequence
from random import Random

from gitops_canary.git.commands import Update
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.pack import Made

from .faults import expired
from .measured import Fault, Undo
from .pieces import mark
from .remote import CONFIG, EVIDENCE
from .simulation import Simulation
from .spells import Spells

SHARE = 0.1
"""The share of the worlds that know these; the others are as they were without them."""
LAG_MS, EVERY_MS = (2_000, 6_000, 15_000), 20_000
LAGS = "the Git server lags behind itself"
BRANCHES = ((CONFIG, EVIDENCE), (CONFIG,), (EVIDENCE,))


def rarely(world: Simulation) -> Spells | None:
    """Let such spells come over a world; None where it knows none."""
    if mark(world.seed, "rare") >= SHARE:
        return None
    rng = Random(f"rare {world.seed}")  # noqa: S311 - for worlds, not for secrets
    # A forge merges by the branches as they are, whatever it tells those who ask.
    names = sorted(RARE.keys() - ({LAGS} if world.requested else set()))
    made = Spells(world, RARE, names, rng)
    made.start()
    return made


def _lagging(world: Simulation) -> Undo:
    """What was pushed shows some seconds later only, as behind a cache or on a follower."""
    number, over = world.figures.faults, [False]
    span_ms = LAG_MS[int(mark(world.seed, number, "lag") * len(LAG_MS))]
    branches = BRANCHES[int(mark(world.seed, number, "branches") * len(BRANCHES))]

    def fresh() -> None:
        world.remote.lagging = {}

    def stale() -> None:
        if not over[0]:
            refs = world.remote.refs
            world.remote.lagging = {one: refs[one] for one in branches if one in refs}
            world.later(span_ms, fresh)
            world.later(EVERY_MS, stale)

    def undo() -> None:
        over[0] = True
        fresh()

    stale()
    return undo


def _expiring(world: Simulation) -> Undo:
    """Credentials are good for a few more calls: they may end in the middle of a push."""
    left, over, real = [1 + int(mark(world.seed, world.now_ms, "calls") * 6)], [False], world.reach

    def reach(name: str, what: str) -> None:
        if not over[0] and what != "acknowledged":
            left[0] -= 1
            if left[0] < 0:
                raise expired(what)
        real(name, what)

    world.reach = reach  # type: ignore[method-assign]  # as weather does

    def undo() -> None:
        over[0] = True

    return undo


def _unproven(world: Simulation) -> Undo:
    """A rule protects the evidence branch: what carries evidence is declined."""

    def refuses(updates: Sequence[Update], made: Mapping[ObjectId, Made]) -> str:
        del made
        evidence = any(one.branch == EVIDENCE for one in updates)
        return "protected branch hook declined" if evidence else ""

    world.remote.refuses, world.unproven = refuses, True

    def undo() -> None:
        world.remote.refuses = lambda _updates, _made: ""

    return undo


def _set_up_anew(world: Simulation) -> Undo:
    """A controller is started again with other settings, in the middle of whatever rolls."""
    names = sorted(world.controllers)
    controller = world.controllers[names[world.figures.faults % len(names)]]
    before = controller.pushes, controller.poll_ms
    controller.pushes, controller.poll_ms = 1, 30_000
    world.kill(controller, wipe=False, restart_ms=2_000)

    def undo() -> None:
        controller.pushes, controller.poll_ms = before
        world.kill(controller, wipe=False, restart_ms=2_000)

    return undo


RARE: Mapping[str, Fault] = {
    LAGS: _lagging,
    "credentials expire after a few calls": _expiring,
    "a controller is set up anew": _set_up_anew,
    "the evidence branch is protected": _unproven,
}
