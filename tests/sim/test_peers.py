"""Bugs that other tools of this field had, each as a world in which ours must do better."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gitops_canary.app.controller import every
from gitops_canary.errors import Halted
from gitops_canary.manifest import accepted
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.observation import Answer, Question

from . import measured
from .cluster import Quality
from .manifests import with_tag
from .remote import CONFIG
from .routes import with_weight
from .simulation import Simulation
from .test_found import SECOND, actions, bump, quiet, until, weight

Change = Callable[[Answer], Answer]


def not_a_number(answer: Answer) -> Answer:
    """Give the same samples, none of which is a number."""
    return measured.every(answer, "NaN")


def hold_of(world: Simulation, canary: str) -> Hold:
    """Give the newest decision, which is to hold."""
    decision = world.reports["controller-0"].decisions[canary]  # type: ignore[index]  # a CanaryId
    assert isinstance(decision, Hold), decision
    return decision


def pass_time(world: Simulation, seconds: int) -> None:
    end_ms = world.now_ms + seconds * SECOND
    until(world, lambda: world.now_ms >= end_ms, seconds + 60)


@pytest.mark.parametrize("given", [lambda _: Answer(), not_a_number], ids=["none", "NaN"])
@pytest.mark.parametrize("word", ["", "app_failures_total"], ids=["all", "its own metric"])
def test_no_values_found_never_advances_and_is_told(given: Change, word: str) -> None:
    """Flagger 1095 advanced on NaN; 1011, 1689, 1353 and 883 advanced or looped on no data."""
    world, shape = quiet(query=True)
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))

    def answering(_name: str, question: Question, answer: Answer) -> Answer:
        asked = question.step_ms and word in question.expression
        return given(answer) if asked else answer

    world.answering = answering
    steps = actions(world).count("advance")
    until(world, lambda: "retreat" in actions(world))
    assert actions(world).count("advance") == steps
    move = list(world.watch.landed.values())[-1]
    assert "The checks decided nothing" in world.message(move.revision)
    assert not [path for path in world.files(move.revision) if "quarantine" in path]


def test_a_foreign_change_holds_once_instead_of_a_loop() -> None:
    """Flagger 1573 and 1407 reset and restarted for ever when something else wrote the object."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: weight(world, shape) > 0)
    text = world.files(world.remote.refs[CONFIG])[shape.route_path]
    tip = world.commit({shape.route_path: with_weight(text, shape.name, 33)}, "By hand\n")
    pass_time(world, 900)
    assert world.remote.refs[CONFIG] == tip
    assert hold_of(world, shape.id).wait is Wait.OVERRIDE
    assert hold_of(world, shape.id).alert


def test_an_abort_says_check_value_limit_and_window() -> None:
    """Argo Rollouts 404, 1832, 2741 and 3957: aborted, and nobody could tell why."""
    world, shape = quiet()
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "abort" in actions(world))
    move = list(world.watch.landed.values())[-1]
    message = world.message(move.revision)
    assert move.record.window is not None
    for part in ("request-success-rate", ">= 99", "60", "requests", "This reverts commit"):
        assert part in message


def test_the_engine_may_be_at_a_newer_commit() -> None:
    """Kargo pinned a revision on a shared branch and called healthy applications unhealthy."""
    world, shape = quiet()
    bump(world, shape, "v1")
    ended = {"finish", "abort"}
    count = 0
    while not ended & set(actions(world)):
        count += 1
        world.commit({"README.md": f"{count}\n".encode()}, "Notes\n")
        pass_time(world, 10)
        assert count < 200
    assert "finish" in actions(world)


def test_a_health_judged_too_early_is_not_the_new_version_s() -> None:
    """Kargo 4673 and 5166: health of the old state counted, a sync error was shown as success."""
    world, shape = quiet()
    world.engine = "down"
    bump(world, shape, "v1")
    until(world, lambda: "start" in actions(world))
    pass_time(world, 600)
    assert actions(world) == ["start"]
    assert hold_of(world, shape.id).wait is Wait.PERSON
    world.engine = "up"
    until(world, lambda: "finish" in actions(world))


def test_a_condemned_tag_stays_out_however_often_it_comes_back() -> None:
    """Flux' image automation writes the newest tag again: an endless rollout without quarantine."""
    world, shape = quiet()
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "abort" in actions(world))
    moves = len(actions(world))
    for _ in range(3):
        text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
        world.commit({shape.workload_path: with_tag(text, shape.name, "v1")}, "Update\n")
        pass_time(world, 120)
        text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
        world.commit({shape.workload_path: with_tag(text, shape.name, "v0")}, "Back\n")
        pass_time(world, 60)
    assert actions(world)[moves:] in ([], ["idle"])


def test_a_process_that_slept_looks_again_before_it_pushes() -> None:
    """etcd 20418: a paused process answered with what had been true before it slept."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    steps = actions(world).count("advance")
    slept: list[str] = []

    def sleep(name: str) -> None:
        """Let a person take the version back while it sleeps, just before its push."""
        if not slept:
            slept.append(name)
            text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
            world.commit({shape.workload_path: with_tag(text, shape.name, "v0")}, "Take it back\n")
            world.actor = name

    world.before_push = sleep
    until(world, lambda: weight(world, shape) == 0)
    assert slept
    assert actions(world).count("advance") == steps


def test_an_analysis_that_ends_early_is_no_success() -> None:
    """Argo Rollouts: an analysis that was terminated before its end counted as passed."""
    world, shape = quiet(interval_s=60, steps=(10, 50))
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    until(world, lambda: world.cluster.apps[shape.name].weight > 0)
    pass_time(world, 20)
    world.untrue += 1  # who counts sees some seconds of it and takes that for all
    world.cluster.scraping = False
    until(world, lambda: "retreat" in actions(world), 3600)
    assert actions(world).count("advance") == 1


def test_a_squashed_history_halts_until_a_person_accepts_it() -> None:
    """Flux' image automation squashed a history (329), and wedged on a forced one (696)."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: weight(world, shape) > 0)
    line = [world.remote.refs[CONFIG]]
    while len(line) < 4:
        line += world.remote.parents(line[-1])
    kept = world.files(line[0])
    tip = world.commit(dict(kept), "Squash\n", parents=[line[-1]])
    halted = lambda: isinstance(world.reports["controller-0"].error, Halted)  # noqa: E731 - read below
    until(world, halted)
    assert world.remote.refs[CONFIG] == tip
    until(world, lambda: not halted())  # type: ignore[no-untyped-call]  # APScheduler has no types
    assert b"accepted" in world.files(world.remote.refs[CONFIG])[accepted.FILE]


def test_a_schedule_knows_no_summer_time() -> None:
    """APScheduler 1021: a trigger in local time stood still, or ran for ever, in the fold."""
    trigger = every(30_000)
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"):
        for year in range(2020, 2041):
            at = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
            while at.year == year:
                following = trigger.get_next_fire_time(at, at)
                assert following is not None
                assert (following - at).total_seconds() == 30
                at = (at.astimezone(UTC) + timedelta(hours=6)).astimezone(ZoneInfo(zone))
