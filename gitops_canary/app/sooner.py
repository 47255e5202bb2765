"""Looking at an instant before its whole delay is over, where no scrape is under way any more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gitops_canary.core import overtaken
from gitops_canary.core.course import Course
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Question
from gitops_canary.ports import Metrics


@dataclass(frozen=True, slots=True)
class Sooner:
    """A course up to the newest instant that is complete, and when to look for the next one."""

    course: Course
    due_ms: int


async def sooner(
    courses: Mapping[CanaryId, Course], metrics: Metrics, now_ms: int, *, least_ms: int
) -> dict[CanaryId, Sooner]:
    """Shorten each course's delay, to `least_ms` at the least, as far as its samples allow.

    They are asked for only where there is an instant to win. Whether one may be looked at already
    is no part of what a verdict rests on, so the answers are not kept.
    """
    best = {
        canary: replace(one, now_ms=now_ms, delay_ms=min(one.delay_ms, least_ms))
        for canary, one in courses.items()
    }
    asked = {
        canary: overtaken.questions(one.policy, one.spec, now_ms, scrape_ms=one.scrape_ms)
        for canary, one in best.items()
        if _ends(one) != _ends(courses[canary])
    }
    every = tuple(dict.fromkeys(q for own in asked.values() for q in own))
    answers = await metrics.ask(every) if every else {}
    found = {}
    for canary, own in courses.items():
        over_ms = None
        if canary in asked:
            over_ms = overtaken.over_ms(asked[canary], answers, scrape_ms=own.scrape_ms)
        found[canary] = _chosen(own, best[canary], over_ms, asked.get(canary))
    return found


def _chosen(
    own: Course, best: Course, over_ms: int | None, asked: tuple[Question, ...] | None
) -> Sooner:
    if asked is None:
        # Nothing to win now, and then only where its samples can be asked for.
        return Sooner(own, best.due_ms if overtaken.tells(own.policy) else own.due_ms)
    if over_ms is None or not asked:
        return Sooner(own, own.due_ms)
    delay_ms = max(best.delay_ms, min(own.delay_ms, best.now_ms - over_ms))
    course = replace(best, delay_ms=delay_ms)
    # Where a scrape is still under way it may be over by the soonest look there can be.
    due_ms = best.due_ms if _ends(course) == _ends(best) else best.now_ms
    return Sooner(course, due_ms)


def _ends(one: Course) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Give the instants that may be asked for."""
    return one.times, one.instants
