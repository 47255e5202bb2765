"""Which share of the requests the canary gets, proven by counting; pure.

The ratio compares two explanations of the same counts: that the new weight applies since some
instant after the commit, and that the old one still does. Half of the prior belief is on "at once",
the other half is spread over the later samples, 1/(2b(b+1)) on the b-th (the start-time mixture of
sequential tests), so that a slow sync engine does not have to outweigh all the old traffic first.
If the old weight applies, the ratio exceeds 99 in one of a hundred cases at the most, however often
one looks (Ville's inequality).
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate

from gitops_canary.core.numbers import number
from gitops_canary.core.text import percent
from gitops_canary.model.observation import Series

RATIO = 99.0
"""The odds above which a weight counts as live."""
_SHARE_MIN = 0.0005
_EXPONENT_MAX = 700.0
_STALE_SCRAPES = 2
_PLAIN = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)
"""What most samples are: nothing about them is left to ask, and they are read at every look."""
_TARGET = ("job", "instance", "pod", "prometheus", "cluster")
Target = tuple[str, ...]
"""What a series was read from: the values of these labels."""
Side = Sequence[tuple[Series, Target]]
"""The series that one side of the requests counts."""


class Unreadable(Exception):  # noqa: N818 - named for what the sample is
    """A sample that is no number: what it belongs to, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far the counts prove a new weight; `at_ms` is None where they do not."""

    at_ms: int | None
    ratio: float
    canary: float
    primary: float
    side: str

    @property
    def requests(self) -> int:
        """How many requests were counted."""
        return round(self.canary + self.primary)

    def undecided(self, before: Decimal, after: Decimal) -> str:
        """Say which of two weights the counts look like, and how much is missing.

        >>> shift = Shift(at_ms=None, ratio=0.08, canary=7, primary=143, side="")
        >>> shift.undecided(Decimal(5), Decimal(10))
        '150 requests since the commit look like 5 % still: evidence 0.08 of the 99 that prove 10 %'
        """
        if not self.requests:
            return "no request was counted since the commit"
        new, old = f"{percent(after)} %", f"{percent(before)} %"
        looks = f"look like {new}" if self.ratio > 1 else f"look like {old} still"
        evidence = f"evidence {self.ratio:.3g} of the {RATIO:.0f} that prove {new}"
        return f"{self.requests:,} requests since the commit {looks}: {evidence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The two explanations, in percent, and since when either may apply."""

    before: Decimal
    after: Decimal
    since_ms: int
    scrape_ms: int


@dataclass(frozen=True, slots=True)
class Arm:
    """All requests to one workload, as one side counted them since the commit."""

    times: tuple[int, ...]
    totals: tuple[float, ...]
    """Requests up to and including each of `times`; one more, 0, at the front."""
    reads: tuple[tuple[int, ...], ...]
    """When each target was read, also before the commit."""

    def within(self, after_ms: int, until_ms: int) -> float:
        """Count what was added after one instant up to another."""
        low, high = bisect_right(self.times, after_ms), bisect_right(self.times, until_ms)
        return self.totals[high] - self.totals[low]

    def covered(self, at_ms: int, scrape_ms: int, *, needed: bool) -> int:
        """Say up to when all live targets had been read by an instant.

        A target that was not read for two scrapes is gone. Without any live one it is 0 where
        requests are expected here, otherwise there is nothing to wait for.
        """
        newest = [times[n - 1] for times in self.reads if (n := bisect_right(times, at_ms))]
        alive = [t for t in newest if at_ms - t <= _STALE_SCRAPES * scrape_ms]
        if alive:
            return min(alive)
        return 0 if needed else at_ms


def proven(series: Sequence[Series], canary: str, primary: str, weights: Weights) -> Shift:
    """Find the earliest sample at which the new weight is proven on either side of the requests.

    The sides (`reporter`) count the same requests, so they are never added up. Later samples never
    change an instant that was found.

    Raises:
        Unreadable: a sample is no finite number.
    """
    shifts = []
    for side in sorted({s.labels.get("reporter", "") for s in series}):
        own = [(s, _target(s)) for s in series if s.labels.get("reporter", "") == side]
        first = _first_seen(own)
        to_canary = _arm(own, first, canary, weights.since_ms)
        to_primary = _arm(own, first, primary, weights.since_ms)
        shifts.append(_shift(to_canary, to_primary, weights, side))
    empty = Shift(at_ms=None, ratio=1.0, canary=0.0, primary=0.0, side="")
    found = [shift for shift in shifts if shift.at_ms is not None]
    if found:
        return min(found, key=lambda shift: shift.at_ms or 0)
    return max(shifts, key=lambda shift: shift.ratio, default=empty)


def _arm(side: Side, first: Mapping[Target, int], workload: str, since_ms: int) -> Arm:
    """Add up the requests to one workload; `first` tells when each target was read first."""
    gains: list[tuple[int, float]] = []
    reads: dict[Target, set[int]] = {}
    for series, target in side:
        if series.labels.get("destination_workload") != workload:
            continue
        born = bool(series.samples) and first[target] < series.samples[0].at_ms
        gains += (gain for gain in _gains(series, born=born) if gain[0] > since_ms)
        reads.setdefault(target, set()).update(s.at_ms for s in series.samples)
    gains.sort()
    totals = accumulate((gain for _, gain in gains), initial=0.0)
    times = tuple(at_ms for at_ms, _ in gains)
    return Arm(times, tuple(totals), tuple(tuple(sorted(own)) for own in reads.values()))


def _gains(series: Series, *, born: bool) -> Iterator[tuple[int, float]]:
    """Give what each sample of a counter added; a decrease is a reset and counts from 0.

    A series that was born counts from 0: its target was read before without it. Otherwise the first
    sample only becomes the base: the counter, or the target, may be older than what is looked at.
    """
    base: float | None = 0.0 if born else None
    for sample in series.samples:
        value = finite(sample.value)
        if base is None:
            yield sample.at_ms, 0.0
        else:
            yield sample.at_ms, value - base if value >= base else value
        base = value


@lru_cache(8192)
def finite(text: str) -> float:
    """Read a sample.

    Raises:
        Unreadable: it is no finite number.
    """
    if _PLAIN.fullmatch(text):
        return float(text)
    value = number(text)
    if isinstance(value, str) or value < 0:
        raise Unreadable(f"a sample has the value {text[:40]!r}")
    return float(value)


def _target(series: Series) -> Target:
    """Name what a series was read from."""
    return tuple(series.labels.get(name, "") for name in _TARGET)


def _first_seen(side: Side) -> dict[Target, int]:
    found: dict[Target, int] = {}
    for series, target in side:
        if series.samples:
            first = series.samples[0].at_ms
            found[target] = min(found.get(target, first), first)
    return found


def _shift(canary: Arm, primary: Arm, weights: Weights, side: str) -> Shift:
    to_canary = _log_odds(weights.before, weights.after)
    to_primary = _log_odds(100 - weights.before, 100 - weights.after)
    belief, total_canary, total_primary = 0.5, 0.0, 0.0
    ratio, batches = 1.0, 0
    for at_ms, in_canary, in_primary in _batches(canary, primary, weights):
        if in_canary + in_primary == 0:
            continue
        batches += 1
        total_canary += in_canary
        total_primary += in_primary
        evidence = in_canary * to_canary + in_primary * to_primary
        belief += 1 / (2 * batches * (batches + 1))
        belief *= math.exp(min(evidence, _EXPONENT_MAX))
        ratio = belief + 1 / (2 * (batches + 1))
        if ratio > RATIO:
            return Shift(
                at_ms=at_ms, ratio=ratio, canary=total_canary, primary=total_primary, side=side
            )
    return Shift(at_ms=None, ratio=ratio, canary=total_canary, primary=total_primary, side=side)


def _batches(canary: Arm, primary: Arm, weights: Weights) -> Iterator[tuple[int, float, float]]:
    """Give (instant, requests to the canary, requests to the primary), oldest first.

    Pods are read at different times. The arm that speaks for the new weight only counts up to where
    every live target of the other arm has been read as well; otherwise the scrapes' phases alone
    would look like a shift.
    """
    rising = weights.after > weights.before
    eager, other = (canary, primary) if rising else (primary, canary)
    share = 100 - weights.after if rising else weights.after
    until = previous = weights.since_ms
    for at_ms in sorted({*canary.times, *primary.times}):
        covered = max(until, other.covered(at_ms, weights.scrape_ms, needed=share > 0))
        fast = eager.within(until, covered)
        slow = other.within(previous, at_ms)
        until, previous = covered, at_ms
        yield (at_ms, fast, slow) if rising else (at_ms, slow, fast)


def _log_odds(before: Decimal, after: Decimal) -> float:
    shares = [min(max(float(w) / 100, _SHARE_MIN), 1 - _SHARE_MIN) for w in (before, after)]
    return math.log(shares[1] / shares[0])
