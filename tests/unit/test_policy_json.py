"""A policy as the evidence holds it: nothing is lost, and `verify` knows every field."""

import json
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from checks import check, spec

from gitops_canary.app.evidence_policy import Effective
from gitops_canary.manifest.policy import policy_from_json, policy_json, sealed
from gitops_canary.model.spec import Affinity, JudgePolicy, Match, Policy, Strategy
from gitops_canary.model.webhooks import HookType, Webhook

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
    replace(WEIGHTED, canary_ready=50, primary_ready=75),
    replace(
        WEIGHTED,
        strategy=Strategy.AB_TEST,
        iterations=2,
        match=(Match(headers={"x": ("exact", "y")}),),
        mirror=Decimal(5),
        skip_analysis=True,
        attempts_max=1,
        settle_ms=1000,
        judge=JudgePolicy(
            type="sequential", shadows=("threshold",), pod_grace_ms=0, share_guard=False
        ),
        no_data="ask",
        approvals=(0, 1),
        rollback_window_ms=60_000,
        canary_ready=1,
        primary_ready=99,
        watch_ms=900_000,
        watch_action="alert",
        on_retreat="restore",
        return_step=Decimal("2.5"),
        affinity=Affinity(cookie="a", max_age_s=5, primary_cookie="b", attributes="Path=/"),
        webhooks=(
            Webhook(
                name="gate",
                type=HookType.CONFIRM_PROMOTION,
                target="gate/check",
                timeout_ms=1,
                retries=2,
                metadata=(("a", "b"), ("c", "d")),
                muted=True,
            ),
        ),
    ),
]


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_written_is_read_again(policy: Policy) -> None:
    whole = sealed(policy)

    assert policy_from_json(policy_json(whole)) == whole


@pytest.mark.parametrize("policy", POLICIES)
def test_verify_knows_every_field(policy: Policy) -> None:
    written = json.dumps(policy_json(policy))
    known = Effective.model_validate_json(written).model_dump(by_alias=True, exclude_unset=True)

    assert json.loads(json.dumps(known)) == json.loads(written)


def test_one_of_the_policies_leaves_nothing_at_its_default() -> None:
    last = POLICIES[-1]
    same = {f.name for f in fields(Policy) if getattr(last, f.name) == f.default}

    assert same == set()
    assert last.judge != JudgePolicy()


def test_what_the_judge_does_not_read_makes_no_difference() -> None:
    unread = replace(WEIGHTED, judge=JudgePolicy(dwell_ms=1000))

    assert policy_json(unread) == policy_json(WEIGHTED)
