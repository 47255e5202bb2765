"""The time by which people are told is that of the look: not our clock where others know better."""

from gitops_canary.app.timekeeping import Timekeeper

YEAR_MS = 365 * 86_400_000


def test_what_is_told_after_a_look_is_dated_by_it_and_not_by_a_clock_a_year_ahead() -> None:
    steady, right = [5_000], 1_770_000_000_000
    time = Timekeeper(lambda: right + YEAR_MS, lambda: steady[0], lambda: right)
    time.hear(right)

    assert time.now_ms(right) == right
    steady[0] += 700
    assert time.since_look_ms() == right + 700


def test_before_the_first_look_there_is_our_own_clock_alone() -> None:
    assert Timekeeper(lambda: 42, lambda: 7, lambda: None).since_look_ms() == 42
