"""Series in memory that answer the selectors the traffic source asks, as Prometheus would."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.observation import (
    Answer,
    Expectation,
    Liveness,
    Question,
    Sample,
    Series,
)
from gitops_canary.sync import Traffic

_SELECTOR = re.compile(r"(\w*)\{(.*)\}\[(\d+)ms\]")
_MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')
_COUNT = re.compile(r"count\(last_over_time\((.*)\)\)")


@dataclass
class Shelf:
    """A metric source over given series; `error` is what it answers instead."""

    series: Sequence[Series] = ()
    error: str | None = None
    asked: list[Question] = field(default_factory=list)

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        self.asked += questions
        return {question: self._answer(question) for question in questions}

    def _answer(self, question: Question) -> Answer:
        if self.error:
            return Answer(error=self.error)
        assert question.start_ms == question.end_ms
        counted = _COUNT.fullmatch(question.expression)
        found = self._select(counted.group(1) if counted else question.expression, question.end_ms)
        if not counted:
            return Answer(series=tuple(found))
        total = Sample(question.end_ms, str(len(found)))
        return Answer(series=(Series(labels={}, samples=(total,)),) if found else ())

    def _select(self, selector: str, at_ms: int) -> list[Series]:
        parsed = _SELECTOR.fullmatch(selector)
        assert parsed, selector
        matchers = _MATCHER.findall(parsed.group(2))
        if parsed.group(1):
            matchers.append(("__name__", "=", parsed.group(1)))
        since_ms = at_ms - int(parsed.group(3))
        found = []
        for series in self.series:
            samples = tuple(s for s in series.samples if since_ms <= s.at_ms <= at_ms)
            if samples and all(_matches(series.labels, *matcher) for matcher in matchers):
                found.append(Series(labels=series.labels, samples=samples))
        return found


def _matches(labels: Mapping[str, str], label: str, how: str, pattern: str) -> bool:
    value = labels.get(label, "")
    plain = pattern.replace("\\\\", "\\")
    return re.fullmatch(plain, value) is not None if how == "=~" else value == plain


def series(metric: str, samples: Sequence[tuple[int, float]], **labels: str) -> Series:
    return Series(
        labels={"__name__": metric, **labels},
        samples=tuple(Sample(at_ms, f"{value:g}") for at_ms, value in samples),
    )


SINCE = 1_770_000_000_000
SCRAPE = 5_000
SECOND = 1_000
MINUTE = 60_000
TRAFFIC = Traffic(source="default", scrape_ms=SCRAPE, lag_ms=SECOND)
IMAGE = "ghcr.io/acme/shop:1.3.0"


def expected(before: str = "5", after: str = "10", **more: object) -> Expectation:
    base = Expectation(
        canary=CanaryId("prod/shop"),
        revision=Revision("0" * 40),
        namespace="prod",
        since_ms=SINCE,
        weight_from=Decimal(before),
        weight_to=Decimal(after),
        canary_workload="shop",
        primary_workload="shop-primary",
        canary_images=None,
        primary_images=None,
        canary_replicas=None,
        primary_replicas=None,
        version_unseen=False,
        settle_ms=30_000,
    )
    return replace(base, **more)  # type: ignore[arg-type] # the fields are checked by the class


def look(
    given: Sequence[Series] | Shelf, expectation: Expectation, now_ms: int = SINCE + 5 * MINUTE
) -> Liveness:
    shelf = given if isinstance(given, Shelf) else Shelf(given)
    return asyncio.run(TRAFFIC.observe([expectation], shelf, now_ms))[expectation]


def requests(
    share: float,
    *,
    start: float = 1000,
    old: float | None = None,
    switch_ms: int = SINCE,
    phase_ms: int = 700,
    until_ms: int = 20 * MINUTE,
    **labels: str,
) -> list[Series]:
    """Write 100 requests a scrape, `old` of them to the canary before the switch."""
    times = range(SINCE - 4 * SCRAPE + phase_ms, SINCE + until_ms, SCRAPE)
    own = {"destination_workload_namespace": "prod", "reporter": "source", "instance": "a"}
    canary, primary = start, start
    rows: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
    for at_ms in times:
        now = share if at_ms > switch_ms or old is None else old
        canary += now
        primary += 100 - now
        rows[0].append((at_ms, canary))
        rows[1].append((at_ms, primary))
    return [
        series("istio_requests_total", row, destination_workload=name, **(own | labels))
        for row, name in zip(rows, ("shop", "shop-primary"), strict=True)
    ]
