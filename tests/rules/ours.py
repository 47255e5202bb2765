"""The sequential judge as the controller runs it, tick by tick.

Blocks of a scrape begin when a weight is live; what is seen while the next one is on its way may
condemn. As timed, an answer is the lag late, because the samples show that no scrape is under way
any more, and a weight is live when the traffic proves it, as `sync.traffic` counts.
"""

import math
from dataclasses import dataclass, field
from decimal import Decimal

from gitops_canary.core.judges import eprocess, sequential
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.stays import Stay, begun_ms
from gitops_canary.model.judging import Block, Pod, Reading, Trouble
from gitops_canary.model.judging import Counts as Counted
from gitops_canary.model.rollout import Outcome
from gitops_canary.sync.share import RATIO
from rules.players import BACK, DONE, FLAGGER_STEPS, SCRAPE_S
from rules.scraping import Phases
from rules.traffic import Counts

RAMP = (1.0, 5.0, 10.0, 25.0, 50.0)
BURSTS_FREE = 6
"""Degrees of freedom from which an estimate of the overdispersion counts."""
LAG_S = 5
"""The default lag: how long after its end a block is complete where scrapes are seen to be over."""
DELAY_S = 15
"""A scrape's default timeout and the lag: from when on requests may prove a weight, and how long
after its end a block is complete where nothing tells more."""
KINDS = ("errors", "slow")
DWELL_MS, DEADLINE_S, ATTEMPTS = 60_000, 600, 3
"""The controller's defaults: shortest stay, when a silent weight is given back, and how often a
version is tried."""
AGAIN_S = 60
"""From a retreat's decision to the next attempt's first weight: both have to be live."""


@dataclass(slots=True)
class Proof:
    """The odds that a new weight applies, scrape by scrape; see `sync.share`."""

    before: float
    after: float
    since_s: float
    belief: float = 0.5
    batches: int = 0
    seen: Counts = field(default_factory=Counts)
    phase_s: int = 0

    def proven(self, end_s: float, counts: Counts) -> bool:
        """Take one tick in; at the end of a scrape say whether the new weight is proven."""
        if end_s <= self.since_s:
            return False
        self.seen.add(counts)
        if end_s % SCRAPE_S != self.phase_s or not self.seen.canary + self.seen.primary:
            return False
        self.batches += 1
        evidence = self.seen.canary * self._odds(self.before, self.after)
        evidence += self.seen.primary * self._odds(100 - self.before, 100 - self.after)
        self.seen = Counts()
        self.belief += 1 / (2 * self.batches * (self.batches + 1))
        self.belief *= math.exp(min(evidence, 700.0))
        return self.belief + 1 / (2 * (self.batches + 1)) > RATIO

    @staticmethod
    def _odds(before: float, after: float) -> float:
        return math.log(max(after / 100, 0.0005) / max(before / 100, 0.0005))


@dataclass(slots=True)
class Ours:
    """One rollout under the sequential judge."""

    history: list[list[tuple[int, int]]]
    steps: tuple[float, ...] = FLAGGER_STEPS
    delay_s: float = 20.0
    gate: bool = True
    watch_s: float = 0.0
    timed: bool = False
    """Whether answers are late and weights have to be proven live, as in the controller."""
    patient: bool = False
    """The rule before decision 36: every block is waited for as long as a scrape may take."""
    blind: bool = False
    """The rule before decision 23: nothing is judged while a weight is on its way."""
    apart: bool = False
    """The rule before decision 40: the blocks of each weight begin anew once it is live."""
    pods: bool = False
    """Whether the judge sees what each pod counted of itself."""
    phases: Phases | None = None
    """When each pod is scraped; None reads all of them at the end of a block."""
    rule: int = RULE
    retreats: int = 0
    step: int = 0
    done_s: float | None = None
    _asked_s: float = 0.0
    """When the newest weight was asked for."""
    _live: float = 0.0
    """The weight that is live, as far as is known."""
    _proof: Proof | None = None
    _start_s: float = 0.0
    _live_s: float | None = None
    """From which end of a block on the newest weight is judged; None where it is, or not live."""
    _heard_s: float = 0.0
    _again_s: float | None = None
    """When a version that was given back is tried again."""
    _seen: Counts = field(default_factory=Counts)
    _gone: bool = False
    _state: sequential.State = field(default_factory=sequential.State)
    _config: sequential.Config = field(init=False)

    def __post_init__(self) -> None:
        phi, free = eprocess.overdispersion(self.history)
        total = sum(n for block in self.history for n, _ in block)
        bad = sum(k for block in self.history for _, k in block)
        eta = 1 / min(max(phi if free else 1.0, 1.0), 20.0)
        known, share = free >= BURSTS_FREE, bad / total if total else None
        self._config = sequential.Config(
            metrics=(
                sequential.Metric(name="errors", budget=0.01, eta=eta, known=known, history=share),
                sequential.Metric(
                    name="slow", budget=0.01, eta=eta, known=known, warmup_ms=60_000, history=0.003
                ),
            ),
            max_hold_ms=600_000 if self.gate else 0,
            seen_ms=30_000 if self.blind else 15_000,
            rule=self.rule,
        )
        if self.timed:
            self._asked_s = -self.late_s - self.delay_s
            self._proof = self._proving(0.0, self.steps[0])
        else:
            self._live = self.steps[0]

    def _proving(self, before: float, after: float) -> Proof:
        phase_s = self.phases.proof_s if self.phases else 0
        return Proof(before, min(after, 100.0), self._asked_s + DELAY_S, phase_s=phase_s)

    @property
    def late_s(self) -> float:
        """How long after the end of a block its verdict is known."""
        return (DELAY_S if self.patient else LAG_S) if self.timed else 0.0

    @property
    def wanted(self) -> float:
        """The weight asked for."""
        if self._again_s is not None:
            return 0.0
        return DONE if self.done_s is not None else self.steps[self.step]

    def tick(self, begin_s: float, end_s: float, counts: Counts | None, weight: float) -> float:
        """See one tick at the weight in force; give what is asked for now."""
        if self._again_s is not None:
            return self._waiting(end_s)
        if self._coming and not self.timed and weight == self.wanted:
            self._go_live(begin_s)
        self._gone |= counts is None
        if counts and self.phases:
            self._seen.add(self.phases.seen(round(end_s), counts))
        else:
            self._seen.add(counts or Counts())
        full = end_s - self._start_s >= SCRAPE_S
        asked = self._look(end_s) if full else self.wanted
        if self._proof and counts and asked == self.wanted and self._proof.proven(end_s, counts):
            self._go_live(end_s)
        return asked

    @property
    def _coming(self) -> bool:
        """Whether the newest weight is not known to be live."""
        return self._live != self.wanted and self._live_s is None

    def _go_live(self, at_s: float) -> None:
        """Begin the weight's blocks where one ends, or at once; see `stays.begun_ms`."""
        self._proof = None
        begin_s = at_s
        if self._live and not self.apart:
            before = Stay(weight=Decimal(1), start_ms=round(1000 * self._start_s), end_ms=0)
            begin_s = begun_ms(
                [before], round(1000 * at_s), round(1000 * self._asked_s),
                scrape_ms=1000 * SCRAPE_S, dwell_ms=DWELL_MS,
            ) / 1000  # fmt: skip
        if begin_s > at_s:
            self._live_s = begin_s
            return
        self._live, self._start_s = self.wanted, at_s
        self._seen, self._gone = Counts(), False
        self._heard_s = at_s

    def _waiting(self, end_s: float) -> float:
        """Begin anew once the weight is back and the next attempt due."""
        assert self._again_s is not None
        if end_s < self._again_s:
            return 0.0
        self._again_s, self.step, self._state = None, 0, sequential.State()
        self._start_s, self._seen, self._gone = end_s, Counts(), False
        self._live, self._asked_s, self._heard_s = 0.0, end_s, end_s + self.late_s
        if self.timed:
            self._proof = self._proving(0.0, self.steps[0])
        return self.wanted

    def _retreat(self, end_s: float) -> float:
        self.retreats += 1
        self._again_s = end_s + AGAIN_S if self.retreats < ATTEMPTS else math.inf
        self._live, self._live_s, self._proof = 0.0, None, None
        return 0.0

    def _look(self, end_s: float) -> float:
        """Judge one block; what is left of one when a weight goes live belongs to none."""
        start_s, counts = self._start_s, None if self._gone else self._seen
        self._start_s, self._seen, self._gone = end_s, Counts(), False
        underway = self._live != self.wanted
        over = self.done_s is not None and end_s > self.done_s + self.watch_s
        if over or (underway and (self.blind or self.done_s is not None)):
            return self.wanted
        outcome, heard = self._judge(start_s, end_s, counts, underway=underway)
        if outcome is Outcome.FAIL:
            return BACK
        if self._live_s is not None and end_s >= self._live_s:
            self._live, self._live_s, self._heard_s = self.wanted, None, end_s
            return self.wanted
        return self._rise(end_s) if outcome is Outcome.PASS else self._heard(end_s, heard=heard)

    def _heard(self, end_s: float, *, heard: bool) -> float:
        """Give the weight back once nothing conclusive was heard for the whole deadline."""
        if heard:
            self._heard_s = end_s
        elif end_s > self._heard_s + DEADLINE_S and self.done_s is None:
            return self._retreat(end_s)
        return self.wanted

    def _rise(self, end_s: float) -> float:
        if self.done_s is not None:
            return DONE
        before = self.wanted
        if self.step + 1 == len(self.steps):
            self.done_s = end_s
            self._config = sequential.Config(metrics=self._config.metrics, alone=True)
            self._state = sequential.State()
        else:
            self.step += 1
            self._asked_s = end_s
        if self.timed:
            self._proof = self._proving(before, self.wanted)
        return self.wanted

    def _judge(
        self, start_s: float, end_s: float, counts: Counts | None, *, underway: bool
    ) -> tuple[Outcome, bool]:
        block = Block(
            start_ms=round(start_s * 1000),
            end_ms=round(end_s * 1000),
            weight=Decimal(str(min(self._live, 100.0))),
            last=self.step + 1 == len(self.steps),
            underway=underway,
            since_ms=round(self._asked_s * 1000),
            readings=tuple(reading(kind, counts, seen=self.pods) for kind in KINDS),
        )
        self._state, verdict = sequential.step(self._config, self._state, block)
        return verdict.outcome, verdict.heard


def reading(kind: str, counts: Counts | None, *, seen: bool) -> Reading:
    """Give one metric's counts of a block; no answer where the source was away."""
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
        pods=pods(counts, "canary", kind) if seen else (),
        primary_pods=pods(counts, "primary", kind) if seen else (),
    )


def pods(counts: Counts, side: str, kind: str) -> tuple[Pod, ...]:
    """Name the pods of one side that had requests."""
    every = enumerate(counts.pods.get(f"{side}_{kind}", ()))
    return tuple(Pod(name=f"{side}-{i}", requests=n, bad=bad) for i, (n, bad) in every if n)
