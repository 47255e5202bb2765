"""`verify` builds pages again and compares bytes, so their wording only changes with its number.

After a change raise `PAGES` in core/evidence.py, run this once with PAGES=write, read what it
wrote below tests/data/pages, and delete the folder of the number before.
"""

import os
import pathlib
from decimal import Decimal
from typing import Any

import pytest
from records import record
from test_report import decision, failed, story

from gitops_canary.core.canonical import canonical
from gitops_canary.core.evidence import PAGES
from gitops_canary.core.pages import pages, readme
from gitops_canary.core.report import report
from gitops_canary.core.text import iso
from gitops_canary.core.told import Told
from gitops_canary.model.rollout import Action

Json = dict[str, Any]
WRITTEN = pathlib.Path(__file__).parents[1] / "data" / "pages" / str(PAGES)
BEGIN_MS, SECOND, DAY = 1_772_445_600_000, 1000, 86_400_000


def check(name: str, verdict: str, value: str | None, baseline: str | None, limit: str) -> Json:
    return {"name": name, "verdict": verdict, "value": value, "baseline": baseline,
            "limit": limit, "samples": "7", "why": "so it is"}  # fmt: skip


def look(at_ms: int, *checks: Json) -> Json:
    return {"at": iso(at_ms), "outcome": "pass", "window": "", "checks": list(checks)}


def exposure(
    weight: str, minutes: str, requests: str | None, bad: str | None, from_ms: int = BEGIN_MS
) -> Json:
    return {"weight": weight, "minutes": minutes, "requests": requests, "failedRequests": bad,
            "from": iso(from_ms)}  # fmt: skip


def with_checks(one: Json, *named: tuple[str, str | None, str | None]) -> Json:
    """Give a decision a policy with some checks: name, minimum, maximum."""
    known = one["policy"]["effective"]["checks"][0]
    one["policy"]["effective"]["checks"] = [
        known | {"name": name, "minimum": least, "maximum": most} for name, least, most in named
    ]
    one["policy"]["origin"] = {"threshold": "spec.analysis", "checks[0].minimum": "line 7"}
    return one


def rolled_back() -> Told:
    """Within two minutes: values above, on and below limits, and none; a gap; foreign words."""
    bounds = ("errors", None, "1.5"), ("latency & co", "20", "500"), ("unasked", "1", None)
    t = BEGIN_MS
    first = decision(1, "start", decidedAt=iso(t), verdicts=[], verdict="none")
    second = decision(2, "advance", decidedAt=iso(t + 61 * SECOND))
    second |= {"weight": {"from": "10", "to": "37.5"}, "live": {"since": iso(t + 7 * SECOND)}}
    second["verdicts"] = [
        look(t + 20 * SECOND, check("errors", "pass", "0.3", "0.2", "<= 1.5"),
             check("latency & co", "pass", "480.25", "455", "20 to 500")),
        look(t + 40 * SECOND, check("errors", "inconclusive", None, "0.25", "<= 1.5"),
             check("latency & co", "inconclusive", "NaN", None, "20 to 500")),
        look(t + 60 * SECOND, check("errors", "pass", "0", "0.1", "<= 1.5"),
             check("latency & co", "pass", "20", "18", "20 to 500")),
    ]  # fmt: skip
    second["exposure"] = exposure("10", "0.90", "120", "1", t + 7 * SECOND)
    diff = "--- a/x.yaml\n+++ b/x.yaml\n@@ -1 +1 @@\n-weight: 10\n+weight: <37>\n a: b\n"
    second["changes"] = [{"path": "x.yaml", "diff": diff}]
    third = failed(3) | {"decidedAt": iso(t + 119 * SECOND), "weight": {"from": "37.5", "to": "0"}}
    third["verdicts"] = [
        look(t + 118 * SECOND, check("errors", "fail", "2.25", "0.1", "<= 1.5"),
             check("latency & co", "fail", "12", None, "20 to 500")),
    ]  # fmt: skip
    third |= {"live": {"since": iso(t + 300 * SECOND)}, "reason": "errors | 2.25 > 1.5"}
    third["exposure"] = exposure("37.5", "0.92", "900", "20", t + 64 * SECOND)
    third["changes"] = [{"path": name, "diff": diff} for name in ("x.yaml", "y.yaml")]
    return story(*(with_checks(one, *bounds) for one in (first, second, third)))


def rolled_out() -> Told:
    """Over days, with a decision missing, nothing counted, and one look too few to draw."""
    t = BEGIN_MS
    bounds = (("rate", "99", None),)
    first = decision(1, "start", decidedAt=iso(t), verdicts=[], verdict="none")
    second = decision(2, "advance", decidedAt=iso(t + DAY), live={"since": iso(t)})
    second["verdicts"] = [look(t + DAY, check("rate", "pass", "100", "100", ">= 99"))]
    second["exposure"] = exposure("10", "1440.00", None, None)
    third = decision(3, "finish", decidedAt=iso(t + 3 * DAY + 3661 * SECOND))
    third |= {"weight": {"from": "100", "to": "0"}, "live": {"since": iso(t + 2 * DAY)}}
    third["verdicts"] = [look(t + 2 * DAY, check("rate", "pass", "1E+2", "99.4", ">= 99"))]
    found = story(*(with_checks(one, *bounds) for one in (first, second, third)))
    return Told(found.decisions, missing=(2,))


def going_on(span_ms: int = 60 * SECOND) -> Told:
    """Over a whole number of marks, with a round scale, a flat line, and live at its very end."""
    t = BEGIN_MS
    bounds = ("flat", "0", None), ("round", None, None), ("mute", None, None), ("ones", None, "3")
    first = decision(1, "start", decidedAt=iso(t), verdicts=[], verdict="none")
    second = decision(2, "advance", decidedAt=iso(t + span_ms), live={"since": iso(t + span_ms)})
    second["verdicts"] = [
        look(t + n, check("flat", "pass", "0", "0", ">= 0"), check("round", "pass", v, None, "-"),
             check("mute", "inconclusive", None, None, "-"), check("ones", "pass", w, None, "<= 3"))
        for n, v, w in ((0, "0", "0"), (span_ms, "6", "3"))
    ]  # fmt: skip
    second["changes"] = [{"path": "x.yaml", "diff": "x" * length} for length in (200, 201)]
    return story(*(with_checks(one, *bounds) for one in (first, second)))


def a_day() -> Told:
    """Of two containers."""
    found = going_on(DAY)
    return Told(tuple(one | {"version": "a=x/y:1,b=z:2"} for one in found.decisions))


def taken_off() -> Told:
    """In one instant, without a number, and idle since; the version is no image."""
    quiet = with_checks(failed(5), ("rate", "99.5", None)) | {"action": "retreat"}
    quiet["verdicts"] = [look(BEGIN_MS, check("rate", "inconclusive", None, None, ">= 99.5"))]
    quiet["version"] = "7.1.0"
    idle = quiet | {"action": "idle", "verdicts": [], "reason": "Nobody is served by it."}
    return story(quiet, idle)


def counted() -> Told:
    """Counted against the primary, with units; one judge beside it, and options that were set."""
    good = check("request-success-rate", "pass", "99.9", "99.95", ">= 99")
    slow = check("request-duration", "inconclusive", "98.5", "99.9", ">= 99 within 250 ms")
    one = with_checks(decision(2, "advance"), ("request-success-rate", "99", None),
                      ("request-duration", None, "250"), ("own", None, "5"))  # fmt: skip
    effective = one["policy"]["effective"]
    for each in effective["checks"][:2]:
        each["builtin"] = each["name"]
    effective["checks"][2] |= {"query": "max(up)", "criteria": {
        "success": "result[0] < 5", "failure": "", "failureLimit": 1, "count": 2,
        "initialDelayMs": 30000, "dryRun": False}}  # fmt: skip
    hook = {"name": "load", "type": "rollout", "timeoutMs": 5000, "retries": 1}
    effective |= {"steps": ["5", "12.5"], "noData": "ask", "watchMs": 900000, "later": {"x": 1},
                  "watchAction": "abort", "canaryReady": 50, "webhooks": [hook]}  # fmt: skip
    effective["judge"] = {
        "type": "sequential", "shadows": ["threshold"], "alpha": "0.005", "rho": "1.5",
        "overdispersion": None, "dwellMs": 60000, "minSoakMs": 300000, "maxHoldMs": 600000,
        "minRequests": 100, "fastAdvance": True, "onInconclusive": "promote", "warmupMs": 90000,
    }  # fmt: skip
    one["policy"]["origin"] |= {"judge.alpha": "canary.yaml:9:5", "intervalMs": "default"}
    one["verdicts"] = [look(BEGIN_MS, good, slow, check("own", "pass", "4", None, "<= 5"))
                       | {"judge": "sequential"}]  # fmt: skip
    return story(one)


@pytest.mark.parametrize("made", [rolled_back, rolled_out, going_on, a_day, taken_off, counted])
def test_a_page_s_bytes_stay_while_its_number_does(made: Any) -> None:
    told = made()
    for ending, text in (("md", readme(told)), ("html", report(told))):
        file = WRITTEN / f"{made.__name__}.{ending}"
        if not file.exists() and os.environ.get("PAGES") == "write":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert text == file.read_text(), __doc__


@pytest.mark.parametrize(
    ("action", "weight", "files"),
    [
        (Action.ADVANCE, 10, {"README.md"}),
        (Action.FINISH, 0, {"README.md", "report.html"}),
        (Action.FINISH, 20, {"README.md"}),
        (Action.ABORT, 0, {"README.md", "report.html"}),
    ],
)
def test_the_report_is_written_once_a_rollout_is_over(
    action: Action, weight: int, files: set[str]
) -> None:
    one = record(action=action, weight_to=Decimal(weight))
    made = pages(one, [canonical(decision(1, "start"))])

    assert {path.rpartition("/")[2] for path in made} == files
    assert pages(one, [b""]) == {}
