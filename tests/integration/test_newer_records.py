"""A controller that meets what a newer version of it wrote: it holds, says so, and comes back."""

import asyncio
import pathlib

from recorded_world import EVIDENCE, World, git
from tampering import Forge

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, parse_trusted
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.finding import Kind
from gitops_canary.model.rollout import Action


def at_a_weight(folder: pathlib.Path) -> World:
    world = World(folder)
    world.release("1.1.0")
    while "Canary-Step: 2/5" not in git(world.origin, "log", "-1", "--format=%B", "main"):
        step(world)
    return world


def step(world: World) -> Decision:
    report = asyncio.run(world.station.tick(write=True))
    assert report.error is None, report.error
    world.now_ms += 1300
    [decision] = report.decisions.values()
    return decision


def newest_in_another_format(world: World) -> None:
    """Let the newest move be of a newer version; it was pushed with its evidence, as always."""
    world.close()
    forge = Forge(world.origin, world.key)
    old = forge.log()[0]
    forge.alter(0, lambda body: body.replace(b"Canary-Format: 1", b"Canary-Format: 2"), sign=True)
    new = forge.log()[0]
    forge.alter(0, lambda body: body.replace(old.encode(), new.encode()), EVIDENCE, sign=True)
    world.start("another")


def test_a_move_in_a_newer_format_holds_until_a_person_ends_its_rollout(
    tmp_path: pathlib.Path,
) -> None:
    world = at_a_weight(tmp_path)
    newest_in_another_format(world)
    world.table.failed = {"checkout": 50}
    tip = git(world.origin, "rev-parse", "main")
    for _ in range(3):
        held = step(world)
        assert isinstance(held, Hold)
        assert (held.wait, held.alert) == (Wait.ERROR, True)
        assert "in format 2; this version reads format 1" in held.reason
    assert git(world.origin, "rev-parse", "main") == tip

    # What the remedy says: the version to keep, as candidate and primary, with weight 0.
    git(world.person, "pull", "-q", "--rebase")
    first = git(world.person, "rev-list", "--max-parents=0", "HEAD").strip()
    git(world.person, "checkout", "-q", first, "--", "apps")
    world.commit("Back to the version before")
    rested = step(world)
    assert isinstance(rested, Hold)
    assert rested.wait is Wait.IDLE
    world.table.failed = {}
    world.release("1.2.0")
    started = step(world)
    assert isinstance(started, Act)
    assert started.action is Action.START
    world.roll()
    assert "1.2.0" in git(world.origin, "log", "-1", "--format=%s", "main")
    world.close()


def verified(world: World) -> Verified:
    clone = PlainClone(world.origin)
    try:
        keys = parse_trusted(world.keys.read_text())
        ownership = Ownership(Identity(name="nobody", email="nobody@example.com"), keys)
        scope = Scope(tip=clone.resolve("main"), evidence=clone.resolve(EVIDENCE))
        return verify(clone, ownership, scope)
    finally:
        clone.close()


def test_a_decision_by_a_newer_rule_is_told_as_not_proven(tmp_path: pathlib.Path) -> None:
    world = at_a_weight(tmp_path)
    world.close()
    forge = Forge(world.origin, world.key)
    assert verified(world).findings == []
    forge.decide(lambda document: document["timing"].update(rule=RULE + 1))
    found = verified(world)

    [newer] = found.of(Kind.NEWER)
    assert newer.revision == forge.log()[0]
    assert f"It is not judged again: it is judged by rule {RULE + 1}" in newer.problem
    # A seal binds the bytes that were sealed; nothing else is said to differ.
    [other] = found.differences
    assert ".dsse.json" in other.problem
