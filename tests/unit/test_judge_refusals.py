import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # has no stubs
from test_judging import CONDITIONS, RANKS, SEQUENTIAL, THRESHOLD, counts, judged

from gitops_canary.app.judging import schema, verdict_schema, verdicts
from gitops_canary.errors import SpecError


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"judge": {"type": "sequentail", "metrics": []}}, "sequential"),
        ({"judge": {**SEQUENTIAL, "metrics": []}}, "no metric"),
        ({"judge": {**SEQUENTIAL, "metrics": [{"name": "m"}]}}, "no budget"),
        ({"judge": {**SEQUENTIAL, "aplha": 1}}, "aplha"),
        ({"judge": {**THRESHOLD, "metrics": [{"name": "m"}, {"name": "m"}]}}, "two metrics"),
        ({"blocks": [counts(1, 2, 3, 4)]}, "more bad requests"),
        ({"blocks": [counts(-1, 0, 0, 0)]}, "counts.0 is less than 0"),
        ({"blocks": [{"startMs": 5, "endMs": 5}]}, "ends too early"),
        ({"blocks": [{"weight": 200}]}, "blocks.0.weight is more than 100"),
        ({"blocks": 7}, "blocks is not a list"),
        ({"blocks": []}, "not one block"),
        ({"judge": {}}, "judge has no type"),
        ({"judge": {**THRESHOLD, "metrics": [{"name": "m"}]}}, "neither min nor max"),
        ({"judge": {**THRESHOLD, "metrics": [{"name": "m", "min": 2, "max": 1}]}}, "above its max"),
        (
            {"judge": {**THRESHOLD, "metrics": [{"name": "m", "min": "1e999"}]}},
            "judge.metrics.0.min is no number within its bounds",
        ),
        ({"blocks": [{"weight": "1e-999"}]}, "blocks.0.weight is no number within"),
        ({"blocks": [{"weight": True}]}, "blocks.0.weight is not a number"),
        ({"blocks": [{"weight": "5_0"}]}, "blocks.0.weight is no number within"),
        ({"blocks": [{"readings": [{"metric": "m", "value": "1_0"}]}]}, "value is not a number"),
        ({"blocks": [{"last": 1}]}, "blocks.0.last is not true or false"),
        ({"judge": {**SEQUENTIAL, "alpha": "0.5"}}, "judge.alpha is not a number"),
        ({"judge": {**RANKS, "every": True}}, "judge.every is not a whole number"),
        ({"blocks": [{"startMs": 10**16}]}, "startMs is more than 1000000000000000"),
        (
            {"blocks": [{"readings": [{"metric": "m", "pods": {"a": [1, 2]}}]}]},
            "more bad requests than requests",
        ),
        ({"blocks": [{"readings": counts(9, 0, 9, 0)["readings"] * 2}]}, "two readings of 'm'"),
        ({"blocks": [{"readings": [{"metric": "mm", "value": 1}]}]}, "No judge has a metric 'mm'"),
        (
            {"blocks": [{"readings": [{"metric": "m", "counts": [1.5, 0, 1, 0]}]}]},
            r"judged: blocks.0.readings.0.counts.0 is not a whole number",
        ),
        ({"blocks": [counts(10**30, 0, 1, 0)]}, r"blocks.0.readings.0.counts.0 is more than"),
        (
            {"blocks": [{**counts(1, 0, 1, 0), "foo": 1}]},
            r"blocks.0.foo is not known: there is no field 'foo' here",
        ),
        ({"blocks": [{"readings": [{"metric": "m", "count": [1]}]}]}, "did you mean counts"),
        ({"judge": {**SEQUENTIAL, "alpha": 1e-300}}, "judge.alpha is less than 1e-09"),
        ({"judge": {**SEQUENTIAL, "dwelMs": 1}}, "did you mean dwellMs"),
        ({"blocks": [counts(-1, 0, 0, 0)]}, "count from 0 after a counter was reset"),
        ({"blocks": [{"readings": [{"metric": "m", "value": True}]}]}, "value is not a number"),
        (
            {"blocks": [{"readings": [{"metric": "m", "canary": ["x"]}]}]},
            "canary.0 is not a number",
        ),
        (
            {"blocks": [{"readings": [{"metric": "m", "pods": {"": [1, 0]}}]}]},
            "readings.0.pods.'' is empty",
        ),
        ({"blocks": [{"readings": [{"metric": "m", "counts": [1, 2]}]}]}, "canaryBad, primary,"),
        ({"blocks": [{"endMs": 9}, {"startMs": 8}]}, "Block 1 begins at 8 ms, before block 0"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], words: str) -> None:
    document = {"judge": SEQUENTIAL, "blocks": [{}], **change}
    with pytest.raises(SpecError, match=words):
        list(verdicts(json.dumps(document).encode()))


TWICE = {**SEQUENTIAL, "values": [{"name": "v", "min": 1}, {"name": "m", "max": 1}]}


@pytest.mark.parametrize(
    ("change", "there", "words"),
    [
        ({"blocks": []}, "[]", "There is not one block"),
        ({"blocks": [{}, counts(1, 2, 3, 3)]}, "[1, 2, 3, 3]", "2 of 1 on the canary"),
        ({"blocks": [{}, counts(1, 0, 3, 4)]}, "[1, 0, 3, 4]", "4 of 3 on the primary"),
        (
            {"blocks": [{"readings": [{"metric": "m", "pods": {"a": [2, 1], "b": [1, 2]}}]}]},
            "[1, 2]",
            "2 of 1 on pod 'b'",
        ),
        (
            {"blocks": [{"readings": [{"metric": "m", "primaryPods": {"a": [1, 2]}}]}]},
            "[1, 2]",
            "on pod 'a'",
        ),
        ({"blocks": [{"startMs": 5, "endMs": 4}]}, "4", "ends too early"),
        ({"blocks": [{"endMs": 9}, {"endMs": 9, "last": True}]}, '9, "last"', "Block 1 ends too"),
        ({"blocks": [{"endMs": 9}, {"startMs": 8}]}, "8}", "Block 1 begins at 8 ms"),
        ({"blocks": [{"sinceMs": 15001}]}, "15001", "asked for later: at 15001 ms, and it ends"),
        (
            {"blocks": [{"readings": [{"metric": "m"}, {"metric": "m", "value": 1}]}]},
            '"m", "value"',
            "two readings of 'm'",
        ),
        ({"judge": {**THRESHOLD, "metrics": []}}, "[]", "no metric"),
        ({"judge": TWICE}, '"m", "max"', "two metrics named 'm'"),
        ({"judge": {**THRESHOLD, "metrics": [{"name": "m"}]}}, '{"name"', "neither min nor max"),
        (
            {"judge": {**THRESHOLD, "metrics": [{"name": "m", "min": 2, "max": 1}]}},
            '{"name"',
            "above its max",
        ),
        (
            {"judge": {**SEQUENTIAL, "values": [{"name": "v"}]}},
            '{"name": "v"}',
            "neither min nor max",
        ),
        (
            {"judge": {**SEQUENTIAL, "metrics": [{"name": "n", "min": 1}, {"name": "m"}]}},
            '{"name": "m"}',
            "no budget",
        ),
        (
            {"judge": {**CONDITIONS, "metrics": [{"name": "m", "successCondition": "("}]}},
            '"("',
            "cannot be read at 'its end'",
        ),
        (
            {"shadows": [THRESHOLD, {"type": "conditions", "metrics": [
                {"name": "m", "failureCondition": ")"}]}]},
            '")"',
            "cannot be read at ",
        ),
        ({"judge": {**RANKS, "groupWeights": {"al": 3}}}, "3}", "No metric is in the group 'al'"),
        ({"judge": {**RANKS, "marginal": 96}}, "96", "96 is marginal, and 95 passes"),
        (
            {"judge": {"type": "mannwhitney", "groupWeights": {"a": 60, "b": 60},
                       "metrics": [{"name": "m", "groups": ["a", "b"]}]}},
            '{"a": 60',
            "add up to 120",
        ),
        (
            {"judge": {**THRESHOLD, "threshold": 1, "metrics": [{"name": "m", "min": []}]}},
            "[]",
            "judge.metrics.0.min is not a number",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_where_it_is_said_to(
    change: dict[str, Any], there: str, words: str
) -> None:
    document = {"judge": SEQUENTIAL, "blocks": [{}], **change}
    text = json.dumps(document).replace('"blocks": ', '"blocks":\n ')
    with pytest.raises(SpecError, match=words) as caught:
        list(verdicts(text.encode(), "b.json"))
    place = caught.value.place
    assert place
    assert place.file == "b.json"
    assert text.splitlines()[place.line - 1][place.column - 1 :].startswith(there)


def test_a_reading_that_no_judge_reads_is_refused_wherever_it_stands() -> None:
    read = {"metric": "m", "value": 99.5}
    blocks = [{"readings": [read]}, {"readings": [read, {"metric": "slow", "value": 1}]}]
    shadow = {**THRESHOLD, "metrics": [{"name": "slow", "max": 1}]}
    assert len(judged(THRESHOLD, *blocks, shadows=[shadow])) == 2
    document = json.dumps({"judge": THRESHOLD, "blocks": blocks}, indent=1)
    with pytest.raises(SpecError, match="'slow', so this would be left out") as caught:
        list(verdicts(document.encode(), "b.json"))
    assert "leave the reading away" in caught.value.remedy
    place = str(caught.value.place)
    line = next(n for n, text in enumerate(document.splitlines(), 1) if "slow" in text)
    assert place == f"b.json:{line}:16"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b" \n", "b.json: There are no blocks: nothing was given."),
        (b'{\n "judge": ', "b.json:2:11: The blocks are no JSON: expecting value."),
        (b"[\n" * 100_000, "b.json:51:1: The blocks are no JSON: nested too deeply"),
        (b'{"a":1,\n"b":{}, "a":2}', "b.json:2:9: The blocks are no JSON with one meaning: an "),
        (b'{"a":1,"b":{"c":1, "c":1}}', "an object has 'c' twice"),
        (b'["\xc3\xa9"\n, "\xff"]', "b.json:2:4: The blocks are no UTF-8"),
        (b"[1,\n" + b"1" * 9000 + b"]", "b.json:2:1: The blocks are no JSON: a number has too m"),
        (b"[]", "b.json:1:1: The blocks cannot be judged: the document is not an object"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(data: bytes, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        list(verdicts(data, "b.json"))
    assert problem in str(caught.value)


READ = Draft202012Validator(schema())
SAID = Draft202012Validator(verdict_schema())
odd: st.SearchStrategy[Any] = st.sampled_from(
    [True, None, "5", "abc", "NaN", -1, 0, 1.5, 150.0, 1e300, 10**20, [], {}, [1], "", " 5", "1_0"]
)
FIELDS = ("weight", "last", "startMs", "endMs", "sinceMs", "doubt", "underway", "readings")
LIMITS = ("name", "min", "max", "budget", "phi", "failureLimit", "count", "critical", "every")


@given(
    st.sampled_from([SEQUENTIAL, THRESHOLD, RANKS, CONDITIONS]),
    st.dictionaries(st.sampled_from(FIELDS), odd, max_size=1),
    st.dictionaries(st.sampled_from(LIMITS), odd, max_size=1),
    st.dictionaries(st.sampled_from(["alpha", "threshold", "every", "metrics"]), odd, max_size=1),
)
def test_what_is_read_and_said_is_what_the_schemas_say(
    judge: Any, block: Any, metric: Any, rest: Any
) -> None:
    """Read is what the schema allows and has a meaning: nothing else is, and nothing by halves."""
    metrics = [{**judge["metrics"][0], **metric}]
    document = {
        "judge": {**judge, "metrics": metrics, **rest},
        "blocks": [block, counts(9, 1, 9, 0)],
    }
    try:
        found, problem = list(verdicts(json.dumps(document).encode())), ""
    except SpecError as error:
        found, problem = [], error.problem
    if READ.is_valid(document):
        assert "cannot be judged" not in problem
    else:
        assert problem
    assert all(SAID.is_valid(one) for one in found)
