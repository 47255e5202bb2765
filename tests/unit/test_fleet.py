"""Figures over many rollouts, worked out by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from test_page_bytes import exposure
from test_report import decision, failed, story

from gitops_canary.core.fleet import fleet
from gitops_canary.core.text import iso
from gitops_canary.core.told import Told

BEGIN_MS, MINUTE, DAY = 1_772_445_600_000, 60_000, 86_400_000
FOREVER = 4_000_000_000_000
FINISH = {"weight": {"from": "100", "to": "0"}}


def at(minute: int, action: str, **more: Any) -> dict[str, Any]:
    return decision(0, action, decidedAt=iso(BEGIN_MS + minute * MINUTE), **more)


def aborted(minute: int, *, exposed: int = 0, **more: Any) -> dict[str, Any]:
    """Abort in a minute what was exposed since another."""
    one = failed(0) | {"decidedAt": iso(BEGIN_MS + minute * MINUTE)}
    one["exposure"]["from"] = iso(BEGIN_MS + exposed * MINUTE)
    return one | more


def figures(*stories: Told, since_ms: int = 0, until_ms: int = FOREVER) -> dict[str, str]:
    return {key: value for key, value, _ in fleet(stories, since_ms, until_ms, {}).rows()}


def test_a_rollout_counts_in_the_period_that_it_began_in_both_ends_included() -> None:
    one = story(at(0, "start"))

    assert figures(one, since_ms=BEGIN_MS, until_ms=BEGIN_MS)["changes"] == "1"
    assert figures(one, since_ms=BEGIN_MS + 1)["changes"] == "0"
    assert figures(one, until_ms=BEGIN_MS - 1)["changes"] == "0"


def test_shares_of_nothing_are_not_told() -> None:
    found = figures()

    assert found["rollbackRate"] == found["automatic"] == found["changeFailureRate"] == "-"
    assert found["detection"] == found["leadTime"] == "-"
    assert found["deploymentFrequency"] == "0"


def test_versions_are_counted_a_day_since_the_first_rollout() -> None:
    good = story(at(0, "start"), at(1, "finish", **FINISH))

    assert figures(good, until_ms=BEGIN_MS + 4 * DAY)["deploymentFrequency"] == "0.25"
    assert figures(good, until_ms=BEGIN_MS + DAY // 2)["deploymentFrequency"] == "1"
    assert (
        figures(good, since_ms=BEGIN_MS - 4 * DAY, until_ms=BEGIN_MS + 4 * DAY)[
            "deploymentFrequency"
        ]
        == "0.125"
    )


def test_two_of_three_that_ended_were_rolled_back() -> None:
    good = story(at(0, "start"), at(1, "finish", **FINISH))
    bad = story(at(0, "start"), aborted(1))

    found = figures(good, bad, bad, story(at(0, "start")))
    assert (found["changes"], found["rollbackRate"]) == ("4", "66.7 %")


def test_detection_counts_from_the_commit_of_the_first_weight_not_from_what_decided_it() -> None:
    start, advance = at(0, "start", weight={"from": "0", "to": "0"}), at(2, "advance")
    bad = story(start, advance, aborted(9, exposed=3))

    assert figures(bad)["detection"] == figures(bad)["timeToRestore"] == "6m"
    unseen = story(start, aborted(1, exposure=None))
    assert figures(unseen)["detection"] == figures(unseen)["timeToRestore"] == "-"
    lost = replace(bad, missing=(2,))
    assert figures(lost)["detection"] == figures(lost)["timeToRestore"] == "-"


def test_what_a_person_aborted_was_not_detected() -> None:
    advance = at(2, "advance")
    found = figures(story(at(0, "start"), advance, aborted(9, exposed=3, verdict="none")))

    assert (found["detection"], found["timeToRestore"]) == ("-", "6m")


def test_a_rollback_lasts_until_a_later_move_saw_it_live() -> None:
    live: dict[str, Any] = {"live": {"since": iso(BEGIN_MS + 12 * MINUTE)}}
    before: dict[str, Any] = {"live": {"since": iso(BEGIN_MS + MINUTE)}}
    idle = at(20, "idle", weight={"from": "0", "to": "0"}, **live)

    assert figures(story(at(0, "start"), aborted(9, **before), idle))["rollback"] == "3m"
    assert figures(story(at(0, "start"), aborted(9, **before)))["rollback"] == "-"


def test_failures_are_spared_in_proportion_to_the_traffic_that_did_not_meet_them() -> None:
    def rollout(*rows: dict[str, Any]) -> Told:
        known = [row | {"from": iso(BEGIN_MS)} for row in rows]
        shown = [at(i, "advance", exposure=row) for i, row in enumerate(known)]
        return story(*shown, aborted(9, exposure=None))

    assert figures(rollout(exposure("20", "1", "50", "3")))["failuresAvoided"] == "12"
    assert figures(rollout(exposure("0.5", "1", "9", "1")))["failuresAvoided"] == "199"
    assert figures(rollout(exposure("0", "1", "50", "3")))["failuresAvoided"] == "0"
    uncounted = rollout(exposure("20", "1", None, None))
    assert figures(uncounted)["failuresAvoided"] == "-"
    both = figures(uncounted, rollout(exposure("20", "1", "50", "3")))
    assert both["failuresAvoided"] == "12"
    assert figures(story(at(0, "start")))["failuresAvoided"] == "0"
    assert (
        figures(rollout(exposure("20", "1", "50", "3"), exposure("50", "1", "9", "5")))[
            "failuresAvoided"
        ]
        == "17"
    )


@pytest.mark.parametrize(
    ("one", "automatic"),
    [
        (at(1, "advance"), "yes"),
        (at(1, "advance", weight={"from": "10", "to": "10"}), "no"),
        (at(1, "promote", weight={"from": "10", "to": "10"}), "yes"),
        (at(1, "promote", override=True), "no"),
        (at(1, "advance", verdict="none"), "yes"),
        (aborted(1), "yes"),
        (aborted(1, verdict="none"), "no"),
    ],
)
def test_what_a_person_moved_is_no_automatic_change(one: dict[str, Any], automatic: str) -> None:
    begun = at(0, "start", weight={"from": "0", "to": one["weight"]["from"]})

    (row,) = fleet([story(begun, one)], 0, FOREVER, {}).changes()

    assert row["automatic"] == automatic


@pytest.mark.parametrize(("missing", "automatic"), [((), "no"), ((3,), "no"), ((2,), "yes")])
def test_a_weight_that_no_decision_had_left_is_a_persons_unless_one_is_missing_between(
    missing: tuple[int, ...], automatic: str
) -> None:
    begun = at(0, "start", weight={"from": "0", "to": "10.0"})
    back = at(2, "retreat", weight={"from": "33", "to": "0"}, reason="No step.")
    found = fleet([Told((begun, back), missing)], 0, FOREVER, {})

    assert found.changes()[0]["automatic"] == automatic
    assert [reason for _, _, reason in found.overrides()] == ["No step."] * (automatic == "no")


def test_a_change_is_one_row_with_what_an_auditor_samples() -> None:
    first = at(0, "start", exposure=exposure("10", "2.5", "40", "2"))
    ended = at(9, "finish", reason="Done.", **FINISH)
    asked = {"a" * 40: BEGIN_MS - 6 * MINUTE}
    found = fleet([story(first, ended), story(at(1, "start"))], 0, FOREVER, asked)
    done, open_ = found.changes()

    assert (done["began"], done["ended"]) == (iso(BEGIN_MS), iso(BEGIN_MS + 9 * MINUTE))
    assert (done["exposedMinutes"], done["requests"], done["failedRequests"]) == ("2.5", "40", "2")
    assert (done["outcome"], done["reason"]) == ("rolled out", "Done.")
    assert (open_["ended"], open_["requests"], open_["failedRequests"]) == ("", "", "")
    assert {key: value for key, value, _ in found.rows()}["leadTime"] == "15m"


def test_a_commit_that_the_clone_lacks_gives_no_lead_time() -> None:
    good = story(at(0, "start"), at(1, "finish", **FINISH))

    assert figures(good)["leadTime"] == "-"


def test_rollouts_of_one_instant_are_listed_by_name() -> None:
    both = [story(at(0, "start", canary=name)) for name in ("b", "a")]

    assert [row["canary"] for row in fleet(both, 0, FOREVER, {}).changes()] == ["a", "b"]
    assert Decimal(figures(*both)["changes"]) == 2
