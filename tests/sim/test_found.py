"""What the simulation has found, each as the smallest world that shows it."""

from collections.abc import Callable
from typing import Any

from gitops_canary.errors import Unavailable
from gitops_canary.model.decision import Hold, Wait

from .cluster import Quality
from .manifests import QUARANTINE, Shape, with_tag
from .pieces import Setting
from .remote import CONFIG, EVIDENCE
from .routes import with_weight
from .simulation import ADA, Simulation

SECOND = 1000


def quiet(sync: str = "traffic", controllers: int = 1, **shape: Any) -> tuple[Simulation, Shape]:
    """Make a world without weather or people: one canary."""
    setting = Setting(sync=sync, poll_ms=10_000, controllers=controllers)
    world = Simulation(7, setting, **shape)
    return world, next(iter(world.shapes.values()))


def bump(world: Simulation, shape: Shape, tag: str, quality: Quality | None = None) -> None:
    world.qualities[shape.name, tag] = quality or Quality()
    text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
    world.commit({shape.workload_path: with_tag(text, shape.name, tag)}, f"Bump to {tag}\n")


def until(world: Simulation, holds: Callable[[], bool], limit_s: int = 1200) -> None:
    """Let things happen until something is so; fail after some virtual time."""
    end_ms = world.now_ms + limit_s * SECOND
    while not holds():
        assert world.now_ms < end_ms, "\n".join(world.story)
        world.event()


def actions(world: Simulation) -> list[str]:
    return [move.record.action.value for move in world.watch.landed.values()]


def weight(world: Simulation, shape: Shape) -> int:
    now = world.facts(world.remote.refs[CONFIG], shape)
    assert now is not None
    return int(now.weight)


def test_a_damaged_clone_heals_although_the_branch_stays_where_it_is() -> None:
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    world.controllers["controller-0"].disk.damaged = True
    until(world, lambda: "finish" in actions(world))


def test_a_clone_made_anew_after_a_rewind_needs_nothing_that_was_dropped() -> None:
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    tip = world.remote.refs[CONFIG]
    until(world, lambda: any(report.tip == tip for report in world.reports.values()))
    world.actor = "person"
    world.remote.point(CONFIG, world.remote.parents(world.remote.refs[CONFIG])[0])
    world.rewound_ms = world.now_ms
    world.controllers["controller-0"].disk.damaged = True
    until(world, lambda: "finish" in actions(world))


def test_an_evidence_branch_that_moves_alone_holds_nothing_up() -> None:
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "start" in actions(world))
    tip = world.remote.refs[EVIDENCE]
    world.remote.commit({"x": b"y"}, "Note\n", who=ADA, date_s=1, branch=EVIDENCE, parents=[tip])
    until(world, lambda: "finish" in actions(world))


def test_a_canary_that_cannot_be_read_is_not_taken_for_deleted() -> None:
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: weight(world, shape) > 0)
    text = world.files(world.remote.refs[CONFIG])[shape.canary_path]
    tip = world.commit({shape.canary_path: text + b"\n{BROKEN: [\n"}, "Break it\n")
    until(world, lambda: any(r.tip == tip and r.decisions for r in world.reports.values()))
    decision = world.reports["controller-0"].decisions[shape.id]  # type: ignore[index]  # a CanaryId
    assert isinstance(decision, Hold)
    assert decision.wait is Wait.ERROR
    assert shape.canary_path in decision.reason
    assert world.remote.refs[CONFIG] == tip


def test_a_fixed_delay_counts_from_when_a_commit_was_first_seen() -> None:
    world, shape = quiet(sync="none")
    bump(world, shape, "v1")
    until(world, lambda: "start" in actions(world))
    world.network["controller-0"].latency_ms = 12_000
    until(world, lambda: "finish" in actions(world))


def test_an_empty_prometheus_proves_nobody_ready() -> None:
    world, shape = quiet()
    until(world, lambda: world.now_ms > world.cluster.apps[shape.name].weights[0][0] + 60_000)
    bump(world, shape, "v1", Quality(crashes=True))
    until(world, lambda: "start" in actions(world))
    world.cluster.db.lines.clear()
    world.cluster.scraping = False
    end_ms = world.now_ms + 120_000
    until(world, lambda: world.now_ms > end_ms)
    assert weight(world, shape) == 0


def test_a_step_that_waited_for_the_server_is_not_given_up_nor_proven_by_what_was_before() -> None:
    """Its date was its decision's: after an outage the deadline was over before it began."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    world.reach = down  # type: ignore[method-assign]  # the server's front door
    end_ms = world.now_ms + 600 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.reach = up  # type: ignore[method-assign]  # as above
    until(world, lambda: "finish" in actions(world))
    assert "retreat" not in actions(world)
    moves = list(world.watch.landed.values())
    dates = [world.remote.raw(move.revision).date_s * 1000 for move in moves]
    assert all(move.at_ms - date < 75_000 for move, date in zip(moves, dates, strict=True))


def test_a_canary_that_is_scaled_down_still_belongs_to_its_rollout() -> None:
    """It took the steps of a policy that was edited meanwhile: `step 3/1`."""
    world, shape = quiet(idles=True, steps=(10, 50, 60))
    bump(world, shape, "v1")
    until(world, lambda: "promote" in actions(world))
    text = world.files(world.remote.refs[CONFIG])[shape.canary_path]
    edited = text.replace(b"[10, 50, 60]", b"[40]")
    world.commit({shape.canary_path: edited}, "Edit the steps\n")
    until(world, lambda: "idle" in actions(world))
    assert {move.record.steps for move in world.watch.landed.values()} == {3}


def test_a_candidate_that_was_finished_starts_once_more_over_a_hotfix_of_the_primary() -> None:
    """The start was not taken as a move after a finish, and so was made again at every look."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    name = next(iter(world.watch.landed.values())).record.rollout
    text = world.files(world.remote.refs[CONFIG])[shape.workload_path]
    hotfix = with_tag(text, f"{shape.name}-primary", "hotfix")
    word = shape.canary(resume=f'"{name}/0"').encode()
    world.commit({shape.workload_path: hotfix}, "Hotfix the primary\n")
    tip = world.commit({shape.canary_path: word}, "Resume\n")
    until(world, lambda: actions(world).count("finish") == 2)
    assert actions(world).count("start") == 2
    assert world.remote.refs[CONFIG] != tip


def test_a_person_s_weight_is_not_adopted_before_the_canary_is_ready() -> None:
    """The old version's pods were measured in the new one's place, and passed it to everyone."""
    world, shape = quiet(steps=(10, 50), deadline_s=180)
    bump(world, shape, "v1", Quality(crashes=True))
    until(world, lambda: "start" in actions(world))
    name = next(iter(world.watch.landed.values())).record.rollout
    text = world.files(world.remote.refs[CONFIG])[shape.route_path]
    word = shape.canary(resume=f'"{name}/10"').encode()
    world.commit({shape.route_path: with_weight(text, shape.name, 10)}, "Move the weight\n")
    tip = world.commit({shape.canary_path: word}, "Resume\n")
    end_ms = world.now_ms + 600 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    assert world.remote.refs[CONFIG] == tip
    decision = world.reports["controller-0"].decisions[shape.id]  # type: ignore[index]  # a CanaryId
    assert isinstance(decision, Hold)
    assert decision.alert
    assert "the canary is not ready" in decision.reason
    world.qualities[shape.name, "v1"] = Quality()
    until(world, lambda: "finish" in actions(world))


def test_a_version_that_fails_while_it_is_watched_is_taken_back_within_its_checks() -> None:
    world, shape = quiet(watch_s=300, threshold=2, interval_s=30)
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    world.qualities[shape.name, "v1"] = Quality(errors=0.4)
    turned_ms = world.now_ms
    until(world, lambda: "abort" in actions(world), 180)
    now = world.facts(world.remote.refs[CONFIG], shape)
    assert now is not None
    assert (now.candidate, now.primary) == ("v0", "v0")
    assert world.now_ms - turned_ms <= 3 * shape.interval_s * SECOND + 60 * SECOND


def test_a_shut_gate_holds_for_as_long_as_it_is_shut_and_is_asked_again() -> None:
    world, shape = quiet(hooks=("confirm-promotion", "confirm-rollout"))
    world.board.turn(shape.id, "confirm-promotion", "shut")
    bump(world, shape, "v1")
    end_ms = world.now_ms + 900 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    assert "promote" not in actions(world)
    assert "retreat" not in actions(world)
    world.board.turn(shape.id, "confirm-promotion", "late")
    until(world, lambda: "finish" in actions(world))


def test_a_rollback_that_was_asked_for_is_not_forgotten_while_a_file_is_broken() -> None:
    world, shape = quiet(hooks=("rollback",), steps=(10, 50))
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    world.remote.refuses = lambda _updates, _made: "not now"
    world.board.turn(shape.id, "rollback", "open")
    until(world, lambda: any(one.passed for one in world.board.said))
    end_ms = world.now_ms + 30 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    text = world.files(world.remote.refs[CONFIG])[shape.route_path]
    world.commit({shape.route_path: text + b"\n{BROKEN: [\n"}, "Break it\n")
    world.board.turn(shape.id, "rollback", "silent")
    end_ms = world.now_ms + 60 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.remote.refuses = lambda _updates, _made: ""
    world.commit({shape.route_path: text}, "Mend it\n")
    until(world, lambda: actions(world)[-1] != "advance", 240)
    assert actions(world)[-1] == "abort"


def up(name: str, what: str) -> None:
    """Stand for a Git server that answers."""


def down(name: str, what: str) -> None:
    """Stand for a Git server that does not answer."""
    raise Unavailable(f"git {what} of {name} did not end before its deadline", remedy="ask again")


def test_a_condemned_version_that_a_merge_brings_back_starts_once() -> None:
    """Beside the merge's first parent it never changed, so it is the same rollout's again."""
    world, shape = quiet()
    bump(world, shape, "v1", Quality(errors=0.5))
    until(world, lambda: weight(world, shape) > 0)
    before = world.remote.refs[CONFIG]
    until(world, lambda: "abort" in actions(world))
    moved = len(actions(world))
    bump(world, shape, "v1", Quality())
    tip = world.remote.refs[CONFIG]
    side = world.remote.make(
        {"docs/side": b"x"}, "Side\n", who=ADA, date_s=world.now_ms // 1000, parents=[before]
    )
    change = {p: b for p, b in world.files(tip).items() if world.files(before).get(p) != b}
    lifted = {**change, QUARANTINE: b""}
    world.commit(lifted, "Merge branch 'main'\n", parents=[side, tip])
    until(world, lambda: "finish" in actions(world))
    assert actions(world)[moved:].count("start") == 1
