"""The time by which people are told is that of the look: not our clock where others know better."""

from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.core.dating import Clock

YEAR_MS = 365 * 86_400_000


def test_what_is_told_after_a_look_is_dated_by_it_and_not_by_a_clock_a_year_ahead() -> None:
    steady, right = [5_000], 1_770_000_000_000
    time = Timekeeper(lambda: right + YEAR_MS, lambda: steady[0], lambda: right)
    time.hear(right)

    assert time.now_ms(right) == right
    steady[0] += 700
    assert time.since_look_ms() == right + 700


def test_what_a_source_says_during_the_first_look_tells_how_old_an_abort_is() -> None:
    """Ours a year ahead, the server's before it: a new process took it for too old to tell."""
    steady, right = [5_000], 1_770_000_000_000
    time = Timekeeper(lambda: right + YEAR_MS, lambda: steady[0], lambda: right - 300_000)
    assert time.now_ms(right - 30_000) == right + YEAR_MS
    steady[0] += 700
    time.hear(right + 700)
    steady[0] += 300
    assert time.since_look_ms() == right + 1_000


def test_nobody_is_believed_who_says_that_it_is_later_than_a_source_did() -> None:
    steady, right = [5_000], 1_770_000_000_000
    ahead = [0]
    time = Timekeeper(lambda: right + ahead[0], lambda: steady[0], lambda: right + ahead[0])
    time.hear(right)
    ahead[0] = YEAR_MS
    steady[0] += 9_000
    assert time.now_ms(right) == right + 9_000
    silent = Clock(own_ms=right + 9_000, silent=True)
    assert time.dating(silent) == silent


def test_what_a_source_said_as_a_move_was_dated_counts_on_while_it_is_silent() -> None:
    """Before a start nothing else is asked; a year ahead, ours was believed at the next look."""
    steady, right = [5_000], 1_770_000_000_000
    time = Timekeeper(lambda: right + YEAR_MS, lambda: steady[0], lambda: None)
    asked = Clock(own_ms=time.now_ms(right), told_ms=right)
    assert time.dating(asked) == asked
    steady[0] += 9_000
    assert time.dating(asked) == asked, "what a look before it heard is no news"
    assert time.now_ms(right) == right + 9_000


def test_before_the_first_look_there_is_our_own_clock_alone() -> None:
    assert Timekeeper(lambda: 42, lambda: 7, lambda: None).since_look_ms() == 42
