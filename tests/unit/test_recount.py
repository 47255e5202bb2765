"""A rollout in plain lines, as `explain` tells it."""

from typing import Any

import pytest
from test_report import HOSTILE, decision, failed, story

from gitops_canary.core.recount import recount


def test_a_rollback_is_told_move_by_move() -> None:
    last = failed(9) | {
        "live": {"since": "2026-03-02T10:02:00Z", "proof": ["the share rose"]},
        "webhooks": [
            {"name": "smoke", "passed": True, "status": 200, "why": ""},
            {"name": "gate", "passed": False, "status": 503, "why": "no answer"},
        ],
    }
    measured = "91.2 on 1240 requests against >= 99, 99.95 on the primary"
    lines = list(recount(story(decision(1, "start", verdicts=[]), last), "Ada: bump", {}))

    assert lines[:3] == [
        "prod/shop: app=shop:1.1.0 rolled back. Because.",
        (
            "Rollout 0123456789ab, decided 2026-03-02T10:01:00Z to 2026-03-02T10:09:00Z; "
            "its commits can have later dates."
        ),
        f"Asked for by commit {'a' * 40}; a rollback goes back to {'b' * 40}.",
    ]
    assert lines[3:12] == [
        "Asked for by Ada: bump",
        "",
        "2026-03-02T10:01:00Z  start 0% -> 10%: Because.",
        "2026-03-02T10:09:00Z  abort 10% -> 0%: Because.",
        "    live: the share rose",
        f"    fail: request-success-rate: {measured}: failed with 500: 12",
        "    webhook smoke passed: 200",
        "    webhook gate did not pass: no answer",
        "",
    ]
    assert lines[12] == (
        "Exposed: 4.00 minutes above 0 %, 200 requests since each weight was live, "
        "18 of them failed."
    )
    assert lines.index("Before the next try:") < lines.index("Rollback conditions in force:")
    assert "Not known:" in lines


def test_a_check_without_a_number_is_told_by_its_reason() -> None:
    silent = decision(2, "retreat", verdict="inconclusive", override=True)
    silent["verdicts"][0]["checks"][0].update(value=None, verdict="inconclusive", why="no data")
    lines = list(recount(story(silent), "", {}))

    assert "    inconclusive: request-success-rate: no data" in lines
    assert "2026-03-02T10:02:00Z  retreat 0% -> 10%, by a person's word: Because." in lines
    assert not any(line.startswith("Asked for by ") and "commit" not in line for line in lines)
    assert "Exposed: 0 minutes above 0 %, requests not counted." in lines


def test_a_rollout_that_goes_on_has_nothing_to_mend_and_no_foreign_line_breaks() -> None:
    lines = list(recount(story(decision(1, "start", reason=HOSTILE)), HOSTILE, {}))

    assert "Before the next try:" not in lines
    assert not any("\n" in line for line in lines)


def test_what_met_a_weight_on_its_way_is_among_the_exposed() -> None:
    one = failed(9)
    one["exposure"] |= {
        "counted": "2026-03-02T10:02:30Z/2026-03-02T10:04:30Z",
        "arriving": {"requests": "30", "failedRequests": "3",
                     "counted": "2026-03-02T10:02:00Z/2026-03-02T10:02:30Z"},
    }  # fmt: skip
    lines = list(recount(story(decision(1, "start"), one), "", {}))
    words = (
        "4.00 minutes above 0 %, 230 requests since each weight was committed, 21 of them failed"
    )
    assert f"Exposed: {words}." in lines
    bound = "in 1.5 of the minutes above 0 % requests were not counted: up to 150 more"
    assert any(bound in line for line in lines)


def test_what_was_condemned_on_its_way_is_exposed_once() -> None:
    """Nobody met it live, so the same requests were counted as both."""
    one = failed(9)
    span = "2026-03-02T10:02:00Z/2026-03-02T10:04:30Z"
    one["exposure"] |= {
        "counted": span,
        "arriving": {"requests": "200", "failedRequests": "18", "counted": span},
    }
    lines = list(recount(story(decision(1, "start"), one), "", {}))
    assert any("200 requests since each weight was committed, 18 of" in line for line in lines)
    assert any("in 1.5 of the minutes" in line and "up to 120 more" in line for line in lines)


def test_all_that_met_it_is_counted_or_nobody_can_say() -> None:
    one = failed(9)
    one["exposure"] |= {"counted": None, "arriving": None}
    assert not any("not counted: up to" in line for line in recount(story(one), "", {}))
    one["exposure"] |= {"counted": "2026-03-02T10:00:00Z/2026-03-02T10:04:00Z"}
    lines = list(recount(story(one), "", {}))
    assert not any("not counted: up to" in line for line in lines)
    assert any("200 requests since each weight was live, 18 of" in line for line in lines)


def lines_of(*decisions: dict[str, Any]) -> list[str]:
    return list(recount(story(*decisions), "", {}))


def counted(one: dict[str, Any], since: str, until: str, **more: Any) -> dict[str, Any]:
    """Let a decision count 200 requests from one second after ten to another."""
    span = f"2026-03-02T10:{since}Z/2026-03-02T10:{until}Z"
    return one | {"exposure": failed(9)["exposure"] | {"counted": span, "arriving": None} | more}


def test_what_went_on_until_a_move_was_written_or_live_is_exposed_too() -> None:
    """Two minutes until the second weight was written, three until the abort was live."""
    up = counted(decision(4, "advance"), "02:00", "04:00", minutes="2.00")
    up["weight"] = {"from": "10", "to": "50"}
    down = counted(failed(9), "08:00", "09:00", weight="50", minutes="3.00", requests="500")
    down["exposure"]["from"] = "2026-03-02T10:06:00Z"
    end = decision(12, "idle", live={"since": "2026-03-02T10:12:00Z", "proof": []}, verdicts=[])
    end["weight"] = {"from": "0", "to": "0"}
    lines = lines_of(decision(2, "start"), up, down, end)
    assert any(line.startswith("Exposed: 10.00 minutes above 0 %, 700 requests") for line in lines)
    # Two minutes at 10 % and five at 50 %, at ten a minute for each percent.
    bound = "in 7.0 of the minutes above 0 % requests were not counted: up to 2700 more"
    assert any(bound in line for line in lines)
    open_end = "requests that met it after the decision to end its traffic, until that was live"
    assert not any(open_end in line for line in lines)
    assert any(open_end in line for line in lines_of(up, down))


def test_a_weight_that_falls_is_bounded_by_the_one_before_it() -> None:
    """What met the canary while 20 % was on its way, it met at 60 %."""
    first = counted(decision(4, "finish"), "02:00", "04:00", weight="60", minutes="2.00")
    first |= {"weight": {"from": "60", "to": "20"}}
    first["exposure"]["requests"] = "1200"
    second = counted(decision(5, "finish"), "02:00", "04:00", weight="20", minutes="1.00")
    second |= {"weight": {"from": "20", "to": "0"}}
    second["exposure"] |= {"from": "2026-03-02T10:04:00Z", "requests": None, "counted": None}
    bound = "in 1.0 of the minutes above 0 % requests were not counted: up to 600 more"
    assert any(bound in line for line in lines_of(first, second))


def test_a_decision_that_a_clock_behind_dated_hides_nothing() -> None:
    back = counted(failed(1), "02:00", "02:00", minutes="0.00")
    end = decision(4, "idle", live={"since": "2026-03-02T10:04:30Z", "proof": []}, verdicts=[])
    lines = lines_of(back, end)
    assert any(line.startswith("Exposed: 2.50 minutes above 0 %") for line in lines)


def test_windows_with_gaps_between_them_are_counted_for_what_they_are() -> None:
    """Half of four minutes was looked at: two windows of a minute, a minute apart."""
    one = counted(failed(9), "02:00", "05:00", minutes="3.00")
    one["policy"]["effective"]["checks"][0]["builtin"] = "request-success-rate"
    # A third overlaps the one before.
    one["verdicts"] = [
        {**one["verdicts"][0], "at": f"2026-03-02T10:0{at}Z"} for at in ("3:00", "4:40", "5:00")
    ]
    bound = "in 1.0 of the minutes above 0 % requests were not counted: up to 100 more"
    assert any(bound in line for line in lines_of(one))


def test_a_weight_that_a_person_took_to_0_was_exposed_until_then() -> None:
    """The decision that answers them begins at 0 %, and so counts nothing."""
    up = decision(2, "advance", verdicts=[])
    back = decision(5, "retreat", verdicts=[], weight={"from": "0", "to": "0"})
    live = {"since": "2026-03-02T10:06:30Z", "proof": []}
    lines = lines_of(up, back, decision(7, "start", live=live, weight={"from": "0", "to": "0"}))
    assert "Exposed: 4.50 minutes above 0 %, requests not counted." in lines


def ruled(judge: str, why: str, numbers: dict[str, str], **check: Any) -> dict[str, Any]:
    """Give a recorded verdict of one judge about a builtin check."""
    one: dict[str, Any] = decision(2, "advance")["verdicts"][0]
    told = {"why": why, "numbers": numbers, "baseline": None} | check
    return one | {
        "checks": [one["checks"][0] | told], "judge": judge, "reason": f"{judge} says so",
        "shadows": [],
    }  # fmt: skip


SUM = "12 of 1,840 canary requests failed, 3 of 16,500 on the primary: 36x, evidence 4,120 against"
JUDGES = {
    "threshold": (
        ruled("threshold", "below the limit", {}),
        "99.9 % on 1240 requests against >= 99 %: below the limit",
    ),
    "conditions": (
        ruled("conditions", "it holds", {
            "phase": "X", "failed": "1", "inconclusive": "0", "errors": "2"},
            samples="3", limit="result[0] >= 99"),
        "result 99.9 % (>= 99 %): it holds; 1 failed, 0 inconclusive, 2 errors of 3: phase X",
    ),
    "mannwhitney": (
        ruled("mannwhitney", "always 6", {"class": "High", "meanRatio": "3.000000"}, value="6",
              baseline="2", samples="9 points"),
        "6 % on average of 9 points, 2 % on the primary (3x): higher than the primary, always 6",
    ),
    "sequential": (ruled("sequential", SUM, {"canary": "1840"}), SUM),
}  # fmt: skip


@pytest.mark.parametrize("judge", JUDGES)
def test_every_judge_shows_its_sum_for_whoever_decides_and_beside(judge: str) -> None:
    verdict, says = JUDGES[judge]
    beside = ruled("threshold", "within the limits", {}) | {"shadows": []}
    one = decision(2, "advance", verdicts=[verdict | {"shadows": [beside]}])
    one["policy"]["effective"]["checks"][0]["builtin"] = "request-success-rate"
    lines = list(recount(story(one), "", {}))
    at = lines.index(f"    pass: request-success-rate: {says}")
    kept = "99.9 % on 1240 requests against >= 99 %: within the limits"

    assert lines[at + 1 : at + 4] == [
        f"    {judge}: pass, {judge} says so",
        "    threshold, which decides nothing, would say pass: threshold says so",
        f"      pass: request-success-rate: {kept}",
    ]


def test_the_policy_that_applied_is_told_by_what_was_set() -> None:
    one = decision(2, "advance", pages=10)
    one["policy"]["origin"] = {"steps": "canary.yaml:7:3"}
    lines = list(recount(story(one), "", {}))
    at = lines.index("Policy in force:")

    assert lines[at + 2] == (
        "  weights, one after the other: 10% (analysis.stepWeights, canary.yaml:7:3)"
    )
    assert lines[at + 3].startswith("  12 other options at the default: `gitops-canary report 01")
