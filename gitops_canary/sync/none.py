"""No source at all: a commit counts as live after a fixed delay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.core.text import duration, iso
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.ports import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Sees nothing and waits; the evidence says so."""

    delay_ms: int

    async def observe(
        self,
        expected: Sequence[Expectation],
        metrics: Metrics,  # noqa: ARG002 - the port's shape
        now_ms: int,
    ) -> Mapping[Expectation, Liveness]:
        """Tell whether the delay is over."""
        return {expectation: self._look(expectation, now_ms) for expectation in expected}

    def _look(self, expectation: Expectation, now_ms: int) -> Liveness:
        live_ms = expectation.since_ms + self.delay_ms
        if now_ms < live_ms:
            waiting = f"a fixed delay of {duration(self.delay_ms)}, until {iso(live_ms)}"
            return Liveness(live_ms=None, proof=(), waiting=waiting)
        proof = f"Nothing was looked at: a fixed delay of {duration(self.delay_ms)} has passed."
        return Liveness(live_ms=live_ms, proof=(proof,), waiting="")
