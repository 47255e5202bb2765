"""Up to when every scrape that has begun is over, told by the samples themselves.

A scrape's samples bear the time at which it began. Targets are read at a fixed pace, so one whose
newest sample is from less than a scrape before an instant has nothing of before that under way.
"""

import math
from collections.abc import Mapping

from gitops_canary.core import questions as asking
from gitops_canary.core.numbers import number
from gitops_canary.core.streams import joined
from gitops_canary.core.telemetry import telemetry
from gitops_canary.errors import SpecError
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.spec import CanarySpec, Check, Policy

GONE_SCRAPES = 2
"""A series without a sample for so many scrapes is waited for no longer than any other."""
JITTER_PART = 20
"""Which part of a scrape's interval a target may be read sooner than at its pace."""


def questions(
    policy: Policy, spec: CanarySpec, now_ms: int, *, scrape_ms: int
) -> tuple[Question, ...]:
    """Ask for the oldest of the newest samples of all series that builtin checks read.

    None where a check is a query: nobody knows which samples it rests on.
    """
    if not tells(policy):
        return ()
    found: dict[Question, None] = {}
    for check in policy.checks:
        try:
            expression = _oldest(check, spec)
        except SpecError:
            # Not swallowed: its counts cannot be asked for either, and their verdict says why.
            return ()
        found[
            Question(
                source=check.source,
                expression=expression,
                start_ms=now_ms,
                end_ms=now_ms,
                lookback_ms=GONE_SCRAPES * scrape_ms,
            )
        ] = None
    return tuple(found)


def tells(policy: Policy) -> bool:
    """Whether it is known which samples the checks rest on."""
    return all(check.builtin for check in policy.checks)


def _oldest(check: Check, spec: CanarySpec) -> str:
    counted = telemetry(spec.provider, asking.names(spec))
    more = ('le="+Inf"',) if check.builtin == "request-duration" else ()
    streams = counted.counted(check.builtin or "")
    return f"min({joined(streams, lambda one: f'timestamp({one})', *more)})"


def over_ms(
    asked: tuple[Question, ...], answers: Mapping[Question, Answer], *, scrape_ms: int
) -> int | None:
    """Say up to which instant nothing is under way; None where the source does not tell."""
    newest = [_seconds(answers.get(question, Answer())) for question in asked]
    known = [one for one in newest if one is not None]
    if not known or len(known) < len(newest):
        return None
    return math.floor(1000 * min(known)) + scrape_ms - scrape_ms // JITTER_PART


def _seconds(answer: Answer) -> float | None:
    if answer.error or len(answer.series) != 1 or not answer.series[0].samples:
        return None
    value = number(answer.series[0].samples[-1].value)
    return None if isinstance(value, str) else float(value)
