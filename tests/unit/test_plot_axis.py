"""Instants below a plot are round, and few."""

from itertools import pairwise

import pytest

from gitops_canary.core.plot import Axis

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
ROUND = [
    *(n * unit for unit in (SECOND, MINUTE) for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)),
]


@pytest.mark.parametrize(("step", "after"), list(pairwise(ROUND)))
def test_at_most_six_spans_fit_between_them(step: int, after: int) -> None:
    assert list(Axis(0, 6 * step).ticks()) == [n * step for n in range(7)]
    assert list(Axis(1, 6 * step + 2).ticks())[:2] == [after, 2 * after]


def test_they_have_a_day_only_where_there_are_several() -> None:
    assert Axis(0, DAY - 1).label(HOUR + 5 * SECOND) == "01:00:05"
    assert Axis(0, DAY).label(HOUR + 5 * SECOND) == "01-01 01:00"


def test_columns_span_the_plot() -> None:
    line = Axis(1000, 3000)
    assert line.x(1000) < line.x(2000) < line.x(3000)
    assert line.x(2000) - line.x(1000) == line.x(3000) - line.x(2000)
    assert Axis(1000, 1000).x(1000) == line.x(1000)
