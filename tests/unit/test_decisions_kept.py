"""A record is judged again by the decisions of its time: each holds from its own number on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from test_cold import COLD, cold
from test_counted_looks import BLOCKS, COUNTED
from test_judge_sequential import METRIC, block, run
from test_judge_whole import HALF, whole
from test_pod_faults import DEAD, SICK, WELL, seen
from test_recovering import CONFIG as WARMS
from test_recovering import WARMING
from test_sequential_rulings import ASKED, GOOD, HELD, last_step, with_values
from test_split import clumped, sums

from gitops_canary.core.judges.sequential import Config
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.model.judging import Block, Counts

DECISIONS = Path(__file__).parents[2] / "docs/decisions"
CONFIG = Config(metrics=(METRIC,))
SLOWLY = [block(i, (15, 1, 1350, 1)) for i in range(12)]
NEITHER = [seen(i, [(0, 0)] * 4, DEAD) for i in range(2)]
NEITHER += [seen(i, [(4, 4), (2, 0), (1, 0), (1, 0)], DEAD) for i in range(2, 4)]

RETRIED = [
    replace(one, readings=(replace(one.readings[0], split=Counts(canary=100, primary=900)),))
    for one in (block(i, (200, 0, 900, 0)) for i in range(4))
]
BETWEEN = (
    replace(CONFIG, values=ASKED, dwell_ms=0, mismatch=None),
    [with_values(block(0, GOOD), mine="1", yours="5"), block(1, GOOD)],
)
BURNING = [seen(i, SICK, DEAD if i > 2 else WELL) for i in range(5)]


@pytest.mark.parametrize(
    ("decision", "config", "blocks"),
    [
        pytest.param(31, CONFIG, SLOWLY, id="the ways to condemn add up"),
        pytest.param(37, CONFIG, [seen(0, SICK, WELL)], id="one broken pod is waited for"),
        pytest.param(38, HELD, last_step(*[3] * 10, 0), id="unproven beyond its limit"),
        pytest.param(
            41,
            WARMS,
            [block(i, (150, bad, 1350, 4)) for i, bad in enumerate(WARMING)],
            id="what gets better by itself is waited for",
        ),
        pytest.param(53, COUNTED, BLOCKS, id="iterations are intervals"),
        pytest.param(50, *BETWEEN, id="a failed look is waited for"),
        pytest.param(51, COLD, [cold(i, 3) for i in range(5)], id="what is slow in its warm-up"),
        pytest.param(42, CONFIG, NEITHER, id="a pod may be broken unproven"),
        pytest.param(48, CONFIG, BURNING, id="what the primary fails ends no wait"),
        pytest.param(48, CONFIG, [*HALF, *whole(405)], id="at 100 % the limit alone condemns"),
        pytest.param(43, CONFIG, clumped(20, 0, 0, 20, 0, 0, 0, 20, weight="1"), id="clumps"),
        pytest.param(43, CONFIG, RETRIED, id="a retried request splits once"),
        pytest.param(
            47,
            CONFIG,
            [*sums(*[100, 140] * 6), block(12, (1, 0, 120, 0), weight="1")],
            id="clumps of both sides",
        ),
    ],
)
def test_a_decision_holds_for_records_that_name_it_and_for_none_before(
    decision: int, config: Config, blocks: Sequence[Block]
) -> None:
    def judged(rule: int) -> list[object]:
        verdicts = run(replace(config, rule=rule), list(blocks))[1]
        return [(one.outcome, one.reason) for one in verdicts]

    assert judged(decision) != judged(decision - 1)
    # Later ones changed the evidence of the first, and the words while the third warms up.
    assert judged(decision) == judged(RULE) or decision in {31, 41}


def test_a_new_record_names_the_newest_decision_that_can_be_read() -> None:
    assert list(DECISIONS.glob(f"{RULE:04}-*.md"))
    assert Config(metrics=()).rule == RULE
