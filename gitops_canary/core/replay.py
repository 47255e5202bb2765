"""From commits to rollouts: Git's history is the only state there is.

A commit under our key that does not fit is a person's, whatever it says: what it changed then shows
as an override, and why it does not fit is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import takewhile

from gitops_canary.core.message import about, parse
from gitops_canary.core.text import percent
from gitops_canary.errors import HistoryError
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.rollout import Action, Move, Record, Rollout

NEXT: Mapping[Action | None, frozenset[Action]] = {
    None: frozenset({Action.START, Action.INITIALISE}),
    Action.INITIALISE: frozenset({Action.INITIALISE}),
    # It starts again from any of these, and from an abort, where a person set weight 0 or renewed
    # the candidate, and a merge or a squash hides that from the rollout's name; a retreat would
    # change nothing.
    Action.START: frozenset(
        {Action.ADVANCE, Action.PROMOTE, Action.RETREAT, Action.ABORT, Action.IDLE, Action.START}
    ),
    Action.ADVANCE: frozenset(
        {Action.ADVANCE, Action.PROMOTE, Action.RETREAT, Action.ABORT, Action.IDLE, Action.START}
    ),
    Action.PROMOTE: frozenset(
        {Action.FINISH, Action.RETREAT, Action.ABORT, Action.IDLE, Action.START}
    ),
    # Also where a person moved the primary afterwards and asks to resume.
    Action.FINISH: frozenset(
        {Action.FINISH, Action.RETREAT, Action.ABORT, Action.IDLE, Action.START}
    ),
    Action.ABORT: frozenset({Action.IDLE, Action.START}),
    Action.RETREAT: frozenset({Action.START, Action.IDLE}),
    Action.IDLE: frozenset({Action.START}),
}
"""Which move may follow which inside one rollout; None is its beginning."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A commit under our key that is not taken as ours; `canary` is None where it is illegible."""

    canary: CanaryId | None
    revision: Revision
    why: str
    illegible: bool = False
    """Whether its record cannot be read, as one that a newer version wrote."""


@dataclass(frozen=True, slots=True)
class History:
    """The moves of every canary, newest first, as far as the history was walked."""

    moves: Mapping[CanaryId, tuple[Move, ...]]
    misfits: tuple[Misfit, ...] = field(default=())
    beginnings: Mapping[CanaryId, tuple[Move, ...]] = field(default_factory=dict)
    """The commits that initialised a canary, newest first: no rollout, and none of `moves`."""
    illegible: Mapping[CanaryId, Misfit] = field(default_factory=dict)
    """The newest record of a canary, where it cannot be read: what came of it nobody knows here."""

    def beginning(self, canary: CanaryId) -> tuple[Move, ...]:
        """Give the newest initialising of a canary, oldest commit first; empty where none is."""
        own = self.beginnings.get(canary, ())
        return tuple(m for m in reversed(own) if m.record.rollout == own[0].record.rollout)

    def rollout(self, canary: CanaryId) -> Rollout | None:
        """Put the newest rollout of a canary together; None where it never had one.

        The newest is the one whose last move has the latest date: a merge of an old branch may
        bring older moves in front of newer ones.
        """
        moves = self.moves.get(canary, ())
        if not moves:
            return None
        name = max(moves, key=lambda move: move.date_ms).record.rollout
        return Rollout(moves=tuple(m for m in reversed(moves) if m.record.rollout == name))

    def left(self, canary: CanaryId, last: Move) -> Decimal:
        """Give the weight that may be live while a canary's newest move is not.

        A start over a start may come before the first one has taken a person's weight away.
        """
        starts = takewhile(lambda one: one.record.action is Action.START, self.moves[canary])
        weights = ((one.record.weight_from, one.record.weight_to) for one in starts)
        shifted = (before for before, after in weights if before != after)
        return next(shifted, last.record.weight_from)


def moves(commits: Iterable[Commit]) -> Iterator[Move | Misfit]:
    """Read the moves among commits, in the order given; other people's commits are passed over."""
    for commit in commits:
        if not commit.ours:
            continue
        try:
            record = parse(commit.message, commit.revision)
        except HistoryError as error:
            whose = about(commit.message)
            yield Misfit(whose, commit.revision, error.problem, illegible=True)
            continue
        if record:
            yield Move(record=record, revision=commit.revision, date_ms=commit.date_ms)


def by_canary(found: Iterable[Move | Misfit]) -> History:
    """Sort moves, newest first, by canary, and leave out what is no chain of legal moves."""
    gathered: dict[CanaryId, list[Move]] = {}
    misfits: list[Misfit] = []
    illegible: dict[CanaryId, Misfit] = {}
    for one in found:
        if isinstance(one, Misfit):
            misfits.append(one)
            if one.illegible and one.canary and one.canary not in gathered:
                illegible.setdefault(one.canary, one)
        else:
            gathered.setdefault(one.record.canary, []).append(one)
    fitting: dict[CanaryId, tuple[Move, ...]] = {}
    beginnings: dict[CanaryId, tuple[Move, ...]] = {}
    for canary, own in gathered.items():
        fits, others = _chained(own)
        misfits += others
        begun = tuple(move for move in fits if move.record.action is Action.INITIALISE)
        rolled = tuple(move for move in fits if move.record.action is not Action.INITIALISE)
        fitting |= {canary: rolled} if rolled else {}
        beginnings |= {canary: begun} if begun else {}
    return History(fitting, tuple(misfits), beginnings, illegible)


def _chained(own: Sequence[Move]) -> tuple[tuple[Move, ...], list[Misfit]]:
    """Follow every rollout's chain from its start; both lists are newest first."""
    heads: dict[RolloutId, Move] = {}
    fits: list[Move] = []
    misfits: list[Misfit] = []
    for move in reversed(own):
        wrong = fault(heads.get(move.record.rollout), move)
        if wrong is None:
            heads[move.record.rollout] = move
            fits.append(move)
        else:
            words = f"Move {move.revision[:12]} ({move.record.action.value}) {wrong}."
            misfits.append(Misfit(move.record.canary, move.revision, words))
    return tuple(reversed(fits)), misfits[::-1]


def fault(before: Move | None, move: Move) -> str | None:
    """Say why a move may not follow another in one rollout; None where it may."""
    record = move.record
    if record.previous != (before.revision if before else None):
        return f"names {record.previous or 'none'} as its previous move"
    if record.action not in NEXT[before.record.action if before else None]:
        return f"may not follow {before.record.action.value if before else 'nothing'}"
    complete = before is not None and before.record.finished
    if complete and record.action not in {Action.IDLE, Action.ABORT, Action.START}:
        return "may not follow a finish that left no traffic"
    if before and record.weight_from != before.record.weight_to and not _adopts(record):
        return f"starts from weight {percent(record.weight_from)}"
    return None


def _adopts(record: Record) -> bool:
    """Whether a move may start from another weight: it answers what a person did."""
    return record.action in {Action.RETREAT, Action.START, Action.ABORT, Action.IDLE} or (
        record.action is Action.ADVANCE and record.weight_from == record.weight_to
    )
