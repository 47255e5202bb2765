"""What the simulation has found, each as the smallest world that shows it."""

from collections.abc import Callable

from gitops_canary.model.decision import Hold, Wait

from .cluster import Quality
from .manifests import Shape, with_tag
from .pieces import Setting
from .remote import CONFIG, EVIDENCE
from .simulation import ADA, Simulation

SECOND = 1000


def quiet(sync: str = "traffic", **more: object) -> tuple[Simulation, Shape]:
    """Make a world without weather or people: one canary, one controller."""
    setting = Setting(sync=sync, poll_ms=10_000, **more)  # type: ignore[arg-type]  # a setting's fields
    world = Simulation(7, setting)
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


def test_a_clock_ahead_neither_shortens_a_look_nor_gives_up_early() -> None:
    world, shape = quiet()
    world.offsets["controller-0"] = lambda: world.now_ms + 3_600_000
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    assert "retreat" not in actions(world)


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
