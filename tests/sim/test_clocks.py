"""What the simulation has found about time: clocks that are wrong, and when somebody looked."""

import pytest

from gitops_canary.manifest import quarantine
from gitops_canary.model.observation import Answer

from .cluster import Quality
from .manifests import with_tag
from .measured import HOUR_MS, YEAR_MS
from .remote import CONFIG
from .simulation import Simulation
from .test_found import SECOND, actions, bump, quiet, until
from .twin import decided_again


def ahead(world: Simulation, span_ms: int) -> None:
    world.offsets["controller-0"] = lambda: world.now_ms + span_ms


def test_a_clock_ahead_neither_shortens_a_look_nor_gives_up_early() -> None:
    world, shape = quiet()
    ahead(world, HOUR_MS)
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    assert "retreat" not in actions(world)


@pytest.mark.parametrize("span_ms", [5 * 60_000, HOUR_MS, YEAR_MS])
def test_a_clock_behind_leaves_no_weight_unmeasured(span_ms: int) -> None:
    """Nothing was asked before its own clock came to the commit, so nobody told it the time."""
    took_s = []
    for behind_ms in (0, span_ms):
        world, shape = quiet()
        ahead(world, -behind_ms)
        bump(world, shape, "v1", Quality(errors=0.4))
        began_ms = world.now_ms
        until(world, lambda: "abort" in actions(world))  # noqa: B023 - called within the loop
        took_s.append((world.now_ms - began_ms) // SECOND)
    assert took_s[1] <= took_s[0] + 60


def test_two_clocks_ahead_date_nothing_ahead_while_the_git_server_tells_the_time() -> None:
    """A developer's and the controller's own, while Prometheus kept silent, were believed."""
    world, shape = quiet()
    ahead(world, YEAR_MS)
    silent = Answer(error="did not answer within 10s", silent=True)
    world.answering = lambda _name, _question, _answer: silent
    text = with_tag(world.files(world.remote.refs[CONFIG])[shape.workload_path], shape.name, "v1")
    date_s = (world.now_ms + YEAR_MS) // 1000
    world.commit({shape.workload_path: text}, "Bump to v1\n", date_s=date_s)
    until(world, lambda: "start" in actions(world))
    world.answering = lambda _name, _question, answer: answer
    world.offsets["controller-0"] = lambda: world.now_ms
    until(world, lambda: "finish" in actions(world))


def test_a_clock_and_the_git_server_s_ahead_alike_give_nothing_up_while_prometheus_is_silent() -> (
    None
):
    """Two of three were believed: a retreat came at once, an hour too late to be proven."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    ahead(world, HOUR_MS)
    world.remote.clock = lambda: world.now_ms + HOUR_MS
    silent = Answer(error="did not answer within 10s", silent=True)
    world.answering = lambda _name, _question, _answer: silent
    end_ms = world.now_ms + 45 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.answering = lambda _name, _question, answer: answer
    until(world, lambda: "finish" in actions(world))
    assert "retreat" not in actions(world)


def test_a_weight_first_seen_by_a_clock_behind_is_not_judged_by_what_was_before_it() -> None:
    """Without a sync engine the delay began a minute before the commit, and so did the window."""
    world, shape = quiet(sync="none")
    silent = Answer(error="did not answer within 10s", silent=True)
    world.answering = lambda _name, _question, _answer: silent
    ahead(world, -60 * SECOND)
    bump(world, shape, "v1")
    until(world, lambda: "advance" in actions(world))
    end_ms = world.now_ms + 30 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.answering = lambda _name, _question, answer: answer
    until(world, lambda: "finish" in actions(world))


def test_a_candidate_whose_commit_is_dated_behind_starts_no_sooner_than_it_was_pushed() -> None:
    """While Prometheus kept silent its start took that date: late at once, proven by what was."""
    world, shape = quiet()
    silent = Answer(error="did not answer within 10s", silent=True)
    world.answering = lambda _name, _question, _answer: silent
    text = with_tag(world.files(world.remote.refs[CONFIG])[shape.workload_path], shape.name, "v1")
    date_s = (world.now_ms - 20 * HOUR_MS) // 1000
    world.commit({shape.workload_path: text}, "Bump to v1\n", date_s=date_s)
    until(world, lambda: "start" in actions(world))
    [move] = world.watch.landed.values()
    assert world.now_ms - world.remote.raw(move.revision).date_s * 1000 < 30 * SECOND


def test_a_move_that_was_refused_rests_no_longer_where_the_clock_is_set_back() -> None:
    world, shape = quiet(threshold=1)
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "advance" in actions(world))
    ahead(world, HOUR_MS)
    world.remote.refuses = lambda _updates, _made: "not now"
    hold = lambda: next(iter(world.reports["controller-0"].decisions.values()))  # noqa: E731 - read below
    until(world, lambda: "refused" in str(hold()))  # type: ignore[no-untyped-call]  # as above
    world.remote.refuses = lambda _updates, _made: ""
    ahead(world, 0)
    until(world, lambda: "abort" in actions(world), 60)


def test_a_clock_ahead_dates_no_start_ahead_that_a_gate_let_through() -> None:
    """Nothing else is asked before a start, so a gate opened by our own clock: a year from now."""
    world, shape = quiet(hooks=("confirm-rollout",))
    ahead(world, YEAR_MS)
    bump(world, shape, "v1")
    until(world, lambda: "start" in actions(world))
    world.offsets["controller-0"] = lambda: world.now_ms
    until(world, lambda: "finish" in actions(world))


def test_a_clock_ahead_ends_no_quarantine() -> None:
    world, shape = quiet(threshold=1)
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "abort" in actions(world))
    ahead(world, YEAR_MS)
    bump(world, shape, "v1", Quality(errors=0.4))
    end_ms = world.now_ms + 120 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.cluster.scraping = False
    until(world, lambda: world.now_ms > end_ms + 60 * SECOND)
    assert actions(world).count("start") == 1


def test_a_quarantine_ends_at_its_time() -> None:
    world, shape = quiet(threshold=1)
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "abort" in actions(world))
    text = world.files(world.remote.refs[CONFIG])[quarantine.FILE].decode()
    [entry] = quarantine.parse(text)
    world.commit({quarantine.FILE: text.replace(entry.expires, entry.date).encode()}, "Shorten\n")
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))


def test_a_candidate_whose_commit_is_dated_ahead_rolls_out_today() -> None:
    """Its start took its date, and nothing could be its effect before that."""
    world, shape = quiet(hooks=("confirm-rollout",))
    world.board.turn(shape.id, "confirm-rollout", "shut")
    text = with_tag(world.files(world.remote.refs[CONFIG])[shape.workload_path], shape.name, "v1")
    date_s = (world.now_ms + YEAR_MS) // 1000
    world.commit({shape.workload_path: text}, "Bump to v1\n", date_s=date_s)
    end_ms = world.now_ms + 120 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.board.turn(shape.id, "confirm-rollout", "open")
    until(world, lambda: "finish" in actions(world))


def test_a_replica_without_a_past_idles_at_the_same_look_after_a_watch_s_abort() -> None:
    """Nothing is asked where no weight moves, so its twin looked when it had last asked."""
    world, shape = quiet(controllers=2, watch_s=300, threshold=1, interval_s=30, idles=True)
    again: list[bool] = []
    world.watch.noted.append(
        lambda move: again.append(world.message(move.revision) in decided_again(world, move))
    )
    bump(world, shape, "v1")
    until(world, lambda: "finish" in actions(world))
    world.qualities[shape.name, "v1"] = Quality(errors=0.4)
    until(world, lambda: actions(world)[-2:] == ["abort", "idle"])
    assert all(again), actions(world)
