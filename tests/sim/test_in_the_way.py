"""A stranger's file stands where evidence would be written: who waits, who does not, who hears."""

from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.rollout import Outcome

from .cluster import Quality
from .pieces import Setting
from .remote import EVIDENCE
from .simulation import ADA, Simulation
from .test_found import SECOND, actions, bump, until, weight


def in_the_way(pushes: int) -> Simulation:
    """Make a world in which two canaries are due for their first weight, and cannot have it."""
    world = Simulation(7, Setting(canaries=2, poll_ms=20_000), alerts=True)
    world.controllers["controller-0"].pushes = pushes
    for shape in world.shapes.values():
        bump(world, shape, "v1")
    until(world, lambda: actions(world) == ["start", "start"])
    world.actor = "person"
    world.remote.commit(
        {"prod": b"a file"}, "Mine\n", who=ADA, date_s=world.now_ms // 1000, branch=EVIDENCE,
        parents=[],
    )  # fmt: skip
    world.unproven = True
    return world


def held(world: Simulation) -> list[Hold]:
    """List what the newest look holds for a person."""
    return [one for one in world.decisions() if isinstance(one, Hold) and one.alert]


def test_moves_wait_for_it_and_say_so_and_go_on_alone_however_few_pushes_there_are() -> None:
    """Two pushes a minute went on trying both at once, so that neither was ever held."""
    world = in_the_way(pushes=2)
    until(world, lambda: len(held(world)) == 2)
    for hold in held(world):
        assert hold.wait is Wait.ERROR
        assert "prod cannot be written: it is not a directory" in hold.reason
        assert "of gitops-canary/evidence, for evidence" in hold.remedy
    end_ms = world.now_ms + 900 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    told = [one for _, one in world.ears.heard if "cannot be written" in one.sentence]
    assert len(told) == len(world.shapes), "once each"
    assert actions(world) == ["start", "start"]
    world.remote.point(EVIDENCE, None)
    until(world, lambda: actions(world).count("finish") == 2)


def test_what_takes_a_version_back_does_not_wait_for_it() -> None:
    world = Simulation(7, Setting(poll_ms=10_000), alerts=True)
    [shape] = world.shapes.values()
    bump(world, shape, "v1", Quality(errors=0.5))
    until(world, lambda: weight(world, shape) > 0)
    world.actor = "person"
    world.remote.commit(
        {"prod": b"a file"}, "Mine\n", who=ADA, date_s=1, branch=EVIDENCE, parents=[]
    )
    world.unproven = True
    until(world, lambda: "abort" in actions(world))
    move = [*world.watch.landed.values()][-1]
    assert move.record.verdict is Outcome.FAIL, "what it rests on stands in the commit as well"
    assert "request-success-rate" in world.message(move.revision)
