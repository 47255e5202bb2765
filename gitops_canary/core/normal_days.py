"""Which of the past days were normal: an incident must not become what a limit is held against.

Each day (UTC) is told by its worst value; where there are fewer than three, each hour is. One that
broke the limit, and lies far from the others by the modified z-score of Iglewicz and Hoaglin ("How
to Detect and Handle Outliers", 1993), is left out. That score rests on medians, so fewer than half
are ever left out: what most days do is normal, however bad.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from statistics import median

from gitops_canary.core.text import iso, percent
from gitops_canary.model.spec import Limits

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
LEAST = 3
"""Days, or hours, without which nobody can say which one is odd."""
_SCORE = Decimal("3.5")
"""Iglewicz and Hoaglin's bound."""
_SIGMA = Decimal("1.4826")
"""A normal deviation in median absolute deviations."""
_SHARES, _VALUES = 2, Decimal("1.5")
"""How many times as bad as the middle one a day has to be more than, however alike the others are:
where badness is a share of requests, which come whole and few, and where it is a value."""
_PERCENT = 100

Value = tuple[int, Decimal]
"""When it was measured, the end of its window, and what."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A day or an hour that was not normal, and its worst value."""

    start_ms: int
    end_ms: int
    worst: Decimal

    def has(self, from_ms: int, to_ms: int) -> bool:
        """Say whether anything from one look to another belongs to it.

        >>> one = LeftOut(100, 200, Decimal(0))
        >>> one.has(50, 100), one.has(50, 101), one.has(200, 300), one.has(201, 300)
        (False, True, True, False)
        """
        return from_ms <= self.end_ms and to_ms > self.start_ms

    @property
    def words(self) -> str:
        """Say when, and how bad."""
        start, end = iso(self.start_ms), iso(self.end_ms)
        when = start[:10]
        if self.end_ms - self.start_ms == _HOUR_MS:
            when = f"{when} {start[11:16]} to {end[11:16]}"
        return f"{when} (at its worst {percent(self.worst)})"


def unit_ms(values: Sequence[Value]) -> int:
    """Say what is told apart: days, or hours where there are few days; 0 where it is neither."""
    enough = (unit for unit in (_DAY_MS, _HOUR_MS) if len(_periods(values, unit)) >= LEAST)
    return next(enough, 0)


def left_out(values: Sequence[Value], limits: Limits, part: float) -> tuple[LeftOut, ...]:
    """List the days (or hours) that were not normal, oldest first.

    `part` of a day's looks, 0 to 1, may be worse than what counts as its worst.
    """
    unit = unit_ms(values)
    if not unit:
        return ()
    worst = {start: _worst(own, limits, part) for start, own in _periods(values, unit).items()}
    bad = {start: _badness(value, limits) for start, value in worst.items()}
    middle = Decimal(median(bad.values()))
    times = _SHARES if limits.minimum is not None else _VALUES
    spread = _SIGMA * Decimal(median(abs(one - middle) for one in bad.values()))
    return tuple(
        LeftOut(start, start + unit, worst[start])
        for start, one in bad.items()
        if _beyond(worst[start], limits) and one - middle > _SCORE * spread and one > times * middle
    )


def _periods(values: Sequence[Value], unit: int) -> Mapping[int, tuple[Decimal, ...]]:
    """Group values by day or hour; a window that ends at midnight is of the day before."""
    grouped = groupby(values, key=lambda one: (one[0] - 1) // unit * unit)
    return {start: tuple(value for _, value in own) for start, own in grouped}


def _worst(own: Sequence[Decimal], limits: Limits, part: float) -> Decimal:
    ordered = sorted(own, reverse=limits.minimum is None)
    return ordered[int(part * len(ordered))]


def _badness(value: Decimal, limits: Limits) -> Decimal:
    """Say how bad a value is; 0 is perfect where a limit is a percentage of good ones."""
    if limits.minimum is None:
        return value
    return _PERCENT - value if limits.minimum <= _PERCENT else -value


def _beyond(value: Decimal, limits: Limits) -> bool:
    low, high = limits.minimum, limits.maximum
    return (low is not None and value < low) or (high is not None and value > high)
