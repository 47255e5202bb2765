"""A rollout of what was stable before, over a primary that a person set meanwhile."""

from gitops_canary.model.decision import Hold, Wait

from .cluster import Quality
from .manifests import Shape, with_tag
from .remote import CONFIG
from .simulation import Simulation
from .test_found import actions, bump, quiet, until


def hotfixed(world: Simulation, shape: Shape, quality: Quality) -> None:
    """Take the candidate back to the stable version and set another primary, in one commit."""
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    world.qualities[shape.name, "v0"] = quality
    text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
    text = with_tag(with_tag(text, shape.name, "v0"), f"{shape.name}-primary", "hotfix")
    world.commit({shape.workload_path: text}, "Hotfix\n")


def waits(world: Simulation, shape: Shape, wait: Wait) -> bool:
    found = world.reports["controller-0"].decisions.get(shape.id)  # type: ignore[call-overload]  # a CanaryId
    return isinstance(found, Hold) and found.wait is wait and found.alert


def test_a_condemned_version_that_was_stable_once_does_not_reach_everyone() -> None:
    """Its abort went back to the stable revision, which had that very version in both places."""
    world, shape = quiet(threshold=1)
    hotfixed(world, shape, Quality(errors=0.4))
    until(world, lambda: "retreat" in actions(world))
    until(world, lambda: waits(world, shape, Wait.QUARANTINED))
    now = world.facts(world.remote.refs[CONFIG], shape)
    assert now is not None
    assert (now.candidate, now.primary, f"{now.weight:f}") == ("v0", "hotfix", "0")


def test_a_watch_takes_nothing_back_to_what_it_is_itself() -> None:
    world, shape = quiet(threshold=1, watch_s=300, interval_s=30)
    hotfixed(world, shape, Quality())
    until(world, lambda: actions(world).count("finish") == 2)
    world.qualities[shape.name, "v0"] = Quality(errors=0.4)
    until(world, lambda: waits(world, shape, Wait.PERSON))
    assert "abort" not in actions(world)


def test_a_word_that_is_older_than_a_hotfix_lets_nothing_roll_over_it() -> None:
    """`resume` of a rollout at 0 % stayed in the Canary, and answered a hotfix made long after."""
    world, shape = quiet(threshold=1)
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "start" in actions(world))
    name = next(iter(world.watch.landed.values())).record.rollout
    word = shape.canary(resume=f'"{name}/0"').encode()
    world.commit({shape.canary_path: word}, "Resume\n")
    until(world, lambda: "abort" in actions(world))
    text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
    text = with_tag(text, f"{shape.name}-primary", "hotfix")
    world.commit({shape.workload_path: text}, "Hotfix the primary\n")
    until(world, lambda: waits(world, shape, Wait.OVERRIDE))
    assert actions(world)[-1] == "abort"
    world.commit({shape.canary_path: shape.canary().encode()}, "Take the word out\n")
    world.commit({shape.canary_path: word}, "Resume\n")
    until(world, lambda: actions(world)[-1] == "start")
