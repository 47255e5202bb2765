"""What is judged of a weight once it is live, from the moves of its rollout."""

from dataclasses import replace
from decimal import Decimal

import pytest
from checks import check, spec
from situations import LIVE_MS, move

from gitops_canary.core.underway import settled
from gitops_canary.model.rollout import Action


@pytest.mark.parametrize(("step", "last"), [(1, False), (2, True)])
def test_a_weight_counts_from_its_own_commit_and_only_the_last_step_is_the_last(
    step: int, *, last: bool
) -> None:
    own = spec(check())
    policy = replace(own.policy, steps=(Decimal(10), Decimal(50)))
    start = replace(move(Action.START, "0", 0), date_ms=LIVE_MS - 90_000)
    newest = replace(move(Action.ADVANCE, "10", step), date_ms=LIVE_MS - 20_000)
    found = settled(
        own, policy, (start, newest), weight=Decimal(10), live_ms=LIVE_MS, now_ms=LIVE_MS + 1,
        scrape_ms=15_000, delay_ms=0,
    )  # fmt: skip
    assert (found.last, found.asked_ms) == (last, newest.date_ms)
