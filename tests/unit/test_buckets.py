"""Latency limits and the buckets there are."""

from dataclasses import replace
from decimal import Decimal

import pytest
from checks import DURATION, SUCCESS, check, spec

from gitops_canary.core.buckets import read_ms, unusual, usual_ms
from gitops_canary.core.telemetry import measured
from gitops_canary.model.observation import Answer, Sample, Series
from gitops_canary.model.spec import CanarySpec, JudgePolicy


def limited(limit: str, judge: str, provider: str = "traefik") -> CanarySpec:
    one = spec(check(), check(DURATION, minimum=None, maximum=limit), provider=provider)
    policy = replace(one.policy, judge=JudgePolicy(type=judge))
    return replace(one, policy=policy, origins={"checks[1].maximum": "canary.yaml:7:3"})


@pytest.mark.parametrize(
    ("limit", "judge", "provider", "told"),
    [
        ("4999", "threshold", "traefik", ""),
        ("400", "threshold", "traefik", ""),
        ("5000", "threshold", "traefik", "is not below 5000, the largest finite bound"),
        ("9000", "conditions", "traefik", "so no look ever fails"),
        ("5000", "sequential", "traefik", ""),
        ("400", "sequential", "traefik", "is no bound of the buckets that traefik has"),
        ("9000", "mannwhitney", "traefik", "so nothing would ever pass"),
        ("10000", "threshold", "nginx", "is not below 10000"),
        ("10000", "threshold", "istio", ""),
        ("99999", "threshold", "kubernetes", ""),
        ("300", "sequential", "gatewayapi:v1", ""),
    ],
)
def test_a_limit_that_can_never_fail_or_never_be_counted_is_told(
    limit: str, judge: str, provider: str, told: str
) -> None:
    found = list(unusual(limited(limit, judge, provider)))
    assert len(found) == bool(told)
    for one in found:
        assert told in one.problem
        assert str(one.place) == "canary.yaml:7:3"


def test_the_bounds_next_to_a_limit_are_named() -> None:
    [found] = unusual(limited("400", "sequential"))
    assert found.remedy == "use a bound, e.g. 100, 300, 1200, or give the histogram this one"


def test_other_checks_have_no_buckets() -> None:
    assert list(unusual(spec(check(SUCCESS), check(None, query="vector(1)", maximum="9e9")))) == []


def test_bounds_are_read_in_milliseconds_and_in_order() -> None:
    rows = [
        Series(labels={"le": le}, samples=(Sample(0, "1"),)) for le in ("1.0", "+Inf", "0.3", "1")
    ]
    assert read_ms(Answer(series=tuple(rows)), 1000) == (Decimal(300), Decimal(1000))


@pytest.mark.parametrize("provider", ["istio", "linkerd", "nginx", "traefik", "virtualserver"])
def test_what_init_writes_is_a_bound_there(provider: str) -> None:
    assert measured(provider).latency_ms in usual_ms(provider)
