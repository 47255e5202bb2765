"""What was asked of the world and what it answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.owned import DocRef
from gitops_canary.model.rollout import Outcome, Window
from gitops_canary.model.spec import CanarySpec

UNSEEN = "Nothing was looked at"
"""How a proof begins that only a delay stands for."""


class Question(NamedTuple):
    """One query with explicit evaluation times, so that anybody can ask it again.

    With `step_ms` 0 it is one instant (`start_ms` == `end_ms`), whose expression may be a range
    selector and then answers raw samples. Otherwise `start_ms`, `start_ms + step_ms`, … `end_ms`.
    """

    source: str
    expression: str
    start_ms: int
    end_ms: int
    step_ms: int = 0
    lookback_ms: int = 0
    """How old a sample may be at an evaluation time; 0 leaves it to the server."""


class Sample(NamedTuple):
    """One number as the string received: never parsed before it is recorded."""

    at_ms: int
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One time series of an answer."""

    labels: Mapping[str, str]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source said. A failed, partial or warned answer has `error` and is never health."""

    series: tuple[Series, ...] = ()
    error: str | None = None
    silent: bool = False
    """Whether the source did not answer at all, or not in time."""
    clock_ms: int | None = field(default=None, compare=False)
    """What the source's own clock said as it answered; None where it did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One check at one evaluation time."""

    check: str
    at_ms: int
    outcome: Outcome
    value: str | None
    """The number compared, as text; None where there is none."""
    limit: str
    """The limits in words, e.g. `>= 99` or `<= 500`."""
    samples: str
    """How much traffic it rests on, e.g. `1840 requests`; `-` where not known."""
    why: str
    baseline: str | None = None
    """The primary's number, for the reader."""
    numbers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the judge computed, by name, as text; counts as whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What all checks say at one evaluation time."""

    outcome: Outcome
    window: Window
    measurements: tuple[Measurement, ...]
    judge: str = "threshold"
    reason: str = ""
    """One or two clauses for a person, where the measurements alone do not tell."""
    final: bool = False
    """Whether this failure condemns by itself, without counting up to a threshold."""
    heard: bool = False
    """Whether there were data although nothing is decided: no silence that a deadline could end."""
    shadows: tuple["Verdict", ...] = ()
    """What judges that do not decide would have said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the world looks like once a move is live.

    Images and replicas are those of the manifest at the move's revision; None where any will do.
    """

    canary: CanaryId
    revision: Revision
    namespace: str
    since_ms: int
    """Nothing from before this instant may count as proof."""
    weight_from: Decimal
    weight_to: Decimal
    canary_workload: str
    primary_workload: str
    workload_kind: str = "Deployment"
    canary_images: Mapping[str, str] | None
    primary_images: Mapping[str, str] | None
    canary_replicas: int | None
    primary_replicas: int | None
    ready_percent: int = 100
    """How much of those replicas has to be available; all of them run the images anyway."""
    lasting: bool = False
    """Whether pods that were ready have to be so still: what comes next sends users to them.

    Not on trial, where failing pods condemn a version instead of keeping it waiting.
    """
    version_unseen: bool
    """True where the change shows in no image, so that only a settle time can stand in."""
    settle_ms: int
    matched: bool = False
    """True where only requests that match move, of which nobody knows how many there are."""
    routes: tuple[DocRef, ...] = ()
    """The routing objects the move sets."""
    provider: str = ""
    """Key of the routing table."""
    apex: str = ""
    """Name of the Service users call."""
    selects: tuple[str, str] | None = None
    """Label and value by which that Service has to select; None where that is not looked at."""
    spec: CanarySpec | None = field(default=None, compare=False)
    """What the routing objects are read by; None where their weights are all there is."""

    def __hash__(self) -> int:
        """Hash what hardly two of them share: each is looked up again and again."""
        return hash((self.canary, self.revision, self.since_ms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a push has just changed, so that a sync engine may be asked to look at it now."""

    canary: CanaryId
    namespace: str
    workloads: tuple[str, ...]
    """Names of the canary's and the primary's workload."""
    kind: str = field(default="Deployment", kw_only=True)
    """What both are."""
    routes: tuple[DocRef, ...]
    urgent: bool
    """Whether traffic has to leave a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Commands for a person's shell that make a sync engine look away, and back again."""

    stop: tuple[str, ...]
    """Empty where it applies nothing by itself."""
    resume: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """Whether a move is live, since when by the source's own clock, and what proves it."""

    live_ms: int | None
    proof: tuple[str, ...]
    """One sentence a fact."""
    waiting: str
    """What is still missing, in words; empty once live."""
    remedy: str = ""
    """What to look at while it is missing; empty where the source has no advice."""
    detail: Mapping[str, str] = field(default_factory=dict)
    """Numbers behind the proof, as text, for the evidence."""
    assumed: bool = False
    """Whether a settle time stands in for something that no source can see."""

    @property
    def unseen(self) -> bool:
        """Whether it is live by the clock alone in some part: no source saw its pods."""
        waited = [one.startswith(UNSEEN) for one in self.proof]
        return self.assumed or (bool(waited) and all(waited))
