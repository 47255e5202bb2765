"""More branches below our prefix than a look may cost: what is ours, and what takes its turn."""

import pytest

from gitops_canary.core.delivery import prefix
from gitops_canary.errors import Conflict
from gitops_canary.model.request import Method, Stage

from .branching import Delivery
from .cluster import Quality
from .forge import Forge, Pull
from .manifests import Shape
from .pieces import KEY, Setting
from .remote import CONFIG, EVIDENCE
from .simulation import ADA, Simulation
from .test_found import SECOND, bump, until


def crowded(branches_max: int = 4) -> tuple[Simulation, Shape, Forge]:
    """Make a world of requests that people merge, with few branches looked at, fewer asked about.

    Its promise D3: an abort is asked for when no other request of its canary is open.
    """
    delivery = Delivery(
        method=Method.MERGE, merges=False, branches_max=branches_max, strangers_max=2
    )
    setting = Setting(poll_ms=10_000, atomic=True, key=KEY, delivery=delivery)
    world = Simulation(7, setting, steps=(10, 50))
    assert world.requested
    [shape] = world.shapes.values()
    return world, shape, world.requested.forge


def push(world: Simulation, shape: Shape, count: int = 9) -> None:
    """Push strangers' branches that are named as those of moves are, and sort before them."""
    for number in range(count):
        world.remote.commit(
            {"docs/alike": str(number).encode()}, "Mine\n", who=ADA, date_s=world.now_ms // 1000,
            branch=f"{prefix(CONFIG)}{shape.id}/0{number:011}-start-0-first",
            parents=[world.remote.refs[CONFIG]],
        )  # fmt: skip


def opened(world: Simulation, forge: Forge, word: str) -> Pull:
    """Wait for a request of a move, by a part of its branch's name."""
    until(world, lambda: any(word in one.branch for one in forge.pulls))
    return next(one for one in forge.pulls if word in one.branch)


def second_step(world: Simulation, shape: Shape, forge: Forge) -> Pull:
    """Let a version have its first weight; the request for its second one."""
    bump(world, shape, "v1")
    for word in ("-start-", "-advance-1-"):
        forge.press(opened(world, forge, word), Method.MERGE)
    return opened(world, forge, "-advance-2-")


def reopen(world: Simulation, forge: Forge, pull: Pull) -> None:
    """Open a request again that was withdrawn, after a while."""
    until(world, lambda: pull.stage is Stage.CLOSED)
    end_ms = world.now_ms + 60 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.actor = "person"
    forge.reopen(pull)


def test_a_crowd_hides_no_request_from_one_that_has_just_begun() -> None:
    """Its first look asked for an abort beside an advance that another process had opened."""
    world, shape, forge = crowded()
    advance = second_step(world, shape, forge)
    push(world, shape)
    [controller] = world.controllers.values()
    world.kill(controller, wipe=True, restart_ms=120_000)
    world.qualities[shape.name, "v1"] = Quality(errors=0.4)
    opened(world, forge, "-abort-")
    assert advance.stage is Stage.CLOSED
    world.loop.end()


def test_a_crowd_hides_no_request_that_is_opened_again_beside_an_abort() -> None:
    """One was withdrawn as a version failed, which got well; and opened again as it fails."""
    world, shape, forge = crowded()
    advance = second_step(world, shape, forge)
    bump(world, shape, "v2")
    forge.press(opened(world, forge, "-retreat-"), Method.MERGE)
    push(world, shape)
    reopen(world, forge, advance)
    until(world, lambda: advance.stage is Stage.CLOSED, 30)
    world.loop.end()


def test_a_crowd_hides_no_request_to_which_somebody_has_pushed() -> None:
    """What lies on its branch is a stranger's, with the move below it."""
    world, shape, forge = crowded(branches_max=100)
    advance = second_step(world, shape, forge)
    world.remote.commit(
        {"docs/mine": b"x"}, "Mine\n", who=ADA, date_s=world.now_ms // 1000,
        branch=advance.branch, parents=[advance.head],
    )  # fmt: skip
    push(world, shape, 60)
    [controller] = world.controllers.values()
    world.kill(controller, wipe=True, restart_ms=120_000)
    world.qualities[shape.name, "v1"] = Quality(errors=0.4)
    opened(world, forge, "-abort-")
    assert advance.stage is Stage.CLOSED
    world.loop.end()


def test_what_no_name_tells_from_a_strangers_has_its_turn() -> None:
    """A first start that was given up and is opened again is found in the crowd all the same."""
    world, shape, forge = crowded()
    bump(world, shape, "v1")
    start = opened(world, forge, "-start-")
    bump(world, shape, "v2")
    push(world, shape)
    reopen(world, forge, start)
    until(world, lambda: start.stage is Stage.CLOSED, 120)
    world.loop.end()


def test_evidence_of_what_the_branch_lost_meanwhile_is_looked_at_anew() -> None:
    """A look began before a merge, which was forced back before it ended: nobody halted."""
    world, shape, forge = crowded()
    bump(world, shape, "v1")
    start = opened(world, forge, "-start-")
    then = world.remote.refs[CONFIG], world.remote.refs[EVIDENCE]
    forge.press(start, Method.MERGE)
    opened(world, forge, "-advance-1-")
    now = world.remote.refs[CONFIG], world.remote.refs[EVIDENCE]
    [controller] = world.controllers.values()
    assert controller.station
    assert controller.station.delivering
    proposing = controller.station.delivering.proposing
    with pytest.raises(Conflict, match="does not have"):
        proposing.proofs(then)
    assert proposing.proofs((now[0], then[1])) == now[1]
    assert proposing.proofs((then[0], now[1])) == now[1], "the look itself held that"
    world.loop.end()
