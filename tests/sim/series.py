"""Time series in memory: samples with their own times, so that asking again gives the same."""

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from math import isnan

from gitops_canary.model.observation import Sample

Labels = Mapping[str, str]
Row = tuple[tuple[str, str], ...]
"""The labels of a series in order."""
_LITERAL = re.compile(r"[\w-]+")
_START = re.compile(r"[\w-]*-(?![?*{])")
_MATCHER = re.compile(r'(\w+)(=~|!=|=)"((?:[^"\\]|\\.)*)"')


def sample(at_ms: int, value: float) -> Sample:
    """Write a sample as Prometheus does."""
    return Sample(at_ms, "NaN" if isnan(value) else f"{value:.10g}")


@dataclass(slots=True)
class Line:
    """One series: values at rising times."""

    labels: Labels
    unnamed: Labels
    """Without the metric's name."""
    number: int = 0
    """Counts the series in the order they began."""
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
    known: dict[tuple[str, int, int, int], tuple[int, Sequence[tuple[Row, Sample]]]] = field(
        default_factory=dict
    )
    """What expressions gave at instants that are over, and how many lines there were then."""
    _found: dict[str, tuple[int, list[Line]]] = field(default_factory=dict)
    _index: dict[tuple[str, str], list[Line]] = field(default_factory=dict)
    """Lines by label and value, and by the beginnings of a value that end with a hyphen."""

    def line(self, **labels: str) -> Line:
        key = tuple(labels.items())  # each series is written in one place, so in one order
        known = self.lines.get(key)
        if known is None:
            unnamed = {label: value for label, value in key if label != "__name__"}
            known = self.lines[key] = Line(labels, unnamed, len(self.lines))
            for label, value in key:
                parts = value.split("-")
                starts = ("-".join(parts[:n]) + "-" for n in range(1, len(parts)))
                for start in (value, *starts):
                    self._index.setdefault((label, start), []).append(known)
        return known

    def select(self, selector: str) -> list[Line]:
        count, found = self._found.get(selector, (-1, []))
        if count != len(self.lines):
            matches = _matcher(selector)
            found = [line for line in self._likely(selector) if matches(line.labels)]
            self._found[selector] = (len(self.lines), found)
        return found

    def _likely(self, selector: str) -> Iterable[Line]:
        """List the lines that may match, by the condition that leaves fewest."""
        best: Sequence[Collection[Line]] = [self.lines.values()]
        for label, starts in _starts(selector):
            lists = [self._index.get((label, start), []) for start in starts]
            if sum(map(len, lists)) < sum(map(len, best)):
                best = lists
        if len(best) == 1:
            return best[0]
        return sorted(chain(*best), key=lambda line: line.number)

    def seen(self, at_ms: int) -> int:
        return at_ms if self.hidden_from_ms is None else min(at_ms, self.hidden_from_ms)


def _conditions(selector: str) -> list[tuple[str, str, str]]:
    name, _, rest = selector.partition("{")
    wanted = [("__name__", "=", name)] if name else []
    return wanted + [(m[0], m[1], m[2].replace("\\\\", "\\")) for m in _MATCHER.findall(rest)]


@lru_cache(4096)
def _starts(selector: str) -> list[tuple[str, Sequence[str]]]:
    """List labels with the values, or beginnings, of which each match has one."""
    found: list[tuple[str, Sequence[str]]] = []
    for label, how, value in _conditions(selector):
        whole = [value] if how == "=" else value.split("|")
        if how != "!=" and all(map(_LITERAL.fullmatch, whole)):
            found.append((label, whole))
        elif how == "=~" and "|" not in value and (start := _START.match(value)):
            found.append((label, [start[0]]))
    return found


@lru_cache(4096)
def _matcher(selector: str) -> Callable[[Labels], bool]:
    tests = [
        (label, how, re.compile(value if how == "=~" else ""), value)
        for label, how, value in _conditions(selector)
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
