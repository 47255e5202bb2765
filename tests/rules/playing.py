"""One run of one rule on one service, and many of them."""

import math
import statistics
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from rules.ours import RAMP, Ours
from rules.players import BACK, DONE, SCRAPE_S, Argo, Flagger, Kayenta, Seen
from rules.scraping import Phases
from rules.traffic import HORIZON_S, TICK_S, Counts, Scenario, Service
from rules.whole import STEPS

Player = Flagger | Argo | Kayenta | Ours
Make = Callable[[Service], Player]


def _ours(service: Service, *, pods: bool = False, phased: bool = False, **rest: object) -> Player:
    seed = service.random.getstate()[1][0]
    if pods or phased:
        service.splitting = Random(seed)  # noqa: S311 - a simulation
    phases = Phases(Random(seed + 1)) if phased else None  # noqa: S311 - a simulation
    more = {"phases": phases, "pods": pods, **rest}
    return Ours(history=service.history(), **more)  # type: ignore[arg-type]  # fields of Ours by name


RULES: Mapping[str, Make] = {
    "flagger-5": lambda _: Flagger(5),
    "flagger-2": lambda _: Flagger(2),
    "flagger-1": lambda _: Flagger(1),
    "flagger-5, to 100": lambda _: Flagger(5, steps=STEPS),
    "argo-3": lambda _: Argo(3),
    "argo-0": lambda _: Argo(0),
    "kayenta": lambda _: Kayenta(),
    "ours": partial(_ours, gate=False),
    "ours+gate": _ours,
    "ours+ramp+gate+watch": partial(_ours, steps=RAMP, watch_s=900.0),
    "ours, as timed": partial(_ours, timed=True),
    "ours+ramp+gate+watch, as timed": partial(_ours, timed=True, steps=RAMP, watch_s=900.0),
    "ours, as timed, phased": partial(_ours, timed=True, phased=True),
    "at once, as timed, phased": partial(_ours, timed=True, phased=True, rule=54),
    "at once, as timed": partial(_ours, timed=True, rule=54),
    "ours+gate, phased": partial(_ours, phased=True),
    "cold+gate": partial(_ours, rule=40),
    "cold, as timed": partial(_ours, timed=True, rule=40),
    "apart+gate": partial(_ours, apart=True),
    "apart+gate, phased": partial(_ours, apart=True, phased=True),
    "apart+ramp+gate+watch": partial(_ours, apart=True, steps=RAMP, watch_s=900.0),
    "apart, as timed, phased": partial(_ours, timed=True, phased=True, apart=True),
    "unlooked, as timed": partial(_ours, timed=True, rule=50),
    "even, as timed": partial(_ours, timed=True, rule=55),
    "even+ramp+gate+watch": partial(_ours, steps=RAMP, watch_s=900.0, rule=55),
    "patient, as timed": partial(_ours, timed=True, patient=True),
    "one side, as timed, by pods": partial(_ours, timed=True, pods=True, rule=41),
    "ours+gate, by pods": partial(_ours, pods=True),
    "ours, as timed, by pods": partial(_ours, timed=True, pods=True),
    "ours, as timed, to 100": partial(_ours, timed=True, steps=STEPS),
    "ours, as timed, by pods, to 100": partial(_ours, timed=True, pods=True, steps=STEPS),
    "held at 100, as timed": partial(_ours, timed=True, steps=STEPS, rule=47),
    "blind": partial(_ours, gate=False, blind=True),
    "blind+gate": partial(_ours, blind=True),
    "blind+ramp+gate+watch": partial(_ours, steps=RAMP, watch_s=900.0, blind=True),
    "blind, as timed": partial(_ours, timed=True, patient=True, blind=True),
}
"""`as timed` is how the controller asks, `patient` how it did before decision 36; `blind` sees
nothing while a weight is on its way; `to 100` gives the canary all traffic before it is promoted,
where `held` condemns nobody, as before decision 48; `unlooked` rises while the canary is slow in
its warm-up, as before decision 51; `phased` reads pods one after the other, and `at once` believes
what the primary may not have shown yet, as before decision 55; `even` guesses nothing of a good
version, as before decision 56; `by pods` sees what each pod counted itself."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one run ended: when it was rolled back or promoted, and what it cost."""

    back_s: float | None
    done_s: float | None
    blast: float
    retreats: int
    """How often its weight was given back without a verdict."""


def play(make: Make, scenario: Scenario, rps: float, seed: int) -> Result:
    """Play one run; the same seed gives the same result."""
    service = Service(scenario, rps, Random(seed))  # noqa: S311 - a simulation
    player = make(service)
    asked = player.steps[0]
    force, due = asked, [(0.0, asked)]
    back_s = done_s = None
    seen = Counts()
    for now in range(0, HORIZON_S, TICK_S):
        while due and due[0][0] <= now:
            force = due.pop(0)[1]
        if force == BACK:
            back_s = float(now)
            break
        if force == DONE and done_s is None:
            done_s = float(now)
        found = service.tick(min(force, 100.0))
        end = now + TICK_S
        gone = scenario.gap[0] < end <= scenario.gap[1]
        if isinstance(player, Ours):
            wanted = player.tick(now, end, None if gone else found, force)
            takes_s = player.late_s + player.delay_s
        else:
            seen.add(found)
            if end % SCRAPE_S:
                continue
            looked = Seen(float(end), None if gone else seen)
            wanted = DONE if force == DONE else player.look(looked)
            seen, takes_s = Counts(), player.delay_s
        if asked not in (wanted, BACK):
            asked = wanted
            due.append((end + takes_s, wanted))
    retreats = player.retreats if isinstance(player, Ours) else 0
    return Result(back_s, done_s, service.blast, retreats)


@dataclass(frozen=True, slots=True)
class Summary:
    """Many runs: how many were rolled back, median seconds to it and to the promotion, blast."""

    runs: int
    backs: int
    early: int
    """Rolled back before any promotion."""
    back_s: float | None
    done_s: float | None
    blast: float
    """The mean."""
    spread: float
    """Half of its interval of 95 %."""
    given: int = 0
    """How many gave their weight back without a verdict, and were not rolled back later."""

    @property
    def back(self) -> float:
        """The share rolled back."""
        return self.backs / self.runs


def summary(rule: str, scenario: Scenario, rps: float, *, runs: int, seed: int) -> Summary:
    """Play many runs, each with a seed of its own."""
    results = [
        play(RULES[rule], scenario, rps, zlib.crc32(f"{seed}/{scenario.name}/{rps}/{i}".encode()))
        for i in range(runs)
    ]
    backs = [one.back_s for one in results if one.back_s is not None]
    dones = [one.done_s for one in results if one.done_s is not None]
    blasts = [one.blast for one in results]
    return Summary(
        runs=runs,
        backs=len(backs),
        early=sum(one.back_s is not None and one.done_s is None for one in results),
        back_s=statistics.median(backs) if backs else None,
        done_s=statistics.median(dones) if dones else None,
        blast=statistics.fmean(blasts),
        spread=1.96 * statistics.pstdev(blasts) / math.sqrt(runs),
        given=sum(one.retreats > 0 and one.back_s is None for one in results),
    )


def interval(hits: int, runs: int) -> tuple[float, float]:
    """Give Wilson's interval of 95 % for a share.

    >>> [round(100 * end, 2) for end in interval(0, 1000)]
    [0.0, 0.38]
    """
    z, part = 1.96, hits / runs
    middle = (part + z * z / (2 * runs)) / (1 + z * z / runs)
    half = z * math.sqrt(part * (1 - part) / runs + z * z / (4 * runs * runs)) / (1 + z * z / runs)
    return max(middle - half, 0.0), min(middle + half, 1.0)
