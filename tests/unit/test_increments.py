"""One counter under two names, as Prometheus 2 and 3 write the bounds of buckets.

Shapes: the migration guide of Prometheus 3.0 ("le and quantile label values"): what was scraped as
`le="250"` is stored as `le="250.0"`; bounds with a fraction and `+Inf` stay.
"""

from collections.abc import Mapping

import pytest

from gitops_canary.core.increments import increments, series_key
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


def gained(*series: Series, before: Mapping[frozenset[str], str] | None = None) -> list[int | str]:
    rows = increments((ASKED,), {ASKED: Answer(series=series)}, TIMES, before or {})
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
    assert gained(bucket("250.0", new), before=before) == [15, 15, 15, 15, 15]


def test_different_bounds_stay_different() -> None:
    assert gained(bucket("250", COUNTED), bucket("2500", COUNTED)) == [30, 30, 30, 30, 30]
