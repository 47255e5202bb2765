"""Whether the traffic splits as the weight says: clumps, retries, and where to look."""

import math
from dataclasses import replace

import pytest
from test_judge_sequential import METRIC, block, run

from gitops_canary.core.judges.sequential import Config
from gitops_canary.model.judging import Block, Counts


def test_where_a_wrong_share_comes_from_is_said_by_its_side() -> None:
    few, many = (
        run(Config(metrics=(METRIC,)), [block(i, (n, 0, 1000 - n, 0)) for i in range(6)])[1][-1]
        for n in (20, 400)
    )
    assert "120 of 6,000 requests reached the canary, 0.2 times its weight" in few.reason
    assert "pods that do not answer" in few.reason
    assert "2,400 of 6,000 requests reached the canary, 4 times its weight" in many.reason
    assert "retries that only its pods count" in many.reason


def clumped(*canary: int, weight: str = "10") -> list[Block]:
    return [block(i, (n, 0, 150 - n, 0), weight=weight) for i, n in enumerate(canary)]


@pytest.mark.parametrize(
    ("blocks", "holds"),
    [
        # Sessions of 20 at 1 %: one in three minutes, of which the first comes at once.
        (clumped(20, 0, 0, 20, 0, 0, 0, 20, weight="1"), False),
        # The same share, kept up by every block, is another split than the weight's.
        (clumped(*[5] * 8, weight="1"), True),
        (clumped(*[45] * 8), True),
        (clumped(*[2] * 8), True),
        (clumped(14, 17, 15, 13, 16, 15, 12, 18), False),
    ],
)
def test_requests_that_come_in_clumps_are_no_other_split(blocks: list[Block], holds: bool) -> None:
    _, verdicts = run(Config(metrics=(METRIC,)), blocks)
    assert ("mismatch" in verdicts[-1].reason) == holds
    if not holds and blocks[0].weight == 1:
        old = run(Config(metrics=(METRIC,), rule=42), blocks)[1][-1]
        assert "mismatch" in old.reason


def sums(*both: int) -> list[Block]:
    """Blocks of so many requests, none of which reached the canary."""
    return [block(i, (0, 0, n, 0), weight="1") for i, n in enumerate(both)]


def test_clumps_of_both_sides_say_how_often_the_canary_is_due_one() -> None:
    """None of 1,200 requests at 1 % is another split, but not where they come in sevens."""
    sessions, single = sums(*[100, 140] * 5), sums(*[120] * 10)
    shares = [run(Config(metrics=(METRIC,)), blocks)[0][-1].shares for blocks in (sessions, single)]
    assert [one.total for one in shares] == [1200, 1200]
    assert shares[0].bunched == pytest.approx(40**2 / 240)
    assert shares[1].bunched == 1
    limit = math.log(1000)
    assert [one.clumped(0.01) >= limit for one in shares] == [False, True]
    assert [one.clumped(0.01, sums=False) >= limit for one in shares] == [True, True]
    # Of five that are due its own share tells: here it gets one request in each block.
    few = replace(shares[0], canary=10, squares=10 / 120)
    assert few.clumped(0.01) < few.clumped(0.01, sums=False)
    assert few.clumped(0.03) == few.clumped(0.03, sums=False)


def test_a_retried_request_splits_once() -> None:
    """What two tries of each of the canary's requests look like to its pods."""
    tried = [block(i, (200, 0, 900, 0)) for i in range(4)]
    told = [
        replace(
            one,
            readings=(replace(one.readings[0], split=Counts(canary=100, primary=900)),),
        )
        for one in tried
    ]
    config = Config(metrics=(METRIC,))
    plain, asked = (run(config, blocks)[1][-1].reason for blocks in (tried, told))
    assert "traffic mismatch: 800 of 4,400" in plain
    assert "mismatch" not in asked
    assert "mismatch" in run(replace(config, rule=42), told)[1][-1].reason


def test_on_which_side_of_its_weight_a_share_is_decides_where_to_look() -> None:
    def words(canary: int) -> str:
        config = Config(metrics=(METRIC,), mismatch=1e-99)
        return run(config, [block(0, (canary, 0, 10_000 - canary, 0))])[1][-1].reason

    assert "pods that do not answer" in words(995)
    assert "pods that do not answer" in words(1000)
    assert "retries that only its pods count" in words(1001)


def test_of_how_many_clumps_the_canary_is_due_depends_on_its_weight() -> None:
    """Of 1,000 requests that come in twos five clumps are due to 1 %: its own share tells then."""
    config = Config(metrics=(METRIC,), mismatch=1e6)
    twos = [block(i, (4, 0, n - 4, 0), weight="1") for i, n in enumerate((90, 110) * 5)]
    one, more = (run(config, blocks)[1][-1].reason for blocks in (twos[1:], twos))

    assert "mismatch" not in one
    assert "traffic mismatch: 40 of 1,000" in more
