"""What a judge is given and what it gives back; plain values without clock, I/O or chance."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Trouble(Enum):
    """Why a reading has no number. None of these is health, and none condemns a version."""

    NO_DATA = "no data"
    UNDEFINED = "not a number"
    INVALID = "no finite number"
    STALE = "stale"
    SEVERAL = "several series"
    PARTIAL = "partial or warned answer"
    ERROR = "error of the source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Requests of one block on both sides; bad ones are part of the total. Whole numbers >= 0."""

    canary: int = 0
    canary_bad: int = 0
    primary: int = 0
    primary_bad: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add the counts of another block."""
        return Counts(
            canary=self.canary + other.canary,
            canary_bad=self.canary_bad + other.canary_bad,
            primary=self.primary + other.primary,
            primary_bad=self.primary_bad + other.primary_bad,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """What one pod counted of itself in one block."""

    name: str
    requests: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One metric in one block: counts, or one value, or points of both sides, or trouble.

    Numbers are texts as received; `counts` alone are parsed, because they are whole.
    """

    metric: str
    counts: Counts | None = None
    pods: tuple[Pod, ...] = ()
    """The canary's pods, where they count for themselves."""
    primary_pods: tuple[Pod, ...] = ()
    """The primary's."""
    split: Counts | None = None
    """The same requests as their callers count them, who count one that was retried once; None
    where the counts are theirs, or where they tell of a part of the requests only."""
    value: str | None = None
    results: tuple[str, ...] = ()
    """All numbers of the answer, for conditions on `result`."""
    canary: tuple[str, ...] = ()
    primary: tuple[str, ...] = ()
    """Points of both sides, oldest first, for a comparison by ranks."""
    baseline: str | None = None
    samples: str = "-"
    trouble: Trouble | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What was measured between two instants at one live weight; the start is excluded."""

    start_ms: int
    end_ms: int
    weight: Decimal
    """Percent of traffic that was live on the canary during the whole block."""
    last: bool = False
    """Whether this is the last step, so that a pass promotes."""
    readings: tuple[Reading, ...] = ()
    since_ms: int | None = None
    """When this weight was asked for, which the pace counts from; None: its first block's start."""
    underway: bool = False
    """Whether another weight was on its way: such a block may condemn, and passes nothing."""
    doubt: str = ""
    """Why the block as a whole may not decide (source down, partial answer); empty where it may."""

    def reading(self, metric: str) -> Reading:
        """Find a metric's reading; one that nobody took has no data."""
        for one in self.readings:
            if one.metric == metric:
                return one
        return Reading(metric=metric, trouble=Trouble.NO_DATA, why="nothing was measured")
