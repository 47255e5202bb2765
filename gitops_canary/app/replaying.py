"""Asking a metric source again, at the recorded times, and comparing what comes out."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_canary.core import recorded
from gitops_canary.core.recompute import differing, judged
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.rollout import Move
from gitops_canary.ports import Metrics

Json = dict[str, Any]
Decided = tuple[Move, Json, tuple[Move, ...]]
"""A move, its decision, and the rollout's moves before it."""
_WORDS = 3


async def replay(decided: list[Decided], metrics: Metrics) -> list[Finding]:
    """Ask every recorded question again and judge the new answers.

    What the source has forgotten since cannot be compared, and is told as such.
    """
    found: list[Finding] = []
    for move, document, before in decided:
        questions = tuple(recorded.answers(document))
        if questions and document["verdicts"]:
            answers = await metrics.ask(questions)
            found.extend(_compared(move, document, before, answers))
    return found


def _compared(
    move: Move, document: Json, before: tuple[Move, ...], answers: Mapping[Question, Answer]
) -> Iterator[Finding]:
    then = recorded.answers(document)
    errors = [one.error for one in answers.values() if one.error]
    empty = all(not answers[question].series for question, old in then.items() if old.series)
    if errors or empty:
        why = errors[0] if errors else "it has no samples from that time any more"
        yield _finding(Kind.UNREADABLE, move, f"The source cannot be asked again: {why}.")
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
