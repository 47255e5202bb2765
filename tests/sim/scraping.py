"""Prometheus reading what runs: the samples that the mesh and kube-state-metrics would give."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import floor, nan
from typing import TYPE_CHECKING

from .series import Database, Line

if TYPE_CHECKING:
    from .cluster import App, Workload

_BUCKETS = (("100", 100), ("500", 500), ("1000", 1000), ("+Inf", 1 << 40))


def _rounded(value: float) -> float:
    return round(value, 3)


def _whole(value: float) -> float:
    """Count whole requests only, as counters do."""
    return floor(_rounded(value))


@dataclass(slots=True)
class Scraper:
    """Adds samples to a database; each line is looked up by its labels once."""

    db: Database
    _up: Line | None = None
    _requests: dict[tuple[str, str], dict[tuple[str, str], Line]] = field(default_factory=dict)
    """By app and reporter; then by workload and code."""
    _durations: dict[tuple[str, str], tuple[Line, ...]] = field(default_factory=dict)
    _counts: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    _pods: dict[tuple[str, int, int, str], tuple[tuple[Line, Line], ...]] = field(
        default_factory=dict
    )
    """By workload, its generation, its replicas and the version that runs."""

    def scrape(self, apps: Iterable["App"], at_ms: int, *, partial: bool) -> None:
        """Read everything once; `partial` leaves out what the called side counts."""
        if self._up is None:
            self._up = self.db.line(__name__="up", instance="ksm")
        self._up.add(at_ms, 1)
        for app in apps:
            for reporter in ("source",) if partial else ("source", "destination"):
                self._scrape_requests(app, reporter, at_ms)
            for workload in (app.canary, app.primary):
                if workload.tag:  # otherwise it does not exist yet
                    self._scrape_workload(app, workload, at_ms)

    def _scrape_requests(self, app: "App", reporter: str, at_ms: int) -> None:
        name, shown = app.shape.name, _whole if app.shape.weighs else _rounded
        known = self._requests.setdefault((name, reporter), {})
        totals: dict[str, float] = {}
        for key, value in app.counters.items():
            workload, code = key
            if workload == "unknown" and reporter == "destination":
                continue
            totals[workload] = totals.get(workload, 0.0) + value
            line = known.get(key)
            if line is None:
                line = known[key] = self.db.line(
                    __name__="istio_requests_total",
                    reporter=reporter,
                    destination_workload=workload,
                    destination_workload_namespace="unknown" if workload == "unknown" else "prod",
                    destination_service_namespace="prod",
                    destination_service_name=f"{name}-canary"
                    if workload == "unknown"
                    else workload,
                    response_code=code,
                )
            line.add(at_ms, shown(value))
        if not app.shape.latency:
            return
        for workload, total in totals.items():
            quick = total - app.slow.get(workload, 0.0)
            lines = self._durations.get((workload, reporter)) or self._buckets(workload, reporter)
            for line, (_, limit_ms) in zip(lines, _BUCKETS, strict=True):
                line.add(at_ms, shown(total if limit_ms > 1000 else quick))

    def _buckets(self, workload: str, reporter: str) -> tuple[Line, ...]:
        made = self._durations[workload, reporter] = tuple(
            self.db.line(
                __name__="istio_request_duration_milliseconds_bucket",
                reporter=reporter,
                destination_workload=workload,
                destination_workload_namespace="prod",
                le=bound,
            )
            for bound, _ in _BUCKETS
        )
        return made

    def _scrape_workload(self, app: "App", workload: "Workload", at_ms: int) -> None:
        up = workload.serving is not None
        ready = workload.serving == workload.tag and workload.replicas > 0
        wanted = workload.replicas
        values = (wanted, wanted if up else 0, wanted if ready else 0)
        lines = self._counts.get(workload.name) or self._counters(workload.name)
        for line, value in zip(lines, values, strict=True):
            line.add(at_ms, value)
        old = not ready and up
        tag = workload.serving or workload.tag
        running = workload.name, workload.generation - old, wanted, tag
        for info, state in self._pods.get(running) or self._containers(app.shape.name, *running):
            info.add(at_ms, 1)
            state.add(at_ms, int(up))
        if app.shape.query and workload is app.canary:
            failures = app.counters.get((workload.name, "503"), 0.0) + app.inner
            line = self.db.line(__name__="app_failures_total", workload=workload.name)
            blank = at_ms < workload.changed_ms + app.shape.blank_s * 1000
            line.add(at_ms, nan if blank else round(failures, 3))

    def _counters(self, name: str) -> tuple[Line, ...]:
        base = {"namespace": "prod", "deployment": name, "instance": "ksm"}
        made = self._counts[name] = tuple(
            self.db.line(__name__=metric, **base)
            for metric in (
                "kube_deployment_spec_replicas",
                "kube_deployment_status_replicas_available",
                "kube_deployment_status_replicas_updated",
            )
        )
        return made

    def _containers(
        self, app: str, name: str, stamp: int, count: int, tag: str
    ) -> tuple[tuple[Line, Line], ...]:
        """Give the lines of each pod: what it runs, and whether it is ready."""
        line, found = self.db.line, []
        for index in range(count):
            pod = f"{name}-{stamp}-{index:05}"
            own = {"namespace": "prod", "pod": pod, "container": "app", "instance": "ksm"}
            image = f"registry.example/{app}:{tag}"
            info = line(__name__="kube_pod_container_info", image_spec=image, **own)
            found.append((info, line(__name__="kube_pod_container_status_ready", **own)))
        made = self._pods[name, stamp, count, tag] = tuple(found)
        return made
