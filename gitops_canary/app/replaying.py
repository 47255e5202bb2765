"""Asking the metric sources again, at the recorded times, and comparing what comes out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gitops_canary.core import recorded
from gitops_canary.core.differing import differing
from gitops_canary.core.recompute import judged, shadowed
from gitops_canary.core.requery import Agreement, agreements, tally
from gitops_canary.core.text import instant_ms
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.rollout import Move
from gitops_canary.ports import Metrics

Json = dict[str, Any]
Decided = tuple[Move, Json, tuple[Move, ...]]
"""A move, its decision, and the rollout's moves before it."""
Counted = dict[str, Counter[Agreement]]
"""How many blocks of each kind there are, by source."""
NONE = "none"
"""Stands for the address of a source that is left out."""
_WORDS = 3
_EXPIRED = (
    "nothing, where that is longer ago than it keeps samples, or they were deleted: the recorded "
    "ones still give the verdict"
)
_OTHERWISE = (
    "compare the samples in its decision with the source's: some came late or were deleted since, "
    "or another replica answers"
)


def sources(decided: Iterable[Decided]) -> frozenset[str]:
    """Name the metric sources that judged decisions have asked."""
    judging = (document for _, document, _ in decided if document["verdicts"])
    return frozenset(query["source"] for document in judging for query in document["queries"])


async def replay(
    decided: Iterable[Decided], metrics: Metrics, left_out: frozenset[str] = frozenset()
) -> tuple[list[Finding], Counted]:
    """Ask every recorded question again, compare block by block, and judge the new answers.

    What a source has forgotten since, or does not answer, cannot be compared, and is told as such;
    it is then judged by what it said, as is a source that is left out.
    """
    found: list[Finding] = []
    counted: Counted = {}
    for move, document, before in decided:
        if recorded.newer(document):
            continue  # verification has said that it cannot be judged here
        then = {q: a for q, a in recorded.answers(document).items() if q.source not in left_out}
        if then and document["verdicts"]:
            now = await metrics.ask(tuple(then))
            own = _agreements(document, then, now)
            for source, tallied in own.items():
                counted[source] = counted.get(source, Counter()) + tallied
            found.extend(_compared(move, document, before, now, own))
    return found, counted


def _agreements(
    document: Json, then: Mapping[Question, Answer], now: Mapping[Question, Answer]
) -> Counted:
    """Compare each source by itself, so that one that is gone hides no other's drift."""
    ends = [instant_ms(verdict["at"]) for verdict in document["verdicts"]]
    return {
        source: tally(agreements({q: a for q, a in then.items() if q.source == source}, now, ends))
        for source in sorted({question.source for question in then})
    }


def _compared(
    move: Move,
    document: Json,
    before: tuple[Move, ...],
    answers: Mapping[Question, Answer],
    counted: Counted,
) -> Iterator[Finding]:
    """Say what could not be compared, and how the verdicts differ; drift alone is no difference."""
    gone = set()
    for source, own in counted.items():
        if lost := _lost(source, own, answers):
            gone.add(source)
            yield _finding(Kind.UNREADABLE, move, *lost)
    if not any(own.get(Agreement.DRIFT) for name, own in counted.items() if name not in gone):
        return
    kept = {question: a for question, a in answers.items() if question.source not in gone}
    again = judged(document, recorded.answers(document) | kept, before)
    pairs = zip(again, document["verdicts"], strict=False)
    both = shadowed(document, before)
    wrong = [text for now, old in pairs for text in differing(now, old, shadows=both)]
    if wrong:
        more = f" and {len(wrong) - _WORDS} more" if len(wrong) > _WORDS else ""
        text = f"Asked again, the source answers otherwise: {'; '.join(wrong[:_WORDS])}{more}."
        yield _finding(Kind.DIFFERENCE, move, text, _OTHERWISE)


def _lost(
    source: str, counted: Mapping[Agreement, int], answers: Mapping[Question, Answer]
) -> tuple[str, str] | None:
    """Say why a source cannot be held against what it said, and what to do; None where it can."""
    if counted.get(Agreement.UNAVAILABLE):
        errors = (a.error for question, a in answers.items() if question.source == source)
        why = next(filter(None, errors), "no answer").removeprefix(f"Metric source {source} ")
        again = f"ask again once it answers, or leave it out: --replay {source}={NONE}"
        return f"The source {source} cannot be asked again ({why}).", again
    if counted.get(Agreement.EXPIRED):
        blocks = f"{counted[Agreement.EXPIRED]} of {sum(counted.values())} blocks"
        text = f"The source {source} has no samples from that time any more for {blocks}."
        return text, _EXPIRED
    return None


def _finding(kind: Kind, move: Move, problem: str, remedy: str) -> Finding:
    return Finding(kind=kind, revision=move.revision, problem=problem, remedy=remedy)
