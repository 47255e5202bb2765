"""What a backtest finds out: how each check did, and how rollouts would have."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from gitops_canary.core.normal_days import LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """How one check did; values as numbers in the check's own unit."""

    check: str
    limit: str
    looks: int
    failed: int
    silent: int
    middle: Decimal | None
    """Of normal days, as are the two below."""
    worst: Decimal | None
    """The value that only one look in a hundred was worse than."""
    least: Decimal | None
    most: Decimal | None
    """The limits as numbers; None where there is none."""
    suggested: str | None
    """A limit that nearly every look of normal days would have kept; None where it is one."""
    values: tuple[tuple[int, Decimal], ...]
    span: tuple[int, int] = (0, 0)
    """The first and the last look, with a value or without."""
    left_out: tuple[LeftOut, ...] = ()
    """Days (hours, where there are few days) that were not normal, and suggest nothing."""
    misfit: str = ""
    """Why its limit can never fail, or never be counted, by the buckets there are."""
    short: bool = False
    """Whether there are too few hours to tell an incident from a normal one."""
    unit: str = ""
    """What its values are in, for a builtin one."""
    requests: int = 0
    """That the middle look rests on; 0 where nobody knows."""
    thin: bool = False
    """Whether one bad request among those breaks the limit."""
    why: str = ""
    """Why nothing was measured, where it never was."""
    stops: int = 0
    """Rollouts on normal days that it would have stopped, alone or with others."""
    holds: int = 0
    """Rollouts (or spans) on normal days that it would have held without condemning them."""
    served: int = 0
    """The spans on normal days that had requests, where they were counted."""


class Quiet(NamedTuple):
    """Rollouts on days that no check leaves out; those that heard nothing are not among them."""

    begun: int = 0
    stopped: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What came out."""

    begun: int
    """Rollouts begun, as many as follow each other; under `threshold` one at every instant."""
    stopped: tuple[int, ...]
    """When those that would have been rolled back began."""
    ranges: tuple[Range, ...]
    silent: int = 0
    """Rollouts in which the judge never heard anything."""
    judged: int = 0
    """Those of the others that were gone through: all, or so many of them, spread evenly."""
    held: int = 0
    """Those that were not condemned, but broke a limit as a whole: no canary is promoted so."""
    every_ms: int = 0
    """How far apart they begin; 0 where that is not known."""
    apart_ms: int = 0
    """How far apart those that were gone through begin."""
    quiet: Quiet = field(default_factory=Quiet)
    warming: int = 0
    """How many of those stopped twice the warm-up would have let through."""
