"""What rolls a canary back, in words, for each judge."""

from typing import Any

import pytest
from test_report import failed

from gitops_canary.core.stopping import condemned_by, limits
from gitops_canary.core.told import conditions

Json = dict[str, Any]


def policy(judge: str | None = None, **more: Any) -> Json:
    known: Json = failed(1)["policy"]["effective"]
    chosen = {} if judge is None else {"judge": {"type": judge, "alpha": "0.005"}}
    return known | chosen | more


def with_check(judge: str | None = None, **check: Any) -> Json:
    known = policy(judge)
    return known | {"checks": [known["checks"][0] | check]}


@pytest.mark.parametrize(
    ("judge", "threshold", "says"),
    [
        (None, 1, "1 failed look"),
        (None, 2, "2 failed looks"),
        ("threshold", 2, "2 failed looks"),
        ("sequential", 2, "evidence that condemns a good version at most once in 200 rollouts"),
        (
            "conditions",
            2,
            "more failed measurements of a check at one weight than its failureLimit",
        ),
        ("mannwhitney", 2, "measured points that rank worse than the primary's"),
    ],
)
def test_each_judge_condemns_in_its_own_way(judge: str | None, threshold: int, says: str) -> None:
    assert condemned_by(policy(judge, threshold=threshold)) == says


@pytest.mark.parametrize(
    ("steps", "strategy", "risk", "counted"),
    [
        (["10", "100"], "weighted", "3 times in 400", "primary, and at 100 % by itself"),
        (["10", "50"], "weighted", "once in 200 rollouts", "against the primary"),
        (["100"], "A/B", "once in 200 rollouts", "against the primary"),
    ],
)
def test_who_has_all_traffic_is_judged_by_itself_too(
    steps: list[str], strategy: str, risk: str, counted: str
) -> None:
    given = with_check("sequential", builtin="request-success-rate")
    given |= {"steps": steps, "strategy": strategy}
    assert condemned_by(given) == f"evidence that condemns a good version at most {risk}"
    assert next(limits(given)).endswith(counted)


@pytest.mark.parametrize(
    ("judge", "check", "says"),
    [
        (None, {}, "below 99: a failed check"),
        (None, {"minimum": None, "maximum": "5"}, "above 5: a failed check"),
        (None, {"maximum": "100"}, "below 99 or above 100: a failed check"),
        ("conditions", {}, "below 99: a failed check"),
        ("sequential", {}, "below 99: a failed check"),
        (
            "sequential",
            {"builtin": "request-success-rate"},
            "below 99 %: counted, request by request, against the primary",
        ),
        ("threshold", {"builtin": "request-success-rate"}, "below 99 %: a failed check"),
    ],
)
def test_a_limit_says_on_which_side_it_is_broken(judge: str | None, check: Json, says: str) -> None:
    assert next(limits(with_check(judge, **check))) == f"request-success-rate {says}"


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"success": "", "failure": "result > 5", "failureLimit": 0}, "result > 5"),
        ({"success": "result < 2", "failure": "", "failureLimit": 1}, "not result < 2 (1 let by)"),
        (
            {"success": "result < 2", "failure": "result > 5", "failureLimit": -1},
            "result > 5 (never too often)",
        ),
        ({"success": "", "failure": "", "failureLimit": 3}, "below 99"),
    ],
)
def test_a_condition_that_fails_a_measurement_is_told(said: Json, says: str) -> None:
    found = list(limits(with_check("conditions", criteria=said)))

    assert found == [f"request-success-rate: {says}: a failed measurement"]
    assert list(limits(with_check(None, criteria=said))) == [
        "request-success-rate below 99: a failed check"
    ]


def test_webhooks_that_are_checks_are_told_and_gates_are_not() -> None:
    hooks = [{"type": kind, "name": kind} for kind in ("rollout", "pre-rollout", "rollback")]
    told = list(limits(policy(webhooks=hooks)))[1:]

    assert told == [
        f"the webhook {name} answers neither 200, 201 nor 202: a failed check"
        for name in ("rollout", "pre-rollout")
    ]


def test_queries_count_up_beside_the_evidence() -> None:
    *_, mixed = limits(with_check("sequential"))
    builtin = list(limits(with_check("sequential", builtin="request-success-rate")))

    assert mixed == "2 failed checks of a query in all, as evidence does"
    assert len(builtin) == 1
    assert len(list(limits(with_check()))) == 1


@pytest.mark.parametrize(
    ("watch", "told"),
    [
        ({"watchMs": 3_600_000, "watchAction": "abort"}, True),
        ({"watchMs": 3_600_000, "watchAction": "alert"}, False),
        ({"watchMs": 0, "watchAction": "abort"}, False),
    ],
)
def test_a_watch_is_told_where_it_takes_the_rollout_back(watch: Json, *, told: bool) -> None:
    line = "the same within 1h after the finish: the stable revision before this rollout"

    assert (line in conditions(policy(**watch))) is told
