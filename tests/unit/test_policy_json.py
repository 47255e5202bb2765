from dataclasses import replace
from decimal import Decimal

import pytest
import rfc8785
from checks import check, spec

from gitops_canary.app.evidence_policy import Effective
from gitops_canary.manifest.policy import policy_from_json, policy_json, sealed
from gitops_canary.model.spec import JudgePolicy, Match, Policy, Strategy

WEIGHTED = spec(check(), check(None, query="up", minimum=None, maximum="5")).policy
POLICIES = [
    WEIGHTED,
    replace(WEIGHTED, strategy=Strategy.BLUE_GREEN, iterations=4, mirror=Decimal("12.5")),
    replace(
        WEIGHTED,
        strategy=Strategy.AB_TEST,
        iterations=2,
        match=(Match(headers={"x-user": ("exact", "insider")}, query={"v": ("regex", "2.*")}),),
    ),
    replace(WEIGHTED, approvals=(0, 2), rollback_window_ms=3_600_000, return_step=Decimal(10)),
    replace(WEIGHTED, watch_ms=900_000, watch_action="alert", on_retreat="restore"),
    replace(WEIGHTED, judge=JudgePolicy(type="sequential", shadows=("threshold",))),
]


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_written_is_read_again(policy: Policy) -> None:
    whole = sealed(policy)

    assert policy_from_json(policy_json(whole)) == whole


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_written_is_what_the_schema_of_the_evidence_says(policy: Policy) -> None:
    Effective.model_validate_json(rfc8785.dumps(policy_json(policy)))


def test_what_the_judge_does_not_read_makes_no_difference() -> None:
    unread = replace(WEIGHTED, judge=JudgePolicy(dwell_ms=1000))

    assert policy_json(unread) == policy_json(WEIGHTED)
