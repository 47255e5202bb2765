"""A policy over days that are past: what it would have said of what was running.

The workload that served everyone stands in for a canary, so every look at a quiet day is a look at
a healthy release. Under `threshold` a rollout is begun at every instant, see `past_looks`. The
other judges go through past rollouts one after the other, as long as the quickest real one;
`conditions`, which begins anew at each weight, through past weights.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from statistics import median

from gitops_canary.core import configs
from gitops_canary.core.judges import conditions, sequential
from gitops_canary.core.normal_days import left_out, unit_ms
from gitops_canary.core.numbers import number
from gitops_canary.core.past import Backtest, Quiet, Range
from gitops_canary.core.past_looks import looks, walked
from gitops_canary.core.questions import longest_window_ms
from gitops_canary.core.suggesting import QUIET, breaks, by_looks, by_sums, part
from gitops_canary.core.units import unit
from gitops_canary.core.warmups import stops
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Check, Policy

RUNS_MAX = 2_000
"""Past rollouts that a judge goes through at the most: a week of five minutes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One past rollout, and what became of it."""

    at_ms: int
    stopped: bool
    heard: bool
    """Whether anything was measured at all, whatever came of it."""
    failing: frozenset[str] = frozenset()
    """The checks that condemned it."""
    sums: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """All requests and bad ones by check, where a judge counts them."""


def run_of(at_ms: int, verdicts: Sequence[Verdict]) -> Run:
    """Keep of a rollout's verdicts what is told of it."""
    every = [one for verdict in verdicts for one in verdict.measurements]
    final = next((one.measurements for one in verdicts if one.final), ())
    last = verdicts[-1].measurements if verdicts else ()
    stopped = stops(verdicts)
    return Run(
        at_ms=at_ms,
        stopped=stopped,
        heard=stopped or any(one.value is not None for one in every),
        failing=frozenset(one.check for one in final if one.outcome is Outcome.FAIL),
        sums={
            one.check: (int(one.numbers["canary"]), int(one.numbers["canaryBad"]))
            for one in last
            if "canaryBad" in one.numbers
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Which past rollouts there are, and which of them are gone through."""

    every: int
    chosen: tuple[int, ...]
    silent: int
    """Those in which no look heard anything, so that nobody asks again."""
    every_ms: int
    apart_ms: int


def span_ms(policy: Policy, scrape_ms: int) -> int:
    """Say how long one past rollout is; of `conditions` one weight, which is a run of its own."""
    judge, longest = policy.judge, longest_window_ms(policy)
    if judge.type == conditions.NAME:
        counts = [check.criteria.count or 1 for check in policy.checks if check.criteria]
        return max(longest, policy.interval_ms) + (max([1, *counts]) - 1) * policy.interval_ms
    if judge.type == sequential.NAME:
        counted = policy.needed(1) * policy.interval_ms if policy.needed(1) > 1 else 0
        return max(len(policy.steps) * judge.dwell_ms, judge.min_soak_ms, counted) + scrape_ms
    return looks(policy) * policy.interval_ms + scrape_ms


def starts(from_ms: int, to_ms: int, span: int, looked: Sequence[tuple[int, int]]) -> Begun:
    """Begin one past rollout after the other; of more than `RUNS_MAX` so many, spread evenly.

    `looked` are the windows of looks that heard something, oldest first: rollouts that meet none of
    them say nothing.

    >>> found = starts(0, 100, 30, [(10, 20), (55, 65)])
    >>> found.every, found.chosen, found.silent
    (3, (0, 30, 60), 0)
    >>> starts(0, 100, 30, [(10, 20)]).chosen
    (0,)
    """
    every = range(from_ms, to_ms - span + 1, span)
    ends = [end for _, end in looked]

    def heard(at_ms: int) -> bool:
        index = bisect_right(ends, at_ms)
        return index < len(looked) and looked[index][0] < at_ms + span

    told = [at_ms for at_ms in every if heard(at_ms)]
    stride = max(math.ceil(len(told) / RUNS_MAX), 1)
    return Begun(
        every=len(every),
        chosen=tuple(told[::stride]),
        silent=len(every) - len(told),
        every_ms=span,
        apart_ms=stride * span,
    )


def replayed(
    looked: Backtest, policy: Policy, begun: Begun, runs: Sequence[Run], *, warming: int = 0
) -> Backtest:
    """Say what a judge would have done in past rollouts; the looks in `looked` stay.

    A query's failed looks, which count up over a rollout, stop none here: the table tells of them.
    """
    heard = [run for run in runs if run.heard]
    held = {run.at_ms: _held(policy, run) for run in heard if not run.stopped}
    normal = [
        run for run in heard if not _odd(looked.ranges, run.at_ms, run.at_ms + begun.every_ms)
    ]
    return replace(
        looked,
        begun=begun.every,
        stopped=tuple(run.at_ms for run in heard if run.stopped),
        silent=begun.silent + len(runs) - len(heard),
        judged=len(heard),
        held=sum(map(bool, held.values())),
        every_ms=begun.every_ms,
        apart_ms=begun.apart_ms,
        quiet=Quiet(
            len(normal),
            sum(run.stopped for run in normal),
            sum(bool(held.get(run.at_ms)) for run in normal),
        ),
        ranges=tuple(
            _after(policy, check, one, normal, held)
            for check, one in zip(policy.checks, looked.ranges, strict=True)
        ),
        warming=warming,
    )


def _held(policy: Policy, run: Run) -> frozenset[str]:
    """Name the checks whose limit a rollout broke as a whole, by counts.

    `sequential` promotes nothing like that, see decision 38.
    """
    if policy.judge.type != sequential.NAME:
        return frozenset()
    return frozenset(
        check.name
        for check in policy.checks
        if (sums := run.sums.get(check.name)) and breaks(check, *sums)
    )


def _after(
    policy: Policy,
    check: Check,
    one: Range,
    normal: Sequence[Run],
    held: Mapping[int, frozenset[str]],
) -> Range:
    """Add what rollouts on normal days made of one check."""
    suggested = one.suggested
    if policy.judge.type == sequential.NAME and check.builtin == "request-success-rate":
        sums = [found for run in normal if (found := run.sums.get(check.name)) and found[0]]
        if any(bad > configs.budget(check) * n for n, bad in sums):
            suggested = by_sums([Decimal(bad) / n for n, bad in sums])
    return replace(
        one,
        suggested=suggested,
        stops=sum(check.name in run.failing for run in normal if run.stopped),
        holds=sum(check.name in held.get(run.at_ms, ()) for run in normal),
    )


def backtest(policy: Policy, verdicts: Sequence[Verdict]) -> Backtest:
    """Sum verdicts up, oldest first, one an interval."""
    outcomes = [one.outcome for one in verdicts]
    walks = tuple(walked(policy, outcomes))
    ends = [one.window.end_ms for one in verdicts]
    ranges = tuple(
        _range(check, [one.measurements[i] for one in verdicts])
        for i, check in enumerate(policy.checks)
    )
    heard = [one for one in walks if one.heard]
    normal = [one for one in heard if not _odd(ranges, ends[one.first], ends[one.last])]
    ended = [verdicts[one.first : one.last + 1] for one in normal if one.stopped]
    return Backtest(
        begun=len(walks),
        stopped=tuple(ends[one.first] for one in walks if one.stopped),
        ranges=tuple(
            replace(one, stops=sum(_fails(run, i) for run in ended)) for i, one in enumerate(ranges)
        ),
        silent=len(walks) - len(heard),
        judged=len(heard),
        every_ms=policy.interval_ms,
        apart_ms=policy.interval_ms,
        quiet=Quiet(len(normal), len(ended)),
    )


def _fails(run: Sequence[Verdict], index: int) -> bool:
    return any(one.measurements[index].outcome is Outcome.FAIL for one in run)


def _odd(ranges: Sequence[Range], from_ms: int, to_ms: int) -> bool:
    """Whether a rollout meets a day which a check leaves out."""
    return any(day.has(from_ms, to_ms) for one in ranges for day in one.left_out)


def periods(stopped: Sequence[int], apart_ms: int) -> Iterator[tuple[int, int, int]]:
    """Join instants that follow each other: the first, the last and how many.

    >>> list(periods([0, 60, 120, 400], 60))
    [(0, 120, 3), (400, 400, 1)]
    """
    cuts = [i for i, (a, b) in enumerate(pairwise(stopped), 1) if b - a > apart_ms]
    for start, end in zip((0, *cuts), (*cuts, len(stopped)), strict=True):
        if start < end:
            yield stopped[start], stopped[end - 1], end - start


def _range(check: Check, seen: Sequence[Measurement]) -> Range:
    read = [(one.at_ms, number(one.value)) for one in seen if one.value is not None]
    values = tuple((at, value) for at, value in read if isinstance(value, Decimal))
    low = check.limits.minimum is not None
    odd = left_out(values, check.limits, 1 - QUIET)
    ordered = sorted(v for at, v in values if not any(day.has(at, at) for day in odd))
    requests = _requests(seen)
    return Range(
        check=check.name,
        limit=seen[0].limit if seen else "none",
        looks=len(seen),
        failed=sum(one.outcome is Outcome.FAIL for one in seen),
        silent=sum(one.outcome is Outcome.INCONCLUSIVE for one in seen),
        middle=part(ordered, 0.5),
        worst=part(ordered, 0.01 if low else 0.99),
        least=check.limits.minimum,
        most=check.limits.maximum,
        suggested=by_looks(check, ordered, low=low),
        values=values,
        span=(seen[0].at_ms, seen[-1].at_ms) if seen else (0, 0),
        left_out=odd,
        short=bool(values) and not unit_ms(values),
        unit=unit(check.builtin, "threshold"),
        requests=requests,
        thin=bool(requests) and requests * configs.budget(check) < 1,
        why=seen[-1].why if seen and not values else "",
    )


def _requests(seen: Sequence[Measurement]) -> int:
    """Give the requests of the middle look; 0 where looks do not count them."""
    told = [one.samples.partition(" ") for one in seen if one.value is not None]
    counts = [int(n) for n, _, what in told if what == "requests" and n.isdecimal()]
    return round(median(counts)) if counts else 0
