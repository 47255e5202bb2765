"""What shadows would have said is judged again by `verify`, as what the deciding judge said."""

import copy
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from counted_world import CANARY, Counters, Rollout, examined, verified
from recorded_world import Table

from gitops_canary.core.judges.sequential_types import SHADOWED
from gitops_canary.core.recompute import recompute
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.rollout import Action, Move

KINDS = ("sequential", "threshold", "conditions", "mannwhitney")


@dataclass
class Both:
    """A source of raw counters and of what windows make of them."""

    counters: Counters
    table: Table = field(default_factory=Table)

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        raw = [one for one in questions if not self._windowed(one)]
        return {
            **await self.counters.ask(raw),
            **await self.table.ask([one for one in questions if self._windowed(one)]),
        }

    def _windowed(self, question: Question) -> bool:
        return any(part in question.expression for part in ("increase(", "rate(", "timestamp("))


@pytest.fixture
def world(tmp_path: pathlib.Path) -> Iterator[Rollout]:
    made = Rollout(tmp_path)
    made.begin()
    yield made
    made.close()


def judged_beside(kind: str) -> str:
    shadows = ", ".join(one for one in KINDS if one != kind)
    text = CANARY.replace("type: sequential", f"type: {kind}").replace(
        "mannwhitney]", f"{shadows}]"
    )
    return text.replace("thresholdRange", "interval: 2s, thresholdRange")


@pytest.mark.parametrize("kind", ["sequential", "threshold"])
def test_all_that_shadows_said_is_judged_again(world: Rollout, kind: str) -> None:
    object.__setattr__(world.station.measuring, "metrics", Both(world.counters))
    world.rewrite(judged_beside(kind))
    world.release("1.1.0")
    world.run(until=Action.ADVANCE)
    world.run(until=Action.ADVANCE)

    assert verified(world) == []
    told = _decided(world)
    heard = {s["judge"] for one, _ in told for v in one["verdicts"] for s in v["shadows"]}
    assert heard == {*KINDS} - {kind}
    altered = {name for one, before in told for name in _minded(one, before)}
    assert altered == heard


def _decided(world: Rollout) -> list[tuple[Any, Sequence[Move]]]:
    """Give every decision with the rollout's moves before it."""
    [chain] = examined(world).chains
    documents: list[Any] = [one for one in world.decisions() if "decidedAt" in one]
    documents.sort(key=lambda one: one["decidedAt"])
    return [(one, chain[:index]) for index, one in enumerate(documents)]


def _minded(document: Any, before: Sequence[Move]) -> Iterator[str]:
    """Name each shadow of a decision's last verdict once it is altered and told of.

    Of a record from before decision 54 nothing is told.
    """
    for place, shadow in enumerate(
        document["verdicts"][-1]["shadows"] if document["verdicts"] else ()
    ):
        other = copy.deepcopy(document)
        altered = other["verdicts"][-1]["shadows"]
        altered[place]["checks"][0]["samples"] = "7 altered"
        [found] = recompute(other, before)
        assert f"by the shadow {shadow['judge']} at " in found
        assert "not 7 altered" in found
        altered[place:] = []
        assert "the shadows that say something are" in next(recompute(other, before))
        other["timing"]["rule"] = SHADOWED - 1
        assert not any("shadow" in one for one in recompute(other, before)), "they asked otherwise"
        yield shadow["judge"]
