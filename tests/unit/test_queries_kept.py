"""A record names its queries, and what is asked again has to be the same to the last character.

Where a query has to change, run this with QUERIES=rewrite, read the differences in tests/data, and
mind that decisions from before cannot be judged again with what they recorded.
"""

import os
import pathlib
from collections.abc import Iterator
from functools import partial

import pytest
from checks import DURATION, SUCCESS, check, spec

from gitops_canary.core import counting
from gitops_canary.core.questions import asked, names
from gitops_canary.core.telemetry import measured, telemetry
from gitops_canary.errors import SpecError
from gitops_canary.model.initial import Measured
from gitops_canary.routing import ROUTERS

WRITTEN = pathlib.Path(__file__).parents[1] / "data" / "queries"
T, SCRAPE = 1_770_000_000_000, 15_000
CHECKS = {
    SUCCESS: check(interval_ms=90_000),
    DURATION: check(DURATION, minimum=None, maximum="500", interval_ms=90_000),
}


def lines(provider: str) -> Iterator[str]:
    known = spec(*CHECKS.values(), provider=provider)
    yield f"{provider}:"
    try:
        found = telemetry(provider, names(known))
    except SpecError as error:
        yield f"  {error.problem} {error.remedy}"
        return
    yield f"  buckets in units of {found.unit_ms} ms, {found.usual_ms} ms is usual"
    yield f"  primary by itself: {found.compared('shop-primary')}; {found.untimed}"
    for name, one in CHECKS.items():
        windows = partial(asked, one, known.policy, known, [T], scrape_ms=SCRAPE)
        counts = partial(
            counting.asked, one, known, [T, T + SCRAPE], scrape_ms=SCRAPE, step_ms=SCRAPE
        )
        ways = {
            "windows": windows,
            "windows before 58": partial(windows, rule=57),
            "windows before 57": partial(windows, rule=56),
            "windows before 39": partial(windows, rule=38),
            "counts": counts,
            "counts before 58": partial(counts, rule=57),
            "counts before 57": partial(counts, rule=56),
        }
        for way, ask in ways.items():
            try:
                for role, questions in ask().items():
                    for question in questions:
                        yield f"  {name}, {way}, {role.value}: {question.expression}"
            except SpecError as error:
                yield f"  {name}, {way}: {error.problem} {error.remedy}"


@pytest.mark.parametrize("provider", sorted(ROUTERS))
def test_what_is_asked_of_a_provider_stays_as_it_is(provider: str) -> None:
    file, text = WRITTEN / f"{provider.replace(':', '-')}.txt", "\n".join(lines(provider)) + "\n"
    if os.environ.get("QUERIES") == "rewrite":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), __doc__


def test_what_can_be_measured_is_known_by_the_provider() -> None:
    assert measured("istio") == Measured(requests=True, latency_ms=500, compared=True)
    assert measured("alb").latency_ms == 500
    assert measured("apisix").compared is False
    assert measured("nope") == Measured()
