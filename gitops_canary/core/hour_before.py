"""What a primary did in the hour before a rollout: how often it failed, and how clumped."""

from dataclasses import dataclass

from gitops_canary.core.counting import expressions, total
from gitops_canary.core.increments import increments
from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.sequential_types import APART, CLEAR, RULE
from gitops_canary.core.pace import through
from gitops_canary.core.questions import FRESH_SCRAPES
from gitops_canary.core.sides import Answers
from gitops_canary.model.observation import Question
from gitops_canary.model.spec import CanarySpec, Check

PAST_MS = 3_600_000
PAST_STEP_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the primary did in the hour before: overdispersion and share of bad requests."""

    phi: float = 1.0
    free: int = 0
    share: float | None = None
    lasting: float = 1.0
    """The overdispersion without the two minutes that scatter most."""
    minute: float = 0.0
    """Requests a minute."""


def asked(
    check: Check, spec: CanarySpec, first_ms: int, *, scrape_ms: int, rule: int = RULE
) -> Question:
    """Ask for the counts of the hour before a rollout.

    Raises:
        SpecError: the provider has no such series.
    """
    return Question(
        source=check.source,
        expression=expressions(check, spec, scrape_ms=scrape_ms, rule=rule)[0],
        start_ms=first_ms - PAST_MS,
        end_ms=first_ms,
        step_ms=PAST_STEP_MS,
        lookback_ms=FRESH_SCRAPES * scrape_ms,
    )


def measured(
    check: Check, spec: CanarySpec, question: Question, answers: Answers, *, rule: int = RULE
) -> Past:
    """Measure overdispersion and the usual share of bad requests on the primary's pods.

    Before decision 29 all pods were taken for equally good, see `eprocess.overdispersion`.
    """
    answer = answers.get(question)
    times = through(question.start_ms, question.end_ms, question.step_ms)
    if answer is None or answer.error or not answer.series:
        return Past()
    rows = [
        row
        for row in increments((question,), answers, times, None if rule >= CLEAR else {}, rule=rule)
        if row.workload == f"{spec.target.name}-primary"
    ]
    side = max(
        {r.side for r in rows},
        key=lambda s: (len({r.pod for r in rows if r.side == s}), s),
        default="",
    )
    blocks = [
        [total(check, [(r, r.increments[i]) for r in rows if r.side == side and r.pod == pod])
         for pod in sorted({r.pod for r in rows if r.side == side})]
        for i in range(1, len(times) - 1)
    ]  # fmt: skip
    requests, bad = (sum(pod[j] for block in blocks for pod in block) for j in (0, 1))
    phi, free = eprocess.overdispersion(blocks, alike=rule < APART)
    return Past(
        phi=phi,
        free=free,
        share=bad / requests if requests else None,
        lasting=eprocess.lasting(blocks),
        minute=requests / max(len(blocks), 1),
    )
