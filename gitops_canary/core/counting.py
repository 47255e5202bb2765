"""Exact counts of requests: raw counters at explicit instants, never extrapolated.

A range query of `last_over_time` gives a counter's newest sample at every instant, as received. The
difference of two is what happened between them. A counter that falls was reset with its pod and is
counted from 0, each series by itself. A series that appears later is a new pod's; one that was just
not scraped at the first instant is found by looking further back there, and counts from then on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import pairwise

from gitops_canary.core import buckets
from gitops_canary.core import questions as asking
from gitops_canary.core.births import KNOWN_S
from gitops_canary.core.increments import Row, boundless, increments, series_key
from gitops_canary.core.judges.sequential_types import CLEAR, RULE
from gitops_canary.core.once import Once
from gitops_canary.core.questions import Role
from gitops_canary.core.sides import SIDES, Answers, answer_at, ordered
from gitops_canary.core.streams import Wrap, joined
from gitops_canary.core.telemetry import telemetry
from gitops_canary.core.text import duration, percent
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Counts, Pod, Reading, Trouble
from gitops_canary.model.observation import Question
from gitops_canary.model.spec import CanarySpec, Check

_FAR_MS = 300_000
"""How far back counters are looked for where nothing but their existence matters, and in records
from before decision 57 throughout."""
_CALLERS = ("source", "waypoint")
_NEARLY = Decimal("0.8")


Asked = Mapping[Role, tuple[Question, ...]]


def asked(
    check: Check,
    spec: CanarySpec,
    times: Sequence[int],
    *,
    scrape_ms: int,
    step_ms: int,
    rule: int = RULE,
) -> Asked:
    """List the questions for the counts of one builtin check at some instants, oldest first.

    Records are of what was asked by the `rule` of their time.

    Raises:
        SpecError: the provider has no such series.
    """
    text, before, bounds = expressions(check, spec, scrape_ms=scrape_ms, rule=rule)
    look_ms, far_ms = asking.FRESH_SCRAPES * scrape_ms, _far_ms(rule)

    def ask(expression: str, start: int, end: int, step: int, look: int) -> Question:
        return Question(
            source=check.source,
            expression=expression,
            start_ms=start,
            end_ms=end,
            step_ms=step,
            lookback_ms=look,
        )

    first = times[0]
    found = {
        Role.COUNTS: tuple(
            ask(text, start, end, step_ms, look_ms) for start, end in asking.runs(times, step_ms)
        ),
        Role.BEFORE: (ask(before, first, first, step_ms, far_ms),),
    }
    if bounds:
        found[Role.BOUNDS] = (ask(bounds, first, first, step_ms, _FAR_MS),)
    return found


def _far_ms(rule: int) -> int:
    return KNOWN_S * 1000 if rule >= CLEAR else _FAR_MS


def expressions(
    check: Check, spec: CanarySpec, *, scrape_ms: int, rule: int = RULE
) -> tuple[str, str, str]:
    """Give the counters, their last values from further back, and a latency's bucket bounds.

    How far one looks back is written into the queries: not every server lets a question choose it,
    and for five minutes they take what was scraped last for what is now.
    """
    counted = telemetry(spec.provider, asking.names(spec), rule)
    streams = counted.counted(check.builtin or "")
    now = _lately(asking.FRESH_SCRAPES * scrape_ms) if rule >= CLEAR else str
    far = _lately(_far_ms(rule))
    if check.builtin != "request-duration":
        return joined(streams, now), joined(streams, far), ""
    bound = re.escape(bound_of(check, counted.unit_ms)).replace("\\", "\\\\")
    ends = f'le=~"{bound}(\\\\.0)?|\\\\+Inf"'
    return (
        joined(streams, now, ends),
        joined(streams, far, ends),
        f"count by (le) ({joined(streams, _lately(_FAR_MS))})",
    )


def _lately(far_ms: int) -> Wrap:
    span = duration(far_ms) if far_ms % 1000 else f"{far_ms // 1000}s"
    return lambda selector: f"last_over_time({selector}[{span}])"


def bound_of(check: Check, unit_ms: int) -> str:
    """Write a latency limit as the bucket bound it has to be."""
    limit = check.limits.maximum
    return percent(Decimal(0) if limit is None else limit / unit_ms)


def readings(
    check: Check,
    spec: CanarySpec,
    roles: Asked,
    answers: Answers,
    times: Sequence[int],
    *,
    rule: int = RULE,
) -> list[Reading]:
    """Count one check between each two instants; records by the `rule` of their time."""
    error = _error(roles, answers, times)
    if error:
        reading = Reading(metric=check.name, trouble=Trouble.ERROR, why=error)
        return [reading for _ in pairwise(times)]
    wrong = None
    if Role.BOUNDS in roles:
        told = answer_at(roles[Role.BOUNDS], answers, times[0])
        wrong = buckets.no_bound(check, buckets.read_ms(told, unit_ms(spec)))
    if wrong:
        reading = Reading(metric=check.name, trouble=Trouble.INVALID, why=wrong)
        return [reading for _ in pairwise(times)]
    before = _before(roles, answers, times)
    rows = increments(roles[Role.COUNTS], answers, times, before, rule=rule)
    once = Once.among(rows, rule=rule)
    read = partial(_reading, check, spec, rows, once=once, rule=rule)
    return [read(index) for index in range(len(times) - 1)]


def _error(roles: Asked, answers: Answers, times: Sequence[int]) -> str | None:
    for role, own in roles.items():
        wanted = times if role is Role.COUNTS else times[:1]
        for at_ms in (wanted[0], wanted[-1]):
            answer = answer_at(own, answers, at_ms)
            if answer.error:
                return answer.error
    return None


def _before(roles: Asked, answers: Answers, times: Sequence[int]) -> dict[frozenset[str], str]:
    answer = answer_at(roles[Role.BEFORE], answers, times[0])
    return {series_key(s.labels): s.samples[-1].value for s in answer.series if s.samples}


def _reading(
    check: Check, spec: CanarySpec, rows: Sequence[Row], index: int, *, once: Once, rule: int
) -> Reading:
    """Add up one block, by the side that saw the most; both sides see the same requests."""
    canary, primary = spec.target.name, f"{spec.target.name}-primary"
    trouble = next((r.increments[index] for r in rows if isinstance(r.increments[index], str)), "")
    trouble = trouble or (boundless(check, rows, index) if rule >= CLEAR else "")
    if trouble:
        return Reading(metric=check.name, trouble=Trouble.INVALID, why=str(trouble))
    told = dict[str, Counts]()
    for side in ordered({r.side for r in rows if once.speaks(r.side, index)}):
        own = [r for r in rows if r.side == side]
        mine, other = (_add(check, own, workload, index) for workload in (canary, primary))
        told[side] = _counts(mine, other)
    best_side, best = once.take(told.items())
    return Reading(
        metric=check.name,
        counts=best,
        split=_sent(told, best) if best_side == "destination" and best == told[best_side] else None,
        why=f"as seen by {SIDES.get(best_side, best_side)}" if best_side else "",
        samples=f"{best.canary} requests",
        pods=tuple(_pods(check, rows, canary, index)),
        primary_pods=tuple(_pods(check, rows, primary, index)),
    )


def _sent(told: Mapping[str, Counts], best: Counts) -> Counts | None:
    """Give the requests as those who sent them count them, where they sent nearly all of them.

    A proxy that retries is one request to its caller and several to the pods, and more where the
    pods fail. By the primary's one sees that no caller is missing, whose requests go past the
    route; the canary's alone could be fewer for either reason.
    """
    callers = (told[side] for side in _CALLERS if side in told)
    sent = max(callers, key=lambda one: one.canary + one.primary, default=Counts())
    return sent if sent.primary >= _NEARLY * best.primary > 0 and sent.canary else None


def _pods(check: Check, rows: Sequence[Row], workload: str, index: int) -> Iterator[Pod]:
    """Count one block by the pods that answered; callers and gateways have pods of their own."""
    own = [r for r in rows if r.workload == workload and r.side == "destination"]
    for pod in sorted({r.pod for r in own}):
        of_it = [(r, r.increments[index]) for r in own if r.pod == pod]
        requests, bad = total(check, of_it)
        if requests:
            yield Pod(name=next(filter(None, pod), "?"), requests=requests, bad=bad)


def _counts(mine: tuple[int, int], other: tuple[int, int]) -> Counts:
    return Counts(canary=mine[0], canary_bad=mine[1], primary=other[0], primary_bad=other[1])


def _add(check: Check, rows: Sequence[Row], workload: str, index: int) -> tuple[int, int]:
    """Give requests and bad ones of one workload in one block."""
    own = [r for r in rows if r.workload == workload]
    return total(check, [(r, r.increments[index]) for r in own])


def total(check: Check, own: Sequence[tuple[Row, int | str]]) -> tuple[int, int]:
    """Add up requests and bad ones of some series in one block."""
    gained = [(row, value) for row, value in own if isinstance(value, int)]
    if check.builtin != "request-duration":
        return sum(v for _, v in gained), sum(v for row, v in gained if row.bad)
    every = sum(v for row, v in gained if row.part == "+Inf")
    fast = sum(v for row, v in gained if row.part != "+Inf")
    # A scrape between two buckets' updates can show one more fast request than requests.
    return every, max(every - fast, 0)


def bounds(check: Check, spec: CanarySpec, at_ms: int) -> Question:
    """Ask for the bounds of a latency check's buckets.

    Raises:
        SpecError: the provider has no such series.
    """
    return Question(
        source=check.source,
        expression=expressions(check, spec, scrape_ms=1000)[2],
        start_ms=at_ms,
        end_ms=at_ms,
        step_ms=0,
        lookback_ms=_FAR_MS,
    )


def latencies(spec: CanarySpec, at_ms: int) -> Iterator[tuple[Check, Question]]:
    """Ask for the bounds of each latency check that can be asked; `lint` tells of the others."""
    for check in spec.policy.checks:
        if check.builtin == "request-duration":
            try:
                yield check, bounds(check, spec, at_ms)
            except SpecError:
                # Not swallowed: every verdict says that this check cannot be asked.
                continue


def unit_ms(spec: CanarySpec) -> int:
    """Say how many milliseconds one unit of a provider's bounds is."""
    return telemetry(spec.provider, asking.names(spec)).unit_ms
