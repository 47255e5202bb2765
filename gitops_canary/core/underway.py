"""Judging goes on while a weight is on its way: the one before it is still met by people.

A sync engine may take minutes, and may never come. What is seen meanwhile may condemn, and passes
nothing.
"""

from collections.abc import Sequence

from gitops_canary.core.course import Course
from gitops_canary.core.stays import joined, left, visited
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
