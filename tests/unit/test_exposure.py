"""How many requests met the canary, worked out by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import DURATION, check, spec
from test_course import LIVE, SCRAPE, answered, course

from gitops_canary.core.exposure import Counted, counted
from gitops_canary.core.questions import Role, asked
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.model.spec import JudgePolicy

MINUTE = 60_000
INSTANTS = tuple(LIVE + n * SCRAPE for n in range(9))
WINDOWED = spec(check())


def row(value: str, code: str = "200", who: str = "shop", side: str = "source") -> Series:
    labels = {"destination_workload": who, "reporter": side, "response_code": code}
    return Series(labels=labels, samples=tuple(Sample(at, value) for at in INSTANTS))


def windows(*rows: Series, one: Any = WINDOWED, at: tuple[int, ...] = INSTANTS) -> Counted | None:
    answers: dict[Question, Answer] = {}
    if at:
        roles = asked(one.policy.checks[0], one.policy, one, at, scrape_ms=SCRAPE)
        answers = dict.fromkeys(roles.get(Role.REQUESTS, ()), Answer(series=rows))
    return counted(one.policy, one, answers, at, scrape_ms=SCRAPE)


def test_windows_that_do_not_overlap_are_added_up_from_the_newest_back() -> None:
    found = windows(row("10.2"), row("1.4", "503"), row("99", who="shop-primary"))

    assert found == Counted(
        requests=Decimal(35), failed=Decimal(4), check="request-success-rate", side="source",
        from_ms=INSTANTS[0] - MINUTE, to_ms=INSTANTS[-1],
    )  # fmt: skip


def test_the_side_that_saw_the_most_counts() -> None:
    found = windows(row("10"), row("9", "500", side="destination"), row("2", side="destination"))

    assert found is not None
    assert (found.side, found.requests, found.failed) == (
        "destination", Decimal(33), Decimal(27),
    )  # fmt: skip


def test_what_is_no_number_is_not_counted_and_nothing_is_no_exposure() -> None:
    found = windows(row("NaN", "503"), row("10"))

    assert found is not None
    assert (found.requests, found.failed) == (Decimal(30), Decimal(0))
    assert windows(row("NaN")) is windows() is None
    assert windows(row("9", who="shop-primary")) is None


def test_nobody_counts_without_the_success_rate_or_without_a_look() -> None:
    latency = spec(check(DURATION, minimum=None, maximum="500"))

    assert windows(row("10"), one=latency) is None
    assert windows(row("10"), at=()) is None
    assert (
        counted(WINDOWED.policy, replace(WINDOWED, provider="nope"), {}, INSTANTS, scrape_ms=SCRAPE)
        is None
    )


def test_exact_counts_are_added_up_block_by_block() -> None:
    def rates(workload: str, at_ms: int) -> tuple[int, int]:
        return (90, 0) if workload == "shop-primary" else (9, int(at_ms % 15_000 == 0))

    one = course(blocks=4)
    ends = one.times[1:]
    found = counted(one.policy, one.spec, answered(one.questions(), rates), ends, scrape_ms=SCRAPE)

    assert found == Counted(
        requests=Decimal(4 * (135 + 1)), failed=Decimal(4), check="request-success-rate", side="",
        from_ms=LIVE, to_ms=ends[-1],
    )  # fmt: skip


def test_blocks_without_a_request_are_no_exposure() -> None:
    one = course(blocks=4)
    silent = answered(one.questions(), lambda *_: (0, 0))
    elsewhere = replace(one.spec, provider="nope")

    assert counted(one.policy, one.spec, silent, one.times[1:], scrape_ms=SCRAPE) is None
    assert counted(one.policy, elsewhere, silent, one.times[1:], scrape_ms=SCRAPE) is None


@pytest.mark.parametrize("kind", ["threshold", "conditions"])
def test_judges_of_windows_count_windows(kind: str) -> None:
    policy = replace(WINDOWED.policy, judge=JudgePolicy(type=kind))
    found = windows(row("10"), one=replace(WINDOWED, policy=policy))

    assert found is not None
    assert found.side == "source"
