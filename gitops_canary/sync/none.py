"""No source at all: a commit counts as live a fixed delay after we first saw it on the server.

Its own date says nothing about when it got there: a push may land long after its decision. Nor does
the delay begin before what was measured until that date is complete, as with every source. What a
restarted controller has no file to remember by, it waits for anew: forgetting only delays.

It proves no pods: while a version never starts, those of the version before it serve and are
measured in its place. That is told where it is first relied on, in every proof and by `doctor`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitops_canary.core.text import duration, iso
from gitops_canary.memory_file import remember, remembered
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import UNSEEN, Expectation, Liveness, Question
from gitops_canary.ports import Metrics

log = logging.getLogger("gitops_canary")
WARNING = (
    "sync: nothing tells whether pods of a new version run: one that never starts can be promoted, "
    "or condemned, on the numbers of the pods before it; use argocd, flux, kubernetes or traffic "
    "where there is one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Sees nothing and waits; the evidence says so. `source` is only asked for the time."""

    source: str
    delay_ms: int
    memory: Path | None = None
    """File that keeps the instants for the next process, e.g. of a scheduled job, or `status`."""
    writes: bool = True
    """Whether this process may write it."""
    _seen: dict[Revision, int] = field(default_factory=dict, init=False, compare=False)
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
        clock_ms = (await metrics.ask([question]))[question].clock_ms
        now_ms = now_ms if clock_ms is None else clock_ms
        known = self._seen or _seen_before(self.memory)
        seen = {e.revision: min(known.get(e.revision, now_ms), now_ms) for e in expected}
        self._seen.clear()
        self._seen.update(seen)
        if self.memory and self.writes and seen != known:
            remember(self.memory, {str(one): at for one, at in seen.items()})
        return {expectation: self._look(expectation, now_ms) for expectation in expected}

    def _look(self, expectation: Expectation, now_ms: int) -> Liveness:
        since_ms = max(expectation.since_ms, self._seen[expectation.revision])
        live_ms = since_ms + self.delay_ms
        if now_ms < live_ms:
            waiting = f"a fixed delay of {duration(self.delay_ms)}, until {iso(live_ms)}"
            return Liveness(live_ms=None, proof=(), waiting=waiting)
        proof = f"{UNSEEN}: a fixed delay of {duration(self.delay_ms)} has passed."
        return Liveness(live_ms=live_ms, proof=(proof,), waiting="")


def _seen_before(memory: Path | None) -> Mapping[Revision, int]:
    """Read what the process before us saw; nothing where that cannot be read, which delays."""
    found = remembered(memory) if memory else {}
    return {Revision(key): at for key, at in found.items() if isinstance(at, int)}
