"""A verdict that was judged again, beside the recorded one: what differs is named, shadows' too."""

from typing import Any

from gitops_canary.core.differing import differing


def verdict(judge: str, *shadows: Any, outcome: str = "pass") -> dict[str, Any]:
    return {
        "at": "2026-02-02T02:40:45Z", "judge": judge, "outcome": outcome, "window": "a/b",
        "final": False, "heard": True, "checks": [], "shadows": list(shadows),
    }  # fmt: skip


def told(now: dict[str, Any], then: dict[str, Any], *, shadows: bool = True) -> list[str]:
    return list(differing(now, then, shadows=shadows))


def test_shadows_are_compared_where_the_record_holds_what_they_rest_on() -> None:
    two = [verdict("threshold"), verdict("conditions")]
    then = verdict("sequential", two[0], verdict("conditions", outcome="fail"))
    now = verdict("sequential", *two)
    assert told(now, now) == told(now, then, shadows=False) == []
    assert told(now, then) == [
        "by the shadow conditions at 2026-02-02T02:40:45Z the outcome is pass, not fail"
    ]


def test_shadows_that_are_missing_or_more_are_named() -> None:
    one, none = verdict("sequential", verdict("threshold")), verdict("sequential")
    where = "at 2026-02-02T02:40:45Z the shadows that say something are"
    assert told(one, none) == [f"{where} threshold, not none"]
    assert told(none, one) == [f"{where} none, not threshold"]
    assert told(verdict("sequential", *one["shadows"] * 2), one) == [
        f"{where} threshold, threshold, not threshold"
    ]


def test_what_a_shadow_s_shadows_say_is_nobody_s() -> None:
    odd = verdict("sequential", verdict("threshold", verdict("conditions")))
    assert told(odd, verdict("sequential", verdict("threshold"))) == []
