"""Our own Canary, judged on exact counts, by the real controller over real Git; then verified."""

import asyncio
import json
import pathlib
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from counted_world import CANARY, Rollout, examined, judged_by, verified
from recorded_world import Table, git

from gitops_canary.app.controller import Controller, Round
from gitops_canary.app.figures import Figures
from gitops_canary.app.outage import Outage
from gitops_canary.app.standing import Newest
from gitops_canary.app.telling import Teller
from gitops_canary.app.tick import Report
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.recompute import recompute
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.routing import ROUTERS
from gitops_canary.sync.none import Nothing


@pytest.fixture
def world(tmp_path: pathlib.Path) -> Iterator[Rollout]:
    made = Rollout(tmp_path)
    made.begin()
    yield made
    made.close()


def test_good_version_is_promoted_and_the_record_verifies(world: Rollout) -> None:
    late = Nothing(source="default", delay_ms=1310)
    world.station = replace(world.station, measuring=replace(world.station.measuring, sync=[late]))
    world.release("1.1.0")
    acts = world.run()

    actions = [act.action for act in acts]
    assert actions[:4] == [Action.START, Action.ADVANCE, Action.ADVANCE, Action.PROMOTE]
    assert verified(world) == []
    # Blocks of half a second go on where those of the weight before end, once this one is live.
    before, here = (act.verdicts[0].window.start_ms for act in acts[2:4])
    assert acts[3].live is not None
    assert acts[3].live.live_ms is not None
    assert acts[3].live.live_ms < here < acts[3].live.live_ms + 500
    assert (here - before) % 500 == 0
    judged = acts[3].verdicts[-1]
    assert judged.judge == "sequential"
    assert judged.reason == "every metric is proven good"
    # The evidence of the first weight counts on: more requests than this weight alone has had.
    assert int(judged.measurements[0].numbers["canary"]) > 0
    assert [shadow.judge for shadow in judged.shadows] == ["mannwhitney"]


def test_bad_version_is_condemned_by_its_counts_and_the_record_verifies(world: Rollout) -> None:
    world.counters.bad_per_mille = 200
    world.release("1.2.0")
    acts = world.run()

    abort = next(act for act in acts if act.action is Action.ABORT)
    assert abort.verdicts[-1].final
    assert "canary requests failed" in abort.reason
    assert "against a limit of 400" in abort.reason
    assert verified(world) == []


def test_one_bad_pod_is_named_and_uneven_pods_do_not_blunt_the_judge(world: Rollout) -> None:
    world.counters.bad_per_mille, world.counters.uneven = 200, True
    world.rewrite(CANARY.replace("warmup: 1s", "warmup: 1s, podGrace: 2s"))
    world.release("1.3.0")
    abort = next(act for act in world.run() if act.action is Action.ABORT)

    assert "by its own counts pod pod-a alone fails" in abort.reason
    assert "of the other 1; for 2s" in abort.reason
    found = examined(world)
    assert found.findings == []
    [told] = [one for one in world.decisions() if one.get("action") == "abort"]
    assert abort.verdicts[-1].measurements[0].numbers["eta"] == "1.000000"
    # A record from before took a pod that is always worse for bursts, and is judged again so.
    assert isinstance(told["timing"], dict)
    assert told["timing"].pop("rule") == RULE
    told["queries"] = json.loads(_before_57(json.dumps(told["queries"])))
    [chain] = [moves for moves in found.chains if moves[0].record.rollout == abort.rollout]
    otherwise = " ".join(recompute(told, chain[:-1]))
    assert "the eta of request-success-rate is 0.050000, not 1.000000" in otherwise


def _before_57(queries: str) -> str:
    """Write down what was asked then: plain counters, and their last values of five minutes."""
    plain = re.sub(r"last_over_time\((\w+\{[^}]*\})\[1s\]\)", r"\1", queries)
    return plain.replace("[3600s]", "[300s]").replace("3600000", "300000")


@pytest.mark.parametrize("judge", ["sequential", "threshold", "conditions"])
def test_fault_after_the_promotion_takes_the_rollout_back(world: Rollout, judge: str) -> None:
    watched = CANARY.replace("interval: 2s", "interval: 2s\n    watch: {duration: 20s}")
    watched = watched.replace(", shadows: [mannwhitney]", "")
    world.rewrite(watched)
    table = Table()
    if judge != "sequential":
        object.__setattr__(world.station.measuring, "metrics", table)
        windows = watched.replace("thresholdRange", "interval: 2s, thresholdRange")
        windows = windows.replace("250}}", "250}, count: 2}") if judge == "conditions" else windows
        world.rewrite(judged_by(windows, judge))
    before = git(world.origin, "rev-parse", "main:apps/checkout")
    world.release("1.4.0")
    world.counters.late_ms = world.now_ms + 10**9
    finish = next(act for act in world.run(until=Action.FINISH) if act.action is Action.FINISH)
    world.counters.late_ms = finish.at_ms + 8000
    table.failed = {"checkout-primary": 20}
    acts = world.run()

    [abort] = [act for act in acts if act.action is Action.ABORT]
    assert abort.window is not None
    assert finish.at_ms < abort.window.end_ms <= finish.at_ms + 25_000
    assert git(world.origin, "rev-parse", "main:apps/checkout") == before
    if judge == "sequential":
        assert "requests failed since the promotion, beyond its limit" in abort.reason
    told = world.decisions()[-1]
    assert told["measured"]["workload"] == "checkout-primary"  # type: ignore[index]  # an object
    assert verified(world) == []


def test_a_person_s_promotion_is_told_as_an_override_and_verifies(world: Rollout) -> None:
    gated = CANARY.replace("  progressDeadlineSeconds: 10\n", "  gates: {approval: [1]}\n")
    world.rewrite(gated)
    world.release("1.5.0")
    rollout = world.run(until=Action.ADVANCE)[-1].rollout
    word = f"  control: {{approve: [{rollout}/7], promote: '{rollout}'}}\n  gates"
    world.rewrite(gated.replace("  gates", word))
    acts = world.run()

    assert [act.action for act in acts] == [Action.PROMOTE, Action.FINISH], acts[0].reason
    assert (acts[0].override, acts[0].verdict) == (True, Outcome.NONE)
    [told] = [one for one in world.decisions() if one.get("action") == "promote"]
    assert told["override"] is True
    log = git(world.origin, "log", "--format=%B", "main")
    assert "promote 1.5.0 by override" in log
    assert verified(world) == []


@pytest.mark.parametrize("weight", [5, 25])
def test_version_that_turns_bad_while_a_weight_is_on_its_way_is_condemned(
    world: Rollout, weight: int
) -> None:
    world.release("1.6.0")
    second = world.run(until=Action.ADVANCE)[-1]
    while second.weight != weight:
        second = world.run(until=Action.ADVANCE)[-1]
    if weight > 5:
        # The sync engine is stuck: 5 % is still what people meet.
        world.counters.moves.pop()
    object.__setattr__(world.station.measuring, "sync", [Nothing(source="default", delay_ms=10**9)])
    world.counters.late, world.counters.late_ms = "checkout", second.at_ms + 2000
    [abort] = world.run(until=Action.ABORT)

    assert abort.live is not None
    assert abort.live.live_ms is None
    assert abort.window is not None
    # Long before the deadline of ten seconds at which what is not live is taken back.
    assert second.at_ms + 2000 < abort.window.end_ms <= second.at_ms + 4000
    assert "canary requests failed" in abort.reason
    # Whoever met it on its way is counted, though no request since it was live was.
    told = world.decisions()[-1]["exposure"]
    assert isinstance(told, dict)
    assert int(told["arriving"]["failedRequests"]) > 0
    assert verified(world) == []


def test_version_that_turns_bad_once_it_has_all_traffic_is_condemned(world: Rollout) -> None:
    world.rewrite(CANARY.replace("[5, 25]", "[5, 100]"))
    before = git(world.origin, "rev-parse", "main:apps/checkout")
    world.release("1.6.1")
    last = world.run(until=Action.ADVANCE)[-1]
    while last.weight != 100:
        last = world.run(until=Action.ADVANCE)[-1]
    world.counters.late, world.counters.late_ms = "checkout", last.at_ms + 3000
    [abort] = world.run(until=Action.ABORT)

    assert abort.window is not None
    # Long before the deadline of ten seconds at which the weight would be given back.
    assert last.at_ms + 3000 < abort.window.end_ms <= last.at_ms + 5000
    assert "failed at 100 %, beyond its limit with nobody left to compare with" in abort.reason
    assert git(world.origin, "rev-parse", "main:apps/checkout") == before
    assert verified(world) == []


def test_controller_looks_when_there_is_more_to_judge_not_only_when_it_polls(
    world: Rollout,
) -> None:
    world.release("1.7.0")
    world.run(until=Action.ADVANCE)
    world.now_ms += 700
    began_s, began_ms = time.monotonic(), world.now_ms
    world.station.time = Timekeeper.of(
        lambda: began_ms + round(1000 * (time.monotonic() - began_s))
    )
    pushed: list[Action] = []

    class Stop(Teller):
        def tell(self, report: Report) -> None:
            pushed.extend(plan.act.action for plan in report.pushed)
            if pushed or time.monotonic() > began_s + 30:
                signal.raise_signal(signal.SIGTERM)

    outage = Outage(router=lambda _: ROUTERS["istio"])
    one = Round(station=world.station, outage=outage, poll_ms=3_600_000)
    newest = Newest(["config"])
    figures = Figures("0", newest)
    controller = Controller(
        rounds=[one], teller=Stop(), newest=newest, figures=figures, early_s=0.1
    )
    asyncio.run(controller.run())
    assert pushed == [Action.ADVANCE]


class Settable(tzinfo):
    """UTC by a clock that somebody may set; a stand-in for the machine's."""

    set_by = timedelta(0)

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    dst = utcoffset

    def tzname(self, _: datetime | None) -> str:
        return "UTC"

    def fromutc(self, dt: datetime) -> datetime:
        return dt + self.set_by


def test_a_clock_that_is_set_back_stops_no_look(world: Rollout) -> None:
    clock, looks = Settable(), []
    began_s = time.monotonic()

    class Stop(Teller):
        def tell(self, report: Report) -> None:
            assert report.error is None
            looks.append(report)
            clock.set_by = timedelta(hours=-1)
            if len(looks) > 3 or time.monotonic() > began_s + 20:
                signal.raise_signal(signal.SIGTERM)

    one = Round(
        station=world.station, outage=Outage(router=lambda _: ROUTERS["istio"]), poll_ms=100
    )
    newest = Newest(["config"])
    controller = Controller(
        rounds=[one], teller=Stop(), newest=newest, figures=Figures("0", newest), step_s=0.05,
        _scheduler=AsyncIOScheduler(timezone=clock),
    )  # fmt: skip
    asyncio.run(controller.run(for_s=15))
    assert len(looks) > 3


def test_silence_retreats_and_never_condemns(world: Rollout) -> None:
    world.counters.silent = True
    world.release("1.3.0")
    acts = world.run()

    assert Action.RETREAT in {act.action for act in acts}
    assert Action.ABORT not in {act.action for act in acts}
    assert verified(world) == []


def test_ranks_of_the_weight_before_raise_nothing_once_the_data_stop(world: Rollout) -> None:
    ranked = judged_by(CANARY, "mannwhitney")
    world.rewrite(ranked.replace("[5, 25]", "[5, 25, 50]"))
    world.release("1.6.0")
    world.run(until=Action.ADVANCE)
    [before] = [act for act in world.run(until=Action.ADVANCE) if act.action is Action.ADVANCE]
    assert before.verdicts[-1].outcome is Outcome.PASS
    world.counters.silent = True
    after = world.run(until=Action.RETREAT)

    assert [act.action for act in after] == [Action.RETREAT]
    assert "The checks decided nothing for 10s" in after[0].reason
    assert verified(world) == []
