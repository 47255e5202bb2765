import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from gitops_canary.cli.printing import cell
from gitops_canary.core.canonical import canonical
from gitops_canary.core.fleet import fleet
from gitops_canary.core.pages import readme
from gitops_canary.core.report import report
from gitops_canary.core.sheet import sheet
from gitops_canary.core.told import Told, told
from gitops_canary.model.names import Digest
from gitops_canary.model.owned import Owned, Side

Json = dict[str, Any]
HOSTILE = "x|<script>alert(1)</script> @all `a`\n# b"


def decision(number: int, action: str, **more: Any) -> Json:
    minute = f"2026-03-02T10:{number:02}:00Z"
    check = {
        "name": "request-success-rate", "verdict": "pass", "value": "99.9", "baseline": "99.95",
        "limit": ">= 99", "samples": "1240 requests", "why": "within the limits",
    }  # fmt: skip
    effective = {
        "steps": ["10"], "intervalMs": 60000, "threshold": 2, "progressDeadlineMs": 600000,
        "skipAnalysis": False, "attemptsMax": 3, "settleMs": 30000,
        "checks": [{"name": "request-success-rate", "source": "default", "builtin": None,
                    "query": "", "intervalMs": 60000, "minimum": "99", "maximum": None,
                    "variables": {}, "address": None}],
    }  # fmt: skip
    found = {
        "canary": "prod/shop", "rollout": "0123456789ab", "action": action, "decidedAt": minute,
        "reason": "Because.", "step": "1/1", "weight": {"from": "0", "to": "10"},
        "version": "app=shop:1.1.0", "source": "a" * 40, "stable": "b" * 40, "verdict": "pass",
        "policy": {"digest": "sha256:" + "0" * 64, "revision": "c" * 40, "effective": effective,
                   "origin": {}},
        "live": None, "changes": [], "exposure": None,
        "verdicts": [{"at": minute, "outcome": "pass", "window": "", "checks": [check]}],
    }  # fmt: skip
    return found | more


def failed(number: int) -> Json:
    one = decision(number, "abort", weight={"from": "10", "to": "0"}, verdict="fail")
    one["verdicts"][0]["checks"][0].update(verdict="fail", value="91.2", why="failed with 500: 12")
    one["exposure"] = {
        "weight": "10", "minutes": "4.00", "requests": "200", "failedRequests": "18",
        "from": "2026-03-02T10:02:00Z", "to": "", "counted": None,
    }  # fmt: skip
    return one


def story(*decisions: Json) -> Told:
    found = told([canonical(one) for one in decisions])
    assert found
    return found


def test_the_page_needs_no_network_and_no_script() -> None:
    page = report(story(decision(1, "start"), failed(9)))

    assert "default-src &#39;none&#39;" in page
    assert not re.search(r"<script|<link|<img|src=|https?:|url\(|\son\w+=", page)
    assert len(page.encode()) < 1 << 20
    assert page == report(story(decision(1, "start"), failed(9)))


def test_foreign_words_stay_words() -> None:
    hostile = failed(9) | {"reason": HOSTILE, "version": HOSTILE, "canary": HOSTILE}

    page, text = report(story(hostile)), readme(story(hostile))

    assert "<script" not in page + text
    assert "@all" not in text
    assert "\n# b" not in text
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


def test_every_tag_is_closed() -> None:
    class Checker(HTMLParser):
        open_tags: list[str] = []  # noqa: RUF012 - one instance

        def handle_starttag(self, tag: str, attrs: object) -> None:
            assert isinstance(attrs, list)
            if tag not in {"meta", "br"}:
                self.open_tags.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open_tags.pop() == tag

    checker = Checker()
    checker.feed(report(story(decision(1, "start"), decision(5, "advance"), failed(9))))

    assert checker.open_tags == []


def test_a_failure_names_the_likely_cause_and_the_command_to_retry() -> None:
    told_of = "\n".join(story(decision(1, "start"), failed(9)).remedies())

    assert "was 91.2 (limit >= 99)" in told_of
    assert "the likely cause is this version" in told_of
    assert "gitops-canary retry prod/shop" in told_of


def test_a_primary_that_fails_too_clears_the_version() -> None:
    both = failed(9)
    both["verdicts"][0]["checks"][0]["baseline"] = "91.5"

    assert "something both share" in "\n".join(story(both).remedies())


@pytest.mark.parametrize(
    ("bounds", "numbers", "baseline", "shared"),
    [
        (("99", None), {"leftOut": "old-0", "restPrimary": "900", "restPrimaryBad": "1"}, "75", 0),
        (("99", None), {"leftOut": "old-0", "restPrimary": "900", "restPrimaryBad": "90"}, "75", 1),
        ((None, "500"), {"primaryBad": "250"}, "75", 1),
        ((None, "500"), {"primaryBad": "1"}, "99.5", 0),
        ((None, "500"), {"primaryBad": "1"}, "99", 0),
    ],
    ids=["one pod", "the others too", "latency counted", "latency kept", "just kept"],
)
def test_the_likely_cause_follows_from_what_was_counted(
    bounds: tuple[str | None, str | None], numbers: dict[str, str], baseline: str, shared: int
) -> None:
    one = failed(9)
    one["verdicts"][0]["checks"][0] |= {"baseline": baseline, "numbers": numbers}
    one["policy"]["effective"]["checks"][0] |= dict(
        zip(("minimum", "maximum"), bounds, strict=True)
    )
    told_of = "\n".join(story(one).remedies())

    assert ("something both share" in told_of) is bool(shared)
    assert ("its others had 99.8888" in told_of) is ("leftOut" in numbers and not shared)


def test_a_missing_decision_is_said() -> None:
    found = told([b"", canonical(failed(9))])
    assert found

    assert "decision 1 is not on the evidence branch" in "\n".join(found.unknown())
    assert told([b"", b""]) is None


def test_the_fleet_counts_what_happened() -> None:
    good = story(decision(1, "start"), decision(9, "finish", weight={"from": "10", "to": "0"}))
    bad = story(decision(2, "advance"), failed(12))

    found = fleet([bad, good], 0, 4_000_000_000_000, {"a" * 40: 1_772_445_600_000})
    figures = {key: value for key, value, _ in found.rows()}

    assert figures["changes"] == "2"
    assert (figures["rolledOut"], figures["rolledBack"]) == ("1", "1")
    assert (figures["rollbackRate"], figures["automatic"]) == ("50 %", "100 %")
    assert figures["detection"] == "10m"
    assert Decimal(figures["failuresAvoided"]) == 18 * 9
    assert figures["leadTime"] == "9m"
    assert [row["began"] for row in found.changes()] == sorted(r["began"] for r in found.changes())


def test_an_abort_by_a_person_is_an_override_with_its_reason() -> None:
    word = failed(9) | {"verdict": "none", "reason": "A person asked for it."}

    found = fleet([story(word)], 0, 4_000_000_000_000, {})

    assert [row[2] for row in found.overrides()] == ["A person asked for it."]
    assert {key: value for key, value, _ in found.rows()}["automatic"] == "0 %"


def test_no_cell_is_a_formula() -> None:
    assert [cell(text) for text in ("=1", "+1", "-1", "@x", "1")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@x",
        "1",
    ]
    assert json.dumps(cell("a\tb\n=1")) == json.dumps("a\\x09b\\x0a=1")


def owned_values() -> Owned:
    side = Side(digest=Digest("sha256:0"), images={"app": "shop:1.1.0|x"}, replicas=2)
    return Owned(candidate=side, primary=side, weight=Decimal(0), shape=Digest("sha256:1"))


def test_the_sheet_says_what_will_happen_and_what_stops_it() -> None:
    owned = owned_values()
    text = sheet("prod/shop", owned, failed(1)["policy"]["effective"], Digest("sha256:2"), "waits")

    assert "step 1: 10 % of traffic" in text
    assert "request-success-rate below 99" in text
    assert "2 failed looks" in text
    assert "shop:1.1.0&#124;x" in text
    assert "| approves |" in text
    assert "| policy | sha256:2 |" in text
    assert "| request-success-rate | 99 | - |" in text


def test_the_sheet_says_both_limits() -> None:
    effective = failed(1)["policy"]["effective"]
    effective["checks"][0] |= {"minimum": None, "maximum": "500"}
    text = sheet("prod/shop", owned_values(), effective, Digest("sha256:2"), "waits")
    assert "| request-success-rate | - | 500 |" in text


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (
            {"strategy": "A/B", "iterations": 3},
            "all requests that match, and no others; then 3 windows in which every check passes",
        ),
        ({"strategy": "blue/green", "iterations": 2}, "before any traffic: 2 windows"),
        ({"mirror": "50"}, "50 % of requests are copied"),
        ({"mirror": "50"}, "on the copies: a window"),
        ({"affinity": {"cookie": "a-b"}}, "by the cookie a-b"),
        ({"returnStep": "20"}, "takes the version, 20 % of the traffic at a time once it is ready"),
        ({"skipAnalysis": True}, "no check is made"),
    ],
)
def test_the_sheet_says_what_the_strategy_does(policy: dict[str, object], says: str) -> None:
    effective = failed(1)["policy"]["effective"] | policy
    text = sheet("prod/shop", owned_values(), effective, Digest("sha256:2"), "waits")
    assert says in text


@pytest.mark.parametrize(
    ("minimum", "maximum", "baseline", "shared"),
    [("99", None, "99", False), (None, "5", "5", False), (None, "5", "5.1", True)],
)
def test_a_primary_at_its_limit_keeps_it(
    minimum: str | None, maximum: str | None, baseline: str, *, shared: bool
) -> None:
    one = failed(9)
    one["verdicts"][0]["checks"][0]["baseline"] = baseline
    one["policy"]["effective"]["checks"][0] |= {"minimum": minimum, "maximum": maximum}

    assert ("something both share" in "\n".join(story(one).remedies())) is shared


def test_only_what_ended_a_rollout_has_failures_or_silences() -> None:
    goes_on = story(decision(1, "start"), decision(2, "advance"))

    assert (list(goes_on.failures()), list(goes_on.silences())) == ([], [])
    assert list(story(failed(9)).silences()) == []
    assert list(story(failed(9) | {"verdicts": []}).failures()) == []
