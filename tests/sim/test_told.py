"""What the simulation has found about who is told."""

import re

import pytest

from gitops_canary.model.announcement import Severity
from gitops_canary.model.request import Method

from .branching import Delivery
from .cluster import Quality
from .pieces import KEY, Setting
from .planting import planted
from .remote import CONFIG
from .requested_mutants import FORGETFUL
from .simulation import Simulation
from .test_found import SECOND, actions, bump, down, quiet, until, up
from .watching import Broken


def lost(name: str, what: str) -> None:
    """Stand for a Git server whose answers to a push are lost."""
    if what == "acknowledged":
        down(name, what)


def test_an_abort_whose_answer_was_lost_is_told_once_it_is_seen() -> None:
    """It counted as pushed for nobody: people heard that all was idle."""
    world, shape = quiet(alerts=True, threshold=1)
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "advance" in actions(world))
    world.reach = lost  # type: ignore[method-assign]  # the server's front door
    until(world, lambda: "abort" in actions(world))
    world.reach = up  # type: ignore[method-assign]  # as above
    until(world, lambda: any(told.severity is Severity.ERROR for _, told in world.ears.heard), 60)
    world.ears.settled()
    world.loop.end()


def test_a_wait_that_becomes_an_alert_is_told_again() -> None:
    """It was the same wait for the same rollout, and so was told as no news."""
    world, shape = quiet(alerts=True, hooks=("confirm-rollout",))
    world.board.turn(shape.id, "confirm-rollout", "silent")
    until(world, lambda: bool(world.reports))
    bump(world, shape, "v1")
    end_ms = world.now_ms + 120 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    waits = [told for _, told in world.ears.heard if told.event == "waits for a webhook"]
    assert [told.severity for told in waits] == [Severity.INFO, Severity.WARN]
    world.loop.end()


def test_a_move_is_told_though_its_canary_cannot_be_read_any_more() -> None:
    world, shape = quiet(alerts=True)
    until(world, lambda: bool(world.reports))
    world.reach = lost  # type: ignore[method-assign]  # the server's front door
    bump(world, shape, "v1")
    until(world, lambda: "start" in actions(world))
    world.reach = up  # type: ignore[method-assign]  # as above
    text = world.files(world.remote.refs[CONFIG])[shape.canary_path]
    world.commit({shape.canary_path: text + b"\n{BROKEN: [\n"}, "Break it\n")
    until(world, lambda: any(told.event == "start" for _, told in world.ears.heard), 60)
    world.loop.end()


def test_a_move_is_told_though_its_canary_is_gone_before_any_look_succeeded() -> None:
    """Whom to tell was known from a report, and the looks of a new process had none so far."""
    world, shape = quiet(alerts=True)
    bump(world, shape, "v1")
    world.reach = lost  # type: ignore[method-assign]  # the server's front door
    until(world, lambda: "start" in actions(world))
    world.reach = up  # type: ignore[method-assign]  # as above
    world.commit({shape.canary_path: None}, "Delete the Canary\n")
    until(world, lambda: any(told.event == "start" for _, told in world.ears.heard), 60)
    world.loop.end()


def test_a_merge_whose_answer_was_lost_is_told_by_who_asked_for_it() -> None:
    merged_unheard()
    with planted(FORGETFUL), pytest.raises(Broken, match="N2: nobody was told"):
        merged_unheard()


def merged_unheard() -> None:
    """Roll where each merge loses its answer, and hold both processes to telling of their own."""
    delivery = Delivery(method=Method.MERGE)
    setting = Setting(controllers=2, poll_ms=10_000, key=KEY, delivery=delivery)
    world = Simulation(7, setting, alerts=True)
    shape = next(iter(world.shapes.values()))
    until(world, lambda: len(world.reports) == setting.controllers)

    def cut(name: str, point: str) -> None:
        if point == "merge done":
            down(name, point)

    world.boundaries = cut
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    world.boundaries = lambda _name, _point: None
    hands = re.findall(r"(controller-\d) (?:opened|merged) (#\d+)", "\n".join(world.story))
    assert len(set(hands)) > len({number for _, number in hands}), "each merged its own"
    world.ears.settled()
    world.loop.end()


def test_a_move_that_nobody_could_see_need_not_be_told() -> None:
    """Its answer was lost, and the branch was forced back before the next look."""
    world, shape = quiet(alerts=True)
    until(world, lambda: bool(world.reports))
    before = world.remote.refs[CONFIG]
    world.reach = lost  # type: ignore[method-assign]  # the server's front door
    bump(world, shape, "v1")
    until(world, lambda: "start" in actions(world))
    world.reach = up  # type: ignore[method-assign]  # as above
    world.actor = "person"
    world.remote.point(CONFIG, before)
    world.rewound_ms = world.now_ms
    end_ms = world.now_ms + 120 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    assert actions(world) == ["start"]
    world.ears.settled()
    world.loop.end()
