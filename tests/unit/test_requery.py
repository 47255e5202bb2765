"""Asking a source again, block by block."""

from gitops_canary.core.differing import differing
from gitops_canary.core.requery import Agreement, agreements, tally
from gitops_canary.model.observation import Answer, Question, Sample, Series

ENDS = (10, 20, 30)
MATCH, DRIFT, EXPIRED, UNAVAILABLE = Agreement


def question(start_ms: int = 0, end_ms: int = 30, expression: str = "up") -> Question:
    return Question(source="s", expression=expression, start_ms=start_ms, end_ms=end_ms, step_ms=1)


def answer(*samples: tuple[int, str], **labels: str) -> Answer:
    return Answer(series=(Series(labels=labels, samples=tuple(Sample(*one) for one in samples)),))


def found(then: Answer, now: Answer | None) -> list[Agreement]:
    again = {} if now is None else {question(): now}
    every = agreements({question(): then}, again, ENDS)
    assert [end for end, _ in every] == list(ENDS)
    return [one for _, one in every]


def test_each_block_is_compared_by_itself() -> None:
    then = answer((-5, "1"), (10, "1"), (11, "2"), (20, "2"), (21, "3"))

    assert found(then, then) == [MATCH] * 3
    assert found(then, answer((-5, "1"), (10, "1"), (11, "2"), (20, "2.0"), (21, "3"))) == [
        MATCH, DRIFT, MATCH,
    ]  # fmt: skip
    assert found(then, answer((11, "2"), (20, "2"), (21, "3"))) == [EXPIRED, MATCH, MATCH]


def test_what_was_silent_and_answers_now_has_drifted() -> None:
    assert found(answer(), answer((30, "1"))) == [MATCH, MATCH, DRIFT]


def test_other_labels_are_other_samples() -> None:
    assert found(answer((5, "1"), pod="a"), answer((5, "1"), pod="b")) == [DRIFT, MATCH, MATCH]


def test_what_is_later_than_the_last_block_is_left_out() -> None:
    assert found(answer((30, "1")), answer((30, "1"), (31, "1"))) == [MATCH] * 3


def test_a_source_that_does_not_answer_leaves_its_blocks_open() -> None:
    assert found(answer((5, "1")), None) == [UNAVAILABLE] * 3
    assert found(answer((5, "1")), Answer(error="down")) == [UNAVAILABLE] * 3


def test_only_the_blocks_a_failing_question_is_about_are_left_open() -> None:
    then = {question(expression="a"): answer((5, "1")), question(15, 20, "b"): answer((15, "1"))}
    now = {question(expression="a"): answer((5, "1")), question(15, 20, "b"): Answer(error="no")}
    late = {question(25, 99): answer((25, "1"))}

    assert [one for _, one in agreements(then, now, ENDS)] == [MATCH, UNAVAILABLE, MATCH]
    assert [one for _, one in agreements(late, {}, ENDS)] == [MATCH, MATCH, UNAVAILABLE]


def test_blocks_are_counted_by_kind() -> None:
    assert tally([(10, MATCH), (20, MATCH), (30, DRIFT)]) == {MATCH: 2, DRIFT: 1}


def test_of_numbers_those_that_differ_are_named() -> None:
    check = {
        **dict.fromkeys(("name", "verdict", "value", "baseline", "limit", "samples", "why"), "x"),
        "numbers": {"canary": "9", "eta": "1", "logGood": "-0.000000"},
    }
    then = {
        **dict.fromkeys(("at", "outcome", "window", "final", "heard"), "t"),
        "checks": [{**check, "numbers": {"canary": "8", "logGood": "0.000000"}}],
    }
    now = {**then, "checks": [check]}

    assert list(differing(now, then, shadows=False)) == [
        "at t the canary of x is 9, not 8",
        "at t the eta of x is 1, not None",
    ]
