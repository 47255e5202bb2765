"""Asking a metric source again, at the recorded times, and comparing what comes out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gitops_canary.core import recorded
from gitops_canary.core.recompute import differing, judged
from gitops_canary.core.requery import Agreement, agreements, tally
from gitops_canary.core.text import instant_ms
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.rollout import Move
from gitops_canary.ports import Metrics

Json = dict[str, Any]
Decided = tuple[Move, Json, tuple[Move, ...]]
"""A move, its decision, and the rollout's moves before it."""
_WORDS = 3


async def replay(
    decided: Iterable[Decided], metrics: Metrics
) -> tuple[list[Finding], Counter[Agreement]]:
    """Ask every recorded question again, compare block by block, and judge the new answers.

    What the source has forgotten since cannot be compared, and is told as such.
    """
    found: list[Finding] = []
    counted: Counter[Agreement] = Counter()
    for move, document, before in decided:
        then = recorded.answers(document)
        if then and document["verdicts"]:
            now = await metrics.ask(tuple(then))
            blocks = agreements(then, now, [instant_ms(v["at"]) for v in document["verdicts"]])
            counted += tally(blocks)
            found.extend(_compared(move, document, before, now, tally(blocks)))
    return found, counted


def _compared(
    move: Move,
    document: Json,
    before: tuple[Move, ...],
    answers: Mapping[Question, Answer],
    counted: Mapping[Agreement, int],
) -> Iterator[Finding]:
    """Say what could not be compared, and how the verdicts differ; drift alone is no difference."""
    if counted.get(Agreement.UNAVAILABLE):
        why = next((one.error for one in answers.values() if one.error), "no answer")
        yield _finding(Kind.UNREADABLE, move, f"The source cannot be asked again: {why}.")
        return
    if counted.get(Agreement.EXPIRED):
        gone = f"{counted[Agreement.EXPIRED]} of {sum(counted.values())} blocks"
        text = f"The source has no samples from that time any more for {gone}."
        yield _finding(Kind.UNREADABLE, move, text)
        return
    if not counted.get(Agreement.DRIFT):
        return
    again = judged(document, dict(answers), before)
    pairs = zip(again, document["verdicts"], strict=False)
    wrong = [text for now, old in pairs for text in differing(now, old)]
    if wrong:
        more = f" and {len(wrong) - _WORDS} more" if len(wrong) > _WORDS else ""
        text = f"Asked again, the source answers otherwise: {'; '.join(wrong[:_WORDS])}{more}."
        yield _finding(Kind.DIFFERENCE, move, text)


def _finding(kind: Kind, move: Move, problem: str) -> Finding:
    return Finding(
        kind=kind,
        revision=move.revision,
        problem=problem,
        remedy="compare the samples in its decision with the source's; mind its retention",
    )
