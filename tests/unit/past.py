"""Policies over past days."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from checks import spec
from situations import looks, measured

from gitops_canary.core.backtest import (
    backtest,
)
from gitops_canary.core.past import Range
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Check, Policy


def policy(*checks: Check, steps: int = 2, **more: Any) -> Policy:
    ladder = tuple(map(Decimal, range(10, 10 + steps)))
    return replace(spec(*checks).policy, steps=ladder, **more)


def valued(*values: str | None) -> list[Verdict]:
    """One passing look for each value."""
    passed = looks(*(Outcome.PASS for _ in values))
    return [
        replace(one, measurements=(replace(measured(Outcome.PASS), value=value),))
        for one, value in zip(passed, values, strict=True)
    ]


def the_range(limits: Check, values: Sequence[str | None]) -> Range:
    (found,) = backtest(policy(limits), valued(*values)).ranges
    return found
