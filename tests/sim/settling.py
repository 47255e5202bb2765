"""Once faults end every candidate ends, or waits for a person and says so."""

from operator import is_not
from typing import TYPE_CHECKING

from gitops_canary.model.decision import Hold, Wait

from .manifests import Facts
from .remote import CONFIG
from .watching import Broken

if TYPE_CHECKING:
    from .simulation import Simulation

WAITS_FOR_A_PERSON = frozenset(Wait) - {
    Wait.IDLE, Wait.LIVE, Wait.READY, Wait.WINDOW, Wait.DATA, Wait.WATCH, Wait.WEBHOOK,
    Wait.APPROVAL,
}  # fmt: skip
"""Where a rollout may stay; in the end nobody shuts a gate any more."""
CALM_MS = 45 * 60_000
"""How long after the last fault every candidate may take to end."""


def still_open(now: Facts | None, decision: object) -> str:
    """Say what a canary still waits for besides people; empty where it has come to an end."""
    if now is None or not now.present:
        return ""
    if not isinstance(decision, Hold):
        return f"a move is due: {decision}"
    if now.settled and now.weight == 0 and decision.wait is Wait.IDLE:
        return ""
    asks = decision.alert or decision.wait in {Wait.PAUSED, Wait.SUSPENDED}
    if decision.wait in WAITS_FOR_A_PERSON and asks:
        return ""
    return f"{decision.wait.value}: {decision.reason}"


def settle(world: "Simulation") -> None:
    """Go on until every candidate has come to an end.

    Raises:
        Broken: one has not within its time.
    """
    end_ms = world.now_ms + CALM_MS
    seen, unsettled = _told(world), _unsettled(world)
    while unsettled:
        if world.now_ms > end_ms:
            raise Broken(f"L: nothing comes of {'; '.join(unsettled)}")
        world.event()
        now = _told(world)
        if len(now) != len(seen) or any(map(is_not, now, seen)):
            seen, unsettled = now, _unsettled(world)


def _told(world: "Simulation") -> list[object]:
    """List all that `_unsettled` depends on: the very same means that nothing has changed."""
    tip = world.remote.refs.get(CONFIG)
    return [tip, world.now_ms < world.on_trial_ms, *world.reports.values()]


def _unsettled(world: "Simulation") -> list[str]:
    """List the canaries that have not come to an end, with the reason given."""
    found = ["a watch is on trial"] if world.now_ms < world.on_trial_ms else []
    tip = world.remote.refs.get(CONFIG)
    for shape in world.shapes.values():
        now = world.facts(tip, shape) if tip else None
        holds = [
            report.decisions.get(shape.id)  # type: ignore[call-overload]  # a CanaryId is text
            for report in world.reports.values()
            if report.tip == tip
        ]
        if not holds or len(holds) < len(world.controllers):
            found.append(f"{shape.id}: not looked at")
            continue
        for hold in holds:
            problem = still_open(now, hold)
            if problem:
                found.append(f"{shape.id}: {problem}")
                break
    return found
