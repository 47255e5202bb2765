"""The checks, from question to verdict, against a real Prometheus."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from prometheus_server import Written, prometheus

from gitops_canary.core.judge import judge
from gitops_canary.core.questions import questions
from gitops_canary.errors import Place
from gitops_canary.metrics import METRICS, Opening, Sources
from gitops_canary.model.names import CanaryId, Digest
from gitops_canary.model.observation import Answer, Measurement, Question
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import (
    CanarySpec,
    Check,
    Control,
    Dialect,
    Limits,
    Policy,
    Workload,
)

T = 1_770_000_000_000
SCRAPE = 15_000
AT = T + 20 * SCRAPE
PHASE = 3_000


def counter(per_scrape: float, **labels: str) -> Written:
    samples = [(T + i * SCRAPE + PHASE, i * per_scrape) for i in range(40)]
    own = {"destination_workload_namespace": "prod", "instance": "proxy", "reporter": "source"}
    return Written("istio_requests_total", own | labels, samples)


def born(scrape: int, count: int, **labels: str) -> Written:
    """Write a counter that has `count` at a scrape, its first, and gains nothing after that."""
    return replace(
        counter(0, **labels),
        samples=[(T + i * SCRAPE + PHASE, count) for i in range(scrape, 40)],
    )


def latency(fast: float, slow: float, **labels: str) -> list[Written]:
    rows = {"100": fast, "200": fast, "+Inf": fast + slow, "1000": fast + slow}
    own = {"destination_workload_namespace": "prod", "reporter": "source"}
    return [
        Written(
            "istio_request_duration_milliseconds_bucket",
            own | labels | {"le": le},
            [(T + i * SCRAPE + PHASE, i * rate) for i in range(40)],
        )
        for le, rate in rows.items()
    ]


def traffic(workload: str, codes: Mapping[str, float], **labels: str) -> list[Written]:
    return [
        counter(rate, destination_workload=workload, response_code=code, **labels)
        for code, rate in codes.items()
    ]


FAILING = [
    *traffic("failing", {"200": 10}),
    born(19, 20, destination_workload="failing", response_code="500"),
    born(17, 7, destination_workload="failing", response_code="503"),
]
WORLD = [
    *traffic("shop", {"200": 98, "404": 1, "500": 1}),
    *traffic("shop-primary", {"200": 999, "503": 1}),
    *traffic("dead", {"503": 40}),
    *traffic("crashed", {"200": 40}, reporter="destination"),
    *traffic("crashed", {"503": 40}),
    *traffic("idle", {"200": 0}),
    *FAILING,
    *(
        born(scrape, count, destination_workload="unheard", response_code=code)
        for scrape, count, code in ((18, 900, "200"), (18, 90, "500"))
    ),
    Written(
        "istio_requests_total",
        {"destination_workload_namespace": "prod", "destination_workload": "stale"},
        [(T + i * SCRAPE + PHASE, i * 10) for i in range(18)],
    ),
    counter(
        10,
        destination_workload="unknown",
        destination_service_namespace="prod",
        destination_service_name="lost-canary",
        response_code="503",
    ),
    *latency(98, 2, destination_workload="shop"),
    *latency(100, 0, destination_workload="shop-primary"),
    Written("several", {"n": "1"}, [(AT - 1000, 1)]),
    Written("several", {"n": "2"}, [(AT - 1000, 2)]),
    Written("gone", {}, [(AT - 600_000, 1)]),
    Written("one", {"job": "shop"}, [(AT - 1000, 1), (AT + SCRAPE - 1000, 1)]),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), WORLD) as base:
        yield base


def spec(name: str, check: Check) -> CanarySpec:
    policy = Policy(
        steps=(Decimal(10),),
        interval_ms=SCRAPE,
        threshold=1,
        checks=(check,),
        progress_deadline_ms=600_000,
        skip_analysis=False,
        digest=Digest("sha256:0"),
    )
    return CanarySpec(
        id=CanaryId(f"prod/{name}"),
        dialect=Dialect.FLAGGER,
        place=Place("canary.yaml", 1, 1),
        namespace="prod",
        name=name,
        target=Workload(api_version="apps/v1", kind="Deployment", namespace="prod", name=name),
        apex=name,
        provider="istio",
        policy=policy,
        control=Control(),
        suspend=False,
    )


def builtin(name: str, minimum: str | None = None, maximum: str | None = None) -> Check:
    limits = Limits(
        minimum=Decimal(minimum) if minimum else None, maximum=Decimal(maximum) if maximum else None
    )
    return Check(
        name=name, source="default", builtin=name, query="", interval_ms=60_000, limits=limits
    )


def template(query: str, *, maximum: str = "1") -> Check:
    limits = Limits(minimum=Decimal(0), maximum=Decimal(maximum))
    return Check(
        name="mine", source="default", builtin=None, query=query, interval_ms=60_000, limits=limits
    )


def ask(base: str, *asked: Question, timeout_ms: int = 5000) -> list[Answer]:
    async def go() -> list[Answer]:
        sources = Sources(
            {"default": METRICS["prometheus"](Opening(url=base, timeout_ms=timeout_ms))}
        )
        try:
            answers = await sources.ask(asked)
        finally:
            await sources.aclose()
        return [answers[question] for question in asked]

    return asyncio.run(go())


def measured(base: str, name: str, check: Check) -> Measurement:
    canary = spec(name, check)
    instants = (AT, AT + SCRAPE)
    asked = questions(canary.policy, canary, instants, scrape_ms=SCRAPE)
    answers = dict(zip(asked, ask(base, *asked), strict=True))
    verdict = judge(canary.policy, canary, answers, instants, AT, scrape_ms=SCRAPE)
    assert verdict.outcome is verdict.measurements[0].outcome
    return verdict.measurements[0]


SUCCESS = builtin("request-success-rate", minimum="99")


def test_success_rate_is_exact_and_shows_the_primary(url: str) -> None:
    found = measured(url, "shop", SUCCESS)
    assert (found.outcome, found.value, found.baseline) == (Outcome.PASS, "99", "99.9")
    assert found.samples == "400 requests"
    assert "500: 4" in found.why


def test_success_rate_counts_failures_from_the_first_on(url: str) -> None:
    """Their series begin in the window, one with a single sample: `increase` has nothing of it."""
    found = measured(url, "failing", SUCCESS)
    assert (found.outcome, found.value) == (Outcome.FAIL, "59.7014")
    assert "500: 20, 503: 7" in found.why


def test_counters_found_after_a_silence_of_the_source_are_old(url: str) -> None:
    """Nothing was there before the window, so what they have may be from any time."""
    found = measured(url, "unheard", SUCCESS)
    assert (found.outcome, found.value) == (Outcome.INCONCLUSIVE, None)
    assert "no traffic" in found.why


@pytest.mark.parametrize("name", ["dead", "crashed", "lost"])
def test_success_rate_of_nothing_but_failures_is_zero(url: str, name: str) -> None:
    found = measured(url, name, SUCCESS)
    assert (found.outcome, found.value) == (Outcome.FAIL, "0")
    assert "its callers" in found.why


@pytest.mark.parametrize(
    ("name", "why"), [("idle", "no traffic"), ("nobody", "no traffic"), ("stale", "stale")]
)
def test_success_rate_is_inconclusive_without_fresh_traffic(url: str, name: str, why: str) -> None:
    found = measured(url, name, SUCCESS)
    assert (found.outcome, found.value) == (Outcome.INCONCLUSIVE, None)
    assert why in found.why


def test_duration_is_the_99th_percentile_in_milliseconds(url: str) -> None:
    found = measured(url, "shop", builtin("request-duration", maximum="600"))
    assert (found.outcome, found.value, found.baseline) == (Outcome.PASS, "600", "99")
    assert found.samples == "400 requests"
    slower = measured(url, "shop", builtin("request-duration", maximum="599"))
    assert slower.outcome is Outcome.FAIL


def test_duration_without_requests_is_inconclusive(url: str) -> None:
    found = measured(url, "nobody", builtin("request-duration", maximum="500"))
    assert (found.outcome, found.value) == (Outcome.INCONCLUSIVE, None)


@pytest.mark.parametrize(
    ("query", "outcome", "why"),
    [
        ('sum(one{job="{{ target }}"})', Outcome.PASS, "within"),
        ("sum(one) + 1", Outcome.FAIL, "above"),
        ("sum(one) * 0 / 0", Outcome.INCONCLUSIVE, "NaN"),
        ("sum(one) / 0", Outcome.INCONCLUSIVE, "+Inf"),
        ("sum(none_such)", Outcome.INCONCLUSIVE, "no data"),
        ("gone", Outcome.INCONCLUSIVE, "no data"),
        ("several", Outcome.INCONCLUSIVE, "2 series"),
        ("sum(", Outcome.INCONCLUSIVE, "parse error"),
        ('"text"', Outcome.INCONCLUSIVE, "refuses"),
        ("one[1m]", Outcome.INCONCLUSIVE, "refuses"),
        ("one @ end()", Outcome.INCONCLUSIVE, "evaluation time"),
        ("one{job='{{ nothing }}'}", Outcome.INCONCLUSIVE, "no such value"),
    ],
)
def test_template_passes_on_one_finite_number_only(
    url: str, query: str, outcome: Outcome, why: str
) -> None:
    found = measured(url, "shop", template(query))
    assert (found.outcome, why in found.why) == (outcome, True), found


def test_one_range_query_answers_like_single_instants(url: str) -> None:
    text = "sum(increase(istio_requests_total[1m]))"
    asked = (AT, AT + SCRAPE, AT + 2 * SCRAPE)
    several = Question(
        source="default", expression=text, start_ms=AT, end_ms=asked[-1], step_ms=SCRAPE
    )
    single = (Question(source="default", expression=text, start_ms=at, end_ms=at) for at in asked)
    together, *alone = ask(url, several, *single)
    assert together.series[0].samples == tuple(answer.series[0].samples[0] for answer in alone)
    assert [sample.at_ms for sample in together.series[0].samples] == list(asked)


def test_range_selector_gives_raw_samples_with_their_own_times(url: str) -> None:
    text = 'istio_requests_total{destination_workload="dead"}[30000ms]'
    question = Question(source="default", expression=text, start_ms=AT, end_ms=AT)
    (answer,) = ask(url, question)
    found = [(sample.at_ms, sample.value) for sample in answer.series[0].samples]
    assert found == [(AT - 27_000, "720"), (AT - 12_000, "760")]
