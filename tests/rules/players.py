"""The rules that play: each sees what a scrape shows and says what weight comes next.

A player looks once a scrape (15 s). `weight` is what it wants; what it wants is in force after its
actuation delay. -1 means rolled back, 100 promoted.
"""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from gitops_canary.core.judges import eprocess, sequential
from gitops_canary.core.judges.classify import Class, Rule, classify
from gitops_canary.model.judging import Block, Reading, Trouble
from gitops_canary.model.judging import Counts as Counted
from gitops_canary.model.rollout import Outcome
from rules.traffic import Counts

SCRAPE_S = 15
BACK, DONE = -1.0, 100.0
FLAGGER_STEPS = (10.0, 20.0, 30.0, 40.0, 50.0)
RAMP = (1.0, 5.0, 10.0, 25.0, 50.0)
BURSTS_FREE = 6
"""Degrees of freedom from which an estimate of the overdispersion counts."""


@dataclass(slots=True)
class Seen:
    """One scrape: what was counted since the last one; None where the source did not answer."""

    end_s: float
    counts: Counts | None
    weight: float
    """In force during the whole scrape; -1 where it changed."""


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


@dataclass(slots=True)
class Ours:
    """The sequential judge as it is, with the wait for a commit to be in force."""

    history: list[list[tuple[int, int]]]
    steps: tuple[float, ...] = FLAGGER_STEPS
    delay_s: float = 20.0
    gate: bool = True
    watch_s: float = 0.0
    late: int = 0
    """Scrapes by which an answer is late."""
    before: bool = False
    """By the rule before decision 18: a dwell is what was seen, the first scrape at a weight is
    left out where answers are late, and a burst counts whole."""
    asked_s: float = 0.0
    """When the newest weight was asked for, by the end of the scrape that decided it."""
    step: int = 0
    done_s: float | None = None
    _state: sequential.State = field(default_factory=sequential.State)
    _config: sequential.Config = field(init=False)
    _last_weight: float = 0.0
    _verdicts: deque[float] = field(init=False)

    def __post_init__(self) -> None:
        phi, free = eprocess.overdispersion(self.history)
        total = sum(n for block in self.history for n, _ in block)
        bad = sum(k for block in self.history for _, k in block)
        eta = 1 / min(max(phi if free else 1.0, 1.0), 20.0)
        share = bad / total if total else None
        self._config = self._made(eta, share, free)
        self._verdicts = deque([self.steps[0]] * self.late)

    def _made(self, eta: float, share: float | None, free: int) -> sequential.Config:
        known = self.before or free >= BURSTS_FREE
        return sequential.Config(
            metrics=(
                sequential.Metric(name="errors", budget=0.01, eta=eta, known=known, history=share),
                sequential.Metric(
                    name="slow", budget=0.01, eta=eta, known=known, warmup_ms=60_000, history=0.003
                ),
            ),
            max_hold_ms=600_000 if self.gate else 0,
        )

    def look(self, seen: Seen) -> float:
        """Judge one scrape; what is decided is known `late` scrapes later."""
        self._verdicts.append(self._decide(seen))
        return self._verdicts.popleft()

    def _decide(self, seen: Seen) -> float:
        if self.done_s is not None:
            return self._watch(seen)
        if seen.weight != self.steps[self.step]:
            return self.steps[self.step]
        fresh, self._last_weight = seen.weight != self._last_weight, seen.weight
        if fresh and self.before and self.late:
            return self.steps[self.step]
        return self._said(seen, self._judge(seen))

    def _said(self, seen: Seen, verdict: Outcome) -> float:
        if verdict is Outcome.FAIL:
            return BACK
        if verdict is not Outcome.PASS:
            return self.steps[self.step]
        if self.step + 1 == len(self.steps):
            self.done_s = seen.end_s
            alone = sequential.Config(metrics=self._config.metrics, alone=True)
            self._config, self._state = alone, sequential.State()
            return DONE
        self.step += 1
        self.asked_s = seen.end_s
        return self.steps[self.step]

    def _watch(self, seen: Seen) -> float:
        assert self.done_s is not None
        if seen.end_s > self.done_s + self.watch_s or seen.weight != DONE:
            return DONE
        return BACK if self._judge(seen) is Outcome.FAIL else DONE

    def _judge(self, seen: Seen) -> Outcome:
        end_ms = round(seen.end_s * 1000)
        block = Block(
            start_ms=end_ms - SCRAPE_S * 1000,
            end_ms=end_ms,
            weight=Decimal(str(seen.weight)),
            last=self.step + 1 == len(self.steps),
            since_ms=None if self.before else round(self.asked_s * 1000),
            readings=tuple(reading(kind, seen.counts) for kind in ("errors", "slow")),
        )
        self._state, verdict = sequential.step(self._config, self._state, block)
        return verdict.outcome


def reading(kind: str, counts: Counts | None) -> Reading:
    if counts is None:
        return Reading(metric=kind, trouble=Trouble.ERROR, why="no answer")
    return Reading(
        metric=kind,
        counts=Counted(
            canary=counts.canary,
            canary_bad=getattr(counts, f"canary_{kind}"),
            primary=counts.primary,
            primary_bad=getattr(counts, f"primary_{kind}"),
        ),
    )


Player = Flagger | Argo | Kayenta | Ours
