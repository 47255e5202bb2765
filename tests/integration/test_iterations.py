"""Blue/green and A/B tests judged by evidence on counts: iterations are intervals, not scrapes."""

import pathlib
from dataclasses import dataclass
from itertools import pairwise

import pytest
from counted_world import CANARY, Counters, Rollout, verified

from gitops_canary.model.decision import Act
from gitops_canary.model.rollout import Action, Outcome

INTERVAL_MS = 2000
STRATEGIES = {
    "blue/green": "iterations: 5",
    "A/B": "iterations: 5\n    match: [{headers: {x-canary: {exact: insider}}}]",
}


@dataclass
class Tried(Counters):
    """Counters of a canary that somebody tries before it has any traffic: 400 requests a second."""

    tried_ms: int | None = None

    def _requests(self, at_ms: int, *, mine: bool) -> int:
        found = super()._requests(at_ms, mine=mine)
        if not mine or self.tried_ms is None or at_ms < self.tried_ms:
            return found
        until_ms = self.moves[1][0] if len(self.moves) > 1 else at_ms
        return found + (min(at_ms, until_ms) - self.tried_ms) * 400 // 1000


def rolled(directory: pathlib.Path, strategy: str, bad_per_mille: int) -> tuple[Rollout, list[Act]]:
    world = Rollout(directory)
    world.begin()
    world.counters = Tried(bad_per_mille=bad_per_mille)
    object.__setattr__(world.station.measuring, "metrics", world.counters)
    world.rewrite(CANARY.replace("stepWeights: [5, 25]", STRATEGIES[strategy]))
    world.release("1.1.0")
    if strategy == "blue/green":
        world.counters.tried_ms = world.now_ms
    return world, world.run()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_iteration_of_a_good_version_takes_an_interval(
    tmp_path: pathlib.Path, strategy: str
) -> None:
    world, acts = rolled(tmp_path, strategy, 0)
    kinds = [act.action for act in acts]
    assert kinds == [Action.START, Action.ADVANCE, Action.PROMOTE, Action.FINISH]
    looked = acts[1 if strategy == "blue/green" else 2]
    passed = [one for one in looked.verdicts if one.outcome is Outcome.PASS]
    assert len(passed) == 5
    ends = [one.window.end_ms for one in passed]
    assert [after - before for before, after in pairwise(ends)] == [INTERVAL_MS] * 4
    assert passed[0].window.end_ms - passed[0].window.start_ms == INTERVAL_MS
    assert verified(world) == []
    world.close()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_version_that_fails_is_taken_back_at_the_first_look(
    tmp_path: pathlib.Path, strategy: str
) -> None:
    world, acts = rolled(tmp_path, strategy, 200)
    abort = acts[-1]
    assert abort.action is Action.ABORT
    assert all(act.action is not Action.PROMOTE for act in acts)
    assert strategy == "A/B" or [act.weight for act in acts] == [0, 0], "nobody met it"
    assert "canary requests failed" in abort.reason
    assert verified(world) == []
    world.close()
