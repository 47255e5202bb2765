"""What lies behind a tip: our moves, found once and then kept, and who made a value what it is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gitops_canary.app.trail import Stirring, Trail, unknown
from gitops_canary.core.condensing import Past
from gitops_canary.core.landing import landed
from gitops_canary.core.message import MARK
from gitops_canary.core.replay import History, Misfit, by_canary, moves
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.rollout import Move
from gitops_canary.ports import Git

_KNOWN_MAX = 4096


class Graph:
    """The commits reachable from one tip.

    Our moves are found in one pass over everything reachable, an ordinary merge puts them on the
    second parent; with the past of an earlier tip only what came since is passed over. `vouching`
    may say of more commits than the signed ones that they are ours; `stirring` tells what a commit
    concerns, see `Trail`. Those that are `delivered` by pull requests are dated by the merge.
    """

    def __init__(
        self,
        git: Git,
        tip: Revision,
        before: Past | None = None,
        vouching: Callable[[Iterable[Commit]], Iterable[Commit]] = iter,
        stirring: Stirring = unknown,
        *,
        delivered: bool = False,
    ) -> None:
        self.tip = tip
        self.contains = git.contains
        self._git = git
        self._vouching = vouching
        self._delivered = delivered
        self.past = self._followed(before) if before else self._passed()
        """What the next tip's graph goes on from."""
        self.history: History = by_canary(self.past.moves)
        self.trail = Trail(git.history(tip), stirring)
        self._known: dict[Revision, Commit] = {}

    @property
    def all_moves(self) -> tuple[Move | Misfit, ...]:
        """Every move under our key, newest first; old ones may be left out."""
        return self.past.moves

    @property
    def newest(self) -> Revision | None:
        """Our newest move; None where there is none."""
        return next((one.revision for one in self._moved()), None)

    @property
    def made_ms(self) -> int:
        """When that was made, which has been; 0 where there is none."""
        return next((one.date_ms for one in self._moved()), 0)

    def _moved(self) -> Iterator[Move]:
        return (one for one in self.all_moves if isinstance(one, Move))

    def moves(self, canary: CanaryId, since_ms: int) -> tuple[Move, ...]:
        """Give the moves of a canary, newest first: at least all from an instant on."""
        if not self.past.complete(since_ms):
            self.past = self._passed()
            self.history = by_canary(self.past.moves)
        return self.history.moves.get(canary, ())

    def commit(self, revision: Revision) -> Commit:
        """Read one reachable commit."""
        if revision not in self._known:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[revision] = self._git.commit(revision)
        return self._known[revision]

    def _followed(self, before: Past) -> Past:
        if not self._git.contains(self.tip, before.tip):
            return self._passed()
        fresh = self._read(before.tip)
        if not before.continues(fresh):
            return self._passed()
        return replace(before, tip=self.tip, moves=(*fresh, *before.moves))

    def _passed(self) -> Past:
        """Pass over everything reachable."""
        return Past(tip=self.tip, moves=self._read(None))

    def _read(self, since: Revision | None) -> tuple[Move | Misfit, ...]:
        if not self._delivered:
            commits = self._git.history(self.tip, since=since, mentioning=MARK)
            return tuple(moves(self._vouching(commits)))
        # Merges tell when, and nothing about us stands in their messages.
        every = landed(self._git.history(self.tip, since=since), self.tip)
        return tuple(moves(self._vouching(one for one in every if MARK in one.message)))
