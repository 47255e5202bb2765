"""A weight that nobody has seen yet when the next move is made."""

from .manifests import with_tag
from .remote import CONFIG
from .routes import with_weight
from .test_found import SECOND, actions, bump, quiet, until


def test_a_start_over_a_start_waits_until_a_person_s_weight_is_gone() -> None:
    """Nothing was to prove of its 0 %, and a person's 100 % then passed for the first step."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    text = world.files(world.remote.refs[CONFIG])
    files = {
        shape.workload_path: with_tag(text[shape.workload_path], shape.name, "v2"),
        shape.route_path: with_weight(text[shape.route_path], shape.name, 100),
    }
    before = len(actions(world))
    world.commit(files, "v2 at 100 %\n")
    app = world.cluster.apps[shape.name]
    until(world, lambda: app.weight == 100)
    world.engine = "down"
    until(world, lambda: actions(world)[before:] == ["start"])
    bump(world, shape, "v3")
    bump(world, shape, "v2")
    until(world, lambda: actions(world)[before:] == ["start", "start"])
    end_ms = world.now_ms + 60 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    assert actions(world)[before:] == ["start", "start"]
    world.engine = "up"
    until(world, lambda: actions(world).count("finish") == 2)
