"""Looking before a whole delay is over: only where the samples say that no scrape is under way."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from checks import DURATION, check, spec
from test_course import LIVE, MINE, SCRAPE, course

from gitops_canary.app.sooner import Sooner, sooner
from gitops_canary.core.course import Course
from gitops_canary.core.overtaken import questions
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.model.spec import Check

SHOP = CanaryId("prod/shop")
FULL, LEAST = 15_000, 5_000
SLOW = replace(check(DURATION, minimum=None, maximum="500"), name="slow")


@dataclass
class Told:
    """A source that tells one time for every question about the oldest of the newest samples."""

    text: str
    error: str | None = None
    series: int = 1
    asked: list[Question] = field(default_factory=list)

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        self.asked += questions
        one = Series(labels={}, samples=(Sample(questions[0].start_ms, self.text),))
        return {q: Answer(error=self.error, series=(one,) * self.series) for q in questions}


def look(after_ms: int, told: Told, *checks: Check) -> Sooner:
    """Look so long after the end of the second block."""
    now_ms = LIVE + 2 * SCRAPE + after_ms
    own: Course = course(*checks, now_ms=now_ms, delay_ms=FULL)
    return asyncio.run(sooner({SHOP: own}, told, now_ms, least_ms=LEAST))[SHOP]


def seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def blocks(one: Sooner) -> int:
    return len(one.course.times) - 1


@pytest.mark.parametrize("read", [0, -9_000])
def test_block_counts_after_the_lag_once_every_target_was_read_within_a_scrape(read: int) -> None:
    told = Told(seconds(LIVE + 2 * SCRAPE + read))
    found = look(LEAST, told, check(), SLOW)
    assert (blocks(found), found.course.delay_ms) == (2, LEAST)
    assert found.due_ms == LIVE + 3 * SCRAPE + LEAST, "the next block, as soon as that can be"
    assert [q.expression[:4] for q in told.asked] == ["min("] * 2, "each check's own series"
    assert all(q.lookback_ms == 2 * SCRAPE for q in told.asked)


@pytest.mark.parametrize("before", [SCRAPE, SCRAPE - 500, SCRAPE + 9_000])
def test_block_waits_while_a_target_is_due(before: int) -> None:
    oldest = seconds(LIVE + 2 * SCRAPE - before)
    found = look(LEAST, Told(oldest), check())
    assert blocks(found) == 1
    assert found.due_ms == LIVE + 2 * SCRAPE + LEAST, "it may be over at the very next look"
    assert blocks(look(FULL, Told(oldest), check())) == 2, "a scrape ends within its timeout"


@pytest.mark.parametrize(
    "told",
    [Told("", error="did not answer"), Told("NaN"), Told("1", series=0), Told("1", series=2)],
)
def test_what_the_source_does_not_tell_shortens_nothing(told: Told) -> None:
    assert blocks(look(LEAST, told, check())) == 1
    assert told.asked


def test_nothing_is_asked_where_nothing_can_be_won() -> None:
    told = Told(seconds(LIVE + 2 * SCRAPE))
    assert blocks(look(LEAST - 1, told, check())) == 1
    assert blocks(look(FULL, told, check())) == 2
    assert not told.asked
    assert blocks(look(LEAST, told, check(), MINE)) == 1, "nobody knows what a query rests on"
    assert not told.asked


def test_samples_of_long_ago_never_make_the_delay_longer() -> None:
    found = look(3_600_000, Told(seconds(LIVE + 2 * SCRAPE)), check())
    ends = [at for at in found.course.times if at > LIVE + 3 * SCRAPE]
    assert ends, "the whole delay counts by the clock, as ever"
    assert found.course.delay_ms == FULL


@pytest.mark.parametrize("provider", ["istio", "linkerd"])
def test_each_check_asks_about_the_series_that_it_counts(provider: str) -> None:
    def oldest(one: Check) -> str:
        own = spec(one, provider=provider)
        return questions(own.policy, own, LIVE, scrape_ms=SCRAPE)[0].expression

    rate, latency = oldest(check()), oldest(SLOW)
    assert "bucket" not in rate
    assert "le=" not in rate
    assert latency.count("bucket") == latency.count('le="+Inf"') > 0, "of each histogram one series"
