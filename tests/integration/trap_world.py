"""Series with what misleads in Prometheus: gaps, resets, births, late samples, odd values.

`T` is when a weight was live; scrapes are numbered from it, each `PHASE` later. A scrape that fails
ends the series with a stale marker, as a Prometheus writes it that is up itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mesh_world import PHASE, SCRAPE, T
from prometheus_server import Written
from remote_write import STALE

SINCE, UNTIL = -300, 40
REQUESTS, LATENCY = "istio_requests_total", "istio_request_duration_milliseconds_bucket"


def at(scrape: int) -> int:
    return T + scrape * SCRAPE + PHASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One series of a workload; `value` by scrape, from `since` on, without those `away`."""

    workload: str
    value: Callable[[int], float]
    code: str = "200"
    side: str = "source"
    pod: str = "a"
    le: str = ""
    since: int = SINCE
    away: tuple[int, int] | None = None
    """First and last scrape that failed."""
    ended: bool = False
    """Whether the source itself was away, so that nothing marks the end."""

    def written(self) -> Written:
        labels = {
            "destination_workload_namespace": "prod",
            "destination_workload": self.workload,
            "reporter": self.side,
            "job": "mesh",
            "instance": self.pod,
            **({"le": self.le} if self.le else {"response_code": self.code}),
        }
        return Written(LATENCY if self.le else REQUESTS, labels, tuple(self._samples()))

    def _samples(self) -> Iterator[tuple[int, float]]:
        first, last = self.away or (UNTIL, UNTIL)
        for scrape in range(self.since, UNTIL):
            if not first <= scrape <= last:
                yield at(scrape), float(self.value(scrape))
            elif scrape == first > self.since and not self.ended:
                yield at(scrape), STALE


def steady(rate: float, start: float = 0.0) -> Callable[[int], float]:
    return lambda scrape: start + rate * (scrape - SINCE)


def since(scrape: int, rate: float, start: float = 0.0) -> Callable[[int], float]:
    """Count nothing before a scrape, and so many a scrape after it."""
    return lambda now: start + rate * max(now - scrape, 0)


def failing_now(name: str, pods: str, away: str, gap: tuple[int, int]) -> Iterator[Counter]:
    """All requests fail since `T`; before, 100,000 were answered by each pod that counts."""
    for pod in pods:
        own = gap if pod in away else None
        yield Counter(workload=name, value=steady(0, 100_000), pod=pod, away=own)
        yield Counter(workload=name, value=since(0, 50), pod=pod, away=own, code="503")
        yield Counter(workload=f"{name}-primary", value=steady(450), pod=pod, away=own)


def failed_long_ago(name: str, pods: str, away: str, gap: tuple[int, int]) -> Iterator[Counter]:
    """None fails; an older version failed 1,000 requests of each pod that was `away`."""
    for pod in pods:
        own = gap if pod in away else None
        yield Counter(workload=name, value=steady(50), pod=pod, away=own)
        yield Counter(workload=f"{name}-primary", value=steady(450), pod=pod, away=own)
        if own:
            yield Counter(workload=name, value=steady(0, 1000), pod=pod, away=own, code="503")


def born_in_a_gap(name: str, gap: tuple[int, int]) -> Iterator[Counter]:
    """Three fail while nobody is scraped, and none before or after."""
    yield Counter(workload=name, value=steady(100), away=gap)
    yield Counter(workload=name, value=steady(0, 3), since=gap[1] + 1, code="503")
    yield Counter(workload=f"{name}-primary", value=steady(900), away=gap)


def better_before(name: str, gap: tuple[int, int], *, ended: bool) -> Iterator[Counter]:
    """All is well until scrape 4, within a gap of everybody's, and all fails after it."""
    own = {"away": gap, "ended": ended}
    yield Counter(workload=name, value=lambda now: 100 * (min(now, 4) - SINCE), **own)  # type: ignore[arg-type] # keys of both kinds
    yield Counter(workload=name, value=since(4, 100), code="503", **own)  # type: ignore[arg-type] # keys of both kinds
    yield Counter(workload=f"{name}-primary", value=steady(900), **own)  # type: ignore[arg-type] # keys of both kinds


def old_requests() -> Iterator[Counter]:
    """Worlds in which a window may see what is older than it."""
    yield from failing_now("one-away", "ab", "b", (-40, 5))
    yield from failed_long_ago("old-failures", "ab", "b", (-40, 5))
    yield from failed_long_ago("side-away", "a", "a", (-40, 5))
    for who, rate in (("side-away", 100), ("side-away-primary", 900)):
        yield Counter(workload=who, value=steady(rate), side="destination", pod="p")
    yield from born_in_a_gap("born", (1, 5))
    yield from better_before("marked", (-12, 5), ended=False)
    yield from better_before("unmarked", (-12, 5), ended=True)
    for le, value in (("500", since(4, 100)), ("1000", steady(100)), ("+Inf", steady(100))):
        # Slow until scrape 4, in a gap, and fast after it.
        yield Counter(workload="slow-before", value=value, le=le, away=(-12, 5))


def odd_series() -> Iterator[Counter]:
    """Resets of single pods, births, bounds as Prometheus 3 writes them, an end."""
    yield Counter(workload="resets", value=lambda now: 100 * (now + 300 if now < 4 else now - 3))
    yield Counter(
        workload="resets", value=lambda now: 50 * (now + 300 if now < 0 else now + 1), pod="b"
    )
    yield Counter(workload="resets", value=lambda now: 10 * (now - 5), pod="c", since=6)
    yield Counter(workload="resets-primary", value=steady(1440))
    for who, slow in (("bounds", 10), ("bounds-primary", 0)):
        for le, rate in (("100.0", 50), ("500.0", 100 - slow), ("1000.0", 100), ("+Inf", 100)):
            yield Counter(workload=who, value=steady(rate), le=le)
    # A version whose histogram has no 500, and one whose histogram is new, with other bounds.
    for who, bounds, since_scrape in (
        ("other-bounds", ("100", "1000", "+Inf"), SINCE),
        ("other-bounds-primary", ("100", "500", "+Inf"), SINCE),
        ("new-bounds", ("100", "1000", "+Inf"), 2),
        ("new-bounds-primary", ("100", "1000", "+Inf"), 2),
    ):
        for le in bounds:
            yield Counter(workload=who, value=steady(100), le=le, since=since_scrape)
    for who in ("ends", "ends-primary"):
        yield Counter(workload=who, value=steady(100), away=(4, UNTIL))
    # Failures that end before a weight is live; an hour before, as which began a pod was away.
    for who, code, value in (
        ("before", "200", since(-1, 100)), ("before", "503", lambda now: 100 * min(now + 300, 299)),
        ("before-primary", "200", steady(900)),
        ("hour-primary", "200", steady(990)), ("hour-primary", "503", steady(10)),
    ):  # fmt: skip
        yield Counter(workload=who, value=value, code=code)
    for code, start in (("200", 0), ("503", 1_000_000)):
        yield Counter(
            workload="hour-primary", value=steady(0, start), code=code, pod="b", away=(-260, -230)
        )


def world() -> Iterator[Written]:
    yield from (one.written() for one in (*old_requests(), *odd_series()))
    for replica in "ab":
        for who, rate in (("doubled", 10), ("doubled-primary", 90)):
            own = Counter(workload=who, value=steady(rate)).written()
            yield replace(own, labels={**own.labels, "prometheus_replica": replica})
        yield Written("twice", {"replica": replica}, [(at(i), 1.0) for i in range(UNTIL)])
    yield Written("nothing", {}, [(at(i), 0.0) for i in range(UNTIL)])
    yield Written("ending", {}, [*((at(i), 1.0) for i in range(4)), (at(4), STALE)])
