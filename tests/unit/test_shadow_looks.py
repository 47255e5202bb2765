from dataclasses import replace

from test_course import DELAY, LIVE, SCRAPE, course, judged


def test_shadows_say_what_they_knew_by_then() -> None:
    both = course(blocks=8, judge={"shadows": ("threshold", "mannwhitney")})
    found = judged(both)

    ends = [
        [s.window.end_ms - LIVE for s in one.shadows if s.judge == "threshold"] for one in found
    ]
    assert ends == [[], [], [], [60_000], [60_000], [90_000], [90_000], [120_000]]
    assert {one.shadows[-1].judge for one in found} == {"mannwhitney"}
    soon = judged(replace(both, now_ms=LIVE + 3 * SCRAPE + DELAY))
    assert found[:3] == soon, "whoever looks later finds the same"


def test_before_decision_54_the_first_look_of_a_shadow_stood_for_the_time_before_it() -> None:
    old = course(blocks=8, rule=53, judge={"shadows": ("threshold", "mannwhitney")})
    assert [one.shadows[0].window.end_ms - LIVE for one in judged(old)] == [
        *[60_000] * 5, *[90_000] * 2, 120_000
    ]  # fmt: skip
    early = judged(replace(old, now_ms=LIVE + 3 * SCRAPE + DELAY))
    assert [[s.judge for s in one.shadows] for one in early] == [["mannwhitney"]] * 3
