"""No source at all: a commit counts as live a fixed delay after we first saw it on the server.

Its own date says nothing about when it got there: a push may land long after its decision. Nor does
the delay begin before what was measured until that date is complete, as with every source. What a
restarted controller has no file to remember by, it waits for anew: forgetting only delays.

While the metric source keeps silent our clock says when that was, and may be behind. As soon as the
source tells the time it is counted back by a clock that nobody sets, so that nothing from before
the commit was seen is taken for its effect.

It proves no pods: while a version never starts, those of the version before it serve and are
measured in its place. That is told where it is first relied on, in every proof and by `doctor`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitops_canary.core.text import duration, iso
from gitops_canary.memory_file import remember, remembered
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import UNSEEN, Expectation, Liveness, Question
from gitops_canary.ports import Metrics
from gitops_canary.steady import steady_ms

log = logging.getLogger("gitops_canary")
WARNING = (
    "sync: nothing tells whether pods of a new version run: one that never starts can be promoted, "
    "or condemned, on the numbers of the pods before it; use argocd, flux, kubernetes or traffic "
    "where there is one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """When a commit was first seen."""

    at_ms: int
    steady_ms: int | None = None
    """The same by a clock that nobody sets, where only ours told the time; None: it was told."""

    def seen_at(self, now_ms: int, steady_ms: int, *, told: bool) -> "First":
        """Give it by the clock of this look, which a source told or ours alone.

        Ours may jump: the earlier instant counts until somebody tells.

        >>> mine = First(at_ms=40, steady_ms=7)
        >>> mine.seen_at(130, 27, told=True), mine.seen_at(130, 27, told=False)
        (First(at_ms=110, steady_ms=None), First(at_ms=40, steady_ms=7))
        >>> mine.seen_at(50, 27, told=False)
        First(at_ms=30, steady_ms=7)
        >>> theirs = First(at_ms=140)
        >>> theirs.seen_at(130, 27, told=True), theirs.seen_at(130, 27, told=False)
        (First(at_ms=130, steady_ms=None), First(at_ms=140, steady_ms=None))
        """
        if self.steady_ms is not None:
            at_ms = now_ms - (steady_ms - self.steady_ms)
            return First(at_ms=at_ms) if told else replace(self, at_ms=min(self.at_ms, at_ms))
        return First(at_ms=min(self.at_ms, now_ms)) if told else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Sees nothing and waits; the evidence says so. `source` is only asked for the time."""

    source: str
    delay_ms: int
    memory: Path | None = None
    """File that keeps the instants for the next process, e.g. of a scheduled job, or `status`."""
    writes: bool = True
    """Whether this process may write it."""
    steady: Callable[[], int] = steady_ms
    _seen: dict[Revision, First] = field(default_factory=dict, init=False, compare=False)
    _warned: list[str] = field(default_factory=list, init=False, compare=False)

    async def observe(
        self, expected: Sequence[Expectation], metrics: Metrics, now_ms: int
    ) -> Mapping[Expectation, Liveness]:
        """Tell whether the delay is over, by the metric source's clock where it has one."""
        question = Question(
            source=self.source, expression="vector(1)", start_ms=now_ms, end_ms=now_ms
        )
        if expected and not self._warned:
            self._warned.append(WARNING)
            log.warning(WARNING)
        answer = (await metrics.ask([question]))[question]
        now_ms = now_ms if answer.clock_ms is None else answer.clock_ms
        self._see(expected, now_ms, told=not answer.silent)
        return {expectation: self._look(expectation, now_ms) for expectation in expected}

    def _see(self, expected: Sequence[Expectation], now_ms: int, *, told: bool) -> None:
        """Note since when each commit is there; of a source that never tells the time, by ours."""
        steady_ms = self.steady()
        known = self._seen or _seen_before(self.memory, now_ms, steady_ms, told=told)
        new = First(at_ms=now_ms, steady_ms=None if told else steady_ms)
        seen = {
            one.revision: known.get(one.revision, new).seen_at(now_ms, steady_ms, told=told)
            for one in expected
        }
        self._seen.clear()
        self._seen.update(seen)
        if self.memory and self.writes and seen != known:
            remember(self.memory, {str(one): _kept(first) for one, first in seen.items()})

    def _look(self, expectation: Expectation, now_ms: int) -> Liveness:
        since_ms = max(expectation.since_ms, self._seen[expectation.revision].at_ms)
        live_ms = since_ms + self.delay_ms
        if now_ms < live_ms:
            waiting = f"a fixed delay of {duration(self.delay_ms)}, until {iso(live_ms)}"
            return Liveness(live_ms=None, proof=(), waiting=waiting)
        proof = f"{UNSEEN}: a fixed delay of {duration(self.delay_ms)} has passed."
        return Liveness(live_ms=live_ms, proof=(proof,), waiting="")


def _kept(first: First) -> int | list[int]:
    """Mark an instant that nobody told."""
    return first.at_ms if first.steady_ms is None else [first.at_ms]


def _seen_before(
    memory: Path | None, now_ms: int, steady_ms: int, *, told: bool
) -> Mapping[Revision, First]:
    """Read what the process before us saw; nothing where that cannot be read, which delays.

    What nobody told it counts only while nobody tells us: two of our instants may be of two clocks.
    """
    found = remembered(memory) if memory else {}
    firsts = {}
    for key, at in found.items():
        match at:
            case int(at_ms):
                firsts[Revision(key)] = First(at_ms=at_ms)
            case [int(at_ms)] if not told:
                passed_ms = max(0, now_ms - at_ms)
                firsts[Revision(key)] = First(at_ms=at_ms, steady_ms=steady_ms - passed_ms)
            case _:
                continue  # not our word, or no instant of the source's: it is seen anew
    return firsts
