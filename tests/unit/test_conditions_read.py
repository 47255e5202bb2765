"""What the judge of conditions reads of a check that the controller has a query for."""

import pytest
from checks import check, spec
from test_judge import AT, SCRAPE, point

from gitops_canary.core.judge import results_at
from gitops_canary.core.questions import FRESH_SCRAPES, Role, asked
from gitops_canary.model.observation import Answer


@pytest.mark.parametrize(
    ("who", "workload", "ages", "value"),
    [
        ("shop", "", FRESH_SCRAPES, "90"),
        ("shop", "", FRESH_SCRAPES + 1, None),
        ("shop-primary", "shop-primary", 0, "90"),
        ("shop-primary", "", 0, None),
    ],
    ids=["as old as may be", "too old", "the primary after its promotion", "of somebody else"],
)
def test_conditions_read_a_builtin_check_as_any_judge(
    who: str, workload: str, ages: int, value: str | None
) -> None:
    canary = spec(check())
    [one] = canary.policy.checks
    roles = asked(one, canary.policy, canary, (AT,), scrape_ms=SCRAPE, workload=workload or "shop")
    labels = {"destination_workload": who, "reporter": "destination"}
    counts = [point(n, response_code=code, **labels) for code, n in (("200", "90"), ("500", "10"))]
    seen = point(str((AT - ages * SCRAPE) / 1000), **labels)
    answers = {
        roles[Role.REQUESTS][0]: Answer(series=tuple(counts)),
        roles[Role.SEEN][0]: Answer(series=(seen,)),
    }
    more = {"scrape_ms": SCRAPE, **({"workload": workload} if workload else {})}
    found = results_at(one, canary.policy, canary, answers, (AT,), AT, **more)  # type: ignore[arg-type]  # one is a number
    assert found.value == value
