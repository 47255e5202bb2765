"""A policy over days that are past: what it would have said of what was running.

The workload that served everyone stands in for a canary, so every look at a quiet day is a look at
a healthy release. Under `threshold` a rollout is begun at every instant: it lasts one interval a
step, and is rolled back once `threshold` looks within it fail. The other judges go through past
rollouts one after the other, as long as the quickest real one; `conditions`, which begins anew at
each weight, through past weights.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from gitops_canary.core import buckets
from gitops_canary.core.judges import WINDOWED, conditions, sequential
from gitops_canary.core.normal_days import LeftOut, left_out, unit_ms
from gitops_canary.core.numbers import number
from gitops_canary.core.questions import longest_window_ms
from gitops_canary.core.text import percent
from gitops_canary.core.warmups import stops
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import CanarySpec, Check, Policy

RUNS_MAX = 500
"""Past rollouts that a judge of counts goes through at the most."""
QUIET = 0.999
"""Part of the looks that a suggested limit lets pass."""
_ROOM = Decimal("0.1")
"""Room that a suggestion leaves, as a part of the distance or of the value."""
_AT_MOST = "<= "


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What came out."""

    begun: int
    """Rollouts begun, one at every instant that leaves room for a whole one."""
    stopped: tuple[int, ...]
    """When those that would have been rolled back began."""
    ranges: tuple[Range, ...]
    silent: int = 0
    """Rollouts in which the judge never heard anything."""
    quiet: tuple[int, int] = (0, 0)
    """Rollouts on days that no check leaves out, and those of them that would have been stopped;
    the silent ones are not among them."""
    warming: int = 0
    """How many of those stopped twice the warm-up would have let through."""


def span_ms(policy: Policy, scrape_ms: int) -> int:
    """Say how long one past rollout is; of `conditions` one weight, which is a run of its own."""
    judge, longest = policy.judge, longest_window_ms(policy)
    if judge.type == conditions.NAME:
        counts = [check.criteria.count or 1 for check in policy.checks if check.criteria]
        return max(longest, policy.interval_ms) + (max([1, *counts]) - 1) * policy.interval_ms
    if judge.type == sequential.NAME:
        return max(len(policy.steps) * judge.dwell_ms, judge.min_soak_ms) + scrape_ms
    return len(policy.steps) * policy.interval_ms + scrape_ms


def starts(from_ms: int, to_ms: int, span: int) -> tuple[int, ...]:
    """Begin one past rollout after the other; of more than `RUNS_MAX` so many, spread evenly.

    >>> starts(0, 100, 30)
    (0, 30, 60)
    """
    every = range(from_ms, to_ms - span + 1, span)
    return tuple(every[i] for i in range(0, len(every), max(math.ceil(len(every) / RUNS_MAX), 1)))


def replayed(
    looked: Backtest,
    runs: Sequence[tuple[int, Sequence[Verdict]]],
    span: int,
    *,
    warming: int = 0,
) -> Backtest:
    """Say what a judge would have done in past rollouts; the ranges of `looked` stay.

    `runs` lists when each began and its verdicts, `span` is how long each lasted. A query's failed
    looks, which count up over a rollout, stop none here: the table tells of them.
    """
    stopped = tuple(at for at, found in runs if stops(found))
    heard = [at for at, found in runs if stops(found) or any(one.heard for one in found)]
    return replace(
        looked,
        begun=len(runs),
        stopped=stopped,
        silent=len(runs) - len(heard),
        quiet=_quiet(looked.ranges, [(at, at + span) for at in heard], stopped),
        warming=warming,
    )


def backtest(policy: Policy, verdicts: Sequence[Verdict]) -> Backtest:
    """Sum verdicts up, oldest first, one an interval."""
    span = len(policy.steps)
    fails = [one.outcome is Outcome.FAIL for one in verdicts]
    deaf = [one.outcome is Outcome.INCONCLUSIVE for one in verdicts]
    begun = max(len(verdicts) - span + 1, 0)
    stopped = tuple(
        verdicts[i].window.end_ms
        for i in range(begun)
        if sum(fails[i : i + span]) >= policy.threshold
    )
    ranges = tuple(
        _range(check, [one.measurements[i] for one in verdicts])
        for i, check in enumerate(policy.checks)
    )
    heard = [i for i in range(begun) if not all(deaf[i : i + span])]
    ends = [one.window.end_ms for one in verdicts]
    spans = [(ends[i], ends[i + span - 1]) for i in heard]
    return Backtest(
        begun=begun,
        stopped=stopped,
        ranges=ranges,
        silent=begun - len(heard),
        quiet=_quiet(ranges, spans, stopped),
    )


def bounded(one: Range, check: Check, spec: CanarySpec, bounds: Sequence[Decimal]) -> Range:
    """Hold a latency limit and what is suggested against the bounds of the buckets there are.

    What counts requests needs a bound; a percentile is never more than the largest.
    """
    found = buckets.misfit(check, spec, bounds, f"that {check.source} has")
    misfit = f"{found.problem} To go on: {found.remedy}." if found else ""
    if not bounds or not (one.suggested or "").startswith(_AT_MOST):
        return replace(one, misfit=misfit)
    limit = Decimal(str(one.suggested).removeprefix(_AT_MOST))
    if spec.policy.judge.type not in WINDOWED:
        limit = next((one for one in bounds if one >= limit), bounds[-1])
        return replace(one, misfit=misfit, suggested=f"{_AT_MOST}{percent(limit)}")
    if limit < bounds[-1]:
        return replace(one, misfit=misfit)
    wider = f"buckets beyond {percent(bounds[-1])}, and then {one.suggested}"
    return replace(one, misfit=misfit, suggested=wider)


def _quiet(
    ranges: Iterable[Range], spans: Iterable[tuple[int, int]], stopped: Sequence[int]
) -> tuple[int, int]:
    """Count the rollouts that meet no day which a check leaves out, and those of them stopped."""
    odd, ended = [day for one in ranges for day in one.left_out], frozenset(stopped)
    begun = [first for first, last in spans if not any(day.has(first, last) for day in odd)]
    return len(begun), sum(at in ended for at in begun)


def suggested(one: Range) -> str:
    """Say what to do about a limit."""
    return one.suggested or ("keep it" if one.values else "nothing was measured")


def tight_words(one: Range) -> str:
    """Say how a limit and what was normal lie to each other."""
    share = percent((Decimal(100 * one.failed) / one.looks).quantize(Decimal("0.01")))
    worst = "-" if one.worst is None else percent(one.worst)
    return (
        f"{one.check} has the limit {one.limit}, but {one.failed} of {one.looks} looks at what "
        f"served everyone ({share} %) were beyond it; one in a hundred was worse than {worst}"
        f"{', ' if one.left_out else ''}{leaving(one)}"
    )


def leaving(one: Range) -> str:
    """Say which days say nothing about what is normal; empty where all do."""
    if not one.left_out:
        return ""
    return f"without {', '.join(day.words for day in one.left_out)}: not normal beside the others"


def _range(check: Check, seen: Sequence[Measurement]) -> Range:
    read = [(one.at_ms, number(one.value)) for one in seen if one.value is not None]
    values = tuple((at, value) for at, value in read if isinstance(value, Decimal))
    low = check.limits.minimum is not None
    odd = left_out(values, check.limits, 1 - QUIET)
    ordered = sorted(v for at, v in values if not any(day.has(at, at) for day in odd))
    return Range(
        check=check.name,
        limit=seen[0].limit if seen else "none",
        looks=len(seen),
        failed=sum(one.outcome is Outcome.FAIL for one in seen),
        silent=sum(one.outcome is Outcome.INCONCLUSIVE for one in seen),
        middle=_at(ordered, 0.5),
        worst=_at(ordered, 0.01 if low else 0.99),
        least=check.limits.minimum,
        most=check.limits.maximum,
        suggested=_suggested(check, ordered, low=low),
        values=values,
        span=(seen[0].at_ms, seen[-1].at_ms) if seen else (0, 0),
        left_out=odd,
        short=bool(values) and not unit_ms(values),
    )


def _at(ordered: Sequence[Decimal], part: float) -> Decimal | None:
    if not ordered:
        return None
    return ordered[math.floor(part * len(ordered))]


def _suggested(check: Check, ordered: Sequence[Decimal], *, low: bool) -> str | None:
    """Suggest a limit with a little room below (or above) what was normal."""
    normal = _at(ordered, 1 - QUIET if low else QUIET)
    if normal is None:
        return None
    if low:
        kept = check.limits.minimum
        if kept is not None and normal >= kept:
            return None
        room = max((100 - normal) * _ROOM, Decimal("0.01")) if normal <= 100 else normal * _ROOM  # noqa: PLR2004 - percent
        return f">= {percent((normal - room).quantize(Decimal('0.01'), ROUND_FLOOR))}"
    most = check.limits.maximum
    if most is None or normal <= most:
        return None
    room = abs(normal) * _ROOM
    return f"{_AT_MOST}{percent((normal + room).quantize(Decimal('0.01'), ROUND_CEILING))}"
