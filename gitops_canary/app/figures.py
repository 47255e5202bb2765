"""The controller's own figures, for a Prometheus that watches it.

Counters begin at 0 with the process, as Prometheus expects; what a canary is at is told as its
newest look saw it, so that nothing stays of a canary that is gone.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gitops_canary.app.telling import words
from gitops_canary.app.tick import Report
from gitops_canary.model.decision import Act, Decision, Hold
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Action

TYPE = CONTENT_TYPE_LATEST
"""Media type of what `Figures.text` gives."""
_AT = ("repository", "canary")
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """Where one canary is, by the newest look that could see it. `weight` is a share of 1."""

    repository: str
    canary: CanaryId
    state: str
    attention: bool
    weight: float | None
    step: int
    values: tuple[tuple[str, float], ...] = ()
    """Newest value of each check that had a number."""

    @property
    def at(self) -> tuple[str, str]:
        """The labels it is told under."""
        return self.repository, self.canary


@dataclass(slots=True)
class _Newest:
    """The newest look at each repository."""

    standings: dict[str, tuple[_Standing, ...]] = field(default_factory=dict)
    seen_s: dict[str, float] = field(default_factory=dict)

    def all(self) -> Iterator[_Standing]:
        """List every canary of every repository."""
        for standings in self.standings.values():
            yield from standings


class _Gauges(Collector):
    """What Prometheus calls gauges, made when they are asked for."""

    def __init__(self, version: str, newest: _Newest) -> None:
        self._version = version
        self._newest = newest

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Make the families of one answer."""
        yield _gauge("build_info", "The version that runs.", ("version",), [((self._version,), 1)])
        newest = self._newest
        seen = [((name,), at_s) for name, at_s in newest.seen_s.items()]
        text = "When a look at the repository last went well, in seconds since the epoch."
        yield _gauge("last_look_timestamp_seconds", text, ("repository",), seen)
        text = "Share of the traffic that the canary has in Git, 0 to 1."
        weights = [(one.at, one.weight) for one in newest.all() if one.weight is not None]
        yield _gauge("weight_ratio", text, _AT, weights)
        steps = [(one.at, one.step) for one in newest.all()]
        yield _gauge("step", "Step of the ladder the canary is at; 0 before the first.", _AT, steps)
        states = [((*one.at, one.state), 1) for one in newest.all()]
        yield _gauge("state", "1 for what the canary does or waits for.", (*_AT, "state"), states)
        attention = [(one.at, int(one.attention)) for one in newest.all()]
        yield _gauge("attention", "1 where a person has to do something.", _AT, attention)
        values = [((*one.at, name), x) for one in newest.all() for name, x in one.values]
        text = "Newest value of a check, in the check's own unit."
        yield _gauge("check_value", text, (*_AT, "check"), values)


def _gauge(
    name: str, text: str, labels: Sequence[str], rows: Sequence[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"gitops_canary_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


class Figures:
    """Counts looks and moves of one controller and remembers what the newest looks saw."""

    def __init__(self, version: str, repositories: Iterable[str]) -> None:
        # A timestamp beside every counter, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
        self._registry = CollectorRegistry()
        self._newest = _Newest()
        self._registry.register(_Gauges(version, self._newest))
        self._looks = Counter(
            "gitops_canary_looks",
            "Looks at a repository, by how they ended: ok, bug, or the kind of error.",
            ("repository", "outcome"),
            registry=self._registry,
        )
        self._took = Histogram(
            "gitops_canary_look_duration_seconds",
            "How long a look took, its pushes included.",
            ("repository",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._moves = Counter(
            "gitops_canary_moves",
            "Moves pushed, by what they did.",
            (*_AT, "action"),
            registry=self._registry,
        )
        # A series that begins with 1 has no increase: what alerts rest on is there from the start.
        for name in repositories:
            self._looks.labels(name, "ok")
            self._looks.labels(name, "bug")

    def take(self, report: Report, *, at_s: float, took_s: float) -> None:
        """Take a look in; `at_s` is when it ended, seconds since the epoch."""
        name, error = report.repository, report.error
        self._looks.labels(name, type(error).__name__.lower() if error else "ok").inc()
        self._took.labels(name).observe(took_s)
        for canary in report.decisions:
            for action in Action:
                self._moves.labels(name, canary, action.value)
        for plan in report.pushed:
            self._moves.labels(name, plan.act.canary, plan.act.action.value).inc()
        if error is None:
            self._newest.seen_s[name] = at_s
            self._newest.standings[name] = tuple(
                _standing(report, canary, decision)
                for canary, decision in sorted(report.decisions.items())
            )

    def broke(self, repository: str, *, took_s: float) -> None:
        """Take in a look that a bug ended."""
        self._looks.labels(repository, "bug").inc()
        self._took.labels(repository).observe(took_s)

    def text(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)


def _standing(report: Report, canary: CanaryId, decision: Decision) -> _Standing:
    seen = report.seen.get(canary)
    moved = any(plan.act.canary == canary for plan in report.pushed)
    weight = decision.weight if isinstance(decision, Act) and moved else None
    if weight is None and seen is not None:
        weight = seen.tip.owned.weight
    verdicts = () if seen is None else seen.situation.verdicts
    rollout = None if seen is None else seen.rollout
    step = decision.step if isinstance(decision, Act) and moved else 0
    if not step and rollout is not None:
        step = rollout.last.record.step
    return _Standing(
        repository=report.repository,
        canary=canary,
        state=words(decision),
        attention=isinstance(decision, Hold) and decision.alert,
        weight=None if weight is None else float(weight) / 100,
        step=step,
        values=tuple(
            (one.check, value)
            for one in (verdicts[-1].measurements if verdicts else ())
            if (value := _number(one.value)) is not None
        ),
    )


def _number(text: str | None) -> float | None:
    """Read a value; None where it is none, or no finite number."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
