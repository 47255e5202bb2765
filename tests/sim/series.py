"""Time series in memory: samples with their own times, so that asking again gives the same."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import isnan

from gitops_canary.model.observation import Sample

Labels = Mapping[str, str]
_MATCHER = re.compile(r'(\w+)(=~|!=|=)"((?:[^"\\]|\\.)*)"')


def sample(at_ms: int, value: float) -> Sample:
    """Write a sample as Prometheus does."""
    return Sample(at_ms, "NaN" if isnan(value) else f"{value:.10g}")


@dataclass(slots=True)
class Line:
    """One series: values at rising times."""

    labels: Labels
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _told: list[Sample] = field(default_factory=list)
    """The first of the samples, as they are told; made once."""

    def add(self, at_ms: int, value: float) -> None:
        self.times.append(at_ms)
        self.values.append(value)

    def between(self, after_ms: int, until_ms: int) -> list[tuple[int, float]]:
        low, high = bisect_right(self.times, after_ms), bisect_right(self.times, until_ms)
        return list(zip(self.times[low:high], self.values[low:high], strict=True))

    def samples(self, after_ms: int, until_ms: int) -> tuple[Sample, ...]:
        """Give what a range selector gives."""
        low, high = bisect_right(self.times, after_ms), bisect_right(self.times, until_ms)
        known = len(self._told)
        pairs = zip(self.times[known:high], self.values[known:high], strict=True)
        self._told += [sample(at_ms, value) for at_ms, value in pairs]
        return tuple(self._told[low:high])

    def newest(self, after_ms: int, until_ms: int) -> tuple[int, float] | None:
        index = bisect_right(self.times, until_ms) - 1
        if index < 0 or self.times[index] <= after_ms:
            return None
        return self.times[index], self.values[index]


@dataclass(slots=True)
class Database:
    """Every line; what is newer than `hidden_from_ms` has not arrived yet."""

    lines: dict[tuple[tuple[str, str], ...], Line] = field(default_factory=dict)
    hidden_from_ms: int | None = None
    _found: dict[str, tuple[int, list[Line]]] = field(default_factory=dict)

    def line(self, **labels: str) -> Line:
        key = tuple(labels.items())  # each series is written in one place, so in one order
        if key not in self.lines:
            self.lines[key] = Line(labels)
        return self.lines[key]

    def select(self, selector: str) -> list[Line]:
        count, found = self._found.get(selector, (-1, []))
        if count != len(self.lines):
            matches = _matcher(selector)
            found = [line for line in self.lines.values() if matches(line.labels)]
            self._found[selector] = (len(self.lines), found)
        return found

    def seen(self, at_ms: int) -> int:
        return at_ms if self.hidden_from_ms is None else min(at_ms, self.hidden_from_ms)


@lru_cache(4096)
def _matcher(selector: str) -> Callable[[Labels], bool]:
    name, _, rest = selector.partition("{")
    wanted = [("__name__", "=", name)] if name else []
    wanted += [(m[0], m[1], m[2].replace("\\\\", "\\")) for m in _MATCHER.findall(rest)]
    tests = [
        (label, how, re.compile(value if how == "=~" else ""), value)
        for label, how, value in wanted
    ]

    def matches(labels: Labels) -> bool:
        for label, how, pattern, value in tests:
            own = labels.get(label, "")
            if how == "=~":
                if pattern.fullmatch(own) is None:
                    return False
            elif (own == value) != (how == "="):
                return False
        return True

    return matches
