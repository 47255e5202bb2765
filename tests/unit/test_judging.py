import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import vectors

from gitops_canary.app.judging import LINE_MAX, header, schema, streamed, verdicts
from gitops_canary.errors import SpecError

SEQUENTIAL = {"type": "sequential", "metrics": [{"name": "m", "min": 99}]}
THRESHOLD = {"type": "threshold", "threshold": 2, "metrics": [{"name": "m", "min": 99}]}
RANKS = {"type": "mannwhitney", "metrics": [{"name": "m", "critical": True}]}
CONDITIONS = {
    "type": "conditions",
    "metrics": [{"name": "m", "successCondition": "result[0] > 0.99", "intervalMs": 15000}],
}


def counts(*four: int) -> dict[str, Any]:
    return {"readings": [{"metric": "m", "counts": list(four)}]}


def judged(judge: Any, *blocks: Any, **rest: Any) -> list[dict[str, Any]]:
    document = {"judge": judge, "blocks": list(blocks), **rest}
    return list(verdicts(json.dumps(document).encode()))


@pytest.mark.parametrize("judge", [SEQUENTIAL, THRESHOLD, RANKS, CONDITIONS])
def test_every_judge_takes_the_same_blocks(judge: Any) -> None:
    bad = judged(judge, *[counts(150, 140 + i % 2, 1350, i % 2) for i in range(8)])
    assert [one["block"] for one in bad] == list(range(8))
    assert bad[-1]["decision"] == "rollback"
    good = judged(judge, *[counts(150, i % 2, 1500, 10 * (i % 2)) for i in range(8)])
    assert good[-1]["decision"] == "advance"
    silent = {"readings": [{"metric": "m", "trouble": "noData"}]}
    assert {one["decision"] for one in judged(judge, *[silent] * 8)} == {"hold"}


def test_shadows_judge_beside_and_never_decide() -> None:
    found = judged(SEQUENTIAL, counts(15, 15, 135, 0), shadows=[THRESHOLD])[0]
    assert (found["judge"], found["decision"]) == ("sequential", "rollback")
    assert [(s["judge"], s["decision"]) for s in found["shadows"]] == [("threshold", "hold")]


def test_what_a_judge_of_limits_leaves_to_its_checks_is_said() -> None:
    found = judged(
        THRESHOLD,
        *({"readings": [{"metric": "m", "value": v}]} for v in (99.5, 98, "NaN")),
    )
    assert [(one["reason"], one["heard"]) for one in found] == [
        ("every check is within its limits", True),
        ("m was 98, below the limit", True),
        ("m: the value is NaN: the query divided nothing by nothing", False),
    ]


def test_whole_numbers_may_be_written_with_a_point() -> None:
    """JSON Schema takes 150.0 for an integer, so what the schema allows is read."""
    assert judged(SEQUENTIAL, counts(150, 9, 1350, 1)) == judged(
        SEQUENTIAL, {"readings": [{"metric": "m", "counts": [150.0, 9.0, 1350.0, 1.0]}]}
    )


def test_a_reading_without_counts_is_not_called_silence() -> None:
    [one] = judged(SEQUENTIAL, {"readings": [{"metric": "m", "value": 99.5}]})
    assert (one["decision"], one["reason"][:13]) == ("hold", "m: no counts,")


def test_the_same_input_gives_the_same_bytes() -> None:
    blocks = [counts(150, i % 3, 1350, 2) for i in range(20)]
    assert json.dumps(judged(SEQUENTIAL, *blocks)) == json.dumps(judged(SEQUENTIAL, *blocks))


@pytest.mark.parametrize("case", vectors("sequential.json")["cases"], ids=lambda one: one["name"])
def test_by_the_first_rules_the_published_cases_condemn_at_their_block(case: Any) -> None:
    metric = {"name": "m", "budget": case["slo"], "phi": 1 / case["eta"]}
    judge = {**SEQUENTIAL, "metrics": [metric], "rho": case["rho"], "alpha": 0.005}
    given = [counts(*four) for four in case["blocks_nc_kc_np_kp"]]
    found = judged({**judge, "rule": 30}, *given)
    ends = [at for at, one in enumerate(found, 1) if one["decision"] == "rollback"]
    assert next(iter(ends), None) == case["rollback_at_block_tier1_thr400"]
    told = [float(one["checks"][0]["numbers"]["logGood"]) for one in judged(judge, *given)]
    assert told == pytest.approx(case["logE_good"], abs=1e-8)


def test_a_threshold_of_none_is_one_as_in_flagger() -> None:
    bad = {"readings": [{"metric": "m", "value": 1}]}
    found = [judged({**THRESHOLD, "threshold": n}, bad)[0]["decision"] for n in (-3, 0, 1, 2)]
    assert found == ["rollback", "rollback", "rollback", "hold"]


def test_values_alone_are_judged_too() -> None:
    values = {"type": "sequential", "metrics": [], "values": [{"name": "m", "min": 99}]}
    found = judged(values, *({"readings": [{"metric": "m", "value": v}]} for v in (99, 98)))
    assert [one["decision"] for one in found] == ["hold", "rollback"]


def lines(*blocks: Any, **rest: Any) -> list[bytes]:
    return [json.dumps(one).encode() + b"\n" for one in ({"judge": SEQUENTIAL, **rest}, *blocks)]


def test_blocks_one_a_line_are_judged_as_in_a_document() -> None:
    blocks = [counts(150, i % 2, 1500, i % 3) for i in range(9)]
    first, *rest = lines(*blocks, shadows=[THRESHOLD], blockMs=5000)
    assert header(first)
    assert list(streamed(first, [*rest, b"\n"])) == judged(
        SEQUENTIAL, *blocks, shadows=[THRESHOLD], blockMs=5000
    )


def test_each_line_is_judged_before_the_next_is_read() -> None:
    def rest() -> Iterator[bytes]:
        yield from lines(counts(150, 0, 1350, 0))[1:]
        yield b'{"weight": 10, "readings": [{"metric": "m", "cuonts": [1]}]}\n'

    found = streamed(lines()[0], rest(), "b.jsonl")
    assert next(found)["block"] == 0
    with pytest.raises(
        SpecError, match=r"b.jsonl:3:55: .*there is no field 'cuonts' here"
    ) as caught:
        next(found)
    assert "counts" in caught.value.remedy


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ([], "b:1:1: There is not one block."),
        ([b"{"], "b:2:2: The blocks are no JSON"),
        ([b"[]"], "b:2:1: The blocks cannot be judged: the document is not an object"),
        ([b"{}", b'{"startMs": 7}'], "b:3:13: Block 1 begins at 7 ms"),
        ([b" " * (LINE_MAX + 1)], "b:2:1: A block has more than 1048576 bytes."),
        ([b'{"readings": [{"metric": "mm", "value": 1}]}'], "b:2:26: No judge has a metric 'mm'"),
    ],
)
def test_a_line_that_is_no_block_is_named(rest: list[bytes], problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        list(streamed(lines()[0], rest, "b"))
    assert problem in str(caught.value)


def test_more_blocks_than_a_document_may_have_are_to_come_one_a_line() -> None:
    with pytest.raises(SpecError, match="a document has 100,000 at the most") as caught:
        list(verdicts(json.dumps({"judge": SEQUENTIAL, "blocks": [{}] * 100_001}).encode()))
    assert "one a line" in caught.value.remedy


@pytest.mark.parametrize(
    "line", [b"", b"{", b"{\n", b'{"judge": {}, "blocks": []}', b"[]", b"[" * 9999]
)
def test_a_first_line_that_is_no_header_begins_a_document(line: bytes) -> None:
    assert not header(line)


numbers = st.one_of(st.integers(0, 50), st.floats(), st.sampled_from(["NaN", "x", "+Inf"]))
readings = st.fixed_dictionaries(
    {"metric": st.just("m")},
    optional={
        "value": numbers,
        "results": st.lists(numbers, max_size=3),
        "canary": st.lists(numbers, max_size=8),
        "primary": st.lists(numbers, max_size=8),
        "trouble": st.sampled_from(["stale", "error"]),
        "counts": st.tuples(*(st.integers(0, 9) for _ in range(4))),
        "pods": st.dictionaries(
            st.sampled_from("abc"), st.tuples(st.integers(0, 9), st.integers(0, 9))
        ),
    },
)


@given(
    st.sampled_from([SEQUENTIAL, THRESHOLD, RANKS, CONDITIONS]),
    st.lists(st.fixed_dictionaries({"readings": st.lists(readings, max_size=1)}), max_size=6),
)
def test_no_input_breaks_a_judge(judge: Any, blocks: Any) -> None:
    try:
        found = judged(judge, *blocks)
    except SpecError:
        return
    assert len(found) == len(blocks)
    assert all(one["decision"] in {"advance", "hold", "rollback"} for one in found)


def test_one_pod_that_fails_alone_is_named() -> None:
    reading = {"metric": "m", "counts": [150, 31, 1350, 0]}
    alone = {"shop-a": [50, 31], "shop-b": [60, 0], "shop-c": [40, 0]}
    both = {"shop-a": [50, 16], "shop-b": [60, 15]}
    judge = {**SEQUENTIAL, "podGraceMs": 0}
    named, unnamed = (
        judged(judge, {"readings": [{**reading, "pods": pods}]})[0]["reason"]
        for pods in (alone, both)
    )
    assert "pod shop-a alone fails: 31 of 50 requests of pod shop-a, none of 100 of the" in named
    assert "pod" not in unnamed
    held = {"metric": "m", "counts": [150, 3, 1350, 60], "pods": {"a": [50, 3], "b": [100, 0]}}
    second = {**held, "pods": {"a": [5, 3], "b": [145, 0]}}
    reasons = [judged(SEQUENTIAL, {"readings": [one]})[0]["reason"] for one in (held, second)]
    assert all("beyond its limit" in one for one in reasons)
    assert ["pod a had 3 of these 3" in one for one in reasons] == [False, True]


def test_block_underway_condemns_and_passes_nothing() -> None:
    judge = {**SEQUENTIAL, "dwellMs": 0}
    blocks = [{**counts(15, 0, 135, 0), "underway": True}, counts(15, 0, 135, 0)]
    assert [one["decision"] for one in judged(judge, *blocks)] == ["hold", "advance"]
    bad = {**counts(15, 15, 135, 0), "underway": True}
    assert judged(judge, bad)[0]["decision"] == "rollback"


def test_schema_describes_every_judge() -> None:
    made = json.dumps(schema())
    assert all(f'"{name}"' in made for name in ("threshold", "conditions", "mannwhitney"))
    assert "canaryBad" in made
