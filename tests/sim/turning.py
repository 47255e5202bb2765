"""Versions that fail only after their promotion, and the watch that has to notice."""

from typing import TYPE_CHECKING

from gitops_canary.model.rollout import Action

from .cluster import Quality
from .pieces import mark
from .remote import CONFIG
from .watching import Broken, Landed

if TYPE_CHECKING:
    from .simulation import Simulation

AFTER_MS = 20_000
"""How long after its finish a version turns bad."""
NOTICED_MS = 60_000
"""How long a rollback may take beside the checks that have to fail."""
SHARE = 0.5
WHOLE = 100
LATEST_MS = 60_000
"""How long after all traffic came a version turns bad at the latest."""
CONDEMNED_MS = 90_000
"""How long evidence, its commit and its push may take."""


def turns(world: "Simulation", move: Landed) -> None:
    """Let some of the versions that are watched turn bad a while after their finish."""
    if move.shape.weighs:
        spoils(world, move)
    over = move.record.action is Action.FINISH and move.after.weight == 0
    stable = world.facts(move.record.stable, move.shape)
    if stable is not None and stable.primary == move.after.primary:
        return  # there is nothing to take it back to, which a person is told
    if over and move.shape.watch_s and mark(world.seed, "turns", len(world.watch.landed)) < SHARE:
        world.later(AFTER_MS, lambda: _turn(world, move))
        world.on_trial_ms = world.now_ms + AFTER_MS


def spoils(world: "Simulation", move: Landed) -> None:
    """Let some of the versions turn bad that have all traffic, with nobody to compare with."""
    drawn = mark(world.seed, "spoils", len(world.watch.landed))
    whole = move.record.action is Action.ADVANCE and move.after.weight == WHOLE
    if whole and drawn < SHARE:
        after_ms = int(drawn / SHARE * LATEST_MS)
        world.later(after_ms, lambda: _spoil(world, move, 0.05 if after_ms % 2 else 0.4))
        world.on_trial_ms = max(world.on_trial_ms, world.now_ms + after_ms)


def _spoil(world: "Simulation", move: Landed, errors: float) -> None:
    shape, tag, since_ms = move.shape, move.after.candidate, world.now_ms
    app = world.cluster.apps[shape.name]
    well = not world.quality(shape.name, tag).bad and app.canary.serving == tag
    if not (well and app.weight == WHOLE and _stands(world, move)):
        return
    world.qualities[shape.name, tag] = Quality(errors=errors)
    app.turned[tag] = since_ms
    world.tell(f"{tag} of {shape.id} turns bad with all traffic")
    world.on_trial_ms = max(world.on_trial_ms, since_ms + CONDEMNED_MS)
    world.later(CONDEMNED_MS, lambda: _condemned(world, move, since_ms))


def _condemned(world: "Simulation", move: Landed, since_ms: int) -> None:
    """Hold the judge to its promise where nothing else has happened since.

    Raises:
        Broken: the version still has all traffic.
    """
    calm = world.watch.calm_since_ms() < since_ms and world.requested is None
    if calm and _stands(world, move):
        raise Broken(f"Q3: {move.after.candidate} fails with all traffic, and keeps it")


def _turn(world: "Simulation", move: Landed) -> None:
    if not _stands(world, move):
        return
    shape, tag = move.shape, move.after.primary
    world.qualities[shape.name, tag] = Quality(errors=0.4)
    world.tell(f"{tag} of {shape.id} turns bad")
    span_ms = (shape.threshold + 1) * shape.interval_s * 1000 + NOTICED_MS
    since_ms = world.now_ms
    world.on_trial_ms = max(world.on_trial_ms, since_ms + span_ms)
    world.later(span_ms, lambda: _noticed(world, move, since_ms))


def _noticed(world: "Simulation", move: Landed, since_ms: int) -> None:
    """Hold the watch to its promise where nothing else has happened since.

    Raises:
        Broken: the version still serves.
    """
    if world.watch.calm_since_ms() < since_ms and _stands(world, move):
        raise Broken(f"W: {move.after.primary} fails while it is watched, and stays")


def _stands(world: "Simulation", move: Landed) -> bool:
    """Whether nothing has touched a canary since its finish."""
    tip = world.remote.refs.get(CONFIG)
    return tip is not None and world.facts(tip, move.shape) == move.after
