"""Exact counts of requests: raw counters at explicit instants, never extrapolated.

A range query of a plain counter gives its newest sample at every instant, as received. The
difference of two is what happened between them. A counter that falls was reset with its pod and is
counted from 0, each series by itself. A series that appears later is a new pod's; one that only
missed a scrape at the first instant is found by looking further back there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from gitops_canary.core import buckets
from gitops_canary.core import questions as asking
from gitops_canary.core.increments import Row, increments, series_key
from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.sequential_types import ONCE, RULE
from gitops_canary.core.once import Once
from gitops_canary.core.pace import through
from gitops_canary.core.questions import Role
from gitops_canary.core.sides import SIDES, Answers, answer_at, ordered
from gitops_canary.core.streams import joined
from gitops_canary.core.telemetry import telemetry
from gitops_canary.core.text import percent
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Counts, Pod, Reading, Trouble
from gitops_canary.model.observation import Question
from gitops_canary.model.spec import CanarySpec, Check

BEFORE_MS = 300_000
"""How far back a counter's first value is looked for."""
PAST_MS = 3_600_000
PAST_STEP_MS = 60_000
_CALLERS = ("source", "waypoint")
_NEARLY = Decimal("0.8")


Asked = Mapping[Role, tuple[Question, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the primary did in the hour before: overdispersion and share of bad requests."""

    phi: float = 1.0
    free: int = 0
    share: float | None = None


def asked(
    check: Check, spec: CanarySpec, times: Sequence[int], *, scrape_ms: int, step_ms: int
) -> Asked:
    """List the questions for the counts of one builtin check at some instants, oldest first.

    Raises:
        SpecError: the provider has no such series.
    """
    text, before, bounds = _expressions(check, spec)
    look_ms = 2 * scrape_ms

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
        Role.BEFORE: (ask(before, first, first, step_ms, BEFORE_MS),),
    }
    if bounds:
        found[Role.BOUNDS] = (ask(bounds, first, first, step_ms, BEFORE_MS),)
    return found


def past(check: Check, spec: CanarySpec, first_ms: int, *, scrape_ms: int) -> Question:
    """Ask for the counts of the hour before a rollout.

    Raises:
        SpecError: the provider has no such series.
    """
    return Question(
        source=check.source,
        expression=_expressions(check, spec)[0],
        start_ms=first_ms - PAST_MS,
        end_ms=first_ms,
        step_ms=PAST_STEP_MS,
        lookback_ms=2 * scrape_ms,
    )


def _expressions(check: Check, spec: CanarySpec) -> tuple[str, str, str]:
    """Give the counters, their last values from further back, and a latency's bucket bounds.

    The further look is written into the query: not every server lets a question choose it.
    """
    counted = telemetry(spec.provider, asking.names(spec))
    streams = counted.counted(check.builtin or "")
    if check.builtin != "request-duration":
        return joined(streams, str), joined(streams, _lately), ""
    bound = re.escape(bound_of(check, counted.unit_ms)).replace("\\", "\\\\")
    ends = f'le=~"{bound}(\\\\.0)?|\\\\+Inf"'
    return (
        joined(streams, str, ends),
        joined(streams, _lately, ends),
        f"count by (le) ({joined(streams, _lately)})",
    )


def _lately(selector: str) -> str:
    return f"last_over_time({selector}[{BEFORE_MS // 1000}s])"


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
    rows = increments(roles[Role.COUNTS], answers, times, _before(roles, answers, times))
    once = Once.among(rows, forgetful=rule < ONCE)
    return [_reading(check, spec, rows, index, once) for index in range(len(times) - 1)]


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
    check: Check, spec: CanarySpec, rows: Sequence[Row], index: int, once: Once
) -> Reading:
    """Add up one block, by the side that saw the most; both sides see the same requests."""
    canary, primary = spec.target.name, f"{spec.target.name}-primary"
    trouble = next((r.increments[index] for r in rows if isinstance(r.increments[index], str)), "")
    if trouble:
        return Reading(metric=check.name, trouble=Trouble.INVALID, why=str(trouble))
    told = dict[str, Counts]()
    for side in ordered({r.side for r in rows}):
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
        requests, bad = _total(check, of_it)
        if requests:
            yield Pod(name=next(filter(None, pod), "?"), requests=requests, bad=bad)


def _counts(mine: tuple[int, int], other: tuple[int, int]) -> Counts:
    return Counts(canary=mine[0], canary_bad=mine[1], primary=other[0], primary_bad=other[1])


def _add(check: Check, rows: Sequence[Row], workload: str, index: int) -> tuple[int, int]:
    """Give requests and bad ones of one workload in one block."""
    own = [r for r in rows if r.workload == workload]
    return _total(check, [(r, r.increments[index]) for r in own])


def _total(check: Check, own: Sequence[tuple[Row, int | str]]) -> tuple[int, int]:
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
        expression=_expressions(check, spec)[2],
        start_ms=at_ms,
        end_ms=at_ms,
        step_ms=0,
        lookback_ms=BEFORE_MS,
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


def measured_past(
    check: Check, spec: CanarySpec, question: Question, answers: Answers, *, alike: bool = False
) -> Past:
    """Measure overdispersion and the usual share of bad requests on the primary's pods.

    `alike` takes all pods for equally good, see `eprocess.overdispersion`.
    """
    answer = answers.get(question)
    times = through(question.start_ms, question.end_ms, question.step_ms)
    if answer is None or answer.error or not answer.series:
        return Past()
    rows = [
        row
        for row in increments((question,), answers, times, {})
        if row.workload == f"{spec.target.name}-primary"
    ]
    side = max(
        {r.side for r in rows},
        key=lambda s: (len({r.pod for r in rows if r.side == s}), s),
        default="",
    )
    blocks = [
        [_total(check, [(r, r.increments[i]) for r in rows if r.side == side and r.pod == pod])
         for pod in sorted({r.pod for r in rows if r.side == side})]
        for i in range(1, len(times) - 1)
    ]  # fmt: skip
    total, bad = (sum(pod[j] for block in blocks for pod in block) for j in (0, 1))
    phi, free = eprocess.overdispersion(blocks, alike=alike)
    return Past(phi=phi, free=free, share=bad / total if total else None)
