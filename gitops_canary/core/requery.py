"""Whether a source still answers as recorded: block by block, a pure comparison of samples."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum

from gitops_canary.model.observation import Answer, Question

Answers = Mapping[Question, Answer]
Samples = frozenset[tuple[str, int, frozenset[tuple[str, str]], str]]
"""(expression, instant, labels, value as received)."""


class Agreement(Enum):
    """What became of one block's samples."""

    MATCH = "match"
    """The same samples, to the last character."""
    DRIFT = "drift"
    """Other samples: late ones, downsampled ones, another replica of the source."""
    EXPIRED = "expired"
    """None any more: the source keeps them no longer."""
    UNAVAILABLE = "unavailable"
    """The source did not answer, or not wholly."""


def agreements(
    then: Answers, now: Answers, ends_ms: Sequence[int]
) -> tuple[tuple[int, Agreement], ...]:
    """Compare every block, by its end, oldest first.

    A block is what was asked of the time after the block before it; the first one has everything
    older too, as the hour before a rollout.

    Args:
        then: the recorded answers.
        now: what the same questions are answered now; a missing one is no answer.
        ends_ms: the evaluation times of the verdicts, oldest first.
    """
    old, new = _sorted(then, ends_ms), _sorted({q: now.get(q, Answer()) for q in then}, ends_ms)
    silent = [(q, a) for q in then if (a := now.get(q, _NOT_ASKED)).error]
    unavailable = {i for q, _ in silent for i in _blocks(q, ends_ms)}
    return tuple(
        (end, Agreement.UNAVAILABLE if i in unavailable else _agreement(old[i], new[i]))
        for i, end in enumerate(ends_ms)
    )


def tally(found: Sequence[tuple[int, Agreement]]) -> Counter[Agreement]:
    """Count the blocks of each kind."""
    return Counter(one for _, one in found)


def words(counted: Mapping[Agreement, int]) -> str:
    """Say how many blocks there are of each kind.

    >>> words({Agreement.MATCH: 7, Agreement.DRIFT: 1})
    '8 blocks asked again: 7 match, 1 drift, 0 expired, 0 unavailable'
    """
    each = ", ".join(f"{counted.get(kind, 0)} {kind.value}" for kind in Agreement)
    return f"{sum(counted.values())} blocks asked again: {each}"


_NOT_ASKED = Answer(error="the question was not asked")


def _agreement(old: Samples, new: Samples) -> Agreement:
    if old == new:
        return Agreement.MATCH
    return Agreement.EXPIRED if old and not new else Agreement.DRIFT


def _sorted(answers: Answers, ends_ms: Sequence[int]) -> list[Samples]:
    """Sort every sample into the block it belongs to; what is later than the last is left out."""
    found: list[set[tuple[str, int, frozenset[tuple[str, str]], str]]] = [set() for _ in ends_ms]
    for question, answer in answers.items():
        for series in answer.series:
            labels = frozenset(series.labels.items())
            for sample in series.samples:
                index = bisect_left(ends_ms, sample.at_ms)
                if index < len(found):
                    one = (question.expression, sample.at_ms, labels, sample.value)
                    found[index].add(one)
    return [frozenset(one) for one in found]


def _blocks(question: Question, ends_ms: Sequence[int]) -> range:
    """List the blocks that a question is about; the last may be the one that has not ended."""
    first = bisect_left(ends_ms, question.start_ms)
    return range(first, bisect_left(ends_ms, question.end_ms) + 1)
