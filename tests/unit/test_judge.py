from collections.abc import Mapping
from dataclasses import replace

import pytest
from checks import DURATION, SUCCESS, check, spec
from hypothesis import given
from hypothesis import strategies as st

from gitops_canary.core.judge import judge, tally
from gitops_canary.core.questions import Role, asked, questions
from gitops_canary.model.observation import Answer, Measurement, Question, Sample, Series, Verdict
from gitops_canary.model.rollout import Outcome, Window
from gitops_canary.model.spec import CanarySpec

AT = 1_770_000_000_000
SCRAPE = 15_000
PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
FRESH = str((AT - SCRAPE) / 1000)
ODD = ["NaN", "nan", "+Inf", "-Inf", "inf", "", "abc", "1_0", "0x10", "1e99999", "1e300", "\u0661"]


def point(value: str, **labels: str) -> Series:
    return Series(labels=labels, samples=(Sample(AT, value),))


def decide(canary: CanarySpec, answers: Mapping[Question, Answer]) -> Verdict:
    return judge(canary.policy, canary, answers, (AT,), AT, scrape_ms=SCRAPE)


def template(*series: Series, minimum: str = "1", maximum: str = "2") -> Measurement:
    canary = spec(check(None, query="up", minimum=minimum, maximum=maximum))
    (question,) = questions(canary.policy, canary, (AT,), scrape_ms=SCRAPE)
    verdict = decide(canary, {question: Answer(series=series)})
    assert verdict.outcome is verdict.measurements[0].outcome
    return verdict.measurements[0]


def sides(
    given: Mapping[str, Mapping[str, str]],
    *,
    fresh: Mapping[str, str] | None = None,
    minimum: str = "99",
) -> Measurement:
    """Judge a success rate by side (`workload/reporter`), counts by code."""
    canary = spec(check(minimum=minimum))
    roles = asked(canary.policy.checks[0], canary.policy, canary, (AT,), scrape_ms=SCRAPE)
    times = dict.fromkeys(given, FRESH) if fresh is None else fresh

    def labels(key: str) -> dict[str, str]:
        workload, _, reporter = key.partition("/")
        return {"destination_workload": workload, "reporter": reporter}

    counts = tuple(
        point(value, response_code=code, **labels(key))
        for key, codes in given.items()
        for code, value in codes.items()
    )
    seen = tuple(point(value, **labels(key)) for key, value in times.items())
    answers = {
        roles[Role.REQUESTS][0]: Answer(series=counts),
        roles[Role.SEEN][0]: Answer(series=seen),
    }
    return decide(canary, answers).measurements[0]


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ("1", PASS),
        ("2.0", PASS),
        ("1.5e0", PASS),
        ("0.999", FAIL),
        ("2.0000000000000004", FAIL),
        ("-5", FAIL),
    ],
)
def test_limits_are_inclusive(value: str, outcome: Outcome) -> None:
    found = template(point(value))
    assert (found.outcome, found.value, found.limit) == (outcome, value, ">= 1 and <= 2")
    assert (found.samples, found.baseline, found.at_ms) == ("-", None, AT)


@pytest.mark.parametrize("value", ODD)
def test_value_that_is_no_finite_number_never_decides(value: str) -> None:
    found = template(point(value), minimum="-1000", maximum="1000")
    assert (found.outcome, found.value) == (INCONCLUSIVE, None)
    assert found.why.startswith("the value ")


@given(st.text(max_size=12))
def test_only_a_number_can_pass(value: str) -> None:
    found = template(point(value), minimum="0", maximum="1")
    if found.outcome is PASS:
        assert 0 <= float(value) <= 1
    assert found.why.isprintable()


@pytest.mark.parametrize(
    ("series", "why"),
    [
        ((), "no series"),
        ((Series(labels={}, samples=(Sample(AT - 1, "1"),)),), "no series"),
        ((point("1", a="1"), point("1", a="2")), "2 series"),
    ],
)
def test_anything_but_one_series_is_inconclusive(series: tuple[Series, ...], why: str) -> None:
    found = template(*series)
    assert found.outcome is INCONCLUSIVE
    assert why in found.why


def test_check_that_nobody_answered_is_inconclusive() -> None:
    canary = spec(check(), check(None, query="up", maximum="1", minimum=None))
    verdict = decide(canary, {})
    assert verdict.outcome is INCONCLUSIVE
    assert [m.why for m in verdict.measurements] == ["the question was not asked"] * 2


def test_error_of_the_source_is_the_reason() -> None:
    canary = spec(check(), check(DURATION, minimum=None, maximum="500"))
    every = questions(canary.policy, canary, (AT,), scrape_ms=SCRAPE)
    verdict = decide(canary, dict.fromkeys(every, Answer(error="down:\nask later")))
    assert {(m.outcome, m.why) for m in verdict.measurements} == {
        (INCONCLUSIVE, "down:\\x0aask later")
    }


def test_success_rate_shows_share_traffic_and_baseline() -> None:
    found = sides(
        {
            "shop/source": {"200": "1838.2", "404": "0.6", "503": "1.2"},
            "shop-primary/source": {"200": "999", "500": "1"},
        }
    )
    assert (found.outcome, found.value, found.baseline) == (PASS, "99.9347", "99.9")
    assert (found.samples, found.limit) == ("1840 requests", ">= 99")
    assert found.why == "within the limits: failed with 503: 1, as seen by its callers"


def test_rounding_never_lifts_a_rate_over_its_limit() -> None:
    given = {"shop/source": {"200": "9999999", "500": "1"}}
    found = sides(given, minimum="100")
    assert (found.outcome, found.value) == (FAIL, "99.9999")


def test_nothing_but_failures_is_zero_percent() -> None:
    found = sides({"shop/source": {"503": "20"}})
    assert (found.outcome, found.value) == (FAIL, "0")


@pytest.mark.parametrize(
    ("source", "destination", "outcome", "value"),
    [
        ({"200": "100"}, {"200": "100"}, PASS, "100"),
        ({"503": "50", "200": "50"}, {"200": "50"}, FAIL, "50"),
        ({"200": "100"}, {"200": "50", "500": "50"}, FAIL, "50"),
        ({"503": "50"}, {}, FAIL, "0"),
        ({}, {"200": "100"}, PASS, "100"),
        ({"200": "0"}, {"200": "100"}, PASS, "100"),
        ({"200": "NaN"}, {"200": "100"}, INCONCLUSIVE, None),
        ({"200": "NaN"}, {"500": "100"}, FAIL, "0"),
        ({"200": "-1"}, {"200": "100"}, INCONCLUSIVE, None),
        ({"200": "0"}, {"200": "0"}, INCONCLUSIVE, None),
        ({}, {}, INCONCLUSIVE, None),
    ],
)
def test_worse_side_with_data_decides(
    source: Mapping[str, str], destination: Mapping[str, str], outcome: Outcome, value: str | None
) -> None:
    found = sides({"shop/source": source, "shop/destination": destination})
    assert (found.outcome, found.value) == (outcome, value)


def test_stale_side_keeps_a_pass_from_counting() -> None:
    good = {"shop/source": {"200": "100"}, "shop/destination": {"200": "100"}}
    edge = str((AT - 2 * SCRAPE) / 1000)
    late = str((AT - 2 * SCRAPE - 1) / 1000)
    both = dict.fromkeys(good, FRESH)
    assert sides(good, fresh=both | {"shop/destination": edge}).outcome is PASS
    found = sides(good, fresh=both | {"shop/destination": late})
    assert (found.outcome, "stale" in found.why) == (INCONCLUSIVE, True)
    ended = sides(good, fresh={"shop/source": FRESH})
    assert (ended.outcome, "ended" in ended.why) == (INCONCLUSIVE, True)
    bad = good | {"shop/source": {"503": "100"}}
    assert sides(bad, fresh={"shop/source": FRESH}).outcome is FAIL


def duration(p99: str | None, total: str, fresh: str = FRESH) -> Measurement:
    canary = spec(check(DURATION, minimum=None, maximum="500"))
    roles = asked(canary.policy.checks[0], canary.policy, canary, (AT,), scrape_ms=SCRAPE)
    own = {"destination_workload": "shop", "reporter": "source"}
    given = {Role.REQUESTS: total, Role.LATENCY: p99, Role.SEEN: fresh}
    answers = {
        roles[role][0]: Answer(series=() if value is None else (point(value, **own),))
        for role, value in given.items()
    }
    return decide(canary, answers).measurements[0]


@pytest.mark.parametrize(
    ("p99", "total", "outcome", "value"),
    [
        ("500", "7", PASS, "500"),
        ("500.00001", "7", FAIL, "500.0001"),
        ("NaN", "7", INCONCLUSIVE, None),
        ("+Inf", "7", INCONCLUSIVE, None),
        (None, "7", INCONCLUSIVE, None),
        ("NaN", "0", INCONCLUSIVE, None),
        ("3", "0", INCONCLUSIVE, None),
        ("3", "NaN", INCONCLUSIVE, None),
    ],
)
def test_duration_needs_requests_and_a_number(
    p99: str | None, total: str, outcome: Outcome, value: str | None
) -> None:
    found = duration(p99, total)
    assert (found.outcome, found.value) == (outcome, value)


def test_stale_duration_is_inconclusive() -> None:
    assert duration("3", "7").outcome is PASS
    assert duration("3", "7", str((AT - 60_000) / 1000)).outcome is INCONCLUSIVE


def test_one_failing_check_fails_and_one_silent_check_holds() -> None:
    good, bad, silent = (
        replace(check(None, query=q, minimum="1", maximum="1"), name=q) for q in ("a", "b", "c")
    )

    def outcome(*checks: object) -> Outcome:
        canary = spec(*(c for c in (good, bad, silent) if c in checks))
        every = questions(canary.policy, canary, (AT,), scrape_ms=SCRAPE)
        texts = {"a": Answer(series=(point("1"),)), "b": Answer(series=(point("2"),))}
        return decide(canary, {q: texts.get(q.expression, Answer()) for q in every}).outcome

    assert outcome(good) is PASS
    assert outcome(good, silent) is INCONCLUSIVE
    assert outcome(good, bad, silent) is FAIL


def test_canary_without_checks_never_passes() -> None:
    verdict = decide(spec(), {})
    assert verdict.outcome is INCONCLUSIVE
    assert "no check is configured" in verdict.measurements[0].why


def test_check_without_limits_never_passes() -> None:
    canary = spec(check(None, query="up", minimum=None))
    (question,) = questions(canary.policy, canary, (AT,), scrape_ms=SCRAPE)
    verdict = decide(canary, {question: Answer(series=(point("1"),))})
    assert verdict.outcome is INCONCLUSIVE


def test_check_that_cannot_be_asked_says_why_and_what_to_do() -> None:
    verdict = decide(spec(check("request-luck")), {})
    why = verdict.measurements[0].why
    assert verdict.outcome is INCONCLUSIVE
    assert "request-luck" in why
    assert SUCCESS in why


def test_window_spans_the_longest_check() -> None:
    canary = spec(check(), check(None, query="rate(x[5m])", minimum="0"))
    assert decide(canary, {}).window == Window(start_ms=AT - 300_000, end_ms=AT)


def verdicts(text: str) -> tuple[Verdict, ...]:
    words = {"p": PASS, "f": FAIL, "i": INCONCLUSIVE}
    one = decide(spec(), {})
    return tuple(replace(one, outcome=words[letter]) for letter in text)


@pytest.mark.parametrize(
    ("text", "before", "found"),
    [
        ("", 0, (None, INCONCLUSIVE, 0)),
        ("iii", 1, (None, INCONCLUSIVE, 1)),
        ("ip", 1, (1, PASS, 1)),
        ("fp", 0, (1, PASS, 1)),
        ("ff", 0, (1, FAIL, 2)),
        ("ifp", 1, (1, FAIL, 2)),
        ("i", 2, (None, INCONCLUSIVE, 2)),
    ],
)
def test_tally_stops_at_the_first_decisive_verdict(
    text: str, before: int, found: tuple[int | None, Outcome, int]
) -> None:
    assert tally(verdicts(text), before, 2) == found
