"""The builtin metrics of every mesh and router, on a real Prometheus with series like theirs."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from mesh_labels import LONG, MESHES, SAME
from mesh_world import PHASE, SCRAPE, T, world
from prometheus_server import Written, prometheus

from gitops_canary.core import overtaken
from gitops_canary.core.course import Course
from gitops_canary.core.requery import Agreement, agreements
from gitops_canary.core.stays import Stay
from gitops_canary.errors import Place, SpecError
from gitops_canary.metrics import METRICS, Opening, Sources
from gitops_canary.model.names import CanaryId, Digest
from gitops_canary.model.observation import Answer, Question, Sample, Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import (
    CanarySpec,
    Check,
    Control,
    Criteria,
    Dialect,
    JudgePolicy,
    Limits,
    Policy,
    Workload,
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), world()) as base:
        yield base


SUCCESS = Check(
    name="request-success-rate", source="default", builtin="request-success-rate", query="",
    interval_ms=60_000, limits=Limits(minimum=Decimal(99)),
)  # fmt: skip
DURATION = replace(
    SUCCESS, name="request-duration", builtin="request-duration",
    limits=Limits(maximum=Decimal(500)),
)  # fmt: skip


def course(
    provider: str,
    *checks: Check,
    target: str = "shop",
    judge: JudgePolicy | None = None,
    blocks: int = 8,
    earlier: tuple[Stay, ...] = (),
) -> Course:
    policy = Policy(
        steps=(Decimal(10), Decimal(50)), interval_ms=60_000, threshold=2, checks=checks,
        progress_deadline_ms=600_000, skip_analysis=False,
        judge=judge or JudgePolicy(type="sequential", warmup_ms=0), digest=Digest("sha256:0"),
    )  # fmt: skip
    canary = CanarySpec(
        id=CanaryId("prod/shop"), dialect=Dialect.OWN, place=Place("canary.yaml", 1, 1),
        namespace="prod", name="shop",
        target=Workload(api_version="apps/v1", kind="Deployment", namespace="prod", name=target),
        apex=target, provider=provider, policy=policy, control=Control(), suspend=False,
    )  # fmt: skip
    return Course(
        policy=policy, spec=canary, live_ms=T, now_ms=T + (blocks + 1) * SCRAPE,
        scrape_ms=SCRAPE, delay_ms=SCRAPE, weight=Decimal(10), last=False, earlier=earlier,
        asked_ms=T - SCRAPE,
    )  # fmt: skip


def ask(base: str, asked: tuple[Question, ...]) -> Mapping[Question, Answer]:
    async def go() -> Mapping[Question, Answer]:
        sources = Sources({"default": METRICS["prometheus"](Opening(url=base, timeout_ms=20_000))})
        try:
            return await sources.ask(asked)
        finally:
            await sources.aclose()

    return asyncio.run(go())


def verdicts(base: str, one: Course) -> tuple[Verdict, ...]:
    return one.verdicts(ask(base, one.questions()))


@pytest.mark.parametrize("provider", [*MESHES, *SAME])
def test_counts_are_exact_on_every_mesh(url: str, provider: str) -> None:
    found = verdicts(url, course(provider, SUCCESS, DURATION))
    assert len(found) == 8
    success, duration = found[-1].measurements
    keys = ("canary", "canaryBad", "primary", "primaryBad")
    assert [success.numbers[k] for k in keys] == ["800", "16", "7200", "8"]
    assert [duration.numbers[k] for k in keys] == ["800", "40", "7200", "0"]
    assert (found[-1].outcome, found[-1].final) == (Outcome.FAIL, True)


@pytest.mark.parametrize("provider", [*MESHES, *SAME])
def test_windows_say_the_same_on_every_mesh(url: str, provider: str) -> None:
    found = verdicts(url, course(provider, SUCCESS, DURATION, judge=JudgePolicy()))
    success, duration = found[-1].measurements
    assert (success.value, success.baseline, success.outcome) == ("98", "99.8888", Outcome.FAIL)
    assert duration.outcome is Outcome.FAIL
    assert duration.value is not None
    assert 500 < float(duration.value) <= 1000


@pytest.mark.parametrize("provider", [*MESHES, *SAME])
def test_oldest_of_the_newest_samples_is_told_on_every_mesh(url: str, provider: str) -> None:
    one, now_ms = course(provider, SUCCESS, DURATION), T + 5 * SCRAPE + PHASE + 1
    asked = overtaken.questions(one.policy, one.spec, now_ms, scrape_ms=SCRAPE)
    over_ms = overtaken.over_ms(asked, ask(url, asked), scrape_ms=SCRAPE)
    assert over_ms == now_ms - 1 + SCRAPE - SCRAPE // overtaken.JITTER_PART


def test_apisix_knows_the_route_as_a_whole_and_nobody_is_condemned_for_it(url: str) -> None:
    counted = verdicts(url, course("apisix", SUCCESS, DURATION))
    assert {v.outcome for v in counted} == {Outcome.INCONCLUSIVE}
    assert "no traffic on the primary, so there is nothing to compare with" in counted[-1].reason
    numbers = counted[-1].measurements[0].numbers
    assert [numbers[k] for k in ("canary", "canaryBad", "primary")] == ["8000", "16", "0"]

    windows = verdicts(url, course("apisix", SUCCESS, DURATION, judge=JudgePolicy()))
    success, duration = windows[-1].measurements
    assert (success.value, success.baseline, success.outcome) == ("99.8", None, Outcome.PASS)
    assert duration.outcome is Outcome.PASS


def test_openshifts_router_counts_what_gave_no_response(url: str) -> None:
    keys = ("canary", "canaryBad", "primary", "primaryBad")
    (success,) = verdicts(url, course("openshift", SUCCESS))[-1].measurements
    assert [success.numbers[k] for k in keys] == ["800", "16", "7200", "8"]
    found = verdicts(url, course("openshift", SUCCESS, judge=JudgePolicy()))
    (success,) = found[-1].measurements
    assert (success.value, success.baseline, success.outcome) == ("98", "99.8888", Outcome.FAIL)
    assert "failed with 502: 4, 503: 4" in success.why
    assert "no histogram" in verdicts(url, course("openshift", DURATION))[-1].reason


@pytest.mark.parametrize("provider", ["linkerd", "kuma"])
def test_crashed_canary_is_seen_by_its_callers(url: str, provider: str) -> None:
    found = verdicts(url, course(provider, SUCCESS, target="crashed"))
    # Nothing failed before, so nobody knows how failures come: one scrape may be one incident.
    assert [one.outcome for one in found[:2]] == [Outcome.INCONCLUSIVE, Outcome.FAIL]
    assert [one.measurements[0].numbers["canaryBad"] for one in found[:2]] == ["90", "180"]


def test_pods_with_names_that_are_cut_are_told_apart(url: str) -> None:
    found = verdicts(url, course("kubernetes", SUCCESS, target=LONG))[-1].measurements[0]
    assert [found.numbers[k] for k in ("canary", "primary")] == ["80", "720"]
    longer = verdicts(url, course("kubernetes", SUCCESS, target=f"{LONG}-and-abroad"))
    assert "cannot be told from others: their names are cut" in longer[-1].reason


def test_resets_births_and_missed_scrapes_lose_nothing(url: str) -> None:
    found = verdicts(url, course("istio", SUCCESS, target="pods", blocks=10))
    # Pods a and c count 10 and 7 a scrape; a restarts and has 4 at its first scrape; b is born.
    restarted = 10 * 10 - 10 + 4
    born, missed = 20 * 4, 7 * 11
    assert found[-1].measurements[0].numbers["canary"] == str(restarted + born + missed)


def test_what_is_not_whole_cannot_be_counted(url: str) -> None:
    found = verdicts(url, course("istio", SUCCESS, target="parts"))
    assert {(v.outcome, v.heard) for v in found} == {(Outcome.INCONCLUSIVE, False)}
    assert "not whole" in found[0].reason


def test_limit_between_bounds_is_refused_with_the_bounds(url: str) -> None:
    between = replace(DURATION, limits=Limits(maximum=Decimal(400)))
    found = verdicts(url, course("istio", between))
    assert "no bound of a bucket" in found[-1].reason
    assert "100, 500, 1000" in found[-1].reason
    assert found[-1].outcome is Outcome.INCONCLUSIVE


def test_earlier_weights_count_too_and_looking_later_changes_nothing(url: str) -> None:
    stay = Stay(weight=Decimal(5), start_ms=T - 8 * SCRAPE, end_ms=T - 4 * SCRAPE)
    long = verdicts(url, course("istio", SUCCESS, blocks=8, earlier=(stay,)))
    short = verdicts(url, course("istio", SUCCESS, blocks=5, earlier=(stay,)))
    assert long[:5] == short
    assert long[0].measurements[0].numbers["canary"] == "500"


def test_shadows_are_heard_and_do_not_decide(url: str) -> None:
    judge = JudgePolicy(shadows=("sequential", "mannwhitney"))
    found = verdicts(url, course("istio", SUCCESS, judge=judge))
    assert found[-1].judge == "threshold"
    assert not found[-1].final
    assert [(s.judge, s.outcome) for s in found[-1].shadows] == [
        ("sequential", Outcome.FAIL), ("mannwhitney", Outcome.FAIL),
    ]  # fmt: skip


def test_conditions_read_every_series_of_a_query(url: str) -> None:
    mine = 'destination_workload="shop",destination_workload_namespace="prod"'
    query = f"sum by (response_code) (increase(istio_requests_total{{{mine}}}[1m]))"
    many = Check(
        name="codes", source="default", builtin=None, query=query, interval_ms=60_000,
        limits=Limits(), criteria=Criteria(success="len(result) == 3 && all(result, # > 0)"),
    )  # fmt: skip
    judge = JudgePolicy(type="conditions", shadows=("threshold",))
    found = verdicts(url, course("istio", many, SUCCESS, judge=judge, blocks=8))
    codes, success = found[-1].measurements
    assert (codes.outcome, codes.value) == (Outcome.PASS, "388, 4, 8")
    # 98 % against at least 99: the builtin's limits are its condition.
    assert (success.outcome, success.limit) == (Outcome.FAIL, "result[0] >= 99")
    assert (found[-1].outcome, found[-1].final) == (Outcome.FAIL, True)
    assert "no limit is set" in found[-1].shadows[0].measurements[0].why


@pytest.mark.parametrize("provider", ["knative", "appmesh", "field"])
def test_provider_without_findable_series_says_so(provider: str) -> None:
    one = course(provider, SUCCESS)
    assert one.questions() == ()
    assert "MetricTemplate" in one.verdicts({})[-1].reason or provider == "appmesh"
    with pytest.raises(SpecError):
        one._counts(SUCCESS, (T, T + SCRAPE))


def test_silence_of_the_source_is_the_reason() -> None:
    one = course("istio", SUCCESS)
    found = one.verdicts(dict.fromkeys(one.questions(), Answer(error="down")))
    assert {(v.outcome, v.heard) for v in found} == {(Outcome.INCONCLUSIVE, False)}
    assert "down" in found[0].reason


def altered(answers: Mapping[Question, Answer], at_ms: int) -> dict[Question, Answer]:
    """One sample of one series is another number now."""
    question = next(q for q, a in answers.items() if a.series and q.start_ms <= at_ms <= q.end_ms)
    first, *rest = answers[question].series
    samples = tuple(Sample(s.at_ms, "1") if s.at_ms == at_ms else s for s in first.samples)
    series = (replace(first, samples=samples), *rest)
    return {**answers, question: replace(answers[question], series=series)}


@pytest.mark.parametrize("kind", ["sequential", "threshold"])
def test_asking_again_tells_each_block_apart(
    url: str, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = course("istio", SUCCESS, DURATION, judge=JudgePolicy(type=kind, warmup_ms=0))
    asked = one.questions()
    then = ask(url, asked)
    ends = [v.window.end_ms for v in one.verdicts(then)]
    nothing = Written("up", {}, [(T, 1.0)])
    with prometheus(tmp_path_factory.mktemp("younger"), [nothing]) as younger:
        forgotten = ask(younger, asked)
    down = ask("http://127.0.0.1:1", asked)

    def told(now: Mapping[Question, Answer]) -> list[Agreement]:
        return [kind for _, kind in agreements(then, now, ends)]

    assert told(ask(url, asked)) == [Agreement.MATCH] * len(ends)
    assert told(forgotten) == [Agreement.EXPIRED] * len(ends)
    assert told(down) == [Agreement.UNAVAILABLE] * len(ends)
    at = min(2, len(ends) - 1)
    drifted = told(altered(then, ends[at]))
    assert [i for i, kind in enumerate(drifted) if kind is Agreement.DRIFT] == [at]
    assert drifted.count(Agreement.MATCH) == len(ends) - 1


def test_every_weight_asks_for_the_same_hour_before() -> None:
    first = course("istio", SUCCESS)
    stay = Stay(weight=Decimal(5), start_ms=first.times[0], end_ms=first.times[-1])
    later = replace(first, live_ms=T + 40 * SCRAPE, now_ms=T + 60 * SCRAPE, earlier=(stay,))
    assert first._begun_ms == later._begun_ms
    assert set(first.questions()) & set(later.questions())
