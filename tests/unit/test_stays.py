"""How long a canary was at its weights, by what its commits say."""

from dataclasses import replace
from decimal import Decimal

from checks import spec
from situations import move

from gitops_canary.core.course import Course
from gitops_canary.core.stays import Stay, joined, left, stays, swapped, visited
from gitops_canary.core.underway import settled, underway
from gitops_canary.model.judging import Counts, Reading
from gitops_canary.model.rollout import Action, Move, Window


def made(action: Action, before: str, weight: str, date_ms: int, *window: int) -> Move:
    one = move(action, weight, 1, before)
    seen = Window(start_ms=window[0], end_ms=window[1]) if window else None
    return replace(one, date_ms=date_ms, record=replace(one.record, window=seen))


START = made(Action.START, "0", "0", 100)
FIRST = made(Action.ADVANCE, "0", "10", 200)
SECOND = made(Action.ADVANCE, "10", "20", 300, 210, 290)
THIRD = made(Action.ADVANCE, "20", "50", 400, 310, 390)
AT_10, AT_20 = (
    Stay(weight=Decimal(10), start_ms=210, end_ms=290),
    Stay(weight=Decimal(20), start_ms=310, end_ms=390),
)
AT_0 = Stay(weight=Decimal(0), start_ms=200, end_ms=200)


def test_a_weight_lasted_from_its_first_block_to_its_last() -> None:
    assert stays([START, FIRST, SECOND, THIRD]) == (AT_10, AT_20)


def test_only_the_newest_attempt_counts() -> None:
    again = [START, FIRST, SECOND, made(Action.RETREAT, "20", "0", 310), START, FIRST, THIRD]

    assert stays(again) == (AT_20,)
    assert visited([START, FIRST, SECOND, START]) == ()


def test_a_weight_that_a_person_left_has_no_window_and_is_no_stay() -> None:
    assert stays([START, FIRST, made(Action.ADVANCE, "10", "30", 300)]) == ()


def test_what_is_seen_of_a_rollout_without_its_start_counts() -> None:
    assert stays([SECOND, THIRD]) == (AT_10, AT_20)
    assert visited([FIRST, SECOND]) == (AT_0, AT_10)


def test_looks_before_any_traffic_are_no_stay_and_one_percent_is() -> None:
    trial = made(Action.ADVANCE, "0", "1", 200, 110, 190)
    little = made(Action.ADVANCE, "1", "5", 300, 200, 290)

    assert [(str(one.weight), one.start_ms) for one in stays([START, trial, little])] == [
        ("1", 200)
    ]
    assert [one.weight for one in visited([START, trial, little])] == [0, 1]


def test_the_zero_before_the_first_weight_is_visited_too() -> None:
    assert visited([START, FIRST, SECOND]) == (AT_0, AT_10)
    assert visited([START]) == ()


def test_after_a_new_climb_from_0_the_first_one_is_what_is_told() -> None:
    down = [START, FIRST, SECOND, made(Action.ADVANCE, "0", "5", 320), THIRD]

    assert visited(down)[0] == AT_0


def test_a_stay_lasts_until_the_next_weight_was_live() -> None:
    assert [one.until_ms for one in joined((AT_10, AT_20), 410)] == [310, 410]
    assert joined((), 410) == ()


def test_the_weight_that_is_left_is_the_one_before_our_newest_move() -> None:
    assert left([START, FIRST]) == AT_0
    assert left([START, FIRST, SECOND]) == AT_10
    assert left([START]) is None
    assert left([START, FIRST, made(Action.ADVANCE, "10", "30", 300)]) is None, "a person's"


def test_after_a_promotion_the_primary_is_the_one_that_is_judged() -> None:
    counts = Counts(canary=1, canary_bad=2, primary=3, primary_bad=4)
    found = swapped(Reading(metric="m", counts=counts))

    assert found.counts == Counts(canary=3, canary_bad=4, primary=1, primary_bad=2)
    assert found.samples == "3 requests"
    assert swapped(Reading(metric="m")) == Reading(metric="m")


def test_while_a_weight_is_on_its_way_the_one_before_is_judged() -> None:
    def course(*moves: Move) -> Course | None:
        one = spec()
        return underway(one, one.policy, moves, now_ms=500, scrape_ms=10, delay_ms=1)

    found = course(START, FIRST, SECOND, THIRD)
    assert found is not None
    assert (found.weight, found.live_ms, found.left_ms) == (Decimal(20), 310, 390)
    assert (found.asked_ms, found.last, found.alone) == (310, False, False)
    assert [one.until_ms for one in found.earlier] == [210, 310]
    assert course(START) is None


def begun(live_ms: int, rule: int, *, judge: str = "sequential") -> tuple[int, ...]:
    """Give the block ends of the weight that `THIRD` asked for at 400, from 15 to 15."""
    policy = replace(spec().policy, judge=replace(spec().policy.judge, type=judge, dwell_ms=60))
    moves = [START, FIRST, SECOND, THIRD]
    course = settled(
        spec(), policy, moves, weight=Decimal(50), live_ms=live_ms, now_ms=475, scrape_ms=15,
        delay_ms=0, rule=rule,
    )  # fmt: skip
    assert course.earlier[-1].until_ms == course.times[0]
    return course.times


def test_blocks_go_on_in_one_row_where_a_weight_becomes_live_within_one() -> None:
    # The weight before began at 310: 415 is the first end of a block of it once the next is live.
    assert begun(401, 40) == (415, 430, 445, 460, 475)
    assert begun(401, 39) == (401, 416, 431, 446, 461)
    assert begun(401, 40, judge="mannwhitney")[0] == 401


def test_a_weight_that_is_live_late_stays_no_block_longer_for_the_row() -> None:
    # In the row the first block that ends 60 after the commit would end at 475, from 456 at 471.
    assert begun(456, 40) == (456, 471)
    assert begun(460, 40) == (460, 475)


def test_the_first_weight_begins_with_its_traffic() -> None:
    one = settled(
        spec(), spec().policy, [START, FIRST], weight=Decimal(10), live_ms=217, now_ms=260,
        scrape_ms=15, delay_ms=0,
    )  # fmt: skip
    assert one.times == (217, 232, 247)
