"""Our moves up to a revision, and which of them a restart has to know of."""

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_canary.core.replay import Misfit, by_canary
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.rollout import Action, Move

_Key = tuple[CanaryId, RolloutId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Our moves among everything reachable from a revision, newest first.

    Old rollouts may be left out, each with all of its moves. Nothing that is decided shows whether
    they are, as long as `continues` holds for what comes next and nobody asks for moves that are
    not `complete`.
    """

    tip: Revision
    moves: tuple[Move | Misfit, ...]
    dropped: frozenset[RolloutId] = frozenset()
    """The rollouts that are left out."""
    dropped_ms: int | None = None
    """The newest date of a move that is left out; None where none is."""

    def continues(self, fresh: Iterable[Move | Misfit]) -> bool:
        """Tell whether newer moves leave alone what is left out here."""
        return not any(isinstance(m, Move) and m.record.rollout in self.dropped for m in fresh)

    def complete(self, since_ms: int) -> bool:
        """Tell whether no move from an instant on is left out."""
        return self.dropped_ms is None or self.dropped_ms < since_ms


def condensed(past: Past, floor_ms: int) -> Past:
    """Leave out rollouts that ended before an instant.

    Kept are each canary's newest rollout, which alone is decided on; what initialised it; whatever
    does not fit, since that is told; and the newest move of all, which the footing names.
    """
    history = by_canary(past.moves)
    odd = {misfit.revision for misfit in history.misfits}
    newest = {canary: history.rollout(canary) for canary in history.moves}
    kept = {(canary, rollout.id) for canary, rollout in newest.items() if rollout}
    groups: dict[_Key, list[Move]] = {}
    for move in past.moves:
        if isinstance(move, Move):
            groups.setdefault(_key(move), []).append(move)
    kept.update(list(groups)[:1])
    left: dict[_Key, int] = {}
    for key, moves in groups.items():
        last_ms = max(move.date_ms for move in moves)
        needed = any(m.revision in odd or m.record.action is Action.INITIALISE for m in moves)
        if last_ms < floor_ms and not needed and key not in kept:
            left[key] = last_ms
    known = () if past.dropped_ms is None else (past.dropped_ms,)
    return Past(
        tip=past.tip,
        moves=tuple(m for m in past.moves if isinstance(m, Misfit) or _key(m) not in left),
        dropped=past.dropped | {rollout for _, rollout in left},
        dropped_ms=max((*left.values(), *known), default=None),
    )


def _key(move: Move) -> _Key:
    return move.record.canary, move.record.rollout
