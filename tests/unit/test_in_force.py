"""The policy that applied, as a table that a person reads."""

from typing import Any

import pytest
from test_report import decision

from gitops_canary.core.in_force import asks, limits, lines, options

Json = dict[str, Any]


def one(*, pages: int = 9, origin: Json | None = None, **effective: Any) -> Json:
    found = decision(1, "start") | {"pages": pages}
    found["policy"]["effective"] |= effective
    found["policy"]["origin"] = origin or {}
    return found


def told(made: Json) -> dict[str, tuple[str, str]]:
    return {field: (value, place) for _, value, place, field in options(made)}


@pytest.mark.parametrize(
    ("pages", "origin", "place"),
    [
        (9, {}, "default"),
        (9, {"noData": "canary.yaml:9:5"}, "canary.yaml:9:5"),
        (8, {}, "set in the Canary"),
    ],
    ids=["told", "set", "an old record"],
)
def test_it_is_said_what_was_set_and_what_was_not(pages: int, origin: Json, place: str) -> None:
    found = told(one(pages=pages, origin=origin, noData="ask"))

    assert found["analysis.noData"] == ("ask: the weight stays, and a person is asked", place)
    assert found["analysis.onRetreat"] == ("keep: it stays in Git at weight 0", "default")


def test_every_kind_of_value_has_its_unit() -> None:
    found = told(
        one(
            steps=["0.5", "100"], match=[
                {"headers": {"x": ["exact", "1"]}, "query": {"q": ["regex", "a"]},
                 "sourceLabels": {"app": "y"}}, {"headers": {}, "query": {}, "sourceLabels": {}}],
            affinity={"cookie": "c", "maxAgeS": 60, "primaryCookie": "p", "primaryMaxAgeS": 1,
                      "attributes": "Secure"},
            approvals=[0, 1], returnStep="5", mirror="100", rollbackWindowMs=7_200_000,
            watchAction="alert", onRetreat="restore", strategy="A/B", iterations=2,
        )
    )  # fmt: skip
    values = {field: value for field, (value, _) in found.items()}

    assert values["analysis.stepWeights"] == "0.5% -> 100%"
    assert values["analysis.match"] == "header x exact 1 and query q regex a and label app y"
    assert (
        values["analysis.sessionAffinity"]
        == "c for 60 seconds, of the primary p for 1 second; Secure"
    )
    assert values["gates.approval"] == "0, 1"
    assert values["analysis.stepWeightPromotion"] == "5 %"
    assert values["rollbackWindow"] == "2 hours"
    assert values["analysis.iterations"] == "2 looks"
    assert values["analysis.interval"] == "1 minute"
    assert values["skipAnalysis"] == "no"


def test_an_unknown_option_is_shown_as_it_is() -> None:
    assert ("later", '{"x": 1}', "default", "-") in list(options(one(later={"x": 1})))


def test_no_value_is_shown_as_python_or_json_writes_it() -> None:
    judge = {"type": "conditions", "shadows": []}
    every = [value for _, value, _, _ in options(one(judge=judge, noData="fail"))]

    assert not any(sign in value for value in every for sign in "{}[]")
    assert not {"True", "False", "None"} & set(every)


def test_conditions_are_told_with_what_they_let_by() -> None:
    made = one()
    made["policy"]["effective"]["checks"][0]["criteria"] = {
        "success": "", "failure": "result > 1", "failureLimit": -1, "count": None,
        "initialDelayMs": 0, "dryRun": True,
    }  # fmt: skip

    assert list(asks(made["policy"])) == [
        ("request-success-rate", "-", "result > 1", "1 measurement, decides nothing", "never",
         "0 seconds"),
    ]  # fmt: skip
    assert "request-success-rate: passes if -, fails if result > 1" in list(lines(made))


def test_a_limit_names_its_unit_and_the_query_that_has_none() -> None:
    made = one()
    check = made["policy"]["effective"]["checks"][0]
    check |= {"query": "max(x)", "maximum": "100"}
    assert next(limits(made["policy"]))[1:3] == ("99", "100")
    assert next(lines(made)).startswith(
        "request-success-rate: the query max(x); at least 99 and at"
    )
    check |= {"builtin": "request-duration", "minimum": None, "maximum": "250"}
    assert next(limits(made["policy"]))[1:3] == ("-", "250 ms")
