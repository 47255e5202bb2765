"""The time of one repository's looks: our clock, unless others tell that it is wrong."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from gitops_canary.core.clocks import Witnesses, agreed, apart, believed
from gitops_canary.core.dating import Clock
from gitops_canary.steady import steady_ms

log = logging.getLogger("gitops_canary")


def own_ms() -> int:
    """Read this machine's clock."""
    return time.time_ns() // 1_000_000


def nobody() -> None:
    """Tell no time."""


@dataclass(slots=True)
class Timekeeper:
    """Asks our clock and, where it tells one, the Git server's; keeps what a source said last.

    `server` gives what the server's clock said with its last answer.
    """

    clock: Callable[[], int] = own_ms
    steady: Callable[[], int] = steady_ms
    """For spans: rests, budgets."""
    server: Callable[[], int | None] = nobody
    _heard: tuple[int, int] | None = None
    """What a metric source said, and when by `steady`."""
    _told: str = ""
    _agreed_ms: int | None = None
    """The time of this look, where two witnesses told it."""
    _looked: tuple[Witnesses, int, int] | None = None
    """Who said at the newest look how late it is, when that was by `steady`, the newest move."""

    @classmethod
    def of(cls, clock: Callable[[], int]) -> "Timekeeper":
        """Take one clock for all of it, e.g. a virtual one."""
        return cls(clock=clock, steady=clock)

    def now_ms(self, made_ms: int) -> int:
        """Give the time for a look, just after the server answered; see `core/clocks.py`."""
        at_ms = self.steady()
        who = Witnesses(
            own_ms=self.clock(), server_ms=self.server(), source_ms=self._source_ms(at_ms)
        )
        self._tell(who)
        now_ms = believed(who, made_ms)
        self._agreed_ms = now_ms if agreed(who, now_ms) else None
        self._looked = who, at_ms, made_ms
        return now_ms

    def since_look_ms(self) -> int:
        """Give the time of the newest look, and what passed since; our clock before the first.

        What a metric source said only after that look had begun is a witness too.
        """
        if self._looked is None:
            return self.clock()
        who, at_ms, made_ms = self._looked
        who = replace(who, source_ms=self._source_ms(at_ms))
        return believed(who, made_ms) + self.steady() - at_ms

    def dating(self, clock: Clock) -> Clock:
        """Date moves by what two witnesses told at this look, where no metric source told it."""
        if clock.told_ms is not None and (self._heard is None or clock.told_ms != self._heard[0]):
            self.hear(clock.told_ms)  # asked for it alone: a start asks nothing else
        if clock.told_ms is not None or self._agreed_ms is None:
            return clock
        return replace(clock, told_ms=self._agreed_ms, silent=False)

    def hear(self, told_ms: int | None) -> None:
        """Keep what a metric source said just now; None where none said anything."""
        if told_ms is not None:
            self._heard = told_ms, self.steady()

    def _source_ms(self, at_ms: int) -> int | None:
        """Say what it was by a metric source at an instant of `steady`."""
        return None if self._heard is None else self._heard[0] + at_ms - self._heard[1]

    def _tell(self, who: Witnesses) -> None:
        """Warn once of each clock that begins to differ, until all agree again."""
        others = (("the Git server", who.server_ms), ("a metric source", who.source_ms))
        found = [(whose, apart(who.own_ms, whose, other)) for whose, other in others]
        named = " and ".join(whose for whose, text in found if text)
        if named and named != self._told:
            log.warning(
                "%s; set the clocks by NTP: deadlines, quarantines and dates rest on them",
                "; ".join(text for _, text in found if text),
            )
        self._told = named
