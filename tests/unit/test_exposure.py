"""How many requests met the canary, worked out by hand."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from checks import DURATION, check, spec
from grounds import act
from situations import move
from test_course import LIVE, SCRAPE, answered, course, steady
from test_evidence import basis

from gitops_canary.core.exposure import Counted, arrived, counted, exposure_json
from gitops_canary.core.judges.sequential_types import ONCE, RULE
from gitops_canary.core.questions import INSTANTS_MAX, Role, asked
from gitops_canary.core.stays import Stay, arriving
from gitops_canary.core.underway import underway
from gitops_canary.model.observation import Answer, Liveness, Question, Sample, Series, Verdict
from gitops_canary.model.rollout import Action, Outcome, Window
from gitops_canary.model.spec import JudgePolicy

MINUTE = 60_000
INSTANTS = tuple(LIVE + n * SCRAPE for n in range(9))
WINDOWED = spec(check())


def row(value: str, code: str = "200", who: str = "shop", side: str = "source") -> Series:
    labels = {"destination_workload": who, "reporter": side, "response_code": code}
    return Series(labels=labels, samples=tuple(Sample(at, value) for at in INSTANTS))


def newest(late_s: Callable[[int], int], side: str) -> Series:
    """Tell of the newest sample at each instant, so many seconds before it."""
    labels = {"destination_workload": "shop", "reporter": side}
    times = ((at, (at - late_s(at) * 1000) / 1000) for at in INSTANTS)
    return Series(labels=labels, samples=tuple(Sample(at, str(one)) for at, one in times))


def windows(
    *rows: Series,
    one: Any = WINDOWED,
    at: tuple[int, ...] = INSTANTS,
    late_s: Callable[[int], int] = lambda _at: 0,
    unheard: tuple[str, ...] = (),
    rule: int = RULE,
) -> Counted | None:
    """Count windows; the `unheard` sides have a sample at the newest instant alone."""
    answers: dict[Question, Answer] = {}
    if at:
        roles = asked(one.policy.checks[0], one.policy, one, at, scrape_ms=SCRAPE, rule=rule)
        seen = tuple(newest(late_s, side) for side in ("source", "destination"))
        seen = tuple(
            replace(one, samples=one.samples[-1:]) if one.labels["reporter"] in unheard else one
            for one in seen
        )
        answers = dict.fromkeys(roles.get(Role.REQUESTS, ()), Answer(series=rows))
        answers |= dict.fromkeys(roles.get(Role.SEEN, ()), Answer(series=seen))
    return counted(one.policy, one, answers, at, scrape_ms=SCRAPE, rule=rule)


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


@pytest.mark.parametrize(("destination", "side"), [("11", "destination"), ("10", "source")])
def test_failures_choose_no_side_and_of_two_alike_callers_count(
    destination: str, side: str
) -> None:
    worse = row("10", "503" if side == "destination" else "200")
    code = "503" if side == "source" else "200"
    found = windows(worse, row(destination, code, side="destination"))

    assert found is not None
    assert (found.side, found.failed) == (side, Decimal(0))


def test_records_are_counted_by_what_was_asked_then() -> None:
    about = (WINDOWED.policy.checks[0], WINDOWED.policy, WINDOWED, INSTANTS)
    older = asked(*about, scrape_ms=SCRAPE, rule=38)[Role.REQUESTS]
    answers = dict.fromkeys(older, Answer(series=(row("10"),)))
    count = partial(counted, WINDOWED.policy, WINDOWED, answers, INSTANTS, scrape_ms=SCRAPE)

    assert count(rule=38) is not None
    assert count(rule=39) is None


def test_what_is_no_number_is_not_counted_and_nothing_is_no_exposure() -> None:
    found = windows(row("NaN", "503"), row("10"))

    assert found is not None
    assert (found.requests, found.failed) == (Decimal(30), Decimal(0))
    assert windows(row("NaN")) is windows() is None
    assert windows(row("9", who="shop-primary")) is None


def test_less_than_nothing_is_no_count_in_records_of_today() -> None:
    assert windows(row("-2")) is None
    assert windows(row("-2", "503"), row("10")) == windows(row("10"))
    assert windows(row("-2"), rule=ONCE - 1) is not None, "earlier ones said so"


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


def on_its_way(stay: Stay, *, blocks: int = 4, live: bool = True, kind: str = "sequential") -> Any:
    """Count what met a weight on its way, of ten good and one bad request a second."""
    one = course(blocks=blocks, earlier=(stay,), kind=kind)
    answers = answered(one.questions(), lambda who, _: (*steady(who, 0)[:1], who == "shop"))
    times = one.times if live else ()
    return arrived(one.policy, one.spec, answers, stay, times, scrape_ms=SCRAPE)


def told(
    *, live: bool = True, blocks: int = 4, begun: int = -40, rule: int = RULE
) -> dict[str, Any]:
    """Tell the exposure to the first weight, of ten good and one bad request a second."""
    one = course(blocks=4, earlier=(stay(begun, begun),))
    first = replace(move(Action.ADVANCE, "10", 1), date_ms=LIVE + begun * 1000)
    looks_ = tuple(
        Verdict(outcome=Outcome.PASS, window=Window(start_ms=LIVE, end_ms=end), measurements=())
        for end in one.times[1 : blocks + 1]
    )
    seen = Liveness(live_ms=LIVE, proof=(), waiting="") if live else None
    found = exposure_json(
        act(Action.ADVANCE, "50", verdicts=looks_, at_ms=LIVE + 70_000, live=seen),
        move(Action.ADVANCE, "50", 2, "10").record,
        basis(
            spec=one.spec, policy=one.policy, moves=(first,), previous_ms=first.date_ms, rule=rule
        ),
        answered(one.questions(), lambda who, _: (*steady(who, 0)[:1], who == "shop")),
    )
    assert found is not None
    return found


def test_a_weight_s_requests_are_told_apart_from_those_of_its_way() -> None:
    found = told()
    assert (found["requests"], found["failedRequests"]) == ("660", "60")
    assert found["counted"] == "2026-02-02T02:40:00Z/2026-02-02T02:41:00Z"
    assert found["arriving"] == {
        "requests": "440", "failedRequests": "40",
        "counted": "2026-02-02T02:39:20Z/2026-02-02T02:40:00Z",
    }  # fmt: skip
    # Where no block ended yet what met it until it was live is told; nobody knows of later.
    silent = told(blocks=0)
    assert silent["requests"] is silent["counted"] is None
    assert silent["arriving"]["counted"] == "2026-02-02T02:39:20Z/2026-02-02T02:39:50Z"
    assert told(live=False, blocks=0)["arriving"] is None


def test_all_that_met_a_weight_that_was_never_live_met_it_on_its_way() -> None:
    start = replace(move(Action.START, "0", 0), date_ms=LIVE - 300_000)
    first = replace(move(Action.ADVANCE, "10", 1), date_ms=LIVE - 40_000)
    own = course().spec
    one = underway(own, own.policy, (start, first), now_ms=LIVE, scrape_ms=SCRAPE, delay_ms=0)
    assert one is not None
    answers = answered(one.questions(), lambda who, _: (*steady(who, 0)[:1], who == "shop"))
    found = exposure_json(
        act(Action.ABORT, verdicts=one.verdicts(answers)[-1:], at_ms=LIVE, live=None),
        move(Action.ABORT, "0", 1, "10").record,
        basis(spec=own, policy=own.policy, moves=(start, first), previous_ms=first.date_ms),
        answers,
    )
    assert found is not None
    assert found["arriving"]["requests"] == str(11 * 30)
    assert found["arriving"]["counted"] == "2026-02-02T02:39:20Z/2026-02-02T02:39:50Z"


def stay(start: int, end: int, until: int = 0) -> Stay:
    start, end, until = (LIVE + seconds * 1000 for seconds in (start, end, until))
    return Stay(weight=Decimal(5), start_ms=start, end_ms=end, until_ms=until)


@pytest.mark.parametrize(
    ("before", "seconds"),
    [
        # The first weight: from its commit on, to the second, whatever the scrapes.
        (stay(-40, -40), 40),
        (stay(-30, -30), 30),
        (stay(-7, -7), 7),
        # A later one: from the end of the last look at the weight before.
        (stay(-190, -70), 70),
        (stay(-190, -10), 10),
    ],
)
def test_what_met_a_weight_on_its_way_is_counted(before: Stay, seconds: int) -> None:
    found = on_its_way(before)
    assert (found.requests, found.failed) == (Decimal(11 * seconds), Decimal(seconds))
    assert (found.from_ms, found.to_ms) == (LIVE - seconds * 1000, LIVE)


def test_a_weight_that_is_not_live_is_counted_by_whole_blocks() -> None:
    found = on_its_way(stay(-100, -40, -5), live=False)
    assert (found.requests, found.from_ms) == (Decimal(30 * 11), LIVE - 40_000)


def test_a_way_without_a_block_or_too_long_to_ask_for_is_not_counted() -> None:
    assert on_its_way(stay(0, 0)) is None
    assert on_its_way(stay(-7, -7), live=False) is None
    long = INSTANTS_MAX * SCRAPE // 1000
    assert on_its_way(stay(-long, -long)) is None


def test_nobody_counts_a_weight_on_its_way_for_windows_nor_after_a_person() -> None:
    assert on_its_way(stay(-30, -30), kind="threshold") is None
    assert arriving((), LIVE) is None
    assert arriving((move(Action.PROMOTE, "50", 1, "50"),), LIVE) is None
    one = move(Action.ADVANCE, "50", 1, "10")
    assert arriving((one,), LIVE) is None, "a person moved it: our window is not there"
    window = Window(start_ms=LIVE - 60_000, end_ms=LIVE - 15_000)
    ours = replace(one, record=replace(one.record, window=window))
    found = arriving((move(Action.START, "0", 0), ours), LIVE)
    assert found == Stay(
        weight=Decimal(10), start_ms=window.start_ms, end_ms=window.end_ms, until_ms=LIVE
    )
