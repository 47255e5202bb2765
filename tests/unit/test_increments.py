"""What a counter that is heard first counts, and one counter under two names.

Prometheus 2 and 3 write the bounds of buckets in two ways.

Shapes: the migration guide of Prometheus 3.0 ("le and quantile label values"): what was scraped as
`le="250"` is stored as `le="250.0"`; bounds with a fraction and `+Inf` stay.
"""

from collections.abc import Mapping

import pytest

from gitops_canary.core.increments import increments, series_key
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.model.observation import Answer, Question, Sample, Series

SCRAPE = 15_000
TIMES = tuple(range(0, 6 * SCRAPE, SCRAPE))
ASKED = Question(
    source="default", expression="x", start_ms=0, end_ms=TIMES[-1], step_ms=SCRAPE, lookback_ms=1
)
COUNTED = {at: str(1000 + at // 1000) for at in TIMES}


def bucket(le: str, values: Mapping[int, str]) -> Series:
    return Series(
        labels={"destination_workload": "shop", "le": le, "pod": "a"},
        samples=tuple(Sample(at, value) for at, value in values.items()),
    )


def gained(
    *series: Series, before: Mapping[frozenset[str], str] | None = None, rule: int = RULE
) -> list[int | str]:
    rows = increments((ASKED,), {ASKED: Answer(series=series)}, TIMES, before or {}, rule=rule)
    return [sum(v) for v in zip(*(row.increments for row in rows), strict=True)]


@pytest.mark.parametrize("le", ["250", "250.0", "0.25", "1e+06", "+Inf"])
def test_either_way_to_write_a_bound_is_counted(le: str) -> None:
    assert gained(bucket(le, COUNTED)) == [15, 15, 15, 15, 15]


def test_upgrade_under_way_neither_loses_nor_doubles_anything() -> None:
    # The old series is still looked back at for two scrapes after the new one has begun.
    old = {at: COUNTED[min(at, TIMES[2])] for at in TIMES[:5]}
    new = {at: COUNTED[at] for at in TIMES[3:]}
    for both in (
        (bucket("250", old), bucket("250.0", new)),
        (bucket("250.0", new), bucket("250", old)),
    ):
        assert gained(*both) == [15, 15, 15, 15, 15]


def test_counter_from_before_the_upgrade_is_found_under_its_old_name() -> None:
    before = {series_key({"destination_workload": "shop", "le": "250", "pod": "a"}): "1000"}
    new = {at: COUNTED[at] for at in TIMES[1:]}
    assert gained(bucket("250.0", new), before=before) == [0, 15, 15, 15, 15]
    assert gained(bucket("250.0", new), before=before, rule=53) == [15, 15, 15, 15, 15]


def of(pod: str, values: Mapping[int, str], **more: str) -> Series:
    labels = {"destination_workload": "shop", "reporter": "source", "instance": pod}
    samples = tuple(Sample(at, value) for at, value in values.items())
    return Series(labels=labels | more, samples=samples)


LATE = {at: COUNTED[at] for at in TIMES[2:]}
"""A counter that is scraped from the second block on, and has 1030 then."""
BEFORE = {series_key(of("a", {}).labels): "900"}


@pytest.mark.parametrize(
    ("others", "series", "before", "counted"),
    [
        pytest.param((of("b", COUNTED),), of("c", LATE), BEFORE, 1030, id="another pod's"),
        pytest.param((of("b", COUNTED),), of("b", LATE, code="503"), {}, 1030, id="on a known pod"),
        pytest.param((of("b", COUNTED),), of("a", LATE), BEFORE, 0, id="it was away"),
        pytest.param(
            (of("b", COUNTED), of("a", LATE)), of("a", LATE, code="503"), BEFORE, 0,
            id="its pod was away",
        ),
        pytest.param((of("a", LATE),), of("c", LATE), BEFORE, 0, id="its side was away"),
        pytest.param(
            (of("a", LATE), of("d", COUNTED, reporter="destination")), of("c", LATE), BEFORE, 0,
            id="its side was away, and another was there",
        ),
        pytest.param((), of("c", LATE), {}, 0, id="nothing was there"),
        pytest.param((of("b", COUNTED),), of("c", LATE), None, 0, id="nobody asked before"),
        pytest.param((of("b", COUNTED),), of("b", LATE, code="503"), None, 1030, id="same pod"),
    ],
)  # fmt: skip
def test_a_first_number_counts_whole_where_it_was_born_since(
    others: tuple[Series, ...],
    series: Series,
    before: Mapping[frozenset[str], str] | None,
    counted: int,
) -> None:
    asked = {ASKED: Answer(series=(*others, series))}
    *_, row = increments((ASKED,), asked, TIMES, before)
    assert row.increments == (0, counted, 15, 15, 15)
    assert row.heard == 1


def test_different_bounds_stay_different() -> None:
    assert gained(bucket("250", COUNTED), bucket("2500", COUNTED)) == [30, 30, 30, 30, 30]
