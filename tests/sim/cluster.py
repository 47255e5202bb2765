"""What really runs: workloads, weights and requests, and the samples Prometheus takes of them.

The controllers see the samples only. The invariants see the truth.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from .manifests import Facts, Shape
from .scraping import Scraper
from .series import Database

SCRAPE_MS = 5_000
START_MS = 8_000
"""How long new pods take until they are ready."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What one version is like."""

    errors: float = 0.0
    """Share of its requests that fail."""
    slow: bool = False
    crashes: bool = False
    inner: float = 0.0
    """Share of its requests that only its own counter tells of as failed."""

    @property
    def bad(self) -> bool:
        return self.errors > 0 or self.crashes or self.inner > 0


@dataclass(slots=True)
class Workload:
    """A Deployment: what it shall run, and what serves."""

    tag: str
    replicas: int
    serving: str | None
    changed_ms: int = 0
    generation: int = 0
    name: str = ""


@dataclass(slots=True)
class Truth:
    """Requests that really reached the canary, added up at rising times."""

    times: list[int] = field(default_factory=lambda: [0])
    requests: list[float] = field(default_factory=lambda: [0.0])
    failures: list[float] = field(default_factory=lambda: [0.0])
    slow: list[float] = field(default_factory=lambda: [0.0])

    def add(self, at_ms: int, requests: float, failures: float, slow: float) -> None:
        self.times.append(at_ms)
        self.requests.append(self.requests[-1] + requests)
        self.failures.append(self.failures[-1] + failures)
        self.slow.append(self.slow[-1] + slow)

    def within(self, from_ms: int, to_ms: int) -> tuple[float, float, float]:
        """Count (requests, failures, slow ones) that certainly lie in a span, or touch its ends."""
        low = max(bisect_left(self.times, from_ms) - 1, 0)
        high = min(bisect_right(self.times, to_ms), len(self.times) - 1)
        return (
            self.requests[high] - self.requests[low],
            self.failures[high] - self.failures[low],
            self.slow[high] - self.slow[low],
        )


@dataclass(slots=True)
class App:
    """One canary's place in the cluster."""

    shape: Shape
    canary: Workload
    primary: Workload
    weight: Decimal = Decimal(0)
    truth: Truth = field(default_factory=Truth)
    weights: list[tuple[int, Decimal]] = field(default_factory=list)
    """Every weight with the time it was applied."""
    versions: list[tuple[int, str | None]] = field(default_factory=list)
    """Every version that the canary's pods got ready in, with the time."""
    primaries: list[tuple[int, str | None]] = field(default_factory=list)
    """The same of the primary's pods."""
    counters: dict[tuple[str, str], float] = field(default_factory=dict)
    """Requests so far by (workload, code)."""
    slow: dict[str, float] = field(default_factory=dict)
    """Requests slower than a second so far, by workload."""
    inner: float = 0.0
    """Requests of the canary that failed without anybody else's noticing."""
    turned: dict[str, int] = field(default_factory=dict)
    """Versions that turned bad when they had all traffic, and when."""
    share: float = field(init=False)
    """The weight, from 0 to 1."""

    def __post_init__(self) -> None:
        self.share = float(self.weight) / 100
        self.canary.name, self.primary.name = self.shape.name, f"{self.shape.name}-primary"

    def live_since(self, weight: Decimal, not_before_ms: int) -> int | None:
        """When a weight was first applied after an instant; earlier where it was so already."""
        now = [(at, own) for at, own in self.weights if at <= not_before_ms]
        if now and now[-1][1] == weight:
            return now[-1][0]
        return next((at for at, own in self.weights if at > not_before_ms and own == weight), None)

    def served(self, tag: str, not_before_ms: int) -> bool:
        """Whether the canary's pods were ready in a version at or after an instant."""
        return tag in self.serving(not_before_ms, self.versions[-1][0])

    def serving(self, from_ms: int, to_ms: int) -> set[str | None]:
        """List the versions in which the canary's pods were ready in a span."""
        before = [own for at, own in self.versions if at <= from_ms]
        return {*before[-1:], *(own for at, own in self.versions if from_ms < at <= to_ms)}


@dataclass(slots=True)
class Cluster:
    """All apps, one clock."""

    apps: dict[str, App]
    quality: Callable[[str, str], Quality]
    """Of (canary name, tag)."""
    now_ms: int
    rate: float = 20.0
    """Requests a second to each app."""
    away_ms: int = 0
    """When users came back who had stayed away; far ahead while they do."""
    db: Database = field(default_factory=Database)
    scraping: bool = True
    starting: bool = True
    """Whether pods start at all."""
    partial: bool = False
    """Whether only the callers' side is scraped."""
    unheard: tuple[int, int] = (0, 0)
    """When that was so last, from and to."""
    next_scrape_ms: int = 0
    _scraper: Scraper = field(init=False)

    def __post_init__(self) -> None:
        self._scraper = Scraper(self.db)
        self.next_scrape_ms = self.now_ms + SCRAPE_MS
        for app in self.apps.values():
            app.weights.append((self.now_ms, app.weight))
            app.versions.append((self.now_ms, app.canary.serving))
            app.primaries.append((self.now_ms, app.primary.serving))

    def advance(self, to_ms: int) -> None:
        """Let time pass: pods get ready, requests flow, samples are taken."""
        while self.next_scrape_ms <= to_ms:
            self._flow(self.next_scrape_ms)
            if self.scraping:
                self._scraper.scrape(self.apps.values(), self.next_scrape_ms, partial=self.partial)
            self.next_scrape_ms += SCRAPE_MS
        self._flow(to_ms)

    def apply(self, name: str, wanted: Facts) -> None:
        """Make one app what its manifests say."""
        app = self.apps[name]
        if app.weight != wanted.weight:
            app.weight, app.share = wanted.weight, float(wanted.weight) / 100
            app.weights.append((self.now_ms, app.weight))
            app.truth.add(self.now_ms, 0, 0, 0)  # what flows from here on flows after this
        self.scale(app.canary, wanted.candidate, wanted.replicas)
        if app.canary.serving is None and app.versions[-1][1] is not None:
            app.versions.append((self.now_ms, None))
        self.scale(app.primary, wanted.primary, wanted.primary_replicas)

    def reset_counters(self) -> None:
        """Restart every proxy: what was counted is forgotten."""
        for app in self.apps.values():
            for key in app.counters:
                app.counters[key] = 0.0
            for workload in app.slow:
                app.slow[workload] = 0.0

    def scale(self, workload: Workload, tag: str, replicas: int) -> None:
        """Make one workload what its manifest says."""
        if workload.tag != tag or (workload.replicas == 0) != (replicas == 0):
            workload.changed_ms = self.now_ms
            workload.generation += 1
        workload.tag, workload.replicas = tag, replicas
        if replicas == 0:
            workload.serving = None

    def _flow(self, to_ms: int) -> None:
        requests = self.rate * (to_ms - self.now_ms) / 1000
        self.now_ms = to_ms
        for app in self.apps.values():
            canary, primary, share = app.canary, app.primary, app.share
            if canary.serving != canary.tag:
                self._ready(app, canary)
            if (part := requests * share) > 0:
                self._serve(app, canary, part)
            if primary.serving != primary.tag:
                self._ready(app, primary)
            if (part := requests * (1 - share)) > 0:
                self._serve(app, primary, part)

    def _ready(self, app: App, workload: Workload) -> None:
        if workload.replicas == 0 or not self.starting:
            return
        crashes = self.quality(app.shape.name, workload.tag).crashes
        if not crashes and self.now_ms >= workload.changed_ms + START_MS:
            workload.serving = workload.tag
            history = app.versions if workload is app.canary else app.primaries
            history.append((self.now_ms, workload.tag))

    def _serve(self, app: App, workload: Workload, count: float) -> None:
        name, inner = workload.name, 0.0
        if workload.serving is None:
            name, failed, slow = "unknown", count, 0.0
        else:
            quality = self.quality(app.shape.name, workload.serving)
            failed = count * max(quality.errors, app.shape.usual)
            slow = count if quality.slow else 0.0
            inner = quality.inner
        counters = app.counters
        if part := count - failed:
            counters[name, "200"] = counters.get((name, "200"), 0.0) + part
        if failed:
            counters[name, "503"] = counters.get((name, "503"), 0.0) + failed
        app.slow[name] = app.slow.get(name, 0.0) + slow
        if workload is app.canary:
            app.inner += count * inner
            app.truth.add(self.now_ms, count, failed, slow)
