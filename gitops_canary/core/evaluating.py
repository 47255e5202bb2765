"""At which instants a recorded decision had to look, by what it says was live since when."""

from collections.abc import Iterator, Sequence
from typing import Any

from gitops_canary.core import hooks, recorded
from gitops_canary.core.judges import WINDOWED, sequential
from gitops_canary.core.pace import through
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
    live_ms, timing = recorded.live_ms(document), document["timing"]
    if live_ms is None:
        stay = left(before) if before and policy.judge.type == sequential.NAME else None
        if stay is None:
            yield "there are verdicts although nothing proves that the weight was live"
        else:
            yield from _underway(document, times, stay)
        return
    if hooks.alone(policy, recorded.newest(before)):
        if not set(times) <= set(hooks.times(policy, live_ms, recorded.told(document, policy))):
            yield "the webhooks were asked at instants that do not follow from the live instant"
        return
    counted, rule = policy.judge.type not in WINDOWED, recorded.rule(document)
    step_ms = timing["scrapeMs"] if counted else policy.interval_ms
    begun_ms = live_ms
    if before and not recorded.finished(before):
        known = {"scrape_ms": timing["scrapeMs"], "rule": rule}
        begun_ms = first_ms(policy, before, live_ms, **known)
    every = instants(
        live_ms=begun_ms,
        interval_ms=step_ms,
        window_ms=timing["scrapeMs"] if counted else longest_window_ms(policy),
        now_ms=instant_ms(document["decidedAt"]),
        delay_ms=0,
    )
    expected = every[1:] if counted and skips(document, live_ms) else every
    if tuple(times) != expected and not _thinned(times, expected, step_ms):
        first = iso(expected[0]) if expected else "none"
        yield f"the evaluation times are not those that follow from the live instant ({first} ...)"


def _thinned(times: Sequence[int], expected: Sequence[int], step_ms: int) -> bool:
    """Whether a look at more than `INSTANTS_MAX` instants left some out behind the oldest half."""
    paced = all((at_ms - times[0]) % step_ms == 0 for at_ms in times)
    within = bool(expected) and min(times) == expected[0] and max(times) <= expected[-1]
    return len(times) > INSTANTS_MAX // 2 and paced and within


def _underway(document: Json, times: Sequence[int], stay: Stay) -> Iterator[str]:
    """Hold the looks while a weight was on its way against those that follow from the one left."""
    scrape_ms = document["timing"]["scrapeMs"]
    every = through(stay.start_ms, instant_ms(document["decidedAt"]), scrape_ms)
    expected = tuple(at_ms for at_ms in every if at_ms > stay.end_ms)
    # A later look may have left some out, between its oldest and its newest half.
    sparse = len(every) > INSTANTS_MAX // 2 and set(expected).issuperset(times)
    if tuple(times) != expected and not sparse:
        yield "the evaluation times are not those that follow from the weight before"
