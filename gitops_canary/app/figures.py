"""The controller's own figures, for a Prometheus that watches it.

Counters begin at 0 with the process, as Prometheus expects; what a canary is at is told as its
newest look saw it, so that nothing stays of a canary that is gone.
"""

import math
from collections.abc import Iterator, Sequence

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

from gitops_canary.app.standing import Newest, Standing
from gitops_canary.app.tick import Report
from gitops_canary.model.rollout import Action

TYPE = CONTENT_TYPE_LATEST
"""Media type of what `Figures.text` gives."""
_AT = ("repository", "canary")
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class _Gauges(Collector):
    """What Prometheus calls gauges, made when they are asked for."""

    def __init__(self, version: str, newest: Newest) -> None:
        self._version = version
        self._newest = newest

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Make the families of one answer."""
        yield _gauge("build_info", "The version that runs.", ("version",), [((self._version,), 1)])
        newest = self._newest
        looked = newest.looked().items()
        seen = [((name,), one.seen_s) for name, one in looked if one.seen_s is not None]
        text = "When a look at the repository last went well, in seconds since the epoch."
        yield _gauge("last_look_timestamp_seconds", text, ("repository",), seen)
        text = "Share of the traffic that the canary has in Git, 0 to 1."
        weights = [
            (_at(x), float(x.weight) / 100) for x in newest.standings() if x.weight is not None
        ]
        yield _gauge("weight_ratio", text, _AT, weights)
        steps = [(_at(one), one.step) for one in newest.standings()]
        yield _gauge(
            "step",
            "Step of the ladder the canary is at; 0 before the first and at rest.",
            _AT,
            steps,
        )
        states = [((*_at(one), one.state), 1) for one in newest.standings()]
        yield _gauge("state", "1 for what the canary does or waits for.", (*_AT, "state"), states)
        attention = [(_at(one), int(one.attention)) for one in newest.standings()]
        yield _gauge("attention", "1 where a person has to do something.", _AT, attention)
        text = "1 where a commit changed what the primary runs outside any rollout."
        past = [(_at(one), int(one.bypass is not None)) for one in newest.standings()]
        yield _gauge("bypassed", text, _AT, past)
        values = [
            ((*_at(one), measured.check), value)
            for one in newest.standings()
            for measured in one.measurements
            if (value := _number(measured.value)) is not None
        ]
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
    """Counts looks and moves of one controller, and tells what the newest looks saw."""

    def __init__(self, version: str, newest: Newest) -> None:
        # A timestamp beside every counter, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
        self._registry = CollectorRegistry()
        self._registry.register(_Gauges(version, newest))
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
        for name in newest.looked():
            self._looks.labels(name, "ok")
            self._looks.labels(name, "bug")

    def moved(self, report: Report) -> None:
        """Count what a look pushed."""
        for canary in report.decisions:
            for action in Action:
                self._moves.labels(report.repository, canary, action.value)
        for plan in report.pushed:
            self._moves.labels(report.repository, plan.act.canary, plan.act.action.value).inc()

    def looked(self, repository: str, outcome: str, *, took_s: float) -> None:
        """Count a look."""
        self._looks.labels(repository, outcome).inc()
        self._took.labels(repository).observe(took_s)

    def text(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)


def _at(one: Standing) -> tuple[str, str]:
    return one.repository, one.canary


def _number(text: str | None) -> float | None:
    """Read a value; None where it is none, or no finite number."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
