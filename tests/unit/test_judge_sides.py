"""Which side of the same requests is told, and what is said where there were none."""

from functools import partial

import pytest
from checks import check, spec
from test_judge import AT, PASS, SCRAPE, sides

from gitops_canary.core.judge import judge
from gitops_canary.core.questions import asked
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
