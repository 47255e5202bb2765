"""Which limit fits what was normal, and whether its policy minds the one there is.

A look that fails by itself stops nothing. So a limit is wider than it was only where it would have
stopped rollouts on normal days, or held them, more often than is fine.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from gitops_canary.core import buckets, configs
from gitops_canary.core.judges import WINDOWED, mannwhitney
from gitops_canary.core.past import Backtest, Range
from gitops_canary.core.text import percent
from gitops_canary.model.spec import CanarySpec, Check, Policy

QUIET = 0.999
"""Part of the looks that a suggested limit lets pass, and of the rollouts that may be let pass."""
HELD = 0.01
"""Part of the rollouts on normal days that may be held."""
PROVEN = Decimal("0.6")
"""Part of a budget up to which a version can be proven to keep it (`eprocess.GOOD`)."""
BAD_LEAST = 3
"""Bad requests below which nothing is held, as by `sequential`."""
_ROOM = Decimal("0.1")
"""Room that a suggestion leaves, as a part of the distance or of the value."""
_AT_MOST = "<= "

Span = tuple[int, int, int, int]
"""When it begins and ends, its requests, and bad ones among them."""


def part(ordered: Sequence[Decimal], share: float) -> Decimal | None:
    """Give the value below which a share of all lies; None where there are none."""
    return ordered[math.floor(share * len(ordered))] if ordered else None


def by_looks(check: Check, ordered: Sequence[Decimal], *, low: bool) -> str | None:
    """Suggest a limit with a little room below (or above) what was normal."""
    normal = part(ordered, 1 - QUIET if low else QUIET)
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


def by_sums(shares: Sequence[Decimal]) -> str | None:
    """Suggest a share of good requests that whole rollouts keep, and that can be proven.

    >>> by_sums([Decimal("0.01")] * 98 + [Decimal("0.03")] * 2), by_sums([Decimal("0.015")] * 9)
    ('>= 96.7', '>= 97.5')

    Args:
        shares: of bad requests on normal days, a rollout each, 0 to 1.
    """
    ordered = sorted(shares)
    worst, middle = part(ordered, 1 - HELD), part(ordered, 0.5)
    if worst is None or middle is None:
        return None
    bad = 100 * max(worst * (1 + _ROOM), middle / PROVEN)
    return f">= {percent((100 - bad).quantize(Decimal('0.01'), ROUND_FLOOR))}"


def breaks(check: Check, requests: int, bad: int) -> bool:
    """Whether more are bad than a limit allows, and more than by chance alone."""
    return bad >= BAD_LEAST and bad > configs.budget(check) * requests


def counted(one: Range, check: Check, spans: Sequence[Span]) -> Range:
    """Say in how many of the spans of normal days a builtin check broke its limit as a whole.

    Nothing is suggested where those are few: `sequential` adds requests up, and a look that fails
    by itself stops nothing.
    """
    normal = [
        (n, bad)
        for start, end, n, bad in spans
        if n and not any(day.has(start, end) for day in one.left_out)
    ]
    holds = sum(breaks(check, n, bad) for n, bad in normal)
    suggested = one.suggested if holds > HELD * len(normal) else None
    if suggested and check.builtin == "request-success-rate":
        suggested = by_sums([Decimal(bad) / n for n, bad in normal])
    return replace(one, suggested=suggested, holds=holds, served=len(normal))


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


def minded(found: Backtest, policy: Policy) -> Backtest:
    """Leave only the suggestions that rollouts on normal days ask for.

    Where no whole rollout fits into them nobody knows, and every suggestion stays, as does that of
    a query under a judge of counts, which stops no past rollout. `mannwhitney` asks no limit, and
    so no other one.
    """
    begun, judge = found.quiet.begun, policy.judge.type
    if judge == mannwhitney.NAME:
        return replace(found, ranges=tuple(replace(one, suggested=None) for one in found.ranges))

    def keeps(one: Range, check: Check) -> bool:
        if not begun or (judge not in WINDOWED and not check.builtin):
            return True
        return one.stops > (1 - QUIET) * begun or one.holds > HELD * begun

    pairs = zip(found.ranges, policy.checks, strict=True)
    return replace(
        found,
        ranges=tuple(
            one if keeps(one, check) else replace(one, suggested=None) for one, check in pairs
        ),
    )


def thin(one: Range, judge: str) -> str:
    """Say that looks rest on too few requests for their limit; empty where they do not."""
    if not (one.suggested and one.thin) or judge not in WINDOWED:
        return ""
    return (
        f"{one.check}: a look rests on about {one.requests} requests, of which a single bad one "
        "breaks the limit. Give the check a longer interval, or let `judge: {type: sequential}` "
        "add looks up, before you loosen it."
    )


def suggested(one: Range) -> str:
    """Say what to do about a limit."""
    return one.suggested or ("keep it" if one.values else "nothing was measured")


def tight_words(one: Range) -> str:
    """Say how a limit and what was normal lie to each other."""
    without = f"{', ' if one.left_out else ''}{leaving(one)}"
    if one.served:
        return (
            f"{one.check} has the limit {one.limit}, but in {one.holds} of {one.served} spans of "
            f"five minutes more of the primary's requests were bad than that allows{without}; a "
            "canary that does as well is held, and gives its weight back"
        )
    share = percent((Decimal(100 * one.failed) / one.looks).quantize(Decimal("0.01")))
    worst = "-" if one.worst is None else percent(one.worst)
    return (
        f"{one.check} has the limit {one.limit}, but {one.failed} of {one.looks} looks at what "
        f"served everyone ({share} %) were beyond it; one in a hundred was worse than {worst}"
        f"{without}"
    )


def leaving(one: Range) -> str:
    """Say which days say nothing about what is normal; empty where all do."""
    if not one.left_out:
        return ""
    return f"without {', '.join(day.words for day in one.left_out)}: not normal beside the others"
