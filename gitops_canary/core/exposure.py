"""How much of production met the canary between two moves: minutes, requests, failed requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.core import counting, sides
from gitops_canary.core.judges import WINDOWED
from gitops_canary.core.numbers import number
from gitops_canary.core.questions import Role, asked, window_ms
from gitops_canary.errors import SpecError
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.spec import CanarySpec, Check, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Requests to the canary in a span, as one side of them counted; rounded to whole requests."""

    requests: Decimal
    failed: Decimal
    from_ms: int
    to_ms: int
    check: str
    side: str


def counted(
    policy: Policy,
    spec: CanarySpec,
    answers: Mapping[Question, Answer],
    instants: Sequence[int],
    *,
    scrape_ms: int,
) -> Counted | None:
    """Add up the request counts at evaluation times whose windows do not overlap.

    None where no check counts requests by status, or nothing was counted. Both sides see the same
    requests, so the side that saw the most counts.
    """
    check = next((c for c in policy.checks if c.builtin == "request-success-rate"), None)
    if check is None or not instants:
        return None
    if policy.judge.type not in WINDOWED:
        return _summed(check, spec, answers, instants, scrape_ms)
    try:
        asked_for = asked(check, policy, spec, instants, scrape_ms=scrape_ms)[Role.REQUESTS]
    except SpecError:
        # Not swallowed: the judge reports it as the check's reason.
        return None
    chosen = _apart(instants, window_ms(check))
    return _most(spec, check, asked_for, answers, chosen)


def _summed(
    check: Check,
    spec: CanarySpec,
    answers: Mapping[Question, Answer],
    ends: Sequence[int],
    scrape_ms: int,
) -> Counted | None:
    """Add up the blocks of exact counts that end at these instants."""
    times = (ends[0] - scrape_ms, *ends)
    try:
        roles = counting.asked(check, spec, times, scrape_ms=scrape_ms, step_ms=scrape_ms)
    except SpecError:
        # Not swallowed: the judge reports it as the check's reason.
        return None
    counts = [one.counts for one in counting.readings(check, spec, roles, answers, times)]
    known = [one for one in counts if one and one.canary]
    if not known:
        return None
    return Counted(
        requests=Decimal(sum(one.canary for one in known)),
        failed=Decimal(sum(one.canary_bad for one in known)),
        from_ms=times[0],
        to_ms=times[-1],
        check=check.name,
        side="",
    )


def _most(
    spec: CanarySpec,
    check: Check,
    asked_for: Sequence[Question],
    answers: Mapping[Question, Answer],
    chosen: Sequence[int],
) -> Counted | None:
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    for at_ms in chosen:
        for series, text in sides.present(sides.answer_at(asked_for, answers, at_ms), at_ms):
            value = number(text)
            if series.labels.get("destination_workload") != spec.target.name:
                continue
            if not isinstance(value, Decimal):
                continue
            side = series.labels.get("reporter", "")
            total, failed = totals.get(side, (Decimal(0), Decimal(0)))
            bad = series.labels.get("response_code", "").startswith("5")
            totals[side] = total + value, failed + (value if bad else 0)
    if not totals:
        return None
    side, (total, failed) = max(totals.items(), key=lambda item: (item[1][0], item[0]))
    return Counted(
        requests=total.to_integral_value(),
        failed=failed.to_integral_value(),
        from_ms=chosen[-1] - window_ms(check),
        to_ms=chosen[0],
        check=check.name,
        side=side,
    )


def _apart(instants: Sequence[int], window: int) -> list[int]:
    """Choose evaluation times from the newest back, each a whole window before the last."""
    chosen = [instants[-1]]
    for at_ms in reversed(instants):
        if at_ms <= chosen[-1] - window:
            chosen.append(at_ms)
    return chosen
