"""What a measurement and a metric come to under Argo's limits, at their very edges."""

from decimal import Decimal

import pytest
from test_judge_conditions import FALSE, SECOND, TRUE, metric, phases, run

from gitops_canary.core.judges import conditions, expression
from gitops_canary.core.judges.conditions import Config, Metric, Phase
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Block, Counts, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome

POSITIVE = expression.read("result[0] > 0")


def once(one: Metric, reading: Reading, *others: Metric, doubt: str = "") -> Verdict:
    config = Config(metrics=(one, *others))
    block = Block(
        start_ms=0, end_ms=60 * SECOND, weight=Decimal(10), readings=(reading,), doubt=doubt
    )
    return conditions.step(config, conditions.begin(config), block)[1]


@pytest.mark.parametrize(
    ("success", "failure", "why"),
    [
        (TRUE, None, "the successCondition holds"),
        (FALSE, None, "the successCondition does not hold"),
        (None, TRUE, "the failureCondition holds"),
        (None, FALSE, "no failure"),
        (FALSE, FALSE, "neither condition holds"),
        (None, None, "there is no condition"),
    ],
)
def test_an_outcome_says_by_which_condition(
    success: expression.Condition | None, failure: expression.Condition | None, why: str
) -> None:
    assert conditions.outcome(Metric(name="m", success=success, failure=failure), (1.0,))[1] == why


@pytest.mark.parametrize(
    ("reading", "value", "why"),
    [
        (Reading(metric="m", value="abc"), None, "the value 'abc' is not a number"),
        (Reading(metric="m", trouble=Trouble.ERROR), None, "an error of the source"),
        (Reading(metric="m", trouble=Trouble.ERROR, why="down"), None, "down"),
        (Reading(metric="m", trouble=Trouble.NO_DATA, why="none"), None, "none"),
        (Reading(metric="m"), None, "the result is empty"),
        (Reading(metric="m", value="+Inf"), None, "the value is +Inf"),
        (Reading(metric="m", results=("2", "NaN")), None, "the value is NaN"),
    ],
)
def test_what_is_no_good_number_is_an_error(reading: Reading, value: str | None, why: str) -> None:
    (found,) = once(metric(), reading).measurements

    assert (found.numbers["newest"], found.value) == ("Error", value)
    assert why in found.why


@pytest.mark.parametrize(
    "text", ["result[0] >= 0.99", "len(result) > 0", "!isNaN(result[0])", "false"]
)
@pytest.mark.parametrize(
    "reading",
    [
        Reading(metric="m", value="NaN"),
        Reading(metric="m"),
        Reading(metric="m", trouble=Trouble.NO_DATA, why="no series"),
        Reading(metric="m", counts=Counts()),
    ],
    ids=["NaN", "nothing", "no data", "no request"],
)
def test_silence_never_condemns_whatever_the_condition_makes_of_it(
    text: str, reading: Reading
) -> None:
    for one in (
        metric(success=expression.read(text)),
        metric(success=None, failure=expression.read(f"!({text})")),
    ):
        found = once(one, reading)
        assert (found.outcome, found.heard) == (Outcome.INCONCLUSIVE, False)
        assert found.measurements[0].numbers["newest"] == "Error"


def test_counts_are_a_share_of_good_requests() -> None:
    counted = Reading(metric="m", counts=Counts(canary=8, canary_bad=2))

    assert once(metric(), counted).measurements[0].value == "0.75"


def test_a_doubtful_block_is_an_error_whatever_was_read() -> None:
    (found,) = once(metric(), Reading(metric="m", value="1"), doubt="half of it").measurements

    assert (found.numbers["newest"], found.why) == ("Error", "half of it")


@pytest.mark.parametrize(
    ("count", "interval_ms", "most"), [(None, None, 1), (None, 5, None), (3, 5, 3), (0, 5, None)]
)
def test_a_metric_without_interval_is_measured_once(
    count: int | None, interval_ms: int | None, most: int | None
) -> None:
    assert Metric(name="m", count=count, interval_ms=interval_ms).most == most


def test_inconclusive_measurements_count_and_errors_do_not() -> None:
    both = metric(failure=expression.read("result[0] < -1"), inconclusive_limit=1, count=2)
    found = run(both, ["-1", None, "1"])

    assert phases(found) == ["Running", "Running", "Successful"]
    assert found[-1].measurements[0].samples == "2 measurements"


def test_every_kind_of_measurement_is_told() -> None:
    one = metric(failure_limit=5, count=9)
    *_, before, last = run(one, ["1", "0", None, None, "1"])

    assert before.measurements[0].numbers == {
        "phase": "Running", "newest": "Error", "successful": "1", "failed": "1",
        "inconclusive": "0", "errors": "2", "consecutiveErrors": "2",
    }  # fmt: skip
    assert last.measurements[0].numbers["consecutiveErrors"] == "0"


def test_a_limit_of_no_errors_stops_at_the_first() -> None:
    assert phases(run(metric(consecutive_error_limit=0), [None])) == ["Error"]
    assert (
        phases(run(metric(consecutive_error_limit=-1), [None] * 9, span=10 * SECOND))
        == ["Running"] * 9
    )


def test_one_success_in_a_row_may_be_enough_and_a_failure_breaks_the_row() -> None:
    assert phases(run(metric(consecutive_success_limit=1), ["1"])) == ["Successful"]
    row = metric(consecutive_success_limit=2, failure_limit=9)
    assert phases(run(row, ["1", "0", "1", "1"])) == ["Running"] * 3 + ["Successful"]
    none = metric(consecutive_success_limit=2, count=1, failure_limit=0)
    assert phases(run(none, ["1"])) == ["Inconclusive"]


def test_a_metric_without_end_passes_by_its_newest_measurement() -> None:
    endless = metric(count=0, failure_limit=-1)
    found = run(endless, ["1", "0", None, "1"])

    assert [one.outcome.value for one in found] == ["pass", "inconclusive", "inconclusive", "pass"]
    assert [one.heard for one in found] == [True, True, False, True]
    counted = run(metric(count=2), ["1", "1"])
    assert [one.outcome.value for one in counted] == ["inconclusive", "pass"]


def test_the_reason_names_the_metric_that_brought_the_phase_about() -> None:
    good, bad = metric(count=1), Metric(name="n", success=FALSE)
    readings = Reading(metric="m", value="2")

    assert (
        once(good, readings, bad).reason == "n had no result: nothing was measured (phase Running)"
    )
    assert once(metric(), Reading(metric="m", value="0")).reason == (
        "m was 0, the successCondition does not hold, failed measurement 1 of 1 (phase Failed)"
    )
    dry = once(metric(dry_run=True), readings)
    assert dry.reason == "no metric decides: every one is a dry run"
    assert dry.outcome is Outcome.INCONCLUSIVE
    late = metric(initial_delay_ms=999 * SECOND)
    assert once(late, readings).reason == "nothing was measured yet (phase Running)"
    silent = once(metric(consecutive_error_limit=0), Reading(metric="m", trouble=Trouble.ERROR))
    assert silent.reason == "m had no result: an error of the source (phase Error)"
    assert not silent.heard


def test_a_metric_that_was_inconclusive_too_often_is_no_silence_a_deadline_ends() -> None:
    both = metric(failure=expression.read("result[0] < -1"), inconclusive_limit=0)

    assert not run(both, ["-1"])[0].heard
    assert Phase.INCONCLUSIVE.value == phases(run(both, ["-1"]))[0]


def test_a_measurement_tells_its_conditions() -> None:
    def limit(success: expression.Condition | None, failure: expression.Condition | None) -> str:
        one = metric(success=success, failure=failure)
        return once(one, Reading(metric="m", value="1")).measurements[0].limit

    assert limit(POSITIVE, FALSE) == "result[0] > 0 / false"
    assert limit(None, FALSE) == "false"
    assert limit(None, None) == "none"


@pytest.mark.parametrize(
    ("readings", "now", "before"),
    [
        (("1", "1"), True, True),
        (("1", None), False, True),
        ((None, None), False, False),
    ],
    ids=["both", "one away", "both away"],
)
def test_one_metric_s_error_is_silence_since_decision_46(
    readings: tuple[str | None, str | None], *, now: bool, before: bool
) -> None:
    read = tuple(
        Reading(metric=name, value=value) if value else Reading(metric=name, trouble=Trouble.ERROR)
        for name, value in zip("mn", readings, strict=True)
    )
    block = Block(start_ms=0, end_ms=60 * SECOND, weight=Decimal(10), readings=read)
    both = (metric(count=9), Metric(name="n", success=POSITIVE, count=9))

    def heard(**rule: bool) -> bool:
        config = Config(metrics=both, **rule)
        return conditions.step(config, conditions.begin(config), block)[1].heard

    assert (heard(), heard(heeds=False)) == (now, before)


@pytest.mark.parametrize("text", ["a" * 121, "(" + "~" * 130], ids=["no name", "no character"])
def test_of_a_long_condition_that_cannot_be_read_the_beginning_is_shown(text: str) -> None:
    with pytest.raises(SpecError) as error:
        expression.read(text)
    assert f"'{text[:120]}'" in error.value.problem


def test_by_itself_one_inconclusive_measurement_is_too_many_as_in_argo() -> None:
    neither = Metric(name="m", success=POSITIVE, failure=FALSE, count=3)
    assert phases(run(neither, ["-1"])) == ["Inconclusive"]
