from dataclasses import replace
from decimal import Decimal

import pytest
from checks import check, spec

from gitops_canary.manifest.policy import policy_from_json, policy_json, sealed
from gitops_canary.model.spec import Match, Policy, Strategy

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
]


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_written_is_read_again(policy: Policy) -> None:
    whole = sealed(policy)

    assert policy_from_json(policy_json(whole)) == whole
