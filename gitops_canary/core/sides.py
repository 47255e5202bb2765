"""Reading answers at one evaluation time: numbers as received, and the two sides of a request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from gitops_canary.core.numbers import number
from gitops_canary.core.questions import Role
from gitops_canary.model.observation import Answer, Question, Series

_SHOWN = Decimal("0.0001")
SIDES = {"source": "its callers", "waypoint": "its waypoint", "destination": "its own proxy"}
"""Istio's `reporter`, in words."""

Answers = Mapping[Question, Answer]
Roles = Mapping[Role, Sequence[Question]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one side saw of the canary; `value` is None where `why` says what is wrong with it."""

    side: str
    value: Decimal | None
    why: str
    requests: Decimal = Decimal(0)
    baseline: Decimal | None = None


def answer_at(asked: Sequence[Question], answers: Answers, at_ms: int) -> Answer:
    """Find the answer that covers an evaluation time."""
    for question in asked:
        if question.start_ms <= at_ms <= question.end_ms:
            return answers.get(question, Answer(error="the question was not asked"))
    return Answer(error="the question was not asked for this instant")


def present(answer: Answer, at_ms: int) -> list[tuple[Series, str]]:
    """List the series that have a sample at exactly this instant, with its text."""
    found = (
        (s, next((p.value for p in s.samples if p.at_ms == at_ms), None)) for s in answer.series
    )
    return [(series, text) for series, text in found if text is not None]


def success_rate(
    asked: Roles, answers: Answers, at_ms: int, *, canary: str, oldest_ms: int
) -> Iterator[Seen]:
    """Read the share of requests without a 5xx on each side that has data, in percent.

    Samples must be from `oldest_ms` or newer.
    """
    counts = answer_at(asked[Role.REQUESTS], answers, at_ms)
    seen = answer_at(asked[Role.SEEN], answers, at_ms)
    if counts.error or seen.error:
        yield Seen(side="", value=None, why=counts.error or seen.error or "")
        return
    tables = _by_side(counts, at_ms, "response_code")
    times = _by_side(seen, at_ms, "")
    for side in _sides(tables, canary):
        table = tables[canary, side]
        good, total = _good(table)
        trouble = _trouble(table)
        if not trouble and total == 0:
            continue
        trouble = trouble or _stale(times.get((canary, side)), oldest_ms)
        if trouble:
            yield _unclear(side, trouble)
            continue
        other = _good(tables.get((f"{canary}-primary", side), {}))
        yield Seen(
            side=side,
            value=_ratio(good, total),
            why=f"{_failed(table)}, as seen by {_words(side)}",
            requests=total,
            baseline=_ratio(*other) if other[1] > 0 else None,
        )


def latency(
    asked: Roles, answers: Answers, at_ms: int, *, canary: str, oldest_ms: int
) -> Iterator[Seen]:
    """Read the 99th percentile on each side that has data, in milliseconds."""
    parts = {role: answer_at(own, answers, at_ms) for role, own in asked.items()}
    error = next((part.error for part in parts.values() if part.error), None)
    if error:
        yield Seen(side="", value=None, why=error)
        return
    counts = _by_side(parts[Role.REQUESTS], at_ms, "")
    values = _by_side(parts[Role.LATENCY], at_ms, "")
    times = _by_side(parts[Role.SEEN], at_ms, "")
    for side in _sides(counts, canary):
        count = counts[canary, side]
        _, total = _good(count)
        trouble = _trouble(count)
        if not trouble and total == 0:
            continue
        value = values.get((canary, side), {"": "there is no percentile"})
        trouble = trouble or _stale(times.get((canary, side)), oldest_ms) or _trouble(value)
        if trouble:
            yield _unclear(side, trouble)
            continue
        yield Seen(
            side=side,
            value=_milliseconds(value),
            why=f"the 99th percentile, as seen by {_words(side)}",
            requests=total,
            baseline=_milliseconds(values.get((f"{canary}-primary", side), {})),
        )


def _unclear(side: str, trouble: str) -> Seen:
    return Seen(side=side, value=None, why=f"{trouble}, as seen by {_words(side)}")


Table = Mapping[str, Decimal | str]


def _by_side(
    answer: Answer, at_ms: int, label: str
) -> dict[tuple[str, str], dict[str, Decimal | str]]:
    """Sort the samples of one instant by (workload, side), then by a label."""
    tables: dict[tuple[str, str], dict[str, Decimal | str]] = {}
    for series, text in present(answer, at_ms):
        key = (series.labels.get("destination_workload", ""), series.labels.get("reporter", ""))
        row = tables.setdefault(key, {})
        name = series.labels.get(label, "")
        row[name] = (
            f"there are several series for {label} {name!r}" if name in row else number(text)
        )
    return tables


def _sides(tables: Mapping[tuple[str, str], Table], canary: str) -> list[str]:
    """List the sides that know the canary, in the order of `SIDES`, unknown ones last."""
    return ordered({side for workload, side in tables if workload == canary})


def ordered(found: set[str]) -> list[str]:
    """Put sides in the order of `SIDES`, unknown ones last, by name.

    >>> ordered({"odd", "destination", "even", "source"})
    ['source', 'destination', 'even', 'odd']
    """
    return [*(side for side in SIDES if side in found), *sorted(found - SIDES.keys())]


def _trouble(table: Table) -> str | None:
    problems = (value for value in table.values() if isinstance(value, str))
    negative = (v for v in table.values() if isinstance(v, Decimal) and v < 0)
    return next(problems, None) or next((f"a count is {v}" for v in negative), None)


def _stale(seen: Table | None, oldest_ms: int) -> str | None:
    newest = None if seen is None else seen.get("")
    if not isinstance(newest, Decimal):
        return "the series have ended: no sample is fresh"
    late_ms = oldest_ms - int(newest * 1000)
    if late_ms > 0:
        return f"the newest sample is stale, {late_ms} ms older than two scrapes"
    return None


def _good(table: Table) -> tuple[Decimal, Decimal]:
    """Count the requests without a 5xx, and all."""
    counts = {code: v for code, v in table.items() if isinstance(v, Decimal)}
    good = sum((v for code, v in counts.items() if not code.startswith("5")), Decimal(0))
    return good, sum(counts.values(), Decimal(0))


def _failed(table: Table) -> str:
    bad = {c: v for c, v in table.items() if c.startswith("5") and isinstance(v, Decimal) and v > 0}
    if not bad:
        return "no request failed"
    return "failed with " + ", ".join(f"{code}: {count(bad[code])}" for code in sorted(bad))


def _ratio(good: Decimal, total: Decimal) -> Decimal:
    """Give percent, never rounded up: what is shown is what is compared."""
    return (100 * good / total).quantize(_SHOWN, ROUND_FLOOR)


def _milliseconds(table: Table) -> Decimal | None:
    """Give the one value, never rounded down; None where there is no number."""
    value = table.get("")
    if not isinstance(value, Decimal):
        return None
    return value.quantize(_SHOWN, ROUND_CEILING)


def count(requests: Decimal) -> str:
    """Write a count: `increase` extrapolates, so it is seldom whole.

    >>> count(Decimal("1839.6"))
    '1840'
    """
    return str(int(requests.to_integral_value()))


def _words(side: str) -> str:
    return SIDES.get(side, f"reporter {side!r}")
