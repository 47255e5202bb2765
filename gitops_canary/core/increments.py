"""What each series of a counter gained between instants: resets, births and missed scrapes.

What a counter has when it is heard first counts whole where it was born since the first instant,
and not at all where it may be older: where it, the rest of its target, or everybody was not scraped
at that instant.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.core.births import TARGET
from gitops_canary.core.judges.sequential_types import CLEAR, RULE
from gitops_canary.core.numbers import bound, whole
from gitops_canary.core.sides import Answers
from gitops_canary.core.text import percent
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.spec import Check

_POD = ("pod", "kubernetes_pod_name", "instance", "destination_pod")


@dataclass(frozen=True, slots=True)
class Row:
    """One series: whose it is, and what it counted between the instants."""

    workload: str
    side: str
    bad: bool
    part: str
    pod: tuple[str, ...]
    increments: tuple[int | str, ...]
    timely: bool | None
    """Whether it had a sample at the first instant; False: an older one is known, None: none."""
    heard: int | None
    """The first block at whose end it had a sample; None: none of them."""


def series_key(labels: Mapping[str, str]) -> frozenset[str]:
    """Tell series apart; functions may drop the metric's name, which is the same for all.

    A bucket's bound counts as a number: Prometheus 3 stores `le="250.0"` where 2 stored `le="250"`,
    so that an upgrade under way would make one counter two.
    """
    return frozenset(
        f"{name}={_plain(value) if name == 'le' else value}"
        for name, value in labels.items()
        if name != "__name__"
    )


def _plain(le: str) -> str:
    value = bound(le)
    return le if value is None else percent(value)


def increments(
    asked_for: Sequence[Question],
    answers: Answers,
    times: Sequence[int],
    before: Mapping[frozenset[str], str] | None,
    *,
    rule: int = RULE,
) -> list[Row]:
    """Turn every series into increments between the instants.

    `before` are values from further back than the first of them; None where nobody asked for such,
    so that only what is new on a known target is born. Records are counted by the `rule` of their
    time.
    """
    values: dict[frozenset[str], dict[int, str]] = {}
    labels: dict[frozenset[str], Mapping[str, str]] = {}
    for question in asked_for:
        for series in answers.get(question, Answer()).series:
            key = series_key(series.labels)
            labels[key] = series.labels
            known = values.setdefault(key, {})
            for sample in series.samples:
                known[sample.at_ms] = _later(known.get(sample.at_ms), sample.value)
    timely = {
        key: True if times[0] in values[key] else False if key in (before or {}) else None
        for key in labels
    }
    older = _older(labels, timely, asked=before is not None) if rule >= CLEAR else set()
    since = {} if before is None or rule >= CLEAR else before
    return [
        Row(
            workload=own.get("destination_workload", ""),
            side=own.get("reporter", ""),
            bad=own.get("response_code", "").startswith("5"),
            part=own.get("le", ""),
            pod=tuple(own.get(name, "") for name in _POD),
            increments=tuple(_increments(values[key], times, since.get(key), known=key in older)),
            timely=timely[key],
            heard=next((i for i, at_ms in enumerate(times[1:]) if at_ms in values[key]), None),
        )
        for key, own in labels.items()
    ]


def boundless(check: Check, rows: Sequence[Row], index: int) -> str:
    """Say who counted requests in a block, and none up to the limit: a version without that bound.

    All of its requests would look slow. Empty where there is none.
    """
    if check.builtin != "request-duration":
        return ""
    bounded = {(row.workload, row.side, row.pod) for row in rows if row.part != "+Inf"}
    for row in rows:
        gained = row.increments[index]
        if gained and (row.workload, row.side, row.pod) not in bounded:
            limit = check.limits.maximum
            return (
                f"{row.workload} counts requests, and none up to {limit} ms: its histogram has no "
                "such bound; give both versions one, or choose a limit that both have"
            )
    return ""


def _older(
    labels: Mapping[frozenset[str], Mapping[str, str]],
    timely: Mapping[frozenset[str], bool | None],
    *,
    asked: bool,
) -> set[frozenset[str]]:
    """Name the series whose first number may hold what is from before the first instant."""

    def among(one: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
        side = (one.get("reporter", ""),)
        return side, side + tuple(one.get(name, "") for name in TARGET)

    there, away = (
        {group for key, own in labels.items() if timely[key] is said for group in among(own)}
        for said in (True, False)
    )
    away -= there
    return {
        key
        for key, own in labels.items()
        if timely[key] is False
        or (timely[key] is None and (not there or not away.isdisjoint(among(own))))
        or (timely[key] is None and not asked and among(own)[1] not in there)
    }


def _later(known: str | None, value: str) -> str:
    """Take the larger of what one counter is said to be under two names: the other has ended."""
    if known is None:
        return value
    one, other = whole(known), whole(value)
    return known if isinstance(one, int) and isinstance(other, int) and one >= other else value


def _increments(
    values: Mapping[int, str], times: Sequence[int], before: str | None, *, known: bool
) -> Iterator[int | str]:
    """Yield what one counter gained in each block, or why that is not known.

    Of a counter that is `known` from before, the first number counts nothing.
    """
    first = values.get(times[0], before)
    last: int | str | None = None if first is None else whole(first)
    for at_ms in times[1:]:
        text = values.get(at_ms)
        if text is None:
            yield 0
            continue
        value = whole(text)
        if isinstance(value, str):
            yield value
        elif isinstance(last, int):
            yield value - last if value >= last else value
        else:
            yield last if last is not None else 0 if known else value
        last = value
