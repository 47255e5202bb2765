"""What the promises take for the truth."""

from gitops_canary.model.rollout import Action

from .cluster import SCRAPE_MS, Quality
from .manifests import Shape
from .remote import CONFIG
from .routes import with_weight
from .simulation import Simulation
from .test_found import actions, bump, quiet, until


def moved(world: Simulation, shape: Shape, weight: int) -> None:
    """Move the weight as a person, and wait a while once it is live."""
    text = world.files(world.remote.refs[CONFIG])[shape.route_path]
    world.commit({shape.route_path: with_weight(text, shape.name, weight)}, "Move it\n")
    until(world, lambda: world.cluster.apps[shape.name].weight == weight)
    end_ms = world.now_ms + 20_000
    until(world, lambda: world.now_ms > end_ms)


def test_what_flows_after_a_weight_has_come_back_is_not_counted_before_it() -> None:
    """A pass was held against failures of a minute later: nothing had been counted in between."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    app = world.cluster.apps[shape.name]
    until(world, lambda: app.weight > 0)
    moved(world, shape, 0)
    moved(world, shape, 10)
    gone_ms, back_ms = app.weights[-2][0], app.weights[-1][0]
    assert app.truth.within(gone_ms + 1, back_ms - 1) == (0, 0, 0)
    assert app.truth.within(back_ms, back_ms + 10_000)[0] > 0


def test_failures_that_begin_just_before_a_look_are_seen_by_it() -> None:
    """Their series had one sample in the window, which is no increase: the look passed."""
    world, shape = quiet(threshold=1, interval_s=60, latency=False, query=False)
    bump(world, shape, "v1")
    app = world.cluster.apps[shape.name]
    until(world, lambda: app.weight > 0)
    begin_ms = app.weights[-1][0] + 12 * SCRAPE_MS
    until(world, lambda: world.now_ms >= begin_ms)
    world.qualities[shape.name, "v1"] = Quality(errors=1.0)
    begin_ms = world.now_ms
    until(world, lambda: len(actions(world)) > 2)
    third = list(world.watch.landed.values())[2].record
    assert third.action is Action.ABORT
    assert third.window is not None
    assert 0 < third.window.end_ms - begin_ms < SCRAPE_MS
