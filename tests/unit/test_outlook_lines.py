"""Each line of the outlook, by the part of a policy that brings it about."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import DURATION, check
from grounds import canary_spec, ground

from gitops_canary.core.outlook import outlook
from gitops_canary.model.spec import Affinity, CanarySpec, Criteria, JudgePolicy, Strategy
from gitops_canary.model.webhooks import HookType, Webhook


def with_policy(**changes: Any) -> CanarySpec:
    one = canary_spec()
    policy = replace(one.policy, checks=(check(),), interval_ms=60_000)
    return replace(one, policy=replace(policy, **changes))


def told(spec: CanarySpec | None = None, **layout: Any) -> str:
    return "\n".join(outlook(spec or with_policy(), ground("1", "1", **layout)))


STEPS = {"steps": (Decimal(10), Decimal(50))}
SURE = JudgePolicy(type="sequential")
SLOW = check("request-duration", minimum=None, maximum="500")
ARGO = JudgePolicy(type="conditions")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "  1. start: the weight is set to 0; the canary has 10m to become ready"),
        ({"mirror": Decimal(50)}, "the weight is set to 0, and 50 % of requests copied; the"),
        ({"mirror": Decimal(50)}, "Before any traffic: one look that passes, 1m later"),
        ({}, "  2. advance 1/1: 10 % of the traffic goes to the canary; once that is live, one"),
        (STEPS, "advance 2/2: 50 % of the traffic"),
        ({"iterations": 3, "strategy": Strategy.AB_TEST}, "all requests that match go to the"),
        (
            {"iterations": 3, "strategy": Strategy.AB_TEST},
            "once that is live, 3 looks that pass, the first 1m later, one every 1m.",
        ),
        ({"checks": (check(interval_ms=120_000),)}, "one look that passes, 2m later"),
        ({"judge": SURE}, "the judge has to be sure, for 1m at the least"),
        (
            {"judge": SURE, "iterations": 7, "strategy": Strategy.AB_TEST},
            "the judge has to be sure at the end of each of 7 intervals, for 7m at the least",
        ),
        (
            {"judge": replace(SURE, warmup_ms=90_000), "checks": (SLOW,)},
            "Latency counts from 90s after its first request on (warmup)",
        ),
        ({"judge": SURE}, "Measured for 5m in all, at the least."),
        (
            {"judge": SURE},
            "it is promoted all the same, if 100 requests were counted (onInconclusive: promote).",
        ),
        ({"judge": replace(SURE, on_inconclusive="hold")}, "it holds (onInconclusive: hold)."),
        ({"judge": replace(SURE, on_inconclusive="rollback")}, "its traffic is taken back"),
        ({"judge": ARGO}, "1 measurement, the first 1m later, one every 1m"),
        (
            {"judge": ARGO, "checks": (replace(check(), criteria=Criteria(count=4)),)},
            "up to 4 measurements, the first 1m later",
        ),
        (
            {"judge": ARGO, "checks": (replace(check(), criteria=Criteria()),)},
            "1 measurement, the first",
        ),
        ({"affinity": Affinity(cookie="who", max_age_s=1)}, "stays with it, by the cookie who"),
        ({"return_step": Decimal(4)}, "finish: 6 % stay with the canary for 1m."),
        ({"watch_ms": 3_600_000}, "watch: for 1h its limits alone are judged; failing takes"),
        ({"watch_ms": 60_000, "watch_action": "alert"}, "failing calls people"),
        ({"checks": (check(None, query="q", minimum=None),)}, "asks: mine measured over 1m."),
        (
            {"checks": (check(), check(DURATION, minimum=None, maximum="500"))},
            "request-success-rate at least 99 % over 1m; request-duration at most 500 ms over 1m.",
        ),
        (
            {"checks": (check(minimum="1", maximum="2"),)},
            "at least 1 % and at most 2 % over 1m.",
        ),
        ({}, "At 2 failed looks over the whole rollout: abort."),
    ],
)
def test_a_policy_brings_about_its_line(changes: dict[str, Any], line: str) -> None:
    assert line in told(with_policy(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Measured for"),
        ({"judge": SURE, "skip_analysis": True}, "Measured for"),
        ({}, "onInconclusive"),
        ({}, "watch:"),
        ({}, "finish: 6%"),
        ({"skip_analysis": True, "return_step": Decimal(4)}, "finish: 6%"),
        ({}, "Before any traffic"),
        ({}, "Nothing is measured"),
        ({}, "Not honoured"),
        ({}, "idle: the canary is scaled"),
        ({}, "by the cookie"),
    ],
)
def test_what_a_policy_does_not_say_is_not_told(changes: dict[str, Any], words: str) -> None:
    assert words not in told(with_policy(**changes))


@pytest.mark.parametrize(
    ("changes", "quickest"),
    [
        ({}, "1m"),
        (STEPS, "2m"),
        ({"skip_analysis": True}, "0ms"),
        ({"iterations": 3, "strategy": Strategy.AB_TEST}, "3m"),
        ({**STEPS, "mirror": Decimal(9)}, "3m"),
        ({"judge": SURE}, "5m"),
        ({**STEPS, "judge": replace(SURE, dwell_ms=200_000)}, "400s"),
        ({**STEPS, "mirror": Decimal(9), "judge": replace(SURE, dwell_ms=200_000)}, "10m"),
        ({"judge": replace(SURE, warmup_ms=600_000)}, "5m"),
        ({"judge": replace(SURE, warmup_ms=600_000), "checks": (SLOW,)}, "10m"),
        ({"judge": SURE, "iterations": 7, "strategy": Strategy.AB_TEST}, "7m"),
        ({"judge": SURE, "iterations": 7, "strategy": Strategy.BLUE_GREEN}, "8m"),
        ({"checks": (check(interval_ms=120_000),)}, "2m"),
        ({"checks": ()}, "1m"),
    ],
)
def test_the_quickest_way_is_counted(changes: dict[str, Any], quickest: str) -> None:
    last = told(with_policy(**changes)).split("\n")[-1]

    assert last == f"At the quickest: {quickest} from a ready canary to the end."


HOOKS = tuple(
    Webhook(name=kind.value, type=kind, target="http://h", timeout_ms=1, retries=0)
    for kind in HookType
)


@pytest.mark.parametrize(
    ("changes", "before"),
    [
        (
            {},
            [
                "the start: the webhook confirm-rollout",
                "the first weight: the webhook pre-rollout",
                "each weight and the promotion: the webhook confirm-traffic-increase",
                "the promotion: the webhook confirm-promotion",
            ],
        ),
        (
            {"strategy": Strategy.BLUE_GREEN},
            [
                "the start: the webhook confirm-rollout",
                "the first weight: the webhook pre-rollout",
                "any traffic: the webhook confirm-promotion",
            ],
        ),
        ({"skip_analysis": True}, ["the start: the webhook confirm-rollout"]),
    ],
)
def test_gates_are_told_with_what_waits_for_them(
    changes: dict[str, Any], before: list[str]
) -> None:
    lines = told(with_policy(webhooks=HOOKS, **changes)).split("\n")
    waited = [line.removeprefix("Waited for before ") for line in lines if "Waited" in line]

    assert waited == [f"{words}." for words in before]
    assert "Asked once an interval whether to abort: the webhook rollback." in lines


def test_a_canary_that_rests_at_zero_goes_back_there() -> None:
    assert "idle: the canary is scaled to zero, as it is now." in told(replicas=(0, 2))


def test_what_is_not_honoured_is_told_last() -> None:
    spec = replace(with_policy(), deferred=("spec.odd",))

    assert told(spec).endswith("Not honoured: spec.odd.")
