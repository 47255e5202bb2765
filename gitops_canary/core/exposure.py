"""How much of production met the canary between two moves: minutes, requests, failed requests."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from gitops_canary.core import counting, sides
from gitops_canary.core.basis import Basis
from gitops_canary.core.judges import WINDOWED
from gitops_canary.core.judges.sequential_types import ONCE, RULE
from gitops_canary.core.numbers import number
from gitops_canary.core.pace import through
from gitops_canary.core.questions import Role, asked, window_ms
from gitops_canary.core.sides import Answers
from gitops_canary.core.stays import Stay, arriving
from gitops_canary.core.text import iso, percent
from gitops_canary.core.unseen import Freshness, after_all
from gitops_canary.errors import SpecError
from gitops_canary.model.decision import Act
from gitops_canary.model.judging import Reading
from gitops_canary.model.observation import Answer
from gitops_canary.model.rollout import Record
from gitops_canary.model.spec import CanarySpec, Check, Policy

_MINUTE_MS = 60_000
_Row = tuple[str, Decimal, bool]
"""Who counted, how many, and whether those failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Requests to the canary in a span, as one side of them counted; rounded to whole requests."""

    requests: Decimal
    failed: Decimal
    from_ms: int
    to_ms: int
    check: str
    side: str
    unseen_ms: int = 0
    """How much of what was looked at no sample tells of: nobody scraped, or gave no number."""

    @property
    def unseen(self) -> dict[str, str]:
        """Write down how many minutes of it nobody saw; nothing where all was seen."""
        return {"unseen": _minutes(self.unseen_ms)} if self.unseen_ms else {}

    @property
    def window(self) -> str:
        """Write the span down."""
        return f"{iso(self.from_ms)}/{iso(self.to_ms)}"


def exposure_json(
    act: Act, record: Record, basis: Basis, answers: Answers
) -> dict[str, Any] | None:
    """Tell how long and by how many the canary was met since the previous move; None at 0 %.

    Requests are those since the weight was live; those before, while it was on its way, are apart.
    """
    if record.weight_from == 0 or basis.previous_ms is None:
        return None
    instants = [verdict.window.end_ms for verdict in act.verdicts]
    found = counted(
        basis.policy, basis.spec, answers, instants, scrape_ms=basis.scrape_ms, rule=basis.rule
    )
    live_ms = act.live.live_ms if act.live else None
    if live_ms is None:
        until_ms, live = max(instants, default=0), tuple[int, ...]()
    else:
        # The first block at the weight begins where those of its way end.
        until_ms = instants[0] - basis.scrape_ms if instants else live_ms
        live = (until_ms, *instants)
    stay = arriving(basis.moves, until_ms)
    before = arrived(
        basis.policy, basis.spec, answers, stay, live, scrape_ms=basis.scrape_ms, rule=basis.rule
    )
    span_ms = max(act.at_ms, basis.previous_ms) - basis.previous_ms
    return {
        "weight": percent(record.weight_from),
        "from": iso(basis.previous_ms),
        "to": iso(act.at_ms),
        "minutes": _minutes(span_ms),
        "requests": percent(found.requests) if found else None,
        "failedRequests": percent(found.failed) if found else None,
        "counted": found.window if found else None,
        **(found.unseen if found else {}),
        "arriving": {
            "requests": percent(before.requests),
            "failedRequests": percent(before.failed),
            "counted": before.window,
            **before.unseen,
        }
        if before
        else None,
    }


def counted(
    policy: Policy,
    spec: CanarySpec,
    answers: Answers,
    instants: Sequence[int],
    *,
    scrape_ms: int,
    rule: int = RULE,
) -> Counted | None:
    """Add up the request counts at evaluation times whose windows do not overlap.

    None where no check counts requests by status, or nothing was counted. Both sides see the same
    requests, so the side that saw the most counts.
    """
    check = _counting(policy)
    if check is None or not instants:
        return None
    if policy.judge.type not in WINDOWED:
        return _summed(check, spec, answers, instants, scrape_ms, rule)
    try:
        roles = asked(check, policy, spec, instants, scrape_ms=scrape_ms, rule=rule)
    except SpecError:
        # Not swallowed: the judge reports it as the check's reason.
        return None
    chosen = _apart(instants, window_ms(check))
    fresh = partial(Freshness, asked=roles[Role.SEEN], answers=answers, scrape_ms=scrape_ms)

    def timely(side: str, at_ms: int) -> bool:
        return rule < ONCE or not fresh((spec.target.name, side)).silent(at_ms)

    def rows(at_ms: int) -> list[_Row]:
        answer = sides.answer_at(roles[Role.REQUESTS], answers, at_ms)
        every = _numbers(spec, answer, at_ms)
        return [row for row in every if rule < ONCE or row[1] >= 0]  # less than none is no count

    found = _most(check, rows, chosen, timely)
    if found is None:
        return None
    one, told = found
    own, window = fresh((spec.target.name, one.side)), window_ms(check)
    unseen = (own.unseen_ms(at, window) if at in told else window for at in chosen)
    return replace(one, unseen_ms=sum(unseen))


def arrived(
    policy: Policy,
    spec: CanarySpec,
    answers: Answers,
    stay: Stay | None,
    live: Sequence[int],
    *,
    scrape_ms: int,
    rule: int = RULE,
) -> Counted | None:
    """Count what met the canary while its newest weight was on its way: pushed, not yet seen live.

    `stay` is the weight before it, up to when the newest was live (`core.stays.arriving`), whose
    blocks were asked for as that time is judged too. `live` are the ends of the blocks at the
    newest weight, the start of the first before them; empty where it is not live. None where
    nobody counted: the judges that look at windows ask about live weights alone.
    """
    check = _counting(policy)
    if check is None or stay is None or policy.judge.type in WINDOWED:
        return None
    times = tuple(through(stay.start_ms, stay.until_ms, scrape_ms))
    whole = tuple(sorted({*times, *live[:1]}))
    ask = partial(counting.asked, check, spec, scrape_ms=scrape_ms, step_ms=scrape_ms, rule=rule)
    try:
        roles = dict(ask(times))
        if len(live) > 1:
            roles[Role.COUNTS] = (*roles[Role.COUNTS], *ask(live)[Role.COUNTS])
        else:
            whole = times
    except SpecError:
        # Not swallowed: the judge reports it as the check's reason.
        return None
    blocks = counting.readings(check, spec, roles, answers, whole, rule=rule)
    first = next((i for i, at_ms in enumerate(whole) if at_ms >= stay.end_ms), len(whole) - 1)
    unseen_ms = after_all(
        roles[Role.COUNTS], answers, blocks[first:], whole[first:], scrape_ms, rule
    )
    return _added(check, blocks[first:], whole[first], whole[-1], unseen_ms)


def _counting(policy: Policy) -> Check | None:
    return next((c for c in policy.checks if c.builtin == "request-success-rate"), None)


def _summed(
    check: Check,
    spec: CanarySpec,
    answers: Answers,
    ends: Sequence[int],
    scrape_ms: int,
    rule: int,
) -> Counted | None:
    """Add up the blocks of exact counts that end at these instants."""
    times = (ends[0] - scrape_ms, *ends)
    try:
        ask = partial(counting.asked, scrape_ms=scrape_ms, step_ms=scrape_ms, rule=rule)
        roles = ask(check, spec, times)
    except SpecError:
        # Not swallowed: the judge reports it as the check's reason.
        return None
    blocks = counting.readings(check, spec, roles, answers, times, rule=rule)
    unseen_ms = after_all(roles[Role.COUNTS], answers, blocks, times, scrape_ms, rule)
    return _added(check, blocks, times[0], times[-1], unseen_ms)


def _minutes(span_ms: int) -> str:
    return percent((Decimal(span_ms) / _MINUTE_MS).quantize(Decimal("0.01")))


def _added(
    check: Check, blocks: Sequence[Reading], from_ms: int, to_ms: int, unseen_ms: int
) -> Counted | None:
    known = [one.counts for one in blocks if one.counts and one.counts.canary]
    if not known:
        return None
    return Counted(
        requests=Decimal(sum(one.canary for one in known)),
        failed=Decimal(sum(one.canary_bad for one in known)),
        from_ms=from_ms,
        to_ms=to_ms,
        check=check.name,
        side="",
        unseen_ms=unseen_ms,
    )


def _most(
    check: Check,
    rows_at: Callable[[int], Sequence[_Row]],
    chosen: Sequence[int],
    timely: Callable[[str, int], bool],
) -> tuple[Counted, frozenset[int]] | None:
    """Add up the windows of each side; give the one that saw the most, and when it had numbers.

    A side that was silent when a window began, and others not, has in it what was before, too.
    """
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    told: dict[str, set[int]] = {}
    for at_ms in chosen:
        rows = rows_at(at_ms)
        every = {side for side, _, _ in rows}
        heard = {side for side in every if timely(side, at_ms - window_ms(check))} or every
        for side, value, bad in rows:
            if side in heard:
                told.setdefault(side, set()).add(at_ms)
                total, failed = totals.get(side, (Decimal(0), Decimal(0)))
                totals[side] = total + value, failed + (value if bad else 0)
    if not totals:
        return None
    side, (total, failed) = max(totals.items(), key=lambda item: (item[1][0], item[0]))
    found = Counted(
        requests=total.to_integral_value(),
        failed=failed.to_integral_value(),
        from_ms=chosen[-1] - window_ms(check),
        to_ms=chosen[0],
        check=check.name,
        side=side,
    )
    return found, frozenset(told[side])


def _numbers(spec: CanarySpec, answer: Answer, at_ms: int) -> Iterator[_Row]:
    """Give the canary's counts at an instant: by whom, how many, and whether they failed."""
    for series, text in sides.present(answer, at_ms):
        labels, value = series.labels, number(text)
        if labels.get("destination_workload") == spec.target.name and isinstance(value, Decimal):
            bad = labels.get("response_code", "").startswith("5")
            yield labels.get("reporter", ""), value, bad


def _apart(instants: Sequence[int], window: int) -> list[int]:
    """Choose evaluation times from the newest back, each a whole window before the last."""
    chosen = [instants[-1]]
    for at_ms in reversed(instants):
        if at_ms <= chosen[-1] - window:
            chosen.append(at_ms)
    return chosen
