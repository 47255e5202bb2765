"""Services under load: requests and bad ones of both sides, tick by tick, from one seed."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

TICK_S = 5
HORIZON_S = 1800
BASE_ERRORS, BASE_SLOW = 0.001, 0.003
PODS = 4
_LARGE = 50
"""Mean from which a normal number stands for a Poisson or binomial one."""
Rate = Callable[[float], float]


def constant(value: float) -> Rate:
    return lambda _: value


_ERRORS, _SLOW, _NONE, _ALL = (constant(v) for v in (BASE_ERRORS, BASE_SLOW, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens to a service: shares of requests by seconds since the first weight."""

    name: str
    healthy: bool
    errors: Rate = _ERRORS
    slow: Rate = _SLOW
    canary_errors: Rate = _NONE
    """Extra, on the canary alone."""
    canary_slow: Rate = _NONE
    primary_errors: Rate = _NONE
    """Extra, on the primary alone."""
    uneven: float = 0.0
    """Extra share of errors on one pod of either side, in the hour before too."""
    broken: tuple[str, ...] = ()
    """Sides on which one pod alone has the extra errors."""
    canary_pods: int = 4
    ratio: float = 1.0
    """How many times more often the canary's own clients make requests fail, whatever runs."""
    burst: int = 1
    traffic: Rate = _ALL
    gap: tuple[float, float] = (0.0, 0.0)
    """When the metric source does not answer."""
    latency_s: float = 0.0
    """How long a good request takes, while a failed one is over at once; less than a tick."""
    at_weights: tuple[float, float] = (0.0, 100.0)
    """Weights, the first one left out, at which the canary has its extra errors."""
    load: Rate = _ALL
    """How many times its share of the requests reaches the canary, e.g. because clients retry."""
    lost: Rate = _NONE
    """Which part of the canary's requests no scrape ever sees."""
    session: int = 1
    """How many requests stay together on one side."""


@dataclass(slots=True)
class Counts:
    """One tick, or several."""

    canary: int = 0
    canary_errors: int = 0
    canary_slow: int = 0
    primary: int = 0
    primary_errors: int = 0
    primary_slow: int = 0
    pods: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """[(requests, bad)] of each pod by side and kind, e.g. `canary_errors`; where they are seen."""

    def add(self, other: "Counts") -> None:
        self.canary += other.canary
        self.canary_errors += other.canary_errors
        self.canary_slow += other.canary_slow
        self.primary += other.primary
        self.primary_errors += other.primary_errors
        self.primary_slow += other.primary_slow
        for name, more in other.pods.items():
            so_far = self.pods.get(name, [(0, 0)] * len(more))
            both = zip(so_far, more, strict=True)
            self.pods[name] = [(n + m, bad + worse) for (n, bad), (m, worse) in both]


@dataclass(slots=True)
class Service:
    """One run of one scenario at one rate of requests a second."""

    scenario: Scenario
    rps: float
    random: Random
    blast: float = 0.0
    """Expected bad requests beyond what the old version would have had."""
    splitting: Random | None = None
    """Splits what either side had over its pods, apart from all that is drawn; None does not."""
    _now: float = field(default=0.0)
    _under_way: list[int] = field(default_factory=lambda: [0, 0])
    """Good requests of canary and primary that are not answered yet."""

    def tick(self, weight: float) -> Counts:
        """Serve one tick at a weight in percent."""
        s, now = self.scenario, self._now
        self._now += TICK_S
        requests = self.rps * TICK_S * s.traffic(now)
        part = weight / 100
        shares = (part * s.load(now), 1 - part)
        canary, primary = (
            s.session * poisson(self.random, requests * p / s.session) for p in shares
        )
        failing = s.canary_errors(now) * (s.at_weights[0] < weight <= s.at_weights[1])
        self.blast += requests * shares[0] * (failing + s.canary_slow(now))
        errors, slow = s.errors(now) + s.uneven / PODS, s.slow(now)
        found = Counts(
            canary=canary,
            canary_errors=self._bad(canary, errors * s.ratio + failing),
            canary_slow=self._bad(canary, slow * s.ratio + s.canary_slow(now)),
            primary=primary,
            primary_errors=self._bad(primary, errors + s.primary_errors(now)),
            primary_slow=self._bad(primary, slow),
        )
        if gone := s.lost(now):
            found.canary -= binomial(self.random, canary, gone)
            found.canary_errors -= binomial(self.random, found.canary_errors, gone)
            found.canary_slow -= binomial(self.random, found.canary_slow, gone)
        if s.latency_s:
            found.canary += self._delayed(0, canary - found.canary_errors)
            found.primary += self._delayed(1, primary - found.primary_errors)
        if self.splitting:
            found.pods = dict(self._split(self.splitting, found, now))
        return found

    def _split(
        self, random: Random, found: Counts, now: float
    ) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """Draw whose the requests were, given how many were bad."""
        s = self.scenario
        for side, pods in (("canary", s.canary_pods), ("primary", PODS)):
            ratio = s.ratio if side == "canary" else 1.0
            extra = s.canary_errors(now) if side == "canary" else s.primary_errors(now)
            odd = [extra * pods if side in s.broken and not i else 0.0 for i in range(pods)]
            odd = [one + s.uneven * (not i) for i, one in enumerate(odd)]
            every = 0.0 if side in s.broken else extra
            for kind, base, own in (("errors", s.errors(now), True), ("slow", s.slow(now), False)):
                part = base * ratio + (every if own else 0.0)
                shares = [min(part + (one if own else 0.0), 1.0) for one in odd]
                total, bad = getattr(found, side), getattr(found, f"{side}_{kind}")
                # What comes in a burst falls on one pod.
                ill = [k * s.burst for k in spread(random, bad // s.burst, shares)]
                ill[0] += bad % s.burst
                well = spread(random, total - bad, [1 - share for share in shares])
                pairs = zip(ill, well, strict=True)
                yield f"{side}_{kind}", [(k + good, k) for k, good in pairs]

    def _delayed(self, side: int, good: int) -> int:
        """Say how many more are answered in this tick than begun; bad ones are at once."""
        later = math.floor(good * self.scenario.latency_s / TICK_S)
        answered, self._under_way[side] = self._under_way[side], later
        return answered - later

    def _bad(self, requests: int, share: float) -> int:
        burst = self.scenario.burst
        if burst == 1:
            return binomial(self.random, requests, share)
        return min(burst * poisson(self.random, requests * share / burst), requests)

    def history(self) -> list[list[tuple[int, int]]]:
        """Give an hour of (requests, errors) by pod, a minute a block, before the rollout."""
        requests = self.rps * 60 / PODS
        blocks = []
        for minute in range(60):
            pods = [poisson(self.random, requests) for _ in range(PODS)]
            usual = self.scenario.errors(60 * (minute - 60))
            shares = (usual + (not i) * self.scenario.uneven for i in range(PODS))
            blocks.append([(n, self._bad(n, e)) for n, e in zip(pods, shares, strict=True)])
        return blocks


def poisson(random: Random, mean: float) -> int:
    """Draw a Poisson number by inversion; by a normal one where that is as good."""
    if mean <= 0:
        return 0
    if mean > _LARGE:
        return max(round(random.gauss(mean, math.sqrt(mean))), 0)
    left, part, count = random.random(), math.exp(-mean), 0
    while left > part > 0:
        left -= part
        count += 1
        part *= mean / count
    return count


def binomial(random: Random, n: int, p: float) -> int:
    """Draw a binomial number by inversion; by a normal one where that is as good."""
    if n <= 0 or p <= 0:
        return 0
    if p > 0.5:
        return n - binomial(random, n, 1 - min(p, 1.0))
    if n * p > _LARGE:
        return min(max(round(random.gauss(n * p, math.sqrt(n * p * (1 - p)))), 0), n)
    left, part, odds, count = random.random(), (1 - p) ** n, p / (1 - p), 0
    while left > part and count < n:
        left -= part
        part *= odds * (n - count) / (count + 1)
        count += 1
    return count


def spread(random: Random, n: int, weights: Sequence[float]) -> list[int]:
    """Draw how many of `n` fall on each, in proportion to the weights."""
    found, left = [], sum(weights)
    for weight in weights:
        here = n if left <= weight else binomial(random, n, weight / left)
        found.append(here)
        n -= here
        left -= weight
    return found


def between(start: float, end: float, value: float, base: float) -> Rate:
    return lambda now: value if start <= now < end else base


def after(start: float, value: float) -> Rate:
    return lambda now: value if now >= start else 0.0


HEALTHY = (
    Scenario("steady", healthy=True),
    Scenario(
        "common drift", healthy=True,
        errors=lambda now: BASE_ERRORS + 0.005 * min(max(now, 0) / 900, 1),
        slow=lambda now: BASE_SLOW + 0.004 * min(now / 900, 1),
    ),
    Scenario("common blip 30 %, 90 s", healthy=True, errors=between(90, 180, 0.3, BASE_ERRORS)),
    Scenario("common outage 50 %, 8 min", healthy=True, errors=between(90, 570, 0.5, BASE_ERRORS)),
    Scenario("no traffic", healthy=True, traffic=constant(0.0)),
    Scenario("source gone 2 min", healthy=True, gap=(60, 180)),
    Scenario("cold start 20 % slow, 30 s", healthy=True, canary_slow=between(0, 30, 0.2, 0.0)),
    Scenario("errors in bursts of 10", healthy=True, burst=10),
    Scenario("client mix 1.3x", healthy=True, ratio=1.3),
    Scenario("harmless 0.2 %", healthy=True, canary_errors=constant(0.001)),
    Scenario("answers take 4 s", healthy=True, latency_s=4.0),
    Scenario("clean but for rare bursts", healthy=True, errors=constant(0.0002), burst=10),
    Scenario(
        "a primary pod of 4 fails at 90 s", healthy=True,
        primary_errors=after(90, 0.25), broken=("primary",),
    ),
    Scenario("uneven pods: 2 % on 1 of 4", healthy=True, uneven=0.02),
    Scenario(
        "a canary pod of 4 fails for 60 s", healthy=True,
        canary_errors=between(90, 150, 0.25, 0.0), broken=("canary",),
    ),
    Scenario("uneven pods: 30 % on 1 of 4", healthy=True, uneven=0.3),
    Scenario(
        "a pod of 4 on either side fails at 90 s", healthy=True,
        canary_errors=after(90, 0.25), primary_errors=after(90, 0.25), broken=("canary", "primary"),
    ),
    Scenario(
        "a pod of 4 on either side fails from the start", healthy=True,
        canary_errors=constant(0.25), primary_errors=constant(0.25), broken=("canary", "primary"),
    ),
    Scenario(
        "clients that fail 10 %, on 1 pod of 4 and the canary", healthy=True, canary_pods=1,
        canary_errors=constant(0.1), primary_errors=constant(0.1), broken=("primary",),
    ),
)  # fmt: skip
FAULTY = (
    Scenario("err 1 %", healthy=False, canary_errors=constant(0.01)),
    Scenario("err 2 %", healthy=False, canary_errors=constant(0.02)),
    Scenario("err 5 %", healthy=False, canary_errors=constant(0.05)),
    Scenario("err 20 %", healthy=False, canary_errors=constant(0.2)),
    Scenario("err 100 %", healthy=False, canary_errors=constant(1.0)),
    Scenario("slow 3 %", healthy=False, canary_slow=constant(0.03)),
    Scenario("slow 10 %", healthy=False, canary_slow=constant(0.1)),
    Scenario(
        "slow burn to 5 % in 10 min", healthy=False,
        canary_errors=lambda now: 0.05 * min(now / 600, 1),
    ),
    Scenario("err 20 % after 3 min", healthy=False, canary_errors=after(180, 0.2)),
    Scenario("err 20 % after 10 min", healthy=False, canary_errors=after(600, 0.2)),
    Scenario("clean before, err 5 %", healthy=False, errors=_NONE, canary_errors=constant(0.05)),
    Scenario("clean before, err 20 %", healthy=False, errors=_NONE, canary_errors=constant(0.2)),
    Scenario(
        "source gone 2 min, err 5 %", healthy=False, canary_errors=constant(0.05), gap=(60, 180)
    ),
    Scenario(
        "a canary pod of 4 fails", healthy=False, canary_errors=constant(0.25), broken=("canary",)
    ),
    Scenario("uneven pods, err 5 %", healthy=False, uneven=0.02, canary_errors=constant(0.05)),
    Scenario(
        "a primary pod of 4 fails, err 5 %", healthy=False,
        canary_errors=constant(0.05), primary_errors=constant(0.25), broken=("primary",),
    ),
    Scenario(
        "a primary pod of 4 fails at 90 s, err 5 % at 120 s", healthy=False,
        canary_errors=after(120, 0.05), primary_errors=after(90, 0.25), broken=("primary",),
    ),
)  # fmt: skip
