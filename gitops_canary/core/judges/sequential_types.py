"""What the sequential judge is told, and what it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_canary.core.judges import eprocess, share, threshold
from gitops_canary.core.judges.eprocess import Mixture
from gitops_canary.core.judges.jumping import Edges
from gitops_canary.core.judges.pod_faults import NONE, Faults, Strand
from gitops_canary.core.judges.pods import Pods
from gitops_canary.core.judges.recovering import Shares
from gitops_canary.model.judging import Counts
from gitops_canary.model.rollout import Outcome

SEEN_MS = 15_000
RULE = 62
"""The newest decision (docs/decisions) that changed how evidence is weighed, or from when."""
APART, TOGETHER, LONE, KEPT, BORN, ROW, WARM, BOTH, SPLIT = 29, 31, 37, 38, 39, 40, 41, 42, 43
HEEDS, SUMS, SOLE, PACED, NEWEST, COLD, ONCE, LOOKS = 46, 47, 48, 49, 50, 51, 52, 53
SHADOWED, EDGES, GUESS, CLEAR, NAMED, BURSTY, ZEROS, MATTERS = 54, 55, 56, 57, 58, 60, 61, 62
"""The decisions since which a pod's own share is expected of it, the ways to condemn add up, a pod
that is broken by itself is left out or waited for, what is promoted unproven kept its limit, a
series that begins within a window counts whole in it, the blocks of all weights are one row, a
share that falls after the warm-up is waited for, no pod of the canary condemns it alone against the
rest of a primary, clumped or retried requests are no other split, the silence of one is not made
up for by what others say, clumps show in the sums of both sides, where nobody is left to compare
with the limit alone condemns, ranks pass once an interval at a weight, nothing passes between a
failed look at a limit and the next one, what breaks a limit during its warm-up holds, what one side
missed is counted once, iterations are intervals, not looks, a shadow says nothing before it has
looked, what both sides meet is believed once both were read, the proof guesses that a version is as
good as the one before it, nothing counts that may be from before a window or a weight, series are
known by the names that today's proxies and scrapes give them, bursts are believed that grow with
the traffic, by ranks a part of the points is worse also than a primary that has nothing but 0, and
what does not matter is no suspicion."""
WHOLE = 100
"""Percent: at this weight nobody is left to compare with, and what was seen before counts."""


Ends = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric judged on counts."""

    name: str
    budget: float
    """Largest share of bad requests that is fine, e.g. 0.01 for 99 %; above 0, below 1."""
    warmup_ms: int = 0
    """How long after the canary's first traffic it is not looked at."""
    eta: float = 1.0
    """1 / overdispersion, at most 1."""
    known: bool = True
    """Whether the overdispersion was measured; if not, no single block condemns."""
    history: float | None = None
    """Share of bad requests before the rollout, where known."""
    what: str = "failed"
    """What bad requests did, for people."""
    limit: str = ""
    """The limit in the user's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is judged, and how sure one has to be. Times in milliseconds."""

    metrics: tuple[Metric, ...]
    values: threshold.Config = field(default_factory=lambda: threshold.Config(limits={}))
    """Checks without counts: judged by their limits."""
    alpha: float = 0.01
    """Chance of condemning a release that is not worse than tolerated."""
    rho: float = 1.5
    """How many times worse than the primary is tolerated."""
    floor: float = 0.25
    """Part of the budget below which a difference does not matter."""
    proven: float = 20.0
    suspicious: float = 3.0
    common: float = 5.0
    """Relative evidence that an absolute failure needs beside it."""
    dwell_ms: int = 60_000
    """Shortest time from one weight to the next, from when a weight was asked for."""
    seen_ms: int = SEEN_MS
    """What of it has to be seen at the least once the weight was live; never less than a block."""
    fast_dwell_ms: int = 30_000
    fast: bool = False
    """Advance after the shorter dwell once proven good."""
    min_soak_ms: int = 300_000
    max_hold_ms: int = 600_000
    min_requests: int = 100
    on_inconclusive: str = "promote"
    """At the last step, unproven after `max_hold_ms`: promote, hold or rollback."""
    mismatch: float | None = 1000.0
    """Evidence for another share of traffic than the weight that holds; None does not look."""
    looks: int = 1
    """Passing looks a weight needs, where iterations are counted: each ends an interval then."""
    interval_ms: int = 60_000
    recent_ms: int = 60_000
    recent_bad: int = 3
    lately_ms: int = 300_000
    """What must have kept its limit, to the newest block, before a promotion without proof."""
    pod_grace_ms: int = 90_000
    """How long a pod that alone condemns the canary may be broken; 0 condemns at once."""
    digits: int = 6
    """Decimals of the logarithms that are told; a record has six, the same on every machine."""
    rule: int = RULE
    """Which decision on the weighing of evidence holds; older ones for old records."""
    alone: bool = False
    """Judge without a primary beside it, after a promotion: by its limit alone."""

    @property
    def limit(self) -> float:
        """How much evidence condemns: the ways per metric share the risk."""
        return (1 if self.alone else 2) * max(len(self.metrics), 1) / self.alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The evidence on one metric."""

    worse: Mixture = eprocess.UNSEEN
    floor: Mixture = eprocess.UNSEEN
    steady: Mixture = eprocess.UNSEEN
    sole: Mixture = eprocess.UNSEEN
    """Of the blocks alone in which nobody was left to compare with; unseen where there was none."""
    spared: tuple[Mixture, ...] = (eprocess.UNSEEN,) * 4
    """The same four with one incident spared: the block that incriminates most counts as one bad
    request. Looked at where the overdispersion is not known."""
    good: eprocess.Logs = (0.0,) * len(eprocess.GOOD)
    proof: float = 0.0
    """The logarithm of the evidence that it keeps its limit."""
    total: Counts = field(default_factory=Counts)
    sole_total: Counts = field(default_factory=Counts)
    """What was counted where nobody was left to compare with."""
    beside: Ends = ()
    """(end, requests, bad) of the primary's newest blocks while it had requests."""
    pods: Pods = field(default_factory=dict)
    """What the canary's pods counted of themselves."""
    faults: Faults = NONE
    """What single pods did, and the evidence without those that were broken."""
    edges: Edges | None = None
    """The evidence without what the primary may not have shown yet; None before the first block."""
    warm: Strand | None = None
    """The evidence since the share of bad requests fell last, where it did after the warm-up."""
    newest: Shares = ()
    """(requests, bad) of the canary's newest blocks, from its first on, while it may be warming."""
    falling: bool = False
    """Whether what would condemn by now is waited for, as the share falls."""
    recent: Ends = ()
    """(end, requests, bad) of the canary's newest blocks."""
    lately: Ends = ()
    """The same of a longer time."""
    cold: Ends = ()
    """The same of blocks in the warm-up, which condemn nobody; gone with the first that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that was seen of one rollout."""

    weighed: Mapping[str, Weighed] = field(default_factory=dict)
    values: threshold.State = field(default_factory=threshold.State)
    value_outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    """Newest outcome at this weight of each check without counts."""
    shares: share.State = field(default_factory=share.State)
    first_ms: int | None = None
    """Start of the first block with traffic on the canary."""
    weight_ms: int | None = None
    """Start of the first block at this weight."""
    weight: str = ""
    passed: int = 0
    """Looks at this weight that passed."""
