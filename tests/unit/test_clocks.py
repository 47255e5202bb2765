"""Whose clock is believed, and from where on two of them are told to differ."""

import pytest

from gitops_canary.core.clocks import APART_MS, NEAR_MS, Witnesses, agreed, apart, believed
from gitops_canary.core.dating import FRESH_MS
from gitops_canary.core.text import iso

NOW = 1_770_000_000_000


def two(own_ms: int, server_ms: int) -> Witnesses:
    return Witnesses(own_ms=own_ms, server_ms=server_ms)


@pytest.mark.parametrize("way", [1, -1])
def test_a_clock_that_is_near_is_the_same_and_one_further_off_is_another(way: int) -> None:
    for off_ms in (NEAR_MS, NEAR_MS + 1):
        other = NOW + way * off_ms
        both = Witnesses(own_ms=NOW, server_ms=other, source_ms=other)
        assert believed(both, 0) == (NOW if off_ms == NEAR_MS else other)
        assert agreed(two(NOW, other), NOW) is (off_ms == NEAR_MS)


def test_whoever_lies_further_before_our_newest_move_is_not_heard() -> None:
    made = NOW + FRESH_MS
    assert believed(two(NOW, made), made) == NOW, "of two the earlier one counts"
    assert believed(two(NOW - 1, made), made) == made


@pytest.mark.parametrize("way", [1, -1])
def test_a_clock_a_minute_off_is_told_with_the_span_in_whole_minutes(way: int) -> None:
    other = NOW + way * APART_MS
    assert apart(NOW, "the Git server", None) == ""
    assert apart(NOW, "the Git server", other - way) == ""
    assert apart(NOW, "the Git server", other) == (
        f"our clock says {iso(NOW)}, that of the Git server {iso(other)}, 1m apart"
    )
    assert apart(NOW, "it", NOW + way * 175_000).endswith(" 3m apart")
