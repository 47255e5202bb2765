from collections.abc import Mapping
from dataclasses import replace

import pytest
from checks import DURATION, SUCCESS, check, spec
from hypothesis import given
from hypothesis import strategies as st

from gitops_canary.core import promql
from gitops_canary.core.questions import (
    INSTANTS_MAX,
    ask_delay_ms,
    asked,
    instants,
    longest_window_ms,
    questions,
    runs,
    unaskable,
    window_ms,
)
from gitops_canary.errors import SpecError
from gitops_canary.model.spec import CanarySpec

LIVE = 1_770_000_000_250


@given(
    interval=st.integers(1000, 120_000),
    window=st.integers(1000, 600_000),
    delay=st.integers(0, 60_000),
    waited=st.integers(0, 50_000_000),
    longer=st.integers(0, 1_000_000),
)
def test_instants_depend_on_the_live_instant_alone(
    interval: int, window: int, delay: int, waited: int, longer: int
) -> None:
    def at(now_ms: int) -> tuple[int, ...]:
        return instants(
            live_ms=LIVE, interval_ms=interval, window_ms=window, now_ms=now_ms, delay_ms=delay
        )

    now, later = at(LIVE + waited), at(LIVE + waited + longer)
    assert len(now) <= INSTANTS_MAX
    assert list(now) == sorted(set(now))
    assert all(t - window >= LIVE and t + delay <= LIVE + waited for t in now)
    assert all((t - LIVE - max(interval, window)) % interval == 0 for t in now)
    half = INSTANTS_MAX // 2
    assert later[: min(len(now), half)] == now[:half]


def test_first_instant_waits_for_the_longer_of_interval_and_window() -> None:
    assert ask_delay_ms(15_000, 2_000) == 17_000
    assert ask_delay_ms(30_000, 2_000, 10_000) == 12_000
    found = instants(
        live_ms=LIVE, interval_ms=90_000, window_ms=60_000, now_ms=LIVE + 107_000, delay_ms=17_000
    )
    assert found == (LIVE + 90_000,)
    assert not instants(
        live_ms=LIVE, interval_ms=90_000, window_ms=60_000, now_ms=LIVE + 106_999, delay_ms=17_000
    )


def test_very_many_instants_keep_both_ends_in_two_questions() -> None:
    found = instants(live_ms=LIVE, interval_ms=15_000, window_ms=0, now_ms=LIVE + 10**9, delay_ms=0)
    assert len(found) == INSTANTS_MAX
    assert found[0] == LIVE + 15_000
    assert LIVE + 10**9 - found[-1] < 15_000
    canary = spec(check(None, query="up"))
    first, last = questions(canary.policy, canary, found, scrape_ms=15_000)
    assert (first.start_ms, last.end_ms) == (found[0], found[-1])
    covered = {*range(first.start_ms, first.end_ms + 1, first.step_ms)}
    covered |= {*range(last.start_ms, last.end_ms + 1, last.step_ms)}
    assert covered == set(found)


def test_one_instant_is_asked_like_several() -> None:
    canary = spec(check(), check(DURATION, minimum=None, maximum="500"))
    at = tuple(LIVE + n * 15_000 for n in range(3))
    one = questions(canary.policy, canary, at[:1], scrape_ms=15_000)
    three = questions(canary.policy, canary, at, scrape_ms=15_000)
    assert [(q.expression, q.start_ms, q.step_ms) for q in one] == [
        (q.expression, q.start_ms, q.step_ms) for q in three
    ]
    assert {q.end_ms for q in one} == {at[0]}
    assert {q.end_ms for q in three} == {at[2]}
    assert {q.lookback_ms for q in three} == {60_000}
    assert len(three) == 5


def test_builtins_read_both_sides_of_both_workloads() -> None:
    canary = spec(check())
    texts = [q.expression for q in questions(canary.policy, canary, (LIVE,), scrape_ms=5000)]
    for text in texts:
        assert 'destination_workload=~"shop|shop-primary"' in text
        assert 'destination_service_name="store-canary"' in text
        assert "reporter=" not in text
    assert "[1m]" in texts[0]


def test_no_instant_asks_nothing() -> None:
    canary = spec(check())
    assert questions(canary.policy, canary, (), scrape_ms=5000) == ()


def test_placeholders_are_flaggers() -> None:
    query = (
        'x{a="{{ name }}",b="{{namespace}}",c="{{- target -}}",d="{{ service }}",'
        'e="{{ variables.reporter }}"}[{{ interval }}]'
    )
    canary = spec(check(None, query=query, interval_ms=90_000, variables={"reporter": "source"}))
    (question,) = questions(canary.policy, canary, (LIVE,), scrape_ms=5000)
    assert question.expression == (
        'x{a="shop-rollout",b="prod",c="shop",d="store",e="source"}[90s]'
    )


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("up{{ unknown }}", {}),
        ('x{a="{{ variables.v }}"}', {"v": 'web"} or vector(1) #'}),
        ('x{a="{{ variables.v }}"}', {"v": "a\nb"}),
        ('x{a="{{ variables.v }}"}', {"v": ""}),
        ('x{a="{{ if target }}"}', {}),
        ("x @ end()", {}),
        ("x @start ()", {}),
        ("x offset -1d", {}),
        ("x" * 10_001, {}),
        ("  ", {}),
    ],
)
def test_template_that_cannot_be_trusted_is_refused(
    query: str, variables: Mapping[str, str]
) -> None:
    one = check(None, query=query, variables=dict(variables))
    canary = spec(one)
    with pytest.raises(SpecError) as caught:
        asked(one, canary.policy, canary, (LIVE,), scrape_ms=5000)
    assert caught.value.place == canary.place
    assert caught.value.remedy
    assert questions(canary.policy, canary, (LIVE,), scrape_ms=5000) == ()


@pytest.mark.parametrize(
    "canary",
    [
        spec(check(), provider="knative"),
        spec(check("request-duration"), provider="openshift"),
        spec(check("request-luck")),
        spec(check(), target='shop"} or vector(1) #'),
    ],
)
def test_builtin_that_cannot_be_asked_is_refused(canary: CanarySpec) -> None:
    with pytest.raises(SpecError):
        asked(canary.policy.checks[0], canary.policy, canary, (LIVE,), scrape_ms=5000)
    (told,) = unaskable(canary)
    assert "can never be asked" in told.problem
    assert told.place == canary.place


@pytest.mark.parametrize(
    ("query", "reach"),
    [
        ("up", 0),
        ("rate(x[5m])", 300_000),
        ("rate(x[1m]) / rate(y[2m] offset 30s)", 150_000),
        ("avg_over_time(rate(x[5m])[1h:])", 3_900_000),
        ('rate(x{a="[9h]"}[500ms]) # [8h]', 500),
    ],
)
def test_reach_is_how_far_a_query_looks_back(query: str, reach: int) -> None:
    assert promql.reach_ms(query) == reach


@pytest.mark.parametrize(
    ("unit", "reach_ms"),
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
     ("w", 604_800_000), ("y", 31_536_000_000)],
)  # fmt: skip
def test_a_unit_is_as_long_as_prometheus_says(unit: str, reach_ms: int) -> None:
    assert promql.reach_ms(f"rate(x[3{unit}])") == 3 * reach_ms


def test_a_query_may_be_as_long_as_its_limit_and_no_longer() -> None:
    longest = "x" * promql.QUERY_MAX
    assert promql.render(longest, {}) == longest
    with pytest.raises(SpecError, match="10001 characters"):
        promql.render(f"{longest}x", {})


def test_window_is_never_shorter_than_the_query_looks_back() -> None:
    assert window_ms(check(None, query="rate(x[5m])")) == 300_000
    assert window_ms(check(SUCCESS, interval_ms=30_000)) == 30_000
    canary = spec(check(None, query="rate(x[5m])"), check())
    assert longest_window_ms(canary.policy) == 300_000
    assert longest_window_ms(spec().policy) == 0


@given(st.text(max_size=40))
def test_name_cannot_leave_its_string(name: str) -> None:
    try:
        text = promql.exactly("namespace", name)
    except SpecError:
        return
    assert text == f'namespace="{name}"'
    assert not set(name) & set('"\\\n{}')


def test_a_gap_makes_two_questions_of_one() -> None:
    assert list(runs((), 10)) == []
    assert list(runs((10,), 10)) == [(10, 10)]
    assert list(runs((10, 20, 30), 10)) == [(10, 30)]
    assert list(runs((10, 20, 50, 60, 80), 10)) == [(10, 20), (50, 60), (80, 80)]


def test_samples_two_scrapes_old_answer_where_scrapes_are_rare() -> None:
    own = spec(check(interval_ms=60_000))
    for scrape_ms, lookback_ms in ((15_000, 60_000), (45_000, 90_000)):
        found = questions(own.policy, own, (LIVE,), scrape_ms=scrape_ms)
        assert {one.lookback_ms for one in found} == {lookback_ms}


@pytest.mark.parametrize(
    ("provider", "kind", "builtin", "refused"),
    [
        ("apisix", "sequential", SUCCESS, True),
        ("apisix", "sequential", None, False),
        ("apisix", "threshold", SUCCESS, False),
        ("istio", "sequential", SUCCESS, False),
    ],
)
def test_a_builtin_that_nobody_counts_by_side_cannot_be_compared(
    provider: str, kind: str, builtin: str | None, *, refused: bool
) -> None:
    canary = spec(check(builtin, query="up"), provider=provider)
    judge = replace(canary.policy.judge, type=kind)
    told = list(unaskable(replace(canary, policy=replace(canary.policy, judge=judge))))
    assert [one.problem.rpartition(": ")[2] for one in told] == refused * [
        f"{provider} counts both sides in one, so there is nothing to compare with."
    ]


def test_of_what_cannot_go_into_a_query_the_beginning_is_shown() -> None:
    long = "y" * 79 + '"' + "z" * 9
    shown = repr(long[:80])
    with pytest.raises(SpecError) as name:
        promql.escaped(long)
    with pytest.raises(SpecError) as said:
        promql.render("{{ a }}", {"a": long})
    assert name.value.problem.startswith(f"{shown} cannot go")
    assert f"{shown}, cannot go" in said.value.problem
