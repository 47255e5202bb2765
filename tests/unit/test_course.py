"""What is asked and judged while a rollout stays at a weight, from counters that are made up."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import check, spec

from gitops_canary.core.course import Course
from gitops_canary.core.questions import Role, asked
from gitops_canary.core.stays import Stay
from gitops_canary.model.observation import Answer, Question, Sample, Series, Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Check, Criteria, JudgePolicy

LIVE, SCRAPE, DELAY = 1_770_000_000_000, 15_000, 5_000
MINE = check(None, query="mine", minimum=None, maximum="5")
EARLIER = (
    Stay(weight=Decimal(0), start_ms=LIVE - 150_000, end_ms=LIVE - 150_000),
    Stay(weight=Decimal(5), start_ms=LIVE - 150_000, end_ms=LIVE - 60_000, until_ms=LIVE),
)
Rates = Callable[[str, int], tuple[int, int]]
"""Good and bad requests a second of a workload at an instant."""


def course(*checks: Check, kind: str = "sequential", blocks: int = 4, **more: Any) -> Course:
    judge = JudgePolicy(type=kind, **more.pop("judge", {}))
    own = spec(*(checks or (check(),)))
    policy = replace(own.policy, judge=judge, interval_ms=30_000)
    values: dict[str, Any] = {
        "policy": policy,
        "spec": replace(own, policy=policy),
        "live_ms": LIVE,
        "now_ms": LIVE + blocks * SCRAPE + DELAY,
        "scrape_ms": SCRAPE,
        "delay_ms": DELAY,
        "weight": Decimal(10),
        "last": False,
        "asked_ms": LIVE - 1000,
        **more,
    }
    return Course(**values)


def steady(workload: str, _: int) -> tuple[int, int]:
    return (90, 0) if workload.endswith("primary") else (10, 0)


def answered(questions: Sequence[Question], rates: Rates = steady, value: str = "1") -> Any:
    return {one: _answer(one, rates, value) for one in questions}


def _answer(question: Question, rates: Rates, value: str) -> Answer:
    times = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
    if "mine" in question.expression:
        return Answer(series=(Series(labels={}, samples=tuple(Sample(t, value) for t in times)),))
    rows = []
    for workload in ("shop", "shop-primary"):
        for bad, code in enumerate(("200", "500")):
            samples, total = [], 0
            for at in range(LIVE - 3_900_000, question.end_ms + 1, 1000):
                total += rates(workload, at)[bad]
                if at in times:
                    samples.append(Sample(at, str(total)))
            labels = {"destination_workload": workload, "reporter": "source",
                      "response_code": code}  # fmt: skip
            rows.append(Series(labels=labels, samples=tuple(samples)))
    return Answer(series=tuple(rows))


def judged(one: Course, rates: Rates = steady, value: str = "1") -> tuple[Verdict, ...]:
    return one.verdicts(answered(one.questions(), rates, value))


def requests(verdict: Verdict) -> int:
    return int(verdict.measurements[0].numbers["canary"])


def test_blocks_begin_where_the_weight_was_live() -> None:
    assert course().times == tuple(LIVE + n * SCRAPE for n in range(5))
    assert course(asked_ms=None).times == tuple(LIVE + n * SCRAPE for n in range(1, 5))
    assert course(blocks=0).times == ()
    assert course(blocks=0).questions() == ()
    assert course(blocks=1, asked_ms=None).questions() == (), "a block has two ends"
    assert judged(course(blocks=1, asked_ms=None)) == judged(course(blocks=0)) == ()
    assert len(judged(course(blocks=1))) == 1
    assert course(blocks=1).questions()


def test_the_next_look_is_due_after_a_scrape_or_after_an_interval() -> None:
    assert course(blocks=4).due_ms == LIVE + 5 * SCRAPE + DELAY
    assert course(blocks=4, kind="threshold").due_ms == LIVE + 90_000 + DELAY
    assert course(blocks=1, kind="threshold").due_ms == LIVE + 60_000 + DELAY
    assert course(blocks=0).due_ms == LIVE + SCRAPE + DELAY
    later = LIVE + 5_000
    assert course(blocks=4, begun_ms=later).due_ms == later + 4 * SCRAPE + DELAY
    assert course(kind="threshold", begun_ms=later).due_ms == course(kind="threshold").due_ms


def test_it_is_told_how_much_was_seen_of_the_time_since_a_weight_was_asked_for() -> None:
    asked = judged(course(asked_ms=LIVE - 5_000, blocks=1))[0].reason
    assert "20s of 60s at 10 %, 15s of it seen" in asked
    assert "of it seen" not in judged(course(asked_ms=None, blocks=2))[0].reason


def test_a_verdict_a_block_rests_on_all_since_the_weight_was_live() -> None:
    found = judged(course())

    assert [requests(one) for one in found] == [150, 300, 450, 600]
    assert {one.window.start_ms for one in found} == {LIVE}
    assert found[-1].window.end_ms == LIVE + 4 * SCRAPE
    assert found[-1].outcome is Outcome.PASS


def test_earlier_weights_are_counted_too_but_give_no_verdicts() -> None:
    found = judged(course(earlier=EARLIER))

    assert [requests(one) for one in found] == [1650, 1800, 1950, 2100]
    assert "mismatch" not in found[0].reason, "each weight has a split of its own"


def test_the_hour_before_ends_where_the_first_weight_began() -> None:
    def hours(one: Course) -> set[int]:
        return {q.end_ms for q in one.questions() if q.step_ms == 60_000}

    assert hours(course()) == {LIVE}
    assert hours(course(earlier=EARLIER)) == {LIVE - 150_000}
    assert hours(course(earlier=EARLIER, asked_ms=None)) == {LIVE - 150_000 - SCRAPE}


def test_a_fault_of_an_earlier_weight_still_condemns() -> None:
    def then(workload: str, at_ms: int) -> tuple[int, int]:
        faulty = workload == "shop" and at_ms <= LIVE - 60_000
        return (5, 5) if faulty else steady(workload, at_ms)

    assert judged(course(earlier=EARLIER), then)[0].outcome is Outcome.FAIL


def test_what_is_seen_while_a_weight_is_left_condemns_and_passes_nothing() -> None:
    leaving = course(blocks=8, left_ms=LIVE + 5 * SCRAPE, judge={"shadows": ("threshold",)})

    def worse(workload: str, at_ms: int) -> tuple[int, int]:
        return (5, 5) if workload == "shop" and at_ms > LIVE + 5 * SCRAPE else (90, 0)

    found = judged(leaving)
    assert [one.window.end_ms for one in found] == [LIVE + n * SCRAPE for n in (6, 7, 8)]
    assert {one.reason for one in found} == {"nothing is wrong while the next weight comes"}
    assert {one.shadows for one in found} == {()}
    assert judged(replace(leaving, policy=replace(leaving.policy)), worse)[1].final


def test_a_query_is_read_in_the_block_its_instant_is_in_and_not_while_leaving() -> None:
    both = course(check(), MINE, blocks=8)
    found = judged(both)

    read = [[m.check for m in one.measurements if m.check == "mine"] for one in found]
    assert [len(names) for names in read] == [0, 0, 0, 1, 0, 1, 0, 1]
    assert found[0].reason == "mine was not measured here yet"
    assert judged(both, value="6")[3].outcome is Outcome.FAIL
    leaving = course(check(), MINE, blocks=8, left_ms=LIVE + 60_000)
    assert not any("mine" in one.expression for one in leaving.questions())
    soon = course(check(), MINE, blocks=3)
    assert not any("mine" in one.expression for one in soon.questions())


def test_the_watch_judges_the_primary_alone_and_begins_anew() -> None:
    watch = course(earlier=EARLIER, alone=True, judge={"shadows": ("mannwhitney", "threshold")})
    found = judged(watch)

    assert watch.workload == "shop-primary"
    assert course().workload == "shop"
    assert [requests(one) for one in found] == [1350, 2700, 4050, 5400]
    assert [[s.judge for s in one.shadows] for one in found] == [[], [], [], ["threshold"]]


def test_ranks_compare_points_of_one_share_alone() -> None:
    ranks = course(kind="mannwhitney", blocks=8, earlier=EARLIER)
    found = judged(ranks)

    assert found[0].measurements[0].samples == "7 points", "six from before, and one"
    leaving = replace(ranks, earlier=(), left_ms=LIVE + 6 * SCRAPE)
    assert judged(leaving) == ()


def test_conditions_measure_every_interval_and_each_weight_anew() -> None:
    argo = course(MINE, kind="conditions", blocks=8, earlier=EARLIER)
    found = judged(argo)

    assert [one.window.end_ms - LIVE for one in found] == [60_000, 90_000, 120_000]
    assert {one.window.start_ms for one in found} == {LIVE}
    assert found[0].outcome is Outcome.PASS
    assert judged(argo, value="6")[0].outcome is Outcome.FAIL


@pytest.mark.parametrize("kind", ["sequential", "threshold", "mannwhitney", "conditions"])
def test_a_check_that_cannot_be_asked_says_why_in_every_verdict(kind: str) -> None:
    known = course(kind=kind, blocks=6)
    one = replace(known, spec=replace(known.spec, provider="nope"))
    found = judged(one)

    assert one.questions() == ()
    assert found
    assert {v.outcome for v in found} == {Outcome.INCONCLUSIVE}
    assert not any(v.heard for v in found)
    assert kind == "mannwhitney" or "To go on:" in found[0].measurements[0].why


def test_records_from_before_decision_18_count_a_burst_whole() -> None:
    def burst(workload: str, at_ms: int) -> tuple[int, int]:
        hit = workload == "shop" and LIVE + SCRAPE < at_ms <= LIVE + 2 * SCRAPE
        return (5, 5) if hit else steady(workload, at_ms)

    assert judged(course(asked_ms=None), burst)[0].final
    assert not judged(course(), burst)[1].final


def test_every_series_of_a_query_is_one_number_of_a_condition_and_too_many_for_a_limit() -> None:
    text = "len(result) == 2 && result[0] == 1 && result[1] == 7"
    asked = replace(MINE, criteria=Criteria(success=text))
    for kind, outcome in (("conditions", Outcome.PASS), ("threshold", Outcome.INCONCLUSIVE)):
        one = course(asked, kind=kind, blocks=8)
        answers = {
            question: Answer(
                series=tuple(
                    replace(_answer(question, steady, value).series[0], labels={"pod": pod})
                    for pod, value in (("b", "7"), ("a", "1"))
                )
            )
            for question in one.questions()
        }
        (first, *_) = one.verdicts(answers)

        assert first.outcome is outcome
        assert ("aggregate them" in first.measurements[0].why) is (kind == "threshold")


@pytest.mark.parametrize("kind", ["threshold", "conditions"])
def test_records_from_before_births_are_judged_by_what_they_asked(kind: str) -> None:
    now = course(kind=kind, blocks=8)
    then = replace(now, rule=38)
    [check_] = now.policy.checks
    about = (check_, now.policy, now.spec, now.instants)
    older = asked(*about, scrape_ms=SCRAPE, rule=38)
    assert older != asked(*about, scrape_ms=SCRAPE)
    answers = {
        one: Answer(series=(_point(one, "10" if role is Role.REQUESTS else None),))
        for role, own in older.items()
        for one in own
    }
    assert {one.outcome for one in then.verdicts(answers)} == {Outcome.PASS}
    for newer in (replace(now, rule=39), now):
        assert {one.outcome for one in newer.verdicts(answers)} == {Outcome.INCONCLUSIVE}


def _point(question: Question, value: str | None) -> Series:
    times = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
    labels = {"destination_workload": "shop", "reporter": "source"}
    labels |= {"response_code": "200"} if value else {}
    return Series(labels=labels, samples=tuple(Sample(t, value or f"{t / 1000}") for t in times))


def test_a_pod_that_is_always_worse_was_a_burst_before_decision_29() -> None:
    """Whose share of failures is whose own is seen in the hour before."""
    now = replace(course(), rule=28)
    asked_ = now.questions()
    past = min(asked_, key=lambda one: one.start_ms)
    rows = []
    for pod, bad in (("a", 20), ("b", 2), ("c", 2)):
        times = range(past.start_ms, past.end_ms + 1, past.step_ms)
        for code, each in (("200", 1000 - bad), ("503", bad)):
            labels = {"destination_workload": "shop-primary", "reporter": "destination",
                      "response_code": code, "pod": pod}  # fmt: skip
            samples = tuple(Sample(t, str(each * i)) for i, t in enumerate(times))
            rows.append(Series(labels=labels, samples=samples))
    answers = {**answered(asked_), past: Answer(series=tuple(rows))}

    def eta(rule: int) -> float:
        verdict = replace(now, rule=rule).verdicts(answers)[-1]
        return float(verdict.measurements[0].numbers["eta"])

    assert eta(29) == 1
    assert eta(28) < 0.3
