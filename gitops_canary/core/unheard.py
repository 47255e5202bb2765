"""Where checks say nothing: for how long, and what follows; and verdicts in words."""

import math
from collections.abc import Sequence
from dataclasses import replace

from gitops_canary.core.situation import Situation
from gitops_canary.core.text import duration
from gitops_canary.core.units import of
from gitops_canary.errors import Unavailable
from gitops_canary.model.decision import Decision, Hold, Wait
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.spec import Policy

ASKED = frozenset({Wait.LIVE, Wait.READY, Wait.DATA})
"""Waits that end with an answer of a metric or sync source."""
WAITS = frozenset({"extend", "ask"})
"""Words of `noData` by which the weight stays."""
NAMED_MAX = 5
"""Silent sources that are named; the others are counted."""


def unanswered(decision: Decision, whys: Sequence[str]) -> Decision:
    """Mark a wait for what nobody answered, so that it is told from one for time or traffic.

    `whys` say what became of each silent source, which they name; they follow the reason, each
    once. Empty where every source answered.
    """
    if not whys or not isinstance(decision, Hold) or decision.wait not in ASKED:
        return decision
    news = [why for why in whys if why not in decision.reason]
    left = len(news) - NAMED_MAX
    more = [f"{left} more sources did not answer."] if left > 0 else []
    said = [f"{why[0].upper()}{why[1:]}." for why in news[:NAMED_MAX]]
    reason = " ".join((decision.reason, *said, *more))
    code = decision.exit_code or Unavailable.exit_code
    return replace(decision, reason=reason, exit_code=code)


def silences(s: Situation, live_ms: int, verdicts: Sequence[Verdict]) -> tuple[int, ...]:
    """Find the verdicts at which a silence has lasted for the whole deadline, one of each.

    What passed before one of them counts no more.
    """
    heard_ms: float = live_ms
    found = []
    for index, verdict in enumerate(verdicts):
        if conclusive(verdict):
            heard_ms = verdict.window.end_ms
        elif verdict.window.end_ms > heard_ms + s.policy.progress_deadline_ms:
            found.append(index)
            heard_ms = math.inf
    return tuple(found)


def silence(verdicts: Sequence[Verdict], found: Sequence[int], *, waits: bool) -> int | None:
    """Choose the silence that something follows from: the first one.

    So a replica that looks later decides the same. Who `waits` it out goes on as soon as anything
    is heard.
    """
    if not found or (waits and any(map(conclusive, verdicts[found[-1] :]))):
        return None
    return found[0]


def conclusive(verdict: Verdict) -> bool:
    """Whether anything was heard."""
    return verdict.heard or verdict.outcome is not Outcome.INCONCLUSIVE


def unmeasured(s: Situation, index: int) -> Decision:
    """Retreat after a deadline of silence, or wait on, as the policy asks."""
    assert s.rollout is not None
    seen = s.verdicts[: index + 1]
    limit = duration(s.policy.progress_deadline_ms)
    if s.policy.no_data in WAITS:
        return _waited(s, silent(s.verdicts[-1]), limit)
    return s.act(
        Action.RETREAT,
        at_ms=seen[-1].window.end_ms,
        reason=f"The checks decided nothing for {limit}: {silent(seen[-1])}.",
        verdict=Outcome.INCONCLUSIVE,
        failed=s.rollout.last.record.failed + sum(v.outcome is Outcome.FAIL for v in seen),
        window=seen[-1].window,
        verdicts=seen,
        restore=gives_up(s),
    )


def gives_up(s: Situation) -> bool:
    """Whether this retreat is the last one allowed, and takes the version out of Git too."""
    assert s.rollout is not None
    last = s.rollout.attempts >= s.attempts_max
    return s.policy.on_retreat == "restore" and last and not s.circular


def _waited(s: Situation, why: str, limit: str) -> Decision:
    """Stay where it is after a deadline of silence, as the policy asks."""
    asks = s.policy.no_data == "ask"
    return s.hold(
        Wait.PERSON if asks else Wait.DATA,
        f"The checks decided nothing for {limit}: {why}. The weight stays.",
        remedy=f"mend the measurement, or `gitops-canary abort {s.canary}`",
        alert=True,
    )


def failing(verdict: Verdict, policy: Policy) -> str:
    """Name the failing checks with value and limit."""
    units = of(policy, verdict.judge)
    return "; ".join(
        f"{m.check} was {units.value(m.check, m.value)} "
        f"(limit {units.limit(m.check, m.limit)}{_counted(m)})"
        for m in verdict.measurements
        if m.outcome is Outcome.FAIL
    )


def _counted(one: Measurement) -> str:
    return "" if one.samples == "-" else f", {one.samples}"


def silent(verdict: Verdict) -> str:
    """Name the checks that said nothing, and why."""
    if verdict.reason:
        return verdict.reason
    return "; ".join(
        f"{m.check}: {m.why}" for m in verdict.measurements if m.outcome is Outcome.INCONCLUSIVE
    )
