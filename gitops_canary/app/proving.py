"""Versions that were rolled out a short while ago: the rollback window asks no steps of them."""

from collections.abc import Sequence

from gitops_canary.app.tracing import Trace
from gitops_canary.core.text import duration
from gitops_canary.errors import CanaryError, Unavailable
from gitops_canary.model.commits import Commit
from gitops_canary.model.rollout import Action, Move
from gitops_canary.model.spec import Policy


def proven(trace: Trace, policy: Policy, source: Commit) -> str | None:
    """Say which rollout finished the candidate's version within the rollback window.

    Raises:
        Unavailable: the clone is damaged, or does not answer.
    """
    tip = trace.tip.owned
    if tip.settled or policy.rollback_window_ms == 0:
        return None
    since_ms = source.date_ms - policy.rollback_window_ms
    moves = trace.graph.moves(trace.canary, since_ms)
    for move in moves:
        if not move.record.finished or move.date_ms < since_ms:
            continue
        if move.date_ms > source.date_ms or _condemned(move, moves):
            continue
        try:
            then = trace.reader.ground(move.revision, trace.canary).owned
        except Unavailable:
            raise
        except CanaryError:
            # What cannot be read proves nothing, so the candidate goes through all steps.
            continue
        if then.candidate.digest == tip.candidate.digest:
            span = duration(policy.rollback_window_ms)
            return f"rollout {move.record.rollout} finished this version within {span}"
    return None


def _condemned(finish: Move, moves: Sequence[Move]) -> bool:
    """Whether the watch after a finish took its version back."""
    return any(
        move.record.action is Action.ABORT and move.record.previous == finish.revision
        for move in moves
    )
