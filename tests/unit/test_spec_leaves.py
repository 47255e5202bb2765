"""Every single field of Flagger's Canary is honoured, neutral, or refused by its name."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from canary_texts import analysis, flagger, read, refusal
from leaves_of_telling import TELLING

from gitops_canary.manifest.fields import Field, Shape, Status, Type
from gitops_canary.manifest.flagger_fields import CANARY
from gitops_canary.model.spec import CanarySpec, Strategy

SAMPLES: dict[Type, Any] = {
    Type.TEXT: "text",
    Type.WORD: "word",
    Type.NAME: "name",
    Type.URL: "http://host:80/path",
    Type.SPAN: "1.5s",
    Type.DURATION: "30s",
    Type.WHOLE: 7,
    Type.NUMBER: 7,
    Type.FLAG: True,
    Type.PORT: "http",
}
SUCCESS = {"name": "request-success-rate", "thresholdRange": {"min": 99}}


def sample(shape: Shape) -> Any:
    """Make the smallest valid value of a place."""
    if shape.leaf:
        return next((c for c in shape.leaf.choices if c), SAMPLES[shape.leaf.type])
    if shape.item:
        return [sample(shape.item)]
    return {name: sample(s) for name, s in shape.keys.items() if s.path in CANARY.required}


def with_leaf(document: Any, path: str, value: Any) -> Any:
    """Put a value at a path, and next to it whatever is then required."""
    _put(document["spec"], CANARY.shape, re.findall(r"[^.\[\]]+|\[\]", path), value)
    return document


def _put(parent: Any, shape: Shape, parts: list[str], value: Any) -> None:
    name, *rest = parts
    child = shape.item if name == "[]" else shape.keys[name]
    assert child is not None
    key: Any = 0 if name == "[]" else name.replace("*", "key")
    empty: Any = [None] if child.item else {}
    if not rest:
        parent[key] = value
        return
    if isinstance(parent, list):
        parent[0] = parent[0] or empty
    else:
        parent.setdefault(key, empty)
    for other, required in child.keys.items():
        if required.path in CANARY.required and isinstance(parent[key], dict):
            parent[key].setdefault(other, sample(required))
    _put(parent[key], child, rest, value)


def rows(*statuses: Status) -> list[Any]:
    return [pytest.param(f, id=f.path) for f in CANARY.fields if f.status in statuses]


def normal(spec: CanarySpec) -> CanarySpec:
    return replace(spec, deferred=())


@pytest.mark.parametrize("field", rows(Status.NEUTRAL))
def test_neutral_leaf_reads_and_changes_nothing(field: Field) -> None:
    document = with_leaf(flagger(), field.path, sample(Shape(path=field.path, leaf=field)))
    found = read(document)
    if field.path.startswith("autoscalerRef."):
        # It stands beside the name, which counts.
        found = replace(found, autoscaler=None)
    assert found == read(flagger())
    assert field.why


@pytest.mark.parametrize("field", rows(Status.DEFERRED, Status.REFUSED))
def test_leaf_not_honoured_yet_is_refused_by_name(field: Field) -> None:
    document = with_leaf(flagger(), field.path, sample(Shape(path=field.path, leaf=field)))
    error = refusal(document)
    assert f"{field.root} is not supported yet" in error.problem
    assert error.place is not None
    assert error.place.line == 1


@pytest.mark.parametrize("field", rows(Status.DEFERRED))
def test_deferred_leaf_is_let_by_and_listed(field: Field) -> None:
    document = with_leaf(flagger(), field.path, sample(Shape(path=field.path, leaf=field)))
    spec = read(document, allow_missing=frozenset({field.root}))
    assert spec.deferred == (field.root,)
    assert normal(spec) == read(flagger())


@pytest.mark.parametrize("field", rows(*Status))
def test_leaf_of_a_wrong_shape_is_refused_by_name(field: Field) -> None:
    document = with_leaf(flagger(), field.path, [{"x": 1}])
    named = field.path.replace("[]", "[0]").replace("*", "key")
    assert f"{named} is not {field.type.value}" in refusal(document).problem


def test_harmless_values_of_deferred_leaves_are_accepted() -> None:
    harmless = [f for f in CANARY.fields if f.harmless is not None]
    assert len(harmless) == 2
    for field in harmless:
        assert read(with_leaf(flagger(), field.path, field.harmless)).deferred == ()


def matched(match: dict[str, Any]) -> dict[str, Any]:
    return analysis(stepWeights=None, iterations=3, match=[match])


ONE = "analysis.metrics[]."
CUSTOM = {"name": "errors", "thresholdRange": {"max": 1}}
HONOURED: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "service.name": ({"service": {"port": 80, "name": "shop"}}, lambda s: s.apex, "shop"),
    "provider": ({"provider": "istio"}, lambda s: s.provider, "istio"),
    "metricsServer": (
        {"metricsServer": "http://prom:9090/"},
        lambda s: s.policy.checks[0].address,
        "http://prom:9090",
    ),
    "targetRef.apiVersion": ({}, lambda s: s.target.api_version, "apps/v1"),
    "targetRef.kind": ({}, lambda s: s.target.kind, "Deployment"),
    "targetRef.name": ({}, lambda s: s.target.name, "checkout"),
    "progressDeadlineSeconds": (
        {"progressDeadlineSeconds": 60},
        lambda s: s.policy.progress_deadline_ms,
        60_000,
    ),
    "skipAnalysis": ({"skipAnalysis": True}, lambda s: s.policy.skip_analysis, True),
    "suspend": ({"suspend": True}, lambda s: s.suspend, True),
    "analysis.interval": (
        {"analysis": analysis(interval="1m30s")},
        lambda s: s.policy.interval_ms,
        90_000,
    ),
    "analysis.threshold": ({"analysis": analysis(threshold=7)}, lambda s: s.policy.threshold, 7),
    "analysis.maxWeight": (
        {"analysis": analysis(stepWeights=None, stepWeight=20, maxWeight=30)},
        lambda s: s.policy.steps,
        (20, 30),
    ),
    "analysis.stepWeight": (
        {"analysis": analysis(stepWeights=None, stepWeight=50)},
        lambda s: s.policy.steps,
        (50, 100),
    ),
    "analysis.stepWeights[]": (
        {"analysis": analysis(stepWeights=[1, 99])},
        lambda s: s.policy.steps,
        (1, 99),
    ),
    "analysis.iterations": (
        {"analysis": analysis(stepWeights=None, iterations=3)},
        lambda s: (s.policy.strategy, s.policy.iterations, s.policy.steps),
        (Strategy.BLUE_GREEN, 3, (100,)),
    ),
    **{
        f"analysis.match[].{what}.*.{how}": (
            {"analysis": matched({what: {"Key": {how: "x"}}})},
            lambda s: (s.policy.strategy, {**s.policy.match[0].headers, **s.policy.match[0].query}),
            (Strategy.AB_TEST, {"key" if what == "headers" else "Key": (how, "x")}),
        )
        for what in ("headers", "queryParams")
        for how in ("exact", "prefix", "suffix", "regex")
    },
    "analysis.mirror": (
        {"analysis": analysis(mirror=True)},
        lambda s: s.policy.mirror,
        Decimal(100),
    ),
    **{
        f"analysis.sessionAffinity.{name}": (
            {
                "analysis": analysis(
                    sessionAffinity={"cookieName": "a", "secure": True, name: value}
                )
            },
            lambda s, field=field: getattr(s.policy.affinity, field),
            expected,
        )
        for name, value, field, expected in (
            ("cookieName", "b", "cookie", "b"),
            ("primaryCookieName", "b", "primary_cookie", "b"),
            ("maxAge", 7, "max_age_s", 7),
            ("domain", "x.org", "attributes", "Domain=x.org; Secure"),
            ("path", "/", "attributes", "Path=/; Secure"),
            ("sameSite", "Lax", "attributes", "SameSite=Lax; Secure"),
            ("httpOnly", True, "attributes", "HttpOnly; Secure"),
            ("secure", True, "attributes", "Secure"),
            ("partitioned", True, "attributes", "Secure; Partitioned"),
        )
    },
    **{
        f"analysis.{side}ReadyThreshold": (
            {"analysis": analysis(**{f"{side}ReadyThreshold": 50})},
            lambda s, side=side: getattr(s.policy, f"{side}_ready"),
            50,
        )
        for side in ("canary", "primary")
    },
    "analysis.stepWeightPromotion": (
        {"analysis": analysis(stepWeightPromotion=25)},
        lambda s: s.policy.return_step,
        Decimal(25),
    ),
    **{
        f"autoscalerRef.{name}": (
            {"autoscalerRef": {"apiVersion": "v1", "kind": "ScaledObject", "name": "x"}},
            lambda s, index=index: s.autoscaler[index],
            expected,
        )
        for index, (name, expected) in enumerate((("kind", "ScaledObject"), ("name", "x")))
    },
    "analysis.mirrorWeight": (
        {"analysis": analysis(mirror=True, mirrorWeight=25)},
        lambda s: s.policy.mirror,
        Decimal(25),
    ),
    "analysis.match[].sourceLabels.*": (
        {"analysis": matched({"sourceLabels": {"app": "x"}})},
        lambda s: s.policy.match[0].source_labels,
        {"app": "x"},
    ),
    f"{ONE}name": ({}, lambda s: s.policy.checks[0].name, "request-success-rate"),
    f"{ONE}interval": (
        {"analysis": analysis(metrics=[{**SUCCESS, "interval": "5m"}])},
        lambda s: s.policy.checks[0].interval_ms,
        300_000,
    ),
    f"{ONE}thresholdRange.min": ({}, lambda s: s.policy.checks[0].limits.minimum, Decimal(99)),
    f"{ONE}thresholdRange.max": (
        {"analysis": analysis(metrics=[{**CUSTOM, "query": "up"}])},
        lambda s: s.policy.checks[0].limits.maximum,
        Decimal(1),
    ),
    f"{ONE}threshold": (
        {"analysis": analysis(metrics=[{"name": "request-duration", "threshold": 500}])},
        lambda s: s.policy.checks[0].limits.maximum,
        Decimal(500),
    ),
    f"{ONE}query": (
        {"analysis": analysis(metrics=[{**CUSTOM, "query": "up"}])},
        lambda s: s.policy.checks[0].query,
        "up",
    ),
    f"{ONE}templateRef.name": (
        {"analysis": analysis(metrics=[{**CUSTOM, "templateRef": {"name": "t"}}])},
        lambda s: s.policy.checks[0].query,
        "vector(1)",
    ),
    f"{ONE}templateRef.namespace": (
        {
            "analysis": analysis(
                metrics=[{**CUSTOM, "templateRef": {"name": "t", "namespace": "other"}}]
            )
        },
        lambda s: s.policy.checks[0].query,
        "vector(1)",
    ),
    f"{ONE}templateVariables.*": (
        {
            "analysis": analysis(
                metrics=[{**CUSTOM, "query": "up", "templateVariables": {"a": "b"}}]
            )
        },
        lambda s: s.policy.checks[0].variables,
        {"a": "b"},
    ),
    **{
        f"{name}Ref.name": (
            {
                f"{name}Ref": {"apiVersion": "v1", "kind": kind, "name": "x"},
                "analysis": analysis(metrics=[{**CUSTOM, "query": f"a == {{{{ {name} }}}}"}]),
            },
            lambda s: s.policy.checks[0].query,
            "a == x",
        )
        for name, kind in (("ingress", "Ingress"), ("route", "ApisixRoute"))
    },
    **TELLING,
}


def test_every_honoured_leaf_has_a_case() -> None:
    assert HONOURED.keys() == {f.path for f in CANARY.fields if f.status is Status.HONOURED}


@pytest.mark.parametrize("path", HONOURED)
def test_honoured_leaf_reaches_the_model(path: str) -> None:
    changes, part, expected = HONOURED[path]
    assert part(read(flagger(**changes))) == expected
