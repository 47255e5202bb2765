"""Checks of a Canary: what they mean, and what is said of wrong ones."""

import json
from decimal import Decimal
from typing import Any

import pytest
from canary_texts import Json, analysis, flagger, metric, own, read, refusal

from gitops_canary.core import configs
from gitops_canary.errors import SpecError
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
        ({"query": "{{ ingress }}", "threshold": 1}, "{{ ingress }}, and there is no ingressRef"),
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


def conditioned(judge: str, **changes: Any) -> Json:
    check = {"name": "errors", "query": "up", **changes}
    return own(analysis=analysis(judge={"type": judge}, metrics=[check]))


def test_conditions_stand_for_limits() -> None:
    whole = read(conditioned("conditions", successCondition="result[0] > 1", count=3))

    (check,) = whole.policy.checks
    assert check.limits == Limits()
    assert check.criteria is not None
    assert (check.criteria.success, check.criteria.count) == ("result[0] > 1", 3)
    assert whole.origins["checks[0].criteria"].startswith("apps/canary.yaml:1:")
    configs.checked(whole)


@pytest.mark.parametrize("wrong", ["successCondition", "failureCondition"])
def test_condition_that_cannot_be_read_names_its_place(wrong: str) -> None:
    good = dict.fromkeys(("successCondition", "failureCondition"), "result[0] > 1")
    document = conditioned("conditions", **good | {wrong: "result[0] => 1"})

    with pytest.raises(SpecError, match="The check errors: The condition") as caught:
        configs.checked(read(document))
    assert caught.value.place is not None
    assert json.dumps(document)[caught.value.place.column - 1 :].startswith('"result[0] => 1"')


def test_conditions_that_can_never_pass_are_refused() -> None:
    dry = {"thresholdRange": {"max": 1}, "dryRun": True}
    text = str(refusal(conditioned("conditions", **dry)))
    assert "analysis.metrics has dryRun for every check, so nothing could ever pass" in text
    row = dry | {"dryRun": False, "consecutiveSuccessLimit": 4}
    text = str(refusal(conditioned("conditions", **row, count=3)))
    assert "asks for 4 good measurements in a row, and count ends them after 3" in text
    assert read(conditioned("conditions", **row, count=4)).policy.checks
    assert read(conditioned("conditions", **row)).policy.checks


def test_ranks_take_no_query_whose_answers_nobody_compares() -> None:
    query = refusal(conditioned("mannwhitney", thresholdRange={"max": 1}))
    assert "metrics[0] is a query of one side, and mannwhitney compares two" in query.problem
    beside = {"type": "threshold", "shadows": ["mannwhitney"]}
    checks = [{"name": "errors", "query": "up", "thresholdRange": {"max": 1}}]
    assert read(own(analysis=analysis(judge=beside, metrics=checks))).policy.judge.shadows


def test_conditions_for_another_judge_are_refused() -> None:
    found = refusal(conditioned("threshold", thresholdRange={"max": 1}, failureLimit=2))

    assert "failureLimit is for the judge conditions only" in found.problem


def test_limits_are_a_condition_where_there_is_none() -> None:
    whole = read(conditioned("conditions", thresholdRange={"min": 1, "max": 2.5}))

    (one,) = configs.conditioned(whole.policy, whole).metrics
    assert one.success is not None
    assert [one.success.holds([value]) for value in (0.9, 1, 2.5, 2.6)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_watch_without_a_length_or_an_opponent_is_refused() -> None:
    short = analysis(watch={"action": "alert"})
    alone = analysis(watch={"duration": "5m"}, judge={"type": "mannwhitney"})

    assert "analysis.watch has no duration" in refusal(own(analysis=short)).problem
    assert "has nobody to compare with" in refusal(own(analysis=alone)).problem
    blind = own(skipAnalysis=True, analysis=analysis(watch={"duration": "5m"}, metrics=None))
    assert "analysis.watch has no check to judge by" in refusal(blind).problem


@pytest.mark.parametrize("kind", ["threshold", "conditions", "mannwhitney"])
def test_what_only_another_judge_reads_is_refused(kind: str) -> None:
    options: Json = {"type": kind, "warmup": "2m", "shareGuard": False}
    text = str(refusal(own(analysis=analysis(judge=options))))
    assert f"warmup is read by sequential alone, and {kind} decides here" in text
    assert "shareGuard is read by sequential alone" in text
    beside = options | {"shadows": ["sequential"]}
    assert read(own(analysis=analysis(judge=beside))).policy.judge.warmup_ms == 120_000


GATE = {"name": "gate", "type": "confirm-promotion", "url": "http://ci/gate"}


@pytest.mark.parametrize("webhooks", [[], [GATE], [GATE | {"type": "pre-rollout"}]])
def test_a_canary_that_nothing_judges_is_refused(webhooks: list[Json]) -> None:
    text = str(refusal(flagger(analysis=analysis(metrics=[], webhooks=webhooks))))
    assert "has no check, and no webhook is of type rollout, so nothing could ever pass" in text


def test_a_webhook_of_type_rollout_is_judge_enough() -> None:
    spec = read(flagger(analysis=analysis(metrics=[], webhooks=[GATE | {"type": "rollout"}])))
    assert spec.policy.checks == ()
    ours = {"name": "smoke", "webhook": "smoke"}
    assert (
        read(own(analysis=analysis(metrics=[], webhooks=[ours]))).policy.judge.type == "threshold"
    )
    judged = analysis(metrics=[], webhooks=[ours], judge={"type": "sequential"})
    assert "analysis.judge has nothing to measure" in str(refusal(own(analysis=judged)))


@pytest.mark.parametrize(
    ("least", "problem"),
    [
        (100, "leaves no request that may fail"),
        (99.999999999, ""),
        (0.001, ""),
        (0, "lets every request fail"),
    ],
)
def test_a_success_rate_without_a_budget_to_weigh_is_refused(least: float, problem: str) -> None:
    checks = [{"name": "request-success-rate", "thresholdRange": {"min": least}}]
    whole = own(analysis=analysis(judge={"type": "sequential"}, metrics=checks))
    if problem:
        assert problem in refusal(whole).problem
    else:
        assert 0 < configs.budget(read(whole).policy.checks[0]) < 1


def test_ingress_and_route_stand_for_the_names_the_canary_refers_to() -> None:
    query = 'sum(rate(x{ingress="{{ ingress }}", route=~"{{route}}.+", ns="{{ namespace }}"}[1m]))'
    document = flagger(
        ingressRef={"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "public"},
        routeRef={"apiVersion": "apisix.apache.org/v2", "kind": "ApisixRoute", "name": "all"},
        analysis=analysis(metrics=[{"name": "errors", "query": query, "threshold": 1}]),
    )
    [check] = read(document).policy.checks
    assert 'ingress="public", route=~"all.+", ns="{{ namespace }}"' in check.query
    document["spec"]["ingressRef"]["name"] = 'public"} or vector(1) #'
    assert "ingressRef.name" in str(refusal(document))
