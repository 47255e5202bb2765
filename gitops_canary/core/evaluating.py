"""At which instants a recorded decision had to look, by what it says was live since when."""

from collections.abc import Iterator, Sequence
from typing import Any

from gitops_canary.core import hooks, recorded
from gitops_canary.core.judges import WINDOWED, sequential
from gitops_canary.core.questions import INSTANTS_MAX, instants, longest_window_ms
from gitops_canary.core.stays import Stay, left
from gitops_canary.core.text import instant_ms, iso
from gitops_canary.core.underway import first_ms
from gitops_canary.model.rollout import Move
from gitops_canary.model.spec import Policy

Json = dict[str, Any]


def skips(document: Json, live_ms: int) -> bool:
    """Whether the first scrape at the weight was left out, as before decision 18."""
    if document["timing"].get("underway"):
        return False
    return instant_ms(document["verdicts"][0]["window"].partition("/")[0]) != live_ms


def misplaced(
    document: Json, policy: Policy, times: Sequence[int], before: Sequence[Move]
) -> Iterator[str]:
    """Hold the evaluation times against those that follow from the live instant.

    `before` are the rollout's moves up to the recorded one, oldest first.
    """
    live, timing = recorded.live(document), document["timing"]
    stay = left(before) if before else None
    if (live is None or live.live_ms is None) and stay and policy.judge.type == sequential.NAME:
        yield from _underway(document, times, stay)
        return
    if live is None or live.live_ms is None:
        yield "there are verdicts although nothing proves that the weight was live"
        return
    if hooks.alone(policy, before[-1].record.action if before else None):
        if not set(times) <= set(
            hooks.times(policy, live.live_ms, recorded.told(document, policy))
        ):
            yield "the webhooks were asked at instants that do not follow from the live instant"
        return
    counted, rule = policy.judge.type not in WINDOWED, timing.get("rule", 0)
    step_ms = timing["scrapeMs"] if counted else policy.interval_ms
    begun_ms = live.live_ms
    if before and not before[-1].record.finished:
        known = {"scrape_ms": timing["scrapeMs"], "rule": rule}
        begun_ms = first_ms(policy, before, live.live_ms, **known)
    every = instants(
        live_ms=begun_ms,
        interval_ms=step_ms,
        window_ms=timing["scrapeMs"] if counted else longest_window_ms(policy),
        now_ms=instant_ms(document["decidedAt"]),
        delay_ms=0,
    )
    expected = every[1:] if counted and skips(document, live.live_ms) else every
    sparse = len(expected) >= INSTANTS_MAX or len(times) >= INSTANTS_MAX // 2
    if tuple(times) != expected and not (sparse and set(times) <= set(_all(expected, step_ms))):
        first = iso(expected[0]) if expected else "none"
        yield f"the evaluation times are not those that follow from the live instant ({first} ...)"


def _all(expected: Sequence[int], step_ms: int) -> range:
    return range(expected[0], expected[-1] + 1, step_ms) if expected else range(0)


def _underway(document: Json, times: Sequence[int], stay: Stay) -> Iterator[str]:
    """Hold the looks while a weight was on its way against those that follow from the one left."""
    scrape_ms = document["timing"]["scrapeMs"]
    every = range(stay.start_ms, instant_ms(document["decidedAt"]) + 1, scrape_ms)
    expected = tuple(at_ms for at_ms in every if at_ms > stay.end_ms)
    sparse = len(every) > INSTANTS_MAX and set(times) <= set(expected)
    if tuple(times) != expected and not sparse:
        yield "the evaluation times are not those that follow from the weight before"
