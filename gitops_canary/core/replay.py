"""From commits to rollouts: Git's history is the only state there is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.core.message import parse
from gitops_canary.core.text import percent
from gitops_canary.errors import HistoryError
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Action, Move, Rollout

NEXT: Mapping[Action | None, frozenset[Action]] = {
    None: frozenset({Action.START}),
    Action.START: frozenset(
        {Action.ADVANCE, Action.PROMOTE, Action.RETREAT, Action.ABORT, Action.IDLE}
    ),
    Action.ADVANCE: frozenset({Action.ADVANCE, Action.PROMOTE, Action.RETREAT, Action.ABORT}),
    Action.PROMOTE: frozenset({Action.FINISH, Action.RETREAT, Action.ABORT}),
    Action.FINISH: frozenset({Action.IDLE}),
    Action.ABORT: frozenset({Action.IDLE}),
    Action.RETREAT: frozenset({Action.START, Action.IDLE}),
    Action.IDLE: frozenset({Action.START}),
}
"""Which move may follow which inside one rollout; None is its beginning."""

OVER = frozenset({Action.FINISH, Action.ABORT, Action.RETREAT, Action.IDLE})
"""Moves after which a rollout takes no more traffic to the canary."""


@dataclass(frozen=True, slots=True)
class History:
    """The moves of every canary, newest first, as far as the history was walked."""

    moves: Mapping[CanaryId, tuple[Move, ...]]

    def rollout(self, canary: CanaryId) -> Rollout | None:
        """Put the newest rollout of a canary together; None where it never had one.

        Raises:
            HistoryError: its commits are not one chain of legal moves.
        """
        moves = self.moves.get(canary, ())
        if not moves:
            return None
        name = moves[0].record.rollout
        mine = tuple(m for m in reversed(moves) if m.record.rollout == name)
        _check(mine)
        return Rollout(moves=mine)


def moves(commits: Iterable[Commit]) -> Iterator[Move]:
    """Read the moves among commits, in the order given; other people's commits are passed over.

    Raises:
        HistoryError: a commit of ours has a trailer block that is not exactly one record.
    """
    for commit in commits:
        if commit.ours and (record := parse(commit.message, commit.revision)):
            yield Move(record=record, revision=commit.revision, date_ms=commit.date_ms)


def by_canary(found: Iterable[Move]) -> History:
    """Sort moves, newest first, by canary."""
    gathered: dict[CanaryId, list[Move]] = {}
    for move in found:
        gathered.setdefault(move.record.canary, []).append(move)
    return History({canary: tuple(own) for canary, own in gathered.items()})


def _check(chain: Sequence[Move]) -> None:
    """Hold a rollout's moves, oldest first, against the chain and the table of legal moves."""
    before: Move | None = None
    for move in chain:
        if wrong := fault(before, move):
            raise _broken(move, wrong)
        before = move


def fault(before: Move | None, move: Move) -> str | None:
    """Say why a move may not follow another in one rollout; None where it may."""
    if move.record.previous != (before.revision if before else None):
        return f"names {move.record.previous or 'none'} as its previous move"
    if move.record.action not in NEXT[before.record.action if before else None]:
        return f"may not follow {before.record.action.value if before else 'nothing'}"
    if before and move.record.weight_from != before.record.weight_to and not _adopts(move):
        return f"starts from weight {percent(move.record.weight_from)}"
    return None


def _adopts(move: Move) -> bool:
    """Whether a move may start from another weight: it answers a person's override."""
    return move.record.action in {Action.RETREAT, Action.START, Action.ABORT} or (
        move.record.action is Action.ADVANCE and move.record.weight_from == move.record.weight_to
    )


def _broken(move: Move, why: str) -> HistoryError:
    return HistoryError(
        f"Move {move.revision[:12]} ({move.record.action.value}) of {move.record.canary} {why}.",
        remedy="see `git log` of the branch; set weight 0 by hand and commit a new candidate",
    )
