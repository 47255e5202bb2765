"""Flagger's dialect: what a document means, and what is said of a wrong one."""

from decimal import Decimal

import pytest
from canary_texts import FILE, TEXT, Json, analysis, anything, flagger, read, refusal, steps

from gitops_canary.errors import Place
from gitops_canary.manifest.spec_file import (
    is_canary,
    is_template,
)
from gitops_canary.model.spec import Dialect, Limits, Workload


def test_canary_is_read_whole() -> None:
    spec = read(flagger())
    assert spec.id == "prod/web"
    assert spec.dialect is Dialect.FLAGGER
    assert spec.place == Place(FILE, 1, 1)
    assert spec.target == Workload(
        api_version="apps/v1", kind="Deployment", namespace="prod", name="checkout"
    )
    assert (spec.apex, spec.provider, spec.suspend, spec.deferred) == (
        "checkout",
        "istio",
        False,
        (),
    )
    policy = spec.policy
    assert (policy.interval_ms, policy.threshold, policy.progress_deadline_ms) == (
        60_000,
        3,
        600_000,
    )
    (check,) = policy.checks
    assert (check.builtin, check.query, check.source) == ("request-success-rate", "", "default")
    assert check.limits == Limits(minimum=Decimal(99))


def test_all_problems_are_told_at_once_with_places() -> None:
    error = refusal(TEXT)
    assert error.place == Place(FILE, 15, 5)
    for line in (
        f"{FILE}:15:5: analysis.interva1 is not known in a Flagger Canary (try: did you mean inter",
        f"{FILE}:17:22: analysis.stepWeights[1] does not exceed 5",
        f"{FILE}:17:25: analysis.stepWeights[2] does not exceed 5",
        f"{FILE}:22:9: analysis.webhooks[0].nmae is not known in a Flagger Canary",
        f"{FILE}:22:9: analysis.webhooks[0].name is missing",
    ):
        assert line in error.problem
    assert "has 5 problems" in error.problem


def test_two_dialects_and_their_unknown_versions_are_canaries() -> None:
    assert is_canary("flagger.app/v1beta1", "Canary")
    assert is_canary("flagger.app/v9", "Canary")
    assert is_canary("gitops-canary.dev/v1alpha1", "Canary")
    assert not is_canary("example.com/v1", "Canary")
    assert not is_canary("flagger.app/v1beta1", "MetricTemplate")
    assert is_template("flagger.app/v1beta1", "MetricTemplate")
    assert not is_template("gitops-canary.dev/v1alpha1", "MetricTemplate")


def test_unknown_version_is_refused() -> None:
    error = refusal({**flagger(), "apiVersion": "flagger.app/v1alpha3"})
    assert "v1alpha3" in error.problem
    assert "flagger.app/v1beta1" in error.remedy


def test_namespace_is_default_where_absent() -> None:
    assert read({**flagger(), "metadata": {"name": "web"}}).id == "default/web"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stepWeight": 20, "maxWeight": 50}, (20, 40, 50)),
        ({"stepWeight": 25}, (25, 50, 75, 100)),
        ({"stepWeight": 100}, (100,)),
        ({"stepWeight": 50, "maxWeight": 50}, (50,)),
        ({"stepWeight": 2}, tuple(range(2, 101, 2))),
        ({"stepWeights": [1, 2, 10, 80]}, (1, 2, 10, 80)),
        ({"stepWeights": [10, 20, 60, 80], "maxWeight": 50}, (10, 20, 50)),
    ],
)
def test_steps_never_exceed_the_maximum(changes: Json, expected: tuple[int, ...]) -> None:
    assert read(steps(**changes)).policy.steps == expected


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, "analysis has no steps"),
        ({"stepWeights": []}, "analysis.stepWeights is empty"),
        ({"stepWeights": [0]}, "analysis.stepWeights[0] is out of bounds"),
        ({"stepWeights": [101]}, "analysis.stepWeights[0] is out of bounds"),
        ({"stepWeights": [5, 5, 4]}, "analysis.stepWeights[1] does not exceed 5"),
        ({"stepWeights": [33.3]}, "analysis.stepWeights[0] is '33.3', no whole number"),
        ({"stepWeights": list(range(1, 52))}, "analysis.stepWeights has more than 50 items"),
        ({"stepWeights": [*range(10_000)]}, "analysis.stepWeights has more than 50 items"),
        ({"stepWeights": ["10"]}, "analysis.stepWeights[0] is '10', no whole number"),
        ({"stepWeight": 1}, "analysis.stepWeight makes more than 50 steps"),
        ({"stepWeight": 20, "maxWeight": 10}, "analysis.stepWeight exceeds maxWeight"),
        ({"stepWeight": 20, "stepWeights": [10]}, "analysis has stepWeight and stepWeights"),
        ({"stepWeight": 20, "iterations": 10}, "analysis has stepWeight and iterations"),
    ],
)
def test_steps_that_are_no_ladder_are_refused(changes: Json, problem: str) -> None:
    assert problem in refusal(steps(**changes)).problem


@pytest.mark.parametrize(
    "weight", ["010", "0x10", "0b11", "1_0", "+10", "1e1", "1:30", "~", ".inf"]
)
def test_numbers_that_readers_take_differently_are_refused(weight: str) -> None:
    text = TEXT.replace("interva1", "interval").replace("[5, 5, 4]", f"[{weight}]")
    assert "analysis.stepWeights[0]" in refusal(text).problem


@pytest.mark.parametrize(
    "span", ["-1s", "0", "0s", "5", "NaN", "10m10", "P1Y", "1e9h", "8d", "999ms"]
)
def test_intervals_that_are_none_are_refused(span: str) -> None:
    assert "analysis.interval " in refusal(flagger(analysis=analysis(interval=span))).problem


def test_bounds_of_a_time_are_told_as_they_are() -> None:
    hook = {"name": "a", "url": "http://a.example/", "timeout": "1ms", "retries": 11}
    told = refusal(flagger(analysis=analysis(webhooks=[hook]))).problem
    assert "choose a value from 100ms to 1h" in told
    assert "choose a value from 0 to 10" in told


def test_interval_without_unit_says_which_to_write() -> None:
    text = TEXT.replace("interva1: 1m", "interval: 60").replace("5, 5, 4", "5")
    assert "write 60s" in refusal(text.replace("nmae", "name")).remedy


@pytest.mark.parametrize(("threshold", "expected"), [(0, 1), (-5, 1), (1, 1), (10, 10)])
def test_threshold_below_one_counts_as_one(threshold: int, expected: int) -> None:
    spec = read(flagger(analysis=analysis(threshold=threshold)))
    assert spec.policy.threshold == expected


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"provider": "osm"}, "provider is osm, which is at its end"),
        ({"provider": "istoi"}, "provider is 'istoi', which is not known"),
        ({"targetRef": None}, "targetRef is missing"),
        (
            {"targetRef": {"apiVersion": "v1", "kind": "Service", "name": "x"}},
            "targetRef.kind is Service: the cluster names a Knative Service's revisions",
        ),
        (
            {"targetRef": {"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": "x"}},
            "targetRef.apiVersion is not that of a Deployment",
        ),
        ({"analysis": None}, "analysis is missing"),
        ({"service": {}}, "service.port is missing"),
        ({"suspend": "true"}, "suspend is 'true', no truth value"),
        ({"skipAnalysis": None, "skipAnalysys": True}, "skipAnalysys is not known"),
        ({"metricsServer": "http://me:pw@prom"}, "metricsServer contains credentials"),
        ({"metricsServer": "ftp://prom"}, "metricsServer is no http or https URL"),
        ({"canaryAnalysis": {}}, "canaryAnalysis is not known"),
    ],
)
def test_wrong_spec_is_refused(changes: Json, problem: str) -> None:
    error = refusal(flagger(**changes))
    assert problem in error.problem
    assert "pw" not in str(error)


def test_provider_that_is_absent_is_the_operators_or_an_error() -> None:
    document = flagger(provider=None)
    assert read(document, default_provider="istio").provider == "istio"
    assert "provider is missing" in refusal(document).problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("spec: &s {a: 1}\nkind: Canary\napiVersion: flagger.app/v1beta1\n", "a is not known"),
        (TEXT.replace("port: 80", "port: &p 80").replace("threshold: 3", "threshold: *p"), "alias"),
        (TEXT.replace("name: checkout", "name: !!str checkout"), "has an alias or a tag"),
        (TEXT.replace("    port: 80", "    <<: {port: 80}"), "merge key"),
        (TEXT.replace("name: checkout", "name: 0755"), "targetRef.name can be read as"),
        (TEXT.replace("name: checkout", "name: "), "targetRef.name has no value"),
        (TEXT.replace("spec:", "spek:", 1), "This Canary has no spec"),
        (TEXT.replace("metadata:", "metadta:", 1), "metadta is not known in a document"),
        (TEXT.replace("name: web", "name: WEB"), "metadata.name is 'WEB'"),
    ],
)
def test_hostile_or_careless_yaml_is_refused(text: str, problem: str) -> None:
    assert problem in refusal(text, templates=anything).problem
