"""What `doctor` asks of measurements: is there data, and do limits fit what is normal?"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from gitops_canary.app.backtesting import week
from gitops_canary.app.doctor import Finding, fine, hint, wrong
from gitops_canary.app.doctor_subject import Subject
from gitops_canary.app.doctor_warmups import warmups
from gitops_canary.app.measuring import Measuring
from gitops_canary.app.week_counts import counted as counts
from gitops_canary.app.week_counts import week_times
from gitops_canary.core import buckets, counting
from gitops_canary.core.backtest import backtest
from gitops_canary.core.judge import judge
from gitops_canary.core.judges import WINDOWED, conditions, sequential
from gitops_canary.core.past import Backtest, Range
from gitops_canary.core.questions import questions
from gitops_canary.core.suggesting import Span, bounded, counted, leaving, minded, tight_words
from gitops_canary.core.text import percent
from gitops_canary.errors import SpecError, Unavailable
from gitops_canary.model.spec import CanarySpec, Check

LOOKS = 30
"""Looks at the primary's last traffic, an interval apart."""
RECENT = 6
"""Spans of five minutes that are as it is now."""
CANARIES_MAX = 20
"""Canaries whose measurements are asked for; `backtest` asks for any."""


async def limits(seen: Subject, measuring: Measuring, now_ms: int) -> AsyncIterator[Finding]:
    """Judge the primary's last looks and its last week by each canary's checks.

    The primary serves everyone, so it is what healthy looks like.
    """
    known = [seen.canaries[canary] for canary in seen.grounds]
    for spec in known[:CANARIES_MAX]:
        for finding in await of(spec, measuring, now_ms):
            yield finding
    if len(known) > CANARIES_MAX:
        yield hint(
            "limits", f"{len(known) - CANARIES_MAX} more Canaries", "are not asked for",
            "`gitops-canary backtest` asks for any of them, over any days",
        )  # fmt: skip


async def of(spec: CanarySpec, measuring: Measuring, now_ms: int) -> list[Finding]:
    """Say of one canary's checks whether there is data, and whether its limits are normal."""
    timing, primary = measuring.timing, f"{spec.target.name}-primary"
    end = now_ms - timing.delay_ms
    instants = [end - n * spec.policy.interval_ms for n in reversed(range(LOOKS))]
    latencies = list(counting.latencies(spec, end))
    scrape_ms = timing.scrape_ms
    asked = questions(spec.policy, spec, instants, scrape_ms=scrape_ms, workload=primary)
    if not asked:
        return [hint("limits", spec.id, "no check asks for measurements")]
    answers = await measuring.metrics.ask([*asked, *(question for _, question in latencies)])
    errors = list(dict.fromkeys(one.error for one in answers.values() if one.error))
    if errors:
        remedy = "correct the source in controller.yaml, or the query of the check"
        return [wrong("limits", spec.id, Unavailable(f"{errors[0]}.", remedy=remedy))]
    verdicts = [
        judge(spec.policy, spec, answers, instants, at, scrape_ms=scrape_ms, workload=primary)
        for at in instants
    ]
    now = backtest(spec.policy, verdicts)
    bounds = {
        check.name: buckets.read_ms(answers[question], counting.unit_ms(spec))
        for check, question in latencies
    }
    found = [
        _bucketed(spec, check, misfit)
        for check, _ in latencies
        if (misfit := _misfit(spec, check, bounds[check.name]))
    ]
    limited = await beside_last_week(spec, measuring, now_ms, now, bounds)
    return [*found, *limited, *await warmups(spec, measuring, now_ms)]


def _misfit(spec: CanarySpec, check: Check, bounds: Sequence[Decimal]) -> SpecError | None:
    return buckets.misfit(check, spec, bounds, f"that {check.source} has")


def _bucketed(spec: CanarySpec, check: Check, misfit: SpecError) -> Finding:
    """Tell of a limit that the buckets there are do not fit."""
    subject = f"{spec.id} {check.name}, buckets"
    if spec.policy.judge.type in WINDOWED:
        return hint("limits", subject, misfit.problem, misfit.remedy)
    return wrong("limits", subject, misfit)


async def beside_last_week(
    spec: CanarySpec,
    measuring: Measuring,
    now_ms: int,
    now: Backtest,
    bounds: Mapping[str, Sequence[Decimal]],
) -> list[Finding]:
    """Hold each limit against the last looks, `now`, and against the last week's normal days.

    `bounds` are those of the buckets there are, by check, in milliseconds.
    """
    if not any(one.values for one in now.ranges):
        return [_silent(spec, one) for one in now.ranges]
    scrape_ms = measuring.timing.scrape_ms
    try:
        then = await week(spec, measuring.metrics, scrape_ms, now_ms)
        spans = await _spans(spec, measuring, now_ms)
    except Unavailable as error:
        lost = wrong("limits", f"{spec.id}, last week", error)
        return [*(next(_limit(spec, one, one)) for one in now.ranges), lost]
    pairs = zip(
        _told(spec, now, {name: own[-RECENT:] for name, own in spans.items()}, bounds),
        _told(spec, then, spans, bounds),
        strict=True,
    )
    return [found for one, before in pairs for found in _limit(spec, one, before)]


async def _spans(spec: CanarySpec, measuring: Measuring, now_ms: int) -> dict[str, list[Span]]:
    """Count the primary's requests of last week, where the judge does."""
    if spec.policy.judge.type != sequential.NAME:
        return {}
    times, found = week_times(now_ms), {}
    for check in spec.policy.checks:
        if not check.builtin:
            continue
        try:
            read = await counts(spec, check, measuring.metrics, times, measuring.timing.scrape_ms)
        except SpecError:
            # Not swallowed: `lint`, and every verdict, tell that this check cannot be asked.
            continue
        found[check.name] = [
            (start, end, one.counts.primary, one.counts.primary_bad)
            for (start, end), one in zip(pairwise(times), read, strict=True)
            if one.counts
        ]
    return found


def _told(
    spec: CanarySpec,
    seen: Backtest,
    spans: Mapping[str, Sequence[Span]],
    bounds: Mapping[str, Sequence[Decimal]],
) -> Sequence[Range]:
    """Leave the suggestions that the policy minds, as far as the buckets there are can tell."""
    judge, ranges = spec.policy.judge.type, seen.ranges
    if judge == sequential.NAME:
        ranges = tuple(
            counted(one, check, spans.get(check.name, ())) if check.builtin else one
            for check, one in zip(spec.policy.checks, ranges, strict=True)
        )
    elif judge != conditions.NAME:  # which has limits of its own on how many looks may fail
        ranges = minded(seen, spec.policy).ranges
    return [
        bounded(one, check, spec, bounds.get(check.name, ()))
        for check, one in zip(spec.policy.checks, ranges, strict=True)
    ]


def _limit(spec: CanarySpec, now: Range, before: Range) -> Iterator[Finding]:
    subject = f"{spec.id} {now.check}"
    if not now.values:
        yield _silent(spec, now)
        return
    middle = "-" if now.middle is None else percent(now.middle)
    what = f"the primary is at {middle}, the limit is {now.limit}"
    if now.suggested:
        failed = f"{what}: {now.failed} of its last {now.looks} looks would have failed"
        yield hint("limits", subject, failed, _remedy(now, before))
        return
    yield fine("limits", subject, what)
    if before.suggested:
        yield hint(
            "limits", f"{subject}, last week", tight_words(before),
            f"{before.suggested} keeps nearly every look; `gitops-canary backtest` shows when",
        )  # fmt: skip


def _remedy(now: Range, before: Range) -> str:
    """Say whether a limit that is broken now is too tight, or something is wrong now."""
    if before.values and not before.suggested:
        odd = f" ({leaving(before)})" if before.left_out else ""
        return (
            f"the limit was kept on last week's normal days{odd}: something is wrong now, so mend "
            "that and leave the limit"
        )
    known = f"{before.suggested or now.suggested} is normal here; `gitops-canary backtest` looks at"
    return f"{known} more days{', as there are few' if before.short else ''}"


def _silent(spec: CanarySpec, one: Range) -> Finding:
    return hint(
        "limits", f"{spec.id} {one.check}",
        "there are no data of the primary: a canary would wait for ever",
        "send traffic; else compare the query's labels with what the source has "
        "(`gitops-canary explain`, docs/reference/metrics.md)",
    )  # fmt: skip
