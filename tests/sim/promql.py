"""The part of PromQL that the controller uses, over series in memory."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gitops_canary.model.observation import Answer, Question, Sample, Series

from .numbering import AGGREGATES, RANGED, interpolated
from .series import Database, Labels, Row, sample

Vector = list[tuple[Labels, float]]
LOOKBACK_MS = 300_000
_SPAN = re.compile(r"(\d+)(ms|s|m|h)")
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def measure(db: Database, question: Question, clock_ms: int | None = None) -> Answer:
    """Answer as Prometheus would at this moment, with what its clock says."""
    ranged = raw(question.expression)
    if ranged:
        selector, window_ms = ranged
        after, until = question.end_ms - window_ms, db.seen(question.end_ms)
        rows = ((line.labels, line.samples(after, until)) for line in db.select(selector))
        series = tuple(Series(labels=labels, samples=own) for labels, own in rows if own)
        return Answer(series=series, clock_ms=clock_ms)
    found: dict[Row, list[Sample]] = {}
    step = question.step_ms or 1
    for at_ms in range(question.start_ms, question.end_ms + 1, step):
        over = clock_ms is not None and at_ms <= clock_ms
        for row, one in _instant(db, question, at_ms, over=over):
            found.setdefault(row, []).append(one)
    series = tuple(Series(labels=dict(row), samples=tuple(own)) for row, own in found.items())
    return Answer(series=series, clock_ms=clock_ms)


def _instant(
    db: Database, question: Question, at_ms: int, *, over: bool
) -> Sequence[tuple[Row, Sample]]:
    """Evaluate at one instant; one that is over is kept, as no sample comes behind it."""
    lookback_ms = question.lookback_ms or LOOKBACK_MS
    name = (question.expression, lookback_ms, at_ms, db.seen(at_ms))
    count, found = db.known.get(name, (0, None))
    if found is None or count > len(db.lines):
        vector = compiled(question.expression)(db, At(at_ms, lookback_ms))
        found = [(tuple(sorted(own.items())), sample(at_ms, value)) for own, value in vector]
        if over:
            db.known[name] = len(db.lines), found
    return found


@dataclass(frozen=True, slots=True)
class At:
    """When an expression is evaluated, and how old a sample may be."""

    at_ms: int
    lookback_ms: int


Evaluate = Callable[[Database, At], Vector]


@lru_cache(4096)
def raw(expression: str) -> tuple[str, int] | None:
    """Take a bare range selector apart: selector and window."""
    found = re.fullmatch(r"(\w*\{.*\})\[(\w+)\]", expression)
    return (found[1], span_ms(found[2])) if found else None


def span_ms(text: str) -> int:
    """Read a PromQL duration."""
    return sum(int(n) * _UNITS_MS[unit] for n, unit in _SPAN.findall(text))


@lru_cache(4096)
def compiled(expression: str) -> Evaluate:
    """Parse an expression; ValueError where it is beyond this part of the language."""
    parser = _Parser(expression)
    found = parser.either()
    if parser.rest:
        raise ValueError(f"cannot read {parser.rest[:60]!r} of {expression!r}")
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.rest = text.strip()

    def either(self) -> Evaluate:
        found = self.both()
        while self._take(r"or\b"):
            found = _or(found, self.both())
        return found

    def both(self) -> Evaluate:
        found = self.less()
        while word := self._take(r"unless\b|and\b"):
            on = self._labels() if self._take(r"on\b") else None
            found = _where(found, self.less(), on, there=word == "and")
        return found

    def less(self) -> Evaluate:
        found = self.one()
        while self._take("-"):
            found = _less(found, self.one())
        return found

    def one(self) -> Evaluate:
        word = self._take(r"[a-z_]\w*(?=\s*\(|\s+by\b)")
        if not word and self._take(r"\("):
            inner = self.either()
            self._need(r"\)")
            return inner
        if not word:
            return self._selector()
        if word in AGGREGATES:
            by = self._labels() if self._take(r"by\b") else ()
            self._need(r"\(")
            inner = self.either()
            if not by and self._take(r"\)\s*by\b"):
                return _grouped(AGGREGATES[word], self._labels(), inner)
            self._need(r"\)")
            return _grouped(AGGREGATES[word], by, inner)
        self._need(r"\(")
        made = self._function(word)
        self._need(r"\)")
        return made

    def _function(self, word: str) -> Evaluate:
        if word in RANGED:
            return _ranged(RANGED[word], *self._range())
        if word == "vector":
            constant = float(self._need(r"[\d.]+"))
            return lambda _db, _at: [({}, constant)]
        if word == "timestamp":
            return _timestamp(self._name())
        if word == "label_replace":
            inner = self.either()
            words = [self._need(r',\s*"((?:[^"\\]|\\.)*)"') for _ in range(4)]
            label, value = (w.partition('"')[2][:-1] for w in words[:2])
            return lambda db, at: [({**own, label: value}, v) for own, v in inner(db, at)]
        if word == "histogram_quantile":
            quantile = float(self._need(r"[\d.]+"))
            self._need(",")
            return _quantile(quantile, self.either())
        raise ValueError(f"unknown function {word}")

    def _selector(self) -> Evaluate:
        name = self._name()
        return lambda db, at: [
            (line.unnamed, found[1])
            for line in db.select(name)
            if (found := line.newest(at.at_ms - at.lookback_ms, db.seen(at.at_ms)))
        ]

    def _name(self) -> str:
        return self._need(r"\w*\{[^}]*\}|[a-z_]\w*")

    def _range(self) -> tuple[str, int, int]:
        selector, window = self._name(), self._need(r"\[\w+\]")
        return selector, span_ms(window), span_ms(self._take(r"offset\s+\w+"))

    def _labels(self) -> tuple[str, ...]:
        self._need(r"\(")
        names = tuple(part.strip() for part in self._take(r"[\w\s,]*").split(","))
        self._need(r"\)")
        return names

    def _take(self, pattern: str) -> str:
        found = re.match(rf"\s*({pattern})\s*", self.rest)
        if not found:
            return ""
        self.rest = self.rest[found.end() :]
        return found[1]

    def _need(self, pattern: str) -> str:
        found = self._take(pattern)
        if not found:
            raise ValueError(f"expected {pattern} at {self.rest[:60]!r}")
        return found


def _or(one: Evaluate, other: Evaluate) -> Evaluate:
    def evaluate(db: Database, at: At) -> Vector:
        found = one(db, at)
        known = {tuple(sorted(labels.items())) for labels, _ in found}
        return found + [
            (labels, value)
            for labels, value in other(db, at)
            if tuple(sorted(labels.items())) not in known
        ]

    return evaluate


def _where(one: Evaluate, other: Evaluate, on: tuple[str, ...] | None, *, there: bool) -> Evaluate:
    """Give those of one side that have a like on the other, `and`, or have none, `unless`."""

    def key(labels: Labels) -> tuple[object, ...]:
        if on is None:
            return tuple(sorted(labels.items()))
        return tuple(labels.get(name, "") for name in on if name)

    def evaluate(db: Database, at: At) -> Vector:
        known = {key(labels) for labels, _ in other(db, at)}
        return [row for row in one(db, at) if (key(row[0]) in known) is there]

    return evaluate


def _less(one: Evaluate, other: Evaluate) -> Evaluate:
    def evaluate(db: Database, at: At) -> Vector:
        known = {tuple(sorted(labels.items())): value for labels, value in other(db, at)}
        pairs = ((row, value, tuple(sorted(row.items()))) for row, value in one(db, at))
        return [(row, value - known[key]) for row, value, key in pairs if key in known]

    return evaluate


def _grouped(
    join: Callable[[Sequence[float]], float], by: tuple[str, ...], of: Evaluate
) -> Evaluate:
    def evaluate(db: Database, at: At) -> Vector:
        groups: dict[tuple[str, ...], list[float]] = {}
        for labels, value in of(db, at):
            groups.setdefault(tuple(labels.get(name, "") for name in by), []).append(value)
        return [(dict(zip(by, key, strict=True)), join(own)) for key, own in groups.items()]

    return evaluate


def _ranged(
    read: Callable[[Sequence[tuple[int, float]]], float | None],
    selector: str,
    window_ms: int,
    offset_ms: int,
) -> Evaluate:
    def evaluate(db: Database, at: At) -> Vector:
        end_ms = at.at_ms - offset_ms
        rows = (
            (line, line.between(end_ms - window_ms, db.seen(end_ms)))
            for line in db.select(selector)
        )
        return [
            (line.unnamed, value) for line, samples in rows if (value := read(samples)) is not None
        ]

    return evaluate


def _timestamp(selector: str) -> Evaluate:
    return lambda db, at: [
        (line.unnamed, found[0] / 1000)
        for line in db.select(selector)
        if (found := line.newest(at.at_ms - at.lookback_ms, db.seen(at.at_ms)))
    ]


def _quantile(quantile: float, of: Evaluate) -> Evaluate:
    def evaluate(db: Database, at: At) -> Vector:
        groups: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
        for labels, value in of(db, at):
            key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
            groups.setdefault(key, []).append((float(labels["le"].replace("+Inf", "inf")), value))
        return [(dict(key), interpolated(quantile, sorted(own))) for key, own in groups.items()]

    return evaluate
