"""Getting plans onto the server: aborts first, one push for all, one by one where refused."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from gitops_canary.core.plan import Plan
from gitops_canary.errors import CanaryError, Refused
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.ports import Git

_MINUTE_MS = 60_000
Tips = tuple[Revision, Revision | None]


@dataclass(slots=True)
class Budget:
    """How many pushes a minute one repository takes; aborts are never held back by it."""

    per_minute: int
    _sent: deque[int] = field(default_factory=deque)

    def allows(self, now_ms: int) -> bool:
        """Tell whether an ordinary push may go out now."""
        while self._sent and self._sent[0] <= now_ms - _MINUTE_MS:
            self._sent.popleft()
        return len(self._sent) < self.per_minute

    def spend(self, now_ms: int) -> None:
        """Count one push."""
        self._sent.append(now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of the plans; `again` asks for another round at once."""

    pushed: tuple[Plan, ...]
    refused: dict[CanaryId, Hold]
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pusher:
    """Pushes plans that were all made on the same tip."""

    git: Git
    budget: Budget
    evidence: bool

    def push(self, plans: Sequence[Plan], tips: Tips, now_ms: int) -> Pushed:
        """Push as many plans at once as do not touch each other's files.

        Raises:
            Conflict: somebody pushed first; nothing was written.
            Unavailable: the server did not answer; the next tick looks before it tries again.
        """
        allowed = plans if self.budget.allows(now_ms) else [p for p in plans if p.act.urgent]
        batch = _compatible(allowed)
        if not batch:
            return Pushed(pushed=(), refused={}, again=False)
        self.budget.spend(now_ms)
        waiting = len(batch) < len(allowed)
        try:
            self._send(batch, tips)
        except Refused as refusal:
            if len(batch) == 1:
                return Pushed(pushed=(), refused=_told(batch, refusal), again=False)
            return self._apart(batch, tips)
        return Pushed(pushed=tuple(batch), refused={}, again=waiting)

    def _apart(self, batch: Sequence[Plan], tips: Tips) -> Pushed:
        """Find whom the server refuses: the aborts alone, then one plan at a time.

        The first push that lands moves the tip, so the others are decided again on it.
        """
        refused: dict[CanaryId, Hold] = {}
        urgent = [p for p in batch if p.act.urgent]
        groups = [urgent] if 1 < len(urgent) < len(batch) else []
        for group in [*groups, *([plan] for plan in batch)]:
            try:
                self._send(group, tips)
            except Refused as refusal:
                if len(group) == 1:
                    refused.update(_told(group, refusal))
                continue
            return Pushed(pushed=tuple(group), refused=refused, again=True)
        return Pushed(pushed=(), refused=refused, again=False)

    def _send(self, batch: Sequence[Plan], tips: Tips) -> None:
        self.git.push(
            onto=tips[0],
            commits=[plan.commit for plan in batch],
            evidence_onto=tips[1],
            evidence=[plan.evidence for plan in batch] if self.evidence else [],
        )


def _compatible(plans: Sequence[Plan]) -> list[Plan]:
    """Take plans in order, leaving out those whose files an earlier one writes."""
    taken: set[Path] = set()
    batch: list[Plan] = []
    for plan in plans:
        if taken.isdisjoint(plan.files):
            taken.update(plan.files)
            batch.append(plan)
    return batch


def _told(plans: Sequence[Plan], error: CanaryError) -> dict[CanaryId, Hold]:
    return {plan.act.canary: cannot(plan.act.canary, error) for plan in plans}


def cannot(canary: CanaryId, error: CanaryError) -> Hold:
    """Hold a canary because something about it is wrong; the others go on."""
    where = f"{error.place}: " if error.place else ""
    return Hold(
        canary=canary,
        wait=Wait.ERROR,
        reason=_listed(f"{where}{error.problem}"),
        remedy=error.remedy,
        alert=True,
        exit_code=error.exit_code,
    )


def _listed(text: str) -> str:
    """Write an error that lists several problems on one line."""
    return text.replace(":\n  ", ": ").replace("\n  ", "; ")
