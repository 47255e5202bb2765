"""What to ask the metric sources about one canary, and as of which instants.

Every question has explicit evaluation times that follow from the live instant alone. A restarted
controller, a second replica and an auditor ask the same and get the same. A range query is used for
a single instant too, so that looking later only makes it longer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import pairwise

from gitops_canary.core import istio, promql
from gitops_canary.core.births import Look, gained
from gitops_canary.core.judges.sequential_types import CLEAR, RULE
from gitops_canary.core.pace import through
from gitops_canary.core.streams import Telemetry, joined
from gitops_canary.core.telemetry import telemetry
from gitops_canary.core.text import duration
from gitops_canary.errors import Place, SpecError
from gitops_canary.model.observation import Question
from gitops_canary.model.spec import CanarySpec, Check, Policy

FRESH_SCRAPES = 2
"""How many scrapes old the newest sample may be."""
INSTANTS_MAX = 1000
"""Evaluation times looked at: beyond that the oldest and the newest half of them."""


class Role(Enum):
    """What the answer to a question is for."""

    VALUE = "value"
    REQUESTS = "requests"
    LATENCY = "latency"
    SEEN = "seen"
    COUNTS = "counts"
    BEFORE = "counts before"
    BOUNDS = "bucket bounds"


BUILTINS: Mapping[str, frozenset[Role]] = {
    "request-success-rate": frozenset({Role.REQUESTS, Role.SEEN}),
    "request-duration": frozenset({Role.LATENCY, Role.REQUESTS, Role.SEEN}),
}
"""The builtin metrics, by Flagger's names."""


Roles = Mapping[Role, tuple[Question, ...]]


@dataclass(frozen=True, slots=True)
class _Query:
    expression: str
    lookback_ms: int


def ask_delay_ms(scrape_ms: int, lag_ms: int, scrape_timeout_ms: int | None = None) -> int:
    """Say how long after an instant its samples are complete in the source.

    A scrape's samples bear the time at which it began, and are there once it is over. It takes as
    long as its timeout at the most; where that is not known, as long as its interval.

    >>> ask_delay_ms(30_000, 5_000), ask_delay_ms(30_000, 5_000, 10_000)
    (35000, 15000)
    """
    return (scrape_ms if scrape_timeout_ms is None else scrape_timeout_ms) + lag_ms


def instants(
    *, live_ms: int, interval_ms: int, window_ms: int, now_ms: int, delay_ms: int
) -> tuple[int, ...]:
    """List the evaluation times that may be asked by now, oldest first.

    The first is late enough that no window reaches back before the weight was live. Of more than
    `INSTANTS_MAX` the oldest half tells of early failures, the newest half of how it is now.

    >>> instants(live_ms=0, interval_ms=60, window_ms=90, now_ms=300, delay_ms=20)
    (90, 150, 210, 270)
    """
    first = live_ms + max(interval_ms, window_ms)
    return spaced(through(first, now_ms - delay_ms, interval_ms))


def due_ms(*, live_ms: int, interval_ms: int, window_ms: int, now_ms: int, delay_ms: int) -> int:
    """Say when the next of these evaluation times may be asked.

    >>> due_ms(live_ms=0, interval_ms=60, window_ms=90, now_ms=300, delay_ms=20)
    350
    >>> due_ms(live_ms=0, interval_ms=60, window_ms=90, now_ms=40, delay_ms=20)
    110
    """
    first = live_ms + max(interval_ms, window_ms) + delay_ms
    if now_ms < first:
        return first
    return now_ms + interval_ms - (now_ms - first) % interval_ms


def spaced(every: range) -> tuple[int, ...]:
    """Take the oldest and the newest half of more than `INSTANTS_MAX` evaluation times."""
    half = INSTANTS_MAX // 2
    return (*every[:half], *every[max(len(every) - half, half) :])


def window_ms(check: Check) -> int:
    """Say how far back a check looks, whatever its interval claims."""
    return max(check.interval_ms, promql.reach_ms(check.query))


def longest_window_ms(policy: Policy) -> int:
    """Say how far back the checks of a policy look at the most; 0 without checks."""
    return max((window_ms(check) for check in policy.checks), default=0)


def questions(
    policy: Policy,
    spec: CanarySpec,
    instants: Sequence[int],
    *,
    scrape_ms: int,
    workload: str = "",
    rule: int = RULE,
) -> tuple[Question, ...]:
    """List the questions of all checks, each once; queries are about the canary unless said.

    A check that cannot be asked has none here; `judge` says why, and `lint` before it.
    """
    found: dict[Question, None] = {}
    ask = partial(asked, scrape_ms=scrape_ms, workload=workload, rule=rule)
    for check in policy.checks:
        try:
            roles = ask(check, policy, spec, instants)
        except SpecError:
            # Not swallowed: the judge meets the same error and reports it as this check's reason.
            continue
        found.update(dict.fromkeys(question for own in roles.values() for question in own))
    return tuple(found)


def unaskable(spec: CanarySpec) -> Iterator[SpecError]:
    """Say which checks of a Canary can never be asked: no builtin here, or a value is unsafe."""
    for index, check in enumerate(spec.policy.checks):
        try:
            asked(check, spec.policy, spec, (0,), scrape_ms=1000)
            _comparable(check, spec)
        except SpecError as error:
            yield SpecError(
                f"The check {check.name} can never be asked: {error.problem}",
                remedy=error.remedy,
                place=Place.read(spec.origins.get(f"checks[{index}].name", "")) or spec.place,
            )


def _comparable(check: Check, spec: CanarySpec) -> None:
    """Refuse a builtin whose primary nobody counts, where the judge compares the two."""
    own = names(spec)
    if spec.policy.judge.type != "sequential" or not check.builtin:
        return
    if not telemetry(spec.provider, own).compared(own.primary):
        raise SpecError(
            f"{spec.provider} counts both sides in one, so there is nothing to compare with.",
            remedy="write `judge: {type: threshold}` into analysis, which looks at the whole, or "
            "a query over what the application exports",
        )


def asked(
    check: Check,
    policy: Policy,
    spec: CanarySpec,
    instants: Sequence[int],
    *,
    scrape_ms: int,
    workload: str = "",
    rule: int = RULE,
) -> Mapping[Role, tuple[Question, ...]]:
    """List the questions of one check by role; several only where `instants` has a gap.

    A builtin check asks about canary and primary alike; a query asks about one workload. Records
    are of what was asked by the `rule` of their time.

    Raises:
        SpecError: it cannot be asked: unknown builtin or placeholder, unsafe value.
    """
    step_ms = policy.interval_ms
    spans = tuple(runs(instants, step_ms))
    return {
        role: tuple(
            Question(
                source=check.source,
                expression=query.expression,
                start_ms=start,
                end_ms=end,
                step_ms=step_ms,
                lookback_ms=query.lookback_ms,
            )
            for start, end in spans
        )
        for role, query in _queries(check, spec, scrape_ms, workload, rule=rule).items()
    }


def runs(instants: Sequence[int], step_ms: int) -> Iterator[tuple[int, int]]:
    """Cut evaluation times into unbroken runs: first and last of each."""
    gaps = [(last, first) for last, first in pairwise(instants) if first - last != step_ms]
    starts = (*instants[:1], *(first for _, first in gaps))
    yield from zip(starts, (*(last for last, _ in gaps), *instants[-1:]), strict=True)


def _queries(
    check: Check, spec: CanarySpec, scrape_ms: int, workload: str, *, rule: int
) -> Mapping[Role, _Query]:
    lookback_ms = max(FRESH_SCRAPES * scrape_ms, check.interval_ms)
    if check.builtin is None:
        values = _values(check, spec, workload or spec.target.name)
        text = promql.render(check.query, values, place=spec.place)
        return {Role.VALUE: _Query(text, lookback_ms)}
    look = Look(
        window=duration(check.interval_ms), recent=duration(FRESH_SCRAPES * scrape_ms), rule=rule
    )
    texts = _builtin(check.builtin, spec, look)
    return {role: _Query(text, lookback_ms) for role, text in texts.items()}


def _builtin(builtin: str, spec: CanarySpec, look: Look) -> Mapping[Role, str]:
    if builtin not in BUILTINS:
        known = ", ".join(sorted(BUILTINS))
        raise SpecError(
            f"There is no builtin metric {builtin}.",
            remedy=f"use {known}, or write the query in a MetricTemplate",
            place=spec.place,
        )
    if spec.provider != "istio":
        return _other(builtin, telemetry(spec.provider, names(spec), look.rule), look)
    own = names(spec)
    if builtin == "request-duration":
        return {
            Role.LATENCY: istio.latency(own, look),
            Role.REQUESTS: istio.latency_count(own, look),
            Role.SEEN: istio.latency_seen(own),
        }
    return {
        Role.REQUESTS: istio.requests(own, look),
        Role.SEEN: istio.requests_seen(own),
    }


def names(spec: CanarySpec) -> istio.Names:
    """Say who is measured."""
    return istio.Names(
        namespace=spec.target.namespace,
        canary=spec.target.name,
        primary=f"{spec.target.name}-primary",
        service=f"{spec.apex}-canary",
        kind=spec.target.kind,
    )


def _other(builtin: str, counted: Telemetry, look: Look) -> Mapping[Role, str]:
    """Ask any provider's series the way Istio's are asked."""

    def seen(selector: str) -> str:
        return f"timestamp({selector})"

    by = "destination_workload, reporter"
    if builtin == "request-success-rate":
        selectors = tuple(stream.selector() for stream in counted.requests)
        if look.rule >= CLEAR:
            selectors = counted.heard()
        requests = gained(partial(joined, counted.requests), look, selectors=selectors)
        return {
            Role.REQUESTS: f"sum by ({by}, response_code) ({requests})",
            Role.SEEN: f"max by ({by}) ({joined(counted.requests, seen)})",
        }
    timed, every = counted.counted(builtin), 'le="+Inf"'
    buckets = joined(timed, look.increase)
    quantile = f"histogram_quantile({istio.QUANTILE}, sum by ({by}, le) ({buckets}))"
    return {
        Role.LATENCY: quantile if counted.unit_ms == 1 else f"{quantile} * {counted.unit_ms}",
        Role.REQUESTS: f"sum by ({by}) ({joined(timed, look.increase, every)})",
        Role.SEEN: f"max by ({by}) ({joined(timed, seen, every)})",
    }


def _values(check: Check, spec: CanarySpec, workload: str) -> Mapping[str, str]:
    """Give Flagger's placeholders their values."""
    own = {
        "name": spec.name,
        "namespace": spec.namespace,
        "target": workload,
        "service": spec.apex,
        "interval": duration(check.interval_ms),
    }
    return own | {f"variables.{key}": value for key, value in check.variables.items()}
