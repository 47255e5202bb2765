"""At which instants a decision on record had to look."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from checks import check, spec
from situations import LIVE_MS, move

from gitops_canary.core.evaluating import misplaced
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.questions import INSTANTS_MAX, instants
from gitops_canary.core.text import iso
from gitops_canary.model.rollout import Action, Window
from gitops_canary.model.spec import JudgePolicy, Policy
from gitops_canary.model.webhooks import HookType, Webhook

MINUTE, SCRAPE = 60_000, 15_000
WINDOWED = replace(spec(check(interval_ms=MINUTE)).policy, interval_ms=MINUTE)
COUNTED = replace(WINDOWED, judge=JudgePolicy(type="sequential"))
BEFORE = (move(Action.ADVANCE, "10", 1),)


def told(policy: Policy, times: Sequence[int], decided_ms: int) -> list[str]:
    live = {"since": iso(LIVE_MS), "proof": [], "detail": ""}
    document = {
        "live": live,
        "timing": {"scrapeMs": SCRAPE},
        "decidedAt": iso(decided_ms),
        "verdicts": [{"window": f"{iso(LIVE_MS)}/{iso(at_ms)}"} for at_ms in times],
    }
    return list(misplaced(document, policy, times, BEFORE))


def looked(step_ms: int, now_ms: int) -> tuple[int, ...]:
    """At which instants a look asks."""
    return instants(
        live_ms=LIVE_MS, interval_ms=step_ms, window_ms=step_ms, now_ms=now_ms, delay_ms=0
    )


@pytest.mark.parametrize(("policy", "step_ms"), [(WINDOWED, MINUTE), (COUNTED, SCRAPE)])
def test_they_follow_from_the_live_instant(policy: Policy, step_ms: int) -> None:
    end_ms = LIVE_MS + 10 * step_ms
    every = looked(step_ms, end_ms)

    assert told(policy, every, end_ms) == []
    for wrong in (every[1:], every[:-1], (*every[:-1], end_ms + 1), (*every, end_ms + step_ms)):
        [why] = told(policy, wrong, end_ms)
        assert iso(every[0]) in why
    assert "(none ...)" in told(policy, every, LIVE_MS)[0]


@pytest.mark.parametrize(("policy", "step_ms"), [(WINDOWED, MINUTE), (COUNTED, SCRAPE)])
def test_of_very_many_a_later_look_had_asked_at_others(policy: Policy, step_ms: int) -> None:
    end_ms = LIVE_MS + 2 * INSTANTS_MAX * step_ms
    every = looked(step_ms, end_ms)
    later = tuple(at for at in looked(step_ms, end_ms + 7 * step_ms) if at <= end_ms)

    assert every != later
    assert told(policy, every, end_ms) == told(policy, later, end_ms) == []
    between = (*later[:-1], later[-1] - 1)
    assert told(policy, between, end_ms)
    assert told(policy, every[: INSTANTS_MAX // 2 + 1], LIVE_MS), "before anything could be asked"
    assert told(policy, later[1:], end_ms), "the oldest are never left out"
    assert told(policy, later, later[-2]), "one is newer than the decision"


@pytest.mark.parametrize("kept", [INSTANTS_MAX // 2 - 1, INSTANTS_MAX // 2])
def test_a_look_leaves_none_of_the_oldest_half_out(kept: int) -> None:
    end_ms = LIVE_MS + INSTANTS_MAX * MINUTE
    every = looked(MINUTE, end_ms)
    gap = (*every[:kept], every[kept + 1])
    assert bool(told(WINDOWED, gap, every[kept + 1])) is (kept < INSTANTS_MAX // 2)


def test_after_a_finish_looks_begin_where_weight_0_was_live_whatever_the_pace_before() -> None:
    start = move(Action.START, "0", 0)
    first = replace(move(Action.ADVANCE, "10", 1), date_ms=LIVE_MS - 200_000)
    window = Window(start_ms=LIVE_MS - 100_000, end_ms=LIVE_MS - 50_000)
    second = move(Action.ADVANCE, "50", 2, "10")
    second = replace(second, record=replace(second.record, window=window))
    done = move(Action.FINISH, "0", 2, "50")
    document = {
        "live": {"since": iso(LIVE_MS), "proof": [], "detail": ""},
        "timing": {"scrapeMs": SCRAPE, "rule": RULE, "underway": True},
        "decidedAt": iso(LIVE_MS + 4 * SCRAPE),
    }
    times = looked(SCRAPE, LIVE_MS + 4 * SCRAPE)
    assert list(misplaced(document, COUNTED, times, (start, first, second, done))) == []
    rising = list(misplaced(document, COUNTED, times, (start, first, second)))
    assert rising != [], "a weight goes on at the pace of the one before"


def waited(times: Sequence[int], decided_ms: int, policy: Policy = COUNTED) -> list[str]:
    """Hold looks at the first weight while it was on its way, since ten seconds before."""
    asked = replace(move(Action.ADVANCE, "10", 1), date_ms=ASKED_MS)
    document = {"live": None, "timing": {"scrapeMs": SCRAPE}, "decidedAt": iso(decided_ms)}
    return list(misplaced(document, policy, times, (move(Action.START, "0", 0), asked)))


ASKED_MS = LIVE_MS - 10_000


def test_looks_at_what_is_on_its_way_follow_from_the_weight_before() -> None:
    every = tuple(ASKED_MS + n * SCRAPE for n in range(1, 5))
    assert waited(every, every[-1]) == waited(every, every[-1] + SCRAPE - 1) == []
    for wrong in (every[1:], every[:-1], (ASKED_MS, *every), (*every[:-1], every[-1] - 1)):
        assert waited(wrong, every[-1]) != []
    assert "nothing proves" in waited(every, every[-1], WINDOWED)[0]


def test_of_very_many_looks_at_what_is_on_its_way_some_are_enough() -> None:
    every = tuple(ASKED_MS + n * SCRAPE for n in range(1, INSTANTS_MAX + 1))
    assert waited(every[::2], every[-1]) == []
    assert waited((*every[:-1:2], every[-1] - 1), every[-1]) != []
    half = INSTANTS_MAX // 2
    # Of `every` and the one at which the weight before ends, all but the oldest half can lack.
    assert waited(every[: half - 1 : 2], every[half - 2]) != []
    assert waited((*every[: half - 2], every[half - 1]), every[half - 1]) == []


def test_webhooks_alone_are_asked_an_interval_apart_since_it_was_live() -> None:
    gate = Webhook(name="pre", type=HookType.PRE_ROLLOUT, target="pre")
    policy = replace(WINDOWED, webhooks=(gate,))
    known = [LIVE_MS, LIVE_MS + MINUTE]

    def asked(times: Sequence[int]) -> list[str]:
        said = {"name": "pre", "type": "pre-rollout", "passed": True, "status": 200, "why": "ok"}
        document = {
            "live": {"since": iso(LIVE_MS), "proof": [], "detail": ""},
            "timing": {"scrapeMs": SCRAPE},
            "webhooks": [{**said, "at": iso(at_ms)} for at_ms in known],
        }
        return list(misplaced(document, policy, times, (move(Action.START, "0", 0),)))

    assert asked(known) == asked(known[:1]) == []
    assert "do not follow" in asked([LIVE_MS + 1])[0]
