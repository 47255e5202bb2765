"""Checks of a Canary: what they mean, and what is said of wrong ones."""

from decimal import Decimal
from typing import Any

import pytest
from canary_texts import Json, analysis, flagger, metric, read, refusal

from gitops_canary.model.spec import Limits


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"query": "up"}, "analysis.metrics[0].thresholdRange is missing"),
        ({"query": "up", "thresholdRange": {}}, "analysis.metrics[0].thresholdRange is missing"),
        ({"query": "up", "thresholdRange": {"min": 2, "max": 1}}, "has a min above its max"),
        (
            {"query": "up", "thresholdRange": {"min": 2}, "threshold": 1},
            "analysis.metrics[0].threshold stands beside thresholdRange",
        ),
        (
            {"query": "up", "templateRef": {"name": "t"}, "threshold": 1},
            "analysis.metrics[0].query and templateRef are alternatives",
        ),
        ({"threshold": 1}, "is no builtin metric, and there is no query"),
        ({"name": "request-sucess-rate", "threshold": 1}, "is no builtin metric"),
        (
            {"name": "request-success-rate", "thresholdRange": {"max": 1}},
            "analysis.metrics[0].thresholdRange has no min",
        ),
        ({"name": "request-success-rate"}, "analysis.metrics[0].thresholdRange has no min"),
        (
            {"name": "request-duration", "thresholdRange": {"min": 1}},
            "analysis.metrics[0].thresholdRange has no max",
        ),
        (
            {"name": "request-success-rate", "thresholdRange": {"min": 101}},
            "analysis.metrics[0].thresholdRange is no percentage",
        ),
        (
            {
                "name": "request-duration",
                "threshold": 1,
                "templateVariables": {"a": "b"},
            },
            "analysis.metrics[0].templateVariables are for a query only",
        ),
        ({"query": 'up{a="{{ nam }}"}', "threshold": 1}, "has {{ nam }}"),
        ({"query": "{{ ingress }}", "threshold": 1}, "{{ ingress }}, which is not supported yet"),
        ({"query": "{{ variables.a }}", "threshold": 1}, "has {{ variables.a }}"),
        ({"query": "{{ if name }}", "threshold": 1}, "{{ }} that is more than a name"),
        ({"query": "x" * 100_000, "threshold": 1}, "has more than 10000 characters"),
        (
            {"query": "up", "threshold": 1, "templateVariables": {"a": 'web"} or vector(1) #'}},
            "analysis.metrics[0].templateVariables.a is",
        ),
    ],
)
def test_wrong_check_is_refused(changes: Json, problem: str) -> None:
    assert problem in refusal(metric(**changes)).problem


def test_check_used_twice_is_refused() -> None:
    one = {"name": "errors", "query": "up", "threshold": 1}
    error = refusal(flagger(analysis=analysis(metrics=[one, one])))
    assert "analysis.metrics[1].name is used twice" in error.problem


@pytest.mark.parametrize("metrics", [None, []])
def test_canary_without_checks_is_refused_unless_it_skips_them(metrics: Any) -> None:
    bare = analysis(metrics=metrics)
    assert "has no check" in refusal(flagger(analysis=bare)).problem
    assert read(flagger(analysis=bare, skipAnalysis=True)).policy.checks == ()


def test_known_placeholders_stay_as_they_are() -> None:
    query = "f{{name}} {{ namespace }} {{ target }} {{ service }} {{ interval }} {{ variables.x }}"
    spec = read(metric(query=query, threshold=1, templateVariables={"x": "5.*"}))
    assert spec.policy.checks[0].query == query


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("request-success-rate", Limits(minimum=Decimal("99.5"))),
        ("request-duration", Limits(maximum=Decimal("99.5"))),
    ],
)
def test_deprecated_threshold_means_what_it_meant(name: str, expected: Limits) -> None:
    assert read(metric(name=name, threshold=99.5)).policy.checks[0].limits == expected


def test_builtin_name_with_a_template_is_no_builtin() -> None:
    spec = read(metric(name="request-duration", templateRef={"name": "t"}, threshold=5))
    (check,) = spec.policy.checks
    assert (check.builtin, check.query) == (None, "vector(1)")
