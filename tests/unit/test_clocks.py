"""Whose clock is believed: of one, two and three witnesses, each of them right or wrong."""

import pytest

from gitops_canary.core.clocks import APART_MS, NEAR_MS, Witnesses, agreed, apart, believed
from gitops_canary.core.dating import FRESH_MS

NOW_MS = 1_770_000_000_000
MADE_MS = NOW_MS - 60_000
BEHIND_MS = MADE_MS - FRESH_MS - 1
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("own", "server", "source", "made", "expected"),
    [
        (HOUR_MS, None, None, MADE_MS, HOUR_MS),
        (HOUR_MS, 0, None, MADE_MS, 0),
        (0, HOUR_MS, None, MADE_MS, 0),
        (0, -HOUR_MS, None, MADE_MS, 0),
        (HOUR_MS, 0, 0, MADE_MS, 0),
        (0, 2 * HOUR_MS, HOUR_MS, MADE_MS, HOUR_MS),
        (0, HOUR_MS, 0, MADE_MS, 0),
        (0, 0, HOUR_MS, MADE_MS, 0),
        (HOUR_MS, HOUR_MS, 0, MADE_MS, 0),
        (HOUR_MS, HOUR_MS, -HOUR_MS, MADE_MS, HOUR_MS),
        (2 * HOUR_MS, HOUR_MS, BEHIND_MS - NOW_MS, MADE_MS, HOUR_MS),
        (2 * HOUR_MS, HOUR_MS, BEHIND_MS - NOW_MS + 1, MADE_MS, BEHIND_MS - NOW_MS + 1),
        (HOUR_MS, BEHIND_MS - NOW_MS + 1, None, MADE_MS, BEHIND_MS - NOW_MS + 1),
        (HOUR_MS, BEHIND_MS - NOW_MS, None, MADE_MS, HOUR_MS),
        (0, 2 * HOUR_MS, 3 * HOUR_MS, NOW_MS + 9 * HOUR_MS, 2 * HOUR_MS),
        (0, 2 * HOUR_MS, None, NOW_MS + 9 * HOUR_MS, 2 * HOUR_MS),
        (HOUR_MS, None, None, NOW_MS + 9 * HOUR_MS, HOUR_MS),
        (0, -NEAR_MS, -NEAR_MS, MADE_MS, 0),
        (0, -NEAR_MS - 1, -NEAR_MS - 1, MADE_MS, -NEAR_MS - 1),
    ],
)
def test_who_is_believed(
    own: int, server: int | None, source: int | None, made: int, expected: int
) -> None:
    who = Witnesses(
        own_ms=NOW_MS + own,
        server_ms=None if server is None else NOW_MS + server,
        source_ms=None if source is None else NOW_MS + source,
    )
    assert believed(who, made) - NOW_MS == expected


@pytest.mark.parametrize(
    ("server", "source", "expected"),
    [
        (None, None, False),
        (NEAR_MS, None, True),
        (None, -NEAR_MS, True),
        (NEAR_MS + 1, -NEAR_MS - 1, False),
        (HOUR_MS, 0, True),
    ],
)
def test_two_agree_on_the_time(server: int | None, source: int | None, *, expected: bool) -> None:
    who = Witnesses(
        own_ms=NOW_MS,
        server_ms=None if server is None else NOW_MS + server,
        source_ms=None if source is None else NOW_MS + source,
    )
    assert agreed(who, NOW_MS) is expected


def test_a_clock_that_is_far_off_is_told_in_whole_minutes() -> None:
    assert apart(NOW_MS, "the Git server", None) == ""
    assert apart(NOW_MS, "the Git server", NOW_MS - APART_MS + 1) == ""
    assert apart(NOW_MS, "the Git server", NOW_MS - APART_MS) == (
        "our clock says 2026-02-02T02:40:00Z, that of the Git server 2026-02-02T02:39:00Z, 1m apart"
    )
    assert apart(NOW_MS, "x", NOW_MS + 91_000).endswith(", 2m apart")
    assert apart(NOW_MS, "x", NOW_MS + 365 * 24 * HOUR_MS).endswith(", 8760h apart")
    assert (NEAR_MS, APART_MS) == (5_000, 60_000)
