import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_canary.core.judges import conditions, expression
from gitops_canary.core.judges.conditions import Config, Metric, Phase
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Block, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome

S, F, INC, E = Phase.SUCCESSFUL, Phase.FAILED, Phase.INCONCLUSIVE, Phase.ERROR
SECOND = 1000
TRUE, FALSE = expression.read("true"), expression.read("false")


@pytest.mark.parametrize(
    ("success", "failure", "phase"),
    [
        (TRUE, None, S),
        (FALSE, None, F),
        (None, TRUE, F),
        (None, FALSE, S),
        (TRUE, TRUE, F),
        (TRUE, FALSE, S),
        (FALSE, FALSE, INC),
        (FALSE, TRUE, F),
        (None, None, S),
    ],
)
def test_truth_table(
    success: expression.Condition | None, failure: expression.Condition | None, phase: Phase
) -> None:
    metric = Metric(name="m", success=success, failure=failure)
    assert conditions.outcome(metric, (1.0,))[0] is phase


@pytest.mark.parametrize(
    ("text", "result", "expected"),
    [
        ("result[0] >= 0.95", [0.95], True),
        ("result[0] >= 0.95", [0.9499], False),
        ("len(result) > 0 && all(result, # > 0.5)", [0.6, 0.7], True),
        ("len(result) == 0 || result[0] < 1", [], True),
        ("any(result, {# > 1})", [0.6, 1.7], True),
        ("none(result, # > 1)", [0.6, 0.7], True),
        ("count(result, # > 1) == 2", [2, 3, 0], True),
        ("!isNaN(result[0]) and not isInf(result[0])", [1], True),
        ("isNaN(result[0])", [float("nan")], True),
        ("result[0] > 1", [float("nan")], False),
        ("default(nil, 3) == 3", [], True),
        ("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 % 4 == 3", [], True),
        ("-result[-1] < -1", [0, 2], True),
        ("result[0] in [1]", [1], True),
        ("result[0] in [0, 2 - 1] && 2 not in [1] && !(1 not in [1]) && 1 !in []", [1], True),
        ("1 + 1 not in [1, 3] && [0, 1 > 2 || true][1] && [false || true][0]", [], True),
        ("[1, 2][1] == 2 && [1] == [1] && [1] != [1, 2] && len([]) == 0", [], True),
        ("result[0] == true || true in result || result[0] == '1' || [1] == [true]", [1], False),
        ("result[0] != true && nil == nil && true == (1 == 1)", [1], True),
        ("10 - 2 - 3 == 5 && 8 / 2 / 2 == 2 && true || result[9] > 0 && false", [], True),
        ("1 in result", [1], True),
        ("isInf(1 / 0) && isNaN(0 / 0)", [], True),
        ("asInt(result[0]) == 3", [3.7], True),
        ("'a' == \"a\"", [], True),
        ("true || result[5] > 1", [], True),
        ("true && false", [], False),
        ("false && result[5] > 1", [], False),
        ("false || false", [], False),
        ("(false || true) && !(false || false)", [], True),
        ("any(result, {# > 5 || # < 1}) && any(result, # > 5 || # < 1)", [0.5], True),
        ("isNil(nil) && !isNil(true || false) && default(nil, false || true)", [], True),
        ("'a' != 'b' && 'ab' == \"ab\"", [], True),
        ("result[-2] == 1 && result[1] == 2", [1, 2], True),
        (" && ".join(["(1 == 1)"] * 60), [], True),
        (f"{'(' * 40}true{')' * 40}", [], True),
        (f"true{' ' * 1996}", [], True),
    ],
)
def test_expressions(text: str, result: list[float], expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(SpecError):
            expression.read(text)
    else:
        assert expression.read(text).holds(result) is expected


@pytest.mark.parametrize(
    "text",
    ["result[0] > 1", "result > 1", "result[0]", "len(3) > 1", "!1", "1 && true", "# > 1",
     "result[0.5] > 0", "'a' < 'b'", "asInt(0/0) == 1", "result[false || true] > 0"],
)  # fmt: skip
def test_what_has_no_truth_is_an_error_and_no_verdict(text: str) -> None:
    with pytest.raises(expression.Undefined):
        expression.read(text).holds([])


@pytest.mark.parametrize(
    "text",
    ["", "result[0] >", "__import__('os')", "result.__class__", "open('x')", "(1", "1 2", "a = 1",
     "len()", "all(result)", "lambda: 1", "result[0] > 1; 2",
     "(1] > 0", "result[0) > 1", "[1) == 1", "abs(1] > 0", "'a\\'", "(" * 500 + "1", "!" * 999,
     "x" * 3000, "\u0661 > 0", f"true{' ' * 1997}", f"{'(' * 41}true{')' * 41}",
     f"{'true && ' * 60}{'(' * 41}true{')' * 41}"],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        expression.read(text)


@pytest.mark.parametrize(
    ("text", "where"),
    [("1 >$", "at column 4"), ("(1", "at 'its end'"), ("1 2", "at '2'"), ("nope(1)", "at 'nope'")],
)
def test_what_is_refused_is_shown_where_it_goes_wrong(text: str, where: str) -> None:
    with pytest.raises(SpecError, match=where):
        expression.read(text)


@pytest.mark.parametrize(
    "text",
    ["1+" * 996 + "1 > 0", "result" + "[0]" * 660, "true&&" * 332 + "true", "!" * 200 + "true",
     "1 in [" * 40 + "1" + "]" * 40, "abs(" * 40 + "1" + ")" * 40 + "== 1", "-" * 200 + "1 > 0"],
)  # fmt: skip
def test_no_condition_needs_more_of_the_stack_than_its_brackets(text: str) -> None:
    """A controller's stack is deep already where a condition is asked."""

    def below(depth: int) -> bool | None:
        if depth:
            return below(depth - 1)
        with contextlib.suppress(expression.Undefined):
            return expression.read(text).holds([1])
        return None

    assert below(100) in {True, False, None}


def test_no_condition_takes_for_ever() -> None:
    nested = expression.read("all(result, all(result, all(result, # > 0)))")
    assert nested.holds([1.0] * 40)
    with pytest.raises(expression.Undefined, match="looks at more than 100,000 numbers"):
        nested.holds([1.0] * 50)
    assert expression.read("all(result, # > 0)").holds([1.0] * 100_000)


def test_an_index_beyond_the_result_is_told_with_its_length() -> None:
    with pytest.raises(expression.Undefined, match="has 2 numbers, there is none at 2"):
        expression.read("result[2] > 0").holds([1, 2])
    with pytest.raises(expression.Undefined, match="none at -3"):
        expression.read("result[-3] > 0").holds([1, 2])


@given(st.text(alphabet="result[]0.9<>=!&|()# ,isNalen'\"+-*/%{}", max_size=60))
def test_any_text_is_refused_or_has_a_meaning(text: str) -> None:
    try:
        condition = expression.read(text)
        found = condition.holds([0.5, float("nan")])
    except (SpecError, expression.Undefined):
        return
    assert isinstance(found, bool)


def run(
    metric: Metric, values: str | list[str | None], *, span: int = 60 * SECOND
) -> list[Verdict]:
    """Judge one value a block; None is an error of the source."""
    config = Config(metrics=(metric,))
    state, verdicts = conditions.begin(config), []
    for index, value in enumerate(values):
        reading = (
            Reading(metric="m", trouble=Trouble.ERROR, why="down")
            if value is None
            else Reading(metric="m", value=value)
        )
        block = Block(
            start_ms=index * span,
            end_ms=(index + 1) * span,
            weight=Decimal(10),
            readings=(reading,),
        )
        state, verdict = conditions.step(config, state, block)
        verdicts.append(verdict)
    return verdicts


def metric(**rest: object) -> Metric:
    arguments = {"name": "m", "success": expression.read("result[0] > 0"), "count": 5,
                 "interval_ms": 60 * SECOND, **rest}  # fmt: skip
    return Metric(**arguments)  # type: ignore[arg-type]  # fields of Metric by name


def phases(verdicts: list[Verdict]) -> list[str]:
    return [v.measurements[0].numbers["phase"] for v in verdicts]


def test_one_failure_is_one_too_many_by_default() -> None:
    found = run(metric(), ["1", "0", "1"])
    assert phases(found) == ["Running", "Failed", "Failed"]
    assert (found[1].outcome, found[1].final) == (Outcome.FAIL, True)


def test_failure_limit_counts_all_failures() -> None:
    assert phases(run(metric(failure_limit=2, count=9), list("010100"))) == [
        "Running", "Running", "Running", "Running", "Failed", "Failed",
    ]  # fmt: skip
    assert "Failed" not in phases(run(metric(failure_limit=-1, count=9), list("000000")))


def test_count_completes_and_errors_do_not_count() -> None:
    found = run(metric(count=3), ["1", None, "1", "1"])
    assert phases(found) == ["Running", "Running", "Running", "Successful"]
    assert found[-1].outcome is Outcome.PASS


def test_fifth_error_in_a_row_is_one_too_many_and_holds() -> None:
    found = run(metric(), [None] * 6, span=15 * SECOND)
    assert phases(found) == ["Running"] * 4 + ["Error", "Error"]
    assert {(v.outcome, v.heard) for v in found} == {(Outcome.INCONCLUSIVE, False)}
    assert phases(run(metric(count=9), [None, None, None, None, "1", None]))[-1] == "Running"


def test_inconclusive_masks_failed() -> None:
    both = metric(failure=expression.read("result[0] < -1"), inconclusive_limit=0, failure_limit=0)
    assert phases(run(both, ["-1"])) == ["Inconclusive"]
    found = run(both, ["-1", "-2"])
    assert (phases(found)[-1], found[-1].outcome) == ("Inconclusive", Outcome.INCONCLUSIVE)


def test_consecutive_successes_end_early() -> None:
    wanted = metric(consecutive_success_limit=2, count=4, failure_limit=3)
    assert phases(run(wanted, list("1011"))) == ["Running"] * 3 + ["Successful"]
    assert phases(run(wanted, list("1010")))[-1] == "Inconclusive"
    unlimited = metric(consecutive_success_limit=2, count=4, failure_limit=-1)
    assert phases(run(unlimited, list("1010")))[-1] == "Failed"


def test_delay_and_interval_say_when_a_metric_is_due() -> None:
    found = run(metric(initial_delay_ms=45 * SECOND), ["0"] * 3, span=15 * SECOND)
    assert phases(found) == ["Running", "Running", "Failed"]
    slow = run(metric(failure_limit=1), ["0"] * 6, span=15 * SECOND)
    assert phases(slow) == ["Running"] * 4 + ["Failed"] * 2
    again = run(metric(), [None, "0"], span=10 * SECOND)
    assert phases(again) == ["Running", "Failed"], "ten seconds after an error"


def test_nan_is_no_success_under_a_failure_condition() -> None:
    only = metric(success=None, failure=expression.read("result[0] > 1"))
    assert run(only, ["NaN"])[0].outcome is Outcome.INCONCLUSIVE
    assert run(only, ["0.5"])[0].measurements[0].outcome is Outcome.PASS


def test_dry_run_never_decides() -> None:
    dry = metric(dry_run=True)
    assert run(dry, ["0"])[0].outcome is Outcome.INCONCLUSIVE


def test_empty_result_is_no_success() -> None:
    every = metric(success=expression.read("all(result, # > 0)"))
    config = Config(metrics=(every,))
    block = Block(
        start_ms=0, end_ms=60 * SECOND, weight=Decimal(10), readings=(Reading(metric="m"),)
    )
    _, verdict = conditions.step(config, conditions.begin(config), block)
    assert verdict.measurements[0].why == "the result is empty"
    assert verdict.outcome is Outcome.INCONCLUSIVE
