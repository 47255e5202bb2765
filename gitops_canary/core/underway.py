"""What is judged of a rollout's newest weight: once it is live, and while it is on its way.

A sync engine may take minutes, and may never come. What is seen meanwhile, at the weight before,
may condemn, and passes nothing.
"""

from collections.abc import Sequence
from decimal import Decimal

from gitops_canary.core.course import Course
from gitops_canary.core.judges import sequential
from gitops_canary.core.judges.sequential_types import ROW, RULE
from gitops_canary.core.stays import begun_ms, joined, left, visited
from gitops_canary.model.rollout import Move
from gitops_canary.model.spec import CanarySpec, Policy


def underway(
    spec: CanarySpec,
    policy: Policy,
    moves: Sequence[Move],
    *,
    now_ms: int,
    scrape_ms: int,
    delay_ms: int,
) -> Course | None:
    """Say what is asked and judged while a rollout's newest weight is not proven live.

    None where our moves do not say which weight that was before.
    """
    stay = left(moves)
    if stay is None:
        return None
    return Course(
        policy=policy,
        spec=spec,
        live_ms=stay.start_ms,
        now_ms=now_ms,
        scrape_ms=scrape_ms,
        delay_ms=delay_ms,
        weight=stay.weight,
        last=False,
        earlier=joined(visited(moves)[:-1], stay.start_ms),
        left_ms=stay.end_ms,
        asked_ms=stay.start_ms,
    )


def settled(
    spec: CanarySpec,
    policy: Policy,
    moves: Sequence[Move],
    *,
    weight: Decimal,
    live_ms: int,
    now_ms: int,
    scrape_ms: int,
    delay_ms: int,
    rule: int = RULE,
) -> Course:
    """Say what is asked and judged once a rollout's newest weight is live.

    `rule` is the newest decision on judging that holds; records keep the one of their time.
    """
    at_ms = first_ms(policy, moves, live_ms, scrape_ms=scrape_ms, rule=rule)
    return Course(
        policy=policy,
        spec=spec,
        live_ms=live_ms,
        begun_ms=at_ms,
        now_ms=now_ms,
        scrape_ms=scrape_ms,
        delay_ms=delay_ms,
        weight=weight,
        last=moves[-1].record.step >= len(policy.steps),
        earlier=joined(visited(moves), at_ms),
        asked_ms=moves[-1].date_ms,
        rule=rule,
    )


def first_ms(
    policy: Policy, moves: Sequence[Move], live_ms: int, *, scrape_ms: int, rule: int
) -> int:
    """Say when the first block of the newest weight begins."""
    if rule < ROW or policy.judge.type != sequential.NAME:
        return live_ms
    dwell_ms = policy.judge.dwell_ms
    return begun_ms(
        visited(moves), live_ms, moves[-1].date_ms, scrape_ms=scrape_ms, dwell_ms=dwell_ms
    )
