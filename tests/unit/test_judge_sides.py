"""Which side of the same requests is told, and what is said where there were none."""

from functools import partial

import pytest
from checks import check, spec
from test_judge import AT, FAIL, PASS, SCRAPE, sides

from gitops_canary.core.judge import judge
from gitops_canary.core.questions import Role, asked
from gitops_canary.model.observation import Answer


@pytest.mark.parametrize("worse", ["source", "destination"])
def test_of_two_sides_within_the_limit_the_worse_one_is_told(worse: str) -> None:
    better = "destination" if worse == "source" else "source"
    found = sides(
        {
            f"shop/{better}": {"200": "999", "503": "1"},
            f"shop/{worse}": {"200": "995", "503": "5"},
        }
    )
    assert (found.outcome, found.value) == (PASS, "99.5")


def test_silence_names_the_side_that_was_measured() -> None:
    canary = spec(check())
    ask = partial(asked, canary.policy.checks[0], canary.policy, canary, (AT,), scrape_ms=SCRAPE)
    for workload, whom in (("", "the canary"), ("shop-primary", "the primary")):
        roles = ask(workload=workload) if workload else ask()
        answers = dict.fromkeys([one for own in roles.values() for one in own], Answer())
        found = judge(
            canary.policy, canary, answers, (AT,), AT, scrape_ms=SCRAPE, workload=workload
        )
        assert f"no request to {whom} within" in found.measurements[0].why


@pytest.mark.parametrize("told", ["source", "waypoint", "destination", "odd"])
def test_of_sides_beyond_the_limit_the_one_nearest_to_the_users_is_told(told: str) -> None:
    order = ["source", "waypoint", "destination", "odd"]
    seen = order[order.index(told) :]
    given = {
        f"shop/{side}": {"200": f"{90 + i}", "503": f"{10 - i}"} for i, side in enumerate(seen)
    }
    found = sides(dict(sorted(given.items())))
    assert (found.outcome, found.value) == (FAIL, "90")


def test_only_codes_that_came_are_told() -> None:
    found = sides({"shop/source": {"200": "90", "500": "10", "503": "0"}})
    assert found.why == "below the limit: failed with 500: 10, as seen by its callers"


@pytest.mark.parametrize("which", [Role.REQUESTS, Role.SEEN])
def test_one_answer_that_failed_is_told(which: Role) -> None:
    canary = spec(check())
    roles = asked(canary.policy.checks[0], canary.policy, canary, (AT,), scrape_ms=SCRAPE)
    answers = {
        one: Answer(error="half is missing" if role is which else None)
        for role, own in roles.items()
        for one in own
    }
    found = judge(canary.policy, canary, answers, (AT,), AT, scrape_ms=SCRAPE)
    assert found.measurements[0].why == "half is missing"


def test_a_single_request_counts() -> None:
    found = sides({"shop/source": {"200": "1", "503": "1"}, "shop-primary/source": {"200": "1"}})
    assert found.baseline == "100"
    assert "failed with 503: 1" in found.why
