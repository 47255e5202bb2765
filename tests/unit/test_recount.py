"""A rollout in plain lines, as `explain` tells it."""

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
        f"Asked for by commit {'a' * 40}; goes back to {'b' * 40}.",
    ]
    assert lines[3:12] == [
        "Asked for by Ada: bump",
        "",
        "2026-03-02T10:01:00Z  start 0% -> 10%: Because.",
        "2026-03-02T10:09:00Z  abort 10% -> 0%: Because.",
        "    live: the share rose",
        f"    fail: request-success-rate {measured}: failed with 500: 12",
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

    assert "    inconclusive: request-success-rate gave no number: no data" in lines
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


def test_all_that_met_it_is_counted_or_nobody_can_say() -> None:
    one = failed(9)
    one["exposure"] |= {"counted": None, "arriving": None}
    assert not any("not counted: up to" in line for line in recount(story(one), "", {}))
    one["exposure"] |= {"counted": "2026-03-02T10:00:00Z/2026-03-02T10:04:00Z"}
    lines = list(recount(story(one), "", {}))
    assert not any("not counted: up to" in line for line in lines)
    assert any("200 requests since each weight was live, 18 of" in line for line in lines)
