"""The rules of others: each sees what a scrape shows and says what weight comes next.

A player looks once a scrape (15 s). `weight` is what it wants; what it wants is in force after its
actuation delay. -1 means rolled back, 101 promoted: everybody has the version then.
"""

from collections import deque
from dataclasses import dataclass, field

from gitops_canary.core.judges.classify import Class, Rule, classify
from rules.traffic import Counts

SCRAPE_S = 15
BACK, DONE = -1.0, 101.0
FLAGGER_STEPS = (10.0, 20.0, 30.0, 40.0, 50.0)


@dataclass(slots=True)
class Seen:
    """One scrape: what was counted since the last one; None where the source did not answer."""

    end_s: float
    counts: Counts | None


@dataclass(slots=True)
class Flagger:
    """A number of failed checks, over windows of a minute; one interval later it rolls back."""

    threshold: int
    steps: tuple[float, ...] = FLAGGER_STEPS
    delay_s: float = 0.0
    failed: int = 0
    step: int = 0
    _window: deque[Counts | None] = field(default_factory=lambda: deque(maxlen=3))

    @property
    def weight(self) -> float:
        return self.steps[self.step]

    def look(self, seen: Seen) -> float:
        self._window.append(seen.counts)
        if seen.end_s % 60:
            return self.weight
        if self.failed >= self.threshold:
            return BACK
        if not well(self._window):
            self.failed += 1
            return self.weight
        if self.step + 1 == len(self.steps):
            return DONE
        self.step += 1
        return self.weight


def well(window: deque[Counts | None]) -> bool:
    """Whether both limits hold: 99 % without error, 99 % within 500 ms; no data is a failure."""
    known = [one for one in window if one is not None]
    requests = sum(one.canary for one in known)
    if len(known) < len(window) or not requests:
        return False
    errors, slow = (
        sum(getattr(one, f"canary_{kind}") for one in known) for kind in ("errors", "slow")
    )
    return bool(errors <= 0.01 * requests and slow <= 0.01 * requests)


@dataclass(slots=True)
class Argo:
    """Background analysis: the weight rises by itself, failures over the limit abort."""

    limit: int
    steps: tuple[float, ...] = FLAGGER_STEPS
    delay_s: float = 0.0
    failed: int = 0
    errors: int = 0
    _window: deque[Counts | None] = field(default_factory=lambda: deque(maxlen=3))
    _again_s: float = 0.0

    def look(self, seen: Seen) -> float:
        self._window.append(seen.counts)
        if seen.counts is None:
            # After an error it asks every ten seconds; the fifth in a row aborts.
            self.errors += 1 if seen.end_s % 30 else 2
        elif seen.end_s % 60 == 0:
            empty = not sum(one.canary for one in self._window if one)
            self.errors = self.errors + 5 if empty else 0
            self.failed += not empty and not well(self._window)
        if self.errors > 4 or self.failed > self.limit:
            return BACK
        step = int(seen.end_s // 60)
        return self.steps[step] if step < len(self.steps) else DONE


@dataclass(slots=True)
class Kayenta:
    """Points of both sides by ranks since the start, judged every minute."""

    steps: tuple[float, ...] = FLAGGER_STEPS
    delay_s: float = 0.0
    step: int = 0
    points: dict[str, tuple[list[float], list[float]]] = field(
        default_factory=lambda: {"errors": ([], []), "slow": ([], [])}
    )

    def look(self, seen: Seen) -> float:
        counts = seen.counts
        for kind, (primary, canary) in self.points.items():
            if counts and counts.canary:
                canary.append(100 * getattr(counts, f"canary_{kind}") / counts.canary)
            if counts and counts.primary:
                primary.append(100 * getattr(counts, f"primary_{kind}") / counts.primary)
        if seen.end_s % 60:
            return self.steps[self.step]
        rule = Rule(direction="increase", critical=True, partial=0.0, least_points=2)
        kinds = {classify(rule, *both).kind for both in self.points.values()}
        if kinds & {Class.HIGH, Class.LOW, Class.NO_DATA}:
            return BACK
        if self.step + 1 == len(self.steps):
            return DONE
        self.step += 1
        return self.steps[self.step]
