"""InfluxQL against a real InfluxDB: the window is the question's, whenever it is asked."""

import asyncio
from collections.abc import Iterator

import pytest
from influxdb_server import influxdb

from gitops_canary.metrics import METRICS, Opening
from gitops_canary.model.observation import Answer, Question

AT = 1_770_000_000_000
MINUTE = 60_000
WINDOW = "WHERE time > ${from_ms}ms AND time <= ${to_ms}ms"
LINES = [
    f"errors,pod={pod} rate={rate} {AT + minute * MINUTE - 10_000}"
    for minute, rates in enumerate([(1, 3), (10, 30)])
    for pod, rate in zip(("a", "b"), rates, strict=True)
]
"""Two pods, each with a value ten seconds before either of two instants."""


def select(what: str, where: str = "errors", more: str = "") -> str:
    """Write a query over the question's window."""
    return f"SELECT {what} FROM {where} {WINDOW}{more}"  # noqa: S608 - a database of this test


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influxdb(tmp_path_factory.mktemp("influxdb"), LINES) as url:
        yield url


def asked(base: str, query: str, *, until: int = 1, database: str = "app") -> Answer:
    question = Question(
        source="influxdb", expression=query, start_ms=AT, end_ms=AT + until * MINUTE,
        step_ms=MINUTE, lookback_ms=MINUTE,
    )  # fmt: skip
    options = {"language": "influxql", "database": database}

    async def go() -> Answer:
        client = METRICS["influxdb"](Opening(url=base, timeout_ms=5000, options=options))
        try:
            return (await client.ask([question]))[question]
        finally:
            await client.aclose()

    return asyncio.run(go())


def values(found: Answer) -> list[list[tuple[int, float]]]:
    assert found.error is None, found.error
    return [[(s.at_ms - AT, float(s.value)) for s in one.samples] for one in found.series]


def test_each_instant_has_the_value_of_its_own_window(base: str) -> None:
    found = asked(base, select("mean(rate)"))
    assert values(found) == [[(0, 2.0), (MINUTE, 20.0)]]


def test_an_instant_without_points_has_none(base: str) -> None:
    assert values(asked(base, select("mean(rate)"), until=3)) == [[(0, 2.0), (MINUTE, 20.0)]]
    assert values(asked(base, select("mean(rate)", "nothing"))) == []


def test_groups_stay_apart_for_the_judge_to_refuse(base: str) -> None:
    found = asked(base, select("last(rate)", "errors", " GROUP BY pod"), until=0)
    assert [dict(one.labels) for one in found.series] == [{"pod": "a"}, {"pod": "b"}]
    assert values(found) == [[(0, 1.0)], [(0, 3.0)]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (select("mean(rate"), "HTTP status 400"),
        (select("mean(rate), max(rate)"), "several columns"),
        ("SELECT mean(rate) FROM errors", "needs a query with its window"),
        (select("mean(rate) INTO other"), "needs one SELECT without INTO"),
        (f"DROP MEASUREMENT errors -- {WINDOW}", "needs one SELECT"),
        (select("mean(rate)", "errors", "; DROP DATABASE app"), "needs one SELECT"),
    ],
)
def test_what_cannot_be_asked_is_told(base: str, query: str, said: str) -> None:
    assert said in (asked(base, query).error or "")


def test_an_unknown_database_is_an_error(base: str) -> None:
    found = asked(base, select("mean(rate)"), database="other")
    assert "database not found" in (found.error or "")
