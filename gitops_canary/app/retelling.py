"""What a process pushed and could not tell any more, because it died: the next one tells it.

The commit is all there is of it, so nothing is kept before the push. What was heard is noted in a
file beside the clone, which only spares messages: without it what is young is told once more.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitops_canary.app.looking import Seen
from gitops_canary.app.tick import Report
from gitops_canary.core.announce import PEOPLE_HEAR, told_again
from gitops_canary.errors import CanaryError
from gitops_canary.memory_file import remember, remembered
from gitops_canary.model.announcement import Announcement
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Move

YOUNG_MS = 600_000
"""How old a move may be that a new process still tells of: a process is back long before that."""
Message = Callable[[Revision], Awaitable[str]]
"""Reads a commit's message; raises CanaryError."""


@dataclass(slots=True)
class Heard:
    """Which moves were told to which receivers lately."""

    file: Path | None = None

    @property
    def lasts(self) -> bool:
        """Whether an earlier process left word."""
        return self.file is not None and self.file.exists()

    def holds(self, receiver: str, told: Announcement) -> bool:
        """Tell whether a receiver has heard of a move."""
        return _mark(receiver, told) in self._read()

    def add(self, receiver: str, told: Announcement) -> None:
        """Note that a receiver heard of a move; what is old is forgotten."""
        if self.file:
            newest_ms = told.at_ms
            young = {k: at for k, at in self._read().items() if newest_ms - at <= 2 * YOUNG_MS}
            remember(self.file, {**young, _mark(receiver, told): told.at_ms})

    def begin(self) -> None:
        """Leave word that there is nothing to leave word of."""
        if self.file and not self.lasts:
            remember(self.file, {})

    def _read(self) -> dict[str, int]:
        found = remembered(self.file) if self.file else {}
        return {mark: at for mark, at in found.items() if isinstance(at, int)}


@dataclass(slots=True)
class Retelling:
    """Finds what a new process has to tell of moves that are not its own."""

    message: Message
    heard: Heard
    stays: bool = True
    """Whether this process looks on; one that looks once tells nothing again without the file."""
    _done: bool = False
    _own: set[str] = field(default_factory=set)
    """Keys of what this process tells of itself."""

    def missed(
        self, report: Report, own: Iterable[Announcement], now_ms: int
    ) -> Iterator[tuple[Seen, Announcement, Move]]:
        """List at the first look, only, each canary's newest move that people must hear of.

        `own` is what this process did at the same look.
        """
        if self._done:
            return
        self._own |= {told.key for told in own}
        if report.error:
            return
        self._done = True
        known = self.heard.lasts or self.stays
        self.heard.begin()
        for canary, one in report.seen.items() if known else ():
            ends = (
                m for m in report.history.moves.get(canary, ()) if m.record.action in PEOPLE_HEAR
            )
            newest = next(ends, None)
            if newest is None or now_ms - newest.date_ms > YOUNG_MS:
                continue
            told = told_again(newest, one.spec, "")
            if told.key not in self._own:
                yield one, told, newest

    async def worded(self, move: Move, told: Announcement, one: Seen) -> Announcement:
        """Add what the commit says, where it can be read just now."""
        try:
            message = await self.message(move.revision)
        except CanaryError:
            return replace(
                told, sentence=f"{told.sentence} Its commit {move.revision[:12]} says why."
            )
        return told_again(move, one.spec, message)


def _mark(receiver: str, told: Announcement) -> str:
    return f"{told.key}/{receiver}"
