"""Getting plans onto the server: aborts first, one push for all, one by one where refused."""

import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitops_canary.core.plan import QUARANTINE, Plan
from gitops_canary.errors import CanaryError, EditRefused, Locked, Refused
from gitops_canary.model.decision import Act, Decision, Hold, PlannedCommit, Wait
from gitops_canary.model.names import CanaryId, Path, Revision, RolloutId
from gitops_canary.model.rollout import Action
from gitops_canary.ports import Git

log = logging.getLogger("gitops_canary")
_MINUTE_MS = 60_000
_REST_MS = 300_000
"""How long a refused move rests; asking a server again that said no helps nobody."""
_URGENT_REST_MS = 15_000
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
    tip: Revision | None = None
    """What the config branch points to now; None where nothing was pushed."""
    waiting: Mapping[CanaryId, Hold] = field(default_factory=dict)
    """Moves on their way by a pull request."""
    outdated: bool = False
    """Whether other branches moved, so that the tips have to be fetched."""
    doubted: frozenset[CanaryId] = frozenset()
    """Whose moves were refused together with others and are yet to be tried alone."""


NOTHING_PUSHED = Pushed(pushed=(), refused={}, again=False)


@dataclass(frozen=True, slots=True)
class Pusher:
    """Pushes plans that were all made on the same tip, or on one before them."""

    git: Git
    budget: Budget
    evidence: bool
    doubted: frozenset[CanaryId] = frozenset()
    """Of whom a look before found that they cannot go together; see `Pushed`."""

    def push(self, plans: Sequence[Plan], tips: Tips, now_ms: int) -> Pushed:
        """Push as many plans at once as fit on each other.

        Raises:
            Conflict: somebody pushed first; nothing was written.
            Unavailable: the server did not answer; the next tick looks before it tries again.
        """
        allowed = plans if self.budget.allows(now_ms) else [p for p in plans if p.act.urgent]
        batch = compatible(allowed)
        own = frozenset(plan.act.canary for plan in batch)
        if not batch:
            return replace(NOTHING_PUSHED, doubted=self.doubted)
        if len(batch) > 1 and own & self.doubted:
            return self._apart(batch, tips, now_ms)
        waiting = len(batch) < len(allowed)
        try:
            tip = self._send(batch, tips, now_ms)
        except (Refused, EditRefused) as refusal:
            if len(batch) == 1:
                rest, held = self.doubted - own, _told(batch, refusal)
                return Pushed(pushed=(), refused=held, again=False, doubted=rest)
            return self._apart(batch, tips, now_ms)
        rest = self.doubted - own
        return Pushed(pushed=tuple(batch), refused={}, again=waiting, tip=tip, doubted=rest)

    def _apart(self, batch: Sequence[Plan], tips: Tips, now_ms: int) -> Pushed:
        """Find whom the server refuses: the aborts alone, then one plan at a time.

        The first push that lands moves the tip, so the others are decided again on it. Where the
        budget ends, the next tick goes on with those that were not tried: all of them together
        would be refused again, and each time take what is left of the budget.
        """
        refused: dict[CanaryId, Hold] = {}
        urgent = [p for p in batch if p.act.urgent]
        groups = [urgent] if 1 < len(urgent) < len(batch) else []
        for group in [*groups, *([plan] for plan in _alone(batch))]:
            if not (group[0].act.urgent or self.budget.allows(now_ms)):
                break
            try:
                tip = self._send(group, tips, now_ms)
            except (Refused, EditRefused) as refusal:
                if len(group) == 1:
                    refused.update(_told(group, refusal))
                continue
            return Pushed(pushed=tuple(group), refused=refused, again=True, tip=tip)
        untried = frozenset(plan.act.canary for plan in _alone(batch)) - refused.keys()
        return Pushed(pushed=(), refused=refused, again=False, doubted=untried)

    def _send(self, batch: Sequence[Plan], tips: Tips, now_ms: int) -> Revision:
        """Push one batch with its evidence; where only aborts do not get through, without it.

        Gives the new tip.
        """
        proofs = [p.evidence for p in batch if p.evidence] if self.evidence else []
        try:
            return self._push(batch, proofs, tips, now_ms)
        except (Refused, Locked, EditRefused) as refusal:
            if not proofs or not all(plan.act.urgent for plan in batch):
                raise
            made = self._push(batch, [], tips, now_ms)
            named = ", ".join(f"{one.act.action.value} of {one.act.canary}" for one in batch)
            log.warning(
                "%s went without its evidence, which nobody has now: %s; %s",
                named,
                refusal.problem,
                refusal.remedy,
            )
            return made

    def _push(
        self, batch: Sequence[Plan], proofs: Sequence[PlannedCommit], tips: Tips, now_ms: int
    ) -> Revision:
        self.budget.spend(now_ms)
        made = self.git.push(
            onto=tips[0],
            commits=[plan.commit for plan in batch],
            evidence_onto=tips[1],
            evidence=proofs,
        )
        return made[-1]


def compatible(plans: Sequence[Plan]) -> list[Plan]:
    """Take plans in order, leaving out those that do not fit on what the earlier ones leave.

    Files are written by many at once: where a plan was made on one before it, both may go, and it
    never goes without that one. So it is with the quarantine.
    """
    texts: dict[Path, str] = {}
    left: dict[Path, str] = {}
    batch: list[Plan] = []
    complete = True
    for plan in plans:
        own = {path: plan.before.get(path) for path in plan.files.keys() - {QUARANTINE}}
        fits = all(
            was == texts.get(path, was) and (path not in left or was != left[path])
            for path, was in own.items()
        )
        if fits and (complete or QUARANTINE not in plan.files):
            texts |= plan.files
            batch.append(plan)
        else:
            left |= plan.files
            complete = complete and QUARANTINE not in plan.files
    return batch


def _alone(batch: Sequence[Plan]) -> list[Plan]:
    """Leave out the plans that were made on another one of the batch."""
    taken: set[Path] = set()
    found: list[Plan] = []
    for plan in batch:
        if taken.isdisjoint(plan.files):
            found.append(plan)
        taken |= plan.files.keys()
    return found


@dataclass(slots=True)
class Refusals:
    """Moves the server would not have: asked again, but not at every tick."""

    doubted: frozenset[CanaryId] = frozenset()
    """Whose moves go one by one next time; see `Pushed`."""
    _until: dict[tuple[CanaryId, RolloutId, Action], tuple[int, Hold]] = field(default_factory=dict)

    def add(self, acts: Iterable[Act], outcome: Pushed, now_ms: int) -> None:
        """Remember what was refused at a tick."""
        self.doubted = outcome.doubted
        for act in acts:
            if act.canary in outcome.refused:
                rest_ms = _URGENT_REST_MS if act.urgent else _REST_MS
                self._until[_key(act)] = (now_ms + rest_ms, outcome.refused[act.canary])

    def due(self, decisions: dict[CanaryId, Decision], now_ms: int) -> list[Act]:
        """List the moves to make; one the server refused a moment ago is held instead."""
        acts = [a for a in decisions.values() if isinstance(a, Act)]
        held = {a.canary: hold for a in acts if (hold := self.hold(a, now_ms))}
        decisions.update(held)
        return [a for a in acts if a.canary not in held]

    def hold(self, act: Act, now_ms: int) -> Hold | None:
        """Say why a move is not tried now; None where it may be."""
        until_ms, hold = self._until.get(_key(act), (now_ms, None))
        if hold is not None and until_ms <= now_ms:
            del self._until[_key(act)]
        return hold if now_ms < until_ms else None


def _key(act: Act) -> tuple[CanaryId, RolloutId, Action]:
    return act.canary, act.rollout, act.action


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
