"""Commits that a forge wrote from ours: the controller goes on from those that a seal binds."""

import asyncio
import pathlib
from collections.abc import Callable

import pytest
from recorded_world import EVIDENCE, World, git
from tampering import Forge, unsigned

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.statement import seal_path, statement
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import trust
from gitops_canary.git.plain import PlainClone
from gitops_canary.git.signing import generate_key
from gitops_canary.model.decision import Decision, Hold, Wait
from gitops_canary.model.finding import Kind
from gitops_canary.model.names import Path

WHO = Identity(name="gitops-canary", email="canary@example.com")
HUB = b"Hub <hub@example.com>"
Change = Callable[[Forge], Callable[[bytes], bytes]]


def by_the_forge(body: bytes) -> bytes:
    """Take our signature off, and let another author and committer write it a minute later."""
    head, _, message = unsigned(body).partition(b"\n\n")
    lines = [
        line.split(b" ")[0] + b" " + HUB + b" %d +0000" % (int(line.split(b" ")[-2]) + 60)
        if line.startswith((b"author", b"committer"))
        else line
        for line in head.split(b"\n")
    ]
    return b"\n".join(lines) + b"\n\n" + message


def begun(
    folder: pathlib.Path,
    change: Callable[[bytes], bytes] = by_the_forge,
    *,
    asked: bool = True,
    newer: bool = False,
) -> World:
    """Bring a rollout to its second weight, with a commit that the forge wrote from ours.

    A `newer` version may have decided that, which says more than this one knows.

    Evidence is pushed before such a commit is there, so it names the one in front of it.
    """
    world = World(folder, forge_commits=asked)
    world.release("1.1.0")
    while "Canary-Step: 2/5" not in git(world.origin, "log", "-1", "--format=%B", "main"):
        step(world)
    world.close()
    forge = Forge(world.origin, world.key)
    tip, before = (name.encode() for name in forge.log()[:2])
    if newer:
        forge.decide(lambda document: document["timing"].update(rule=RULE + 1, more="unknown"))
        path = forge.last_decision()
        seal = world.key.seal(statement(Path(path), forge.read(path)))
        forge.alter(0, forge.files(EVIDENCE, {seal_path(Path(path)): seal}), EVIDENCE, sign=True)
    forge.alter(0, lambda body: body.replace(tip, before), EVIDENCE, sign=True)
    forge.alter(0, change)
    world.start("another")
    return world


def step(world: World) -> Decision:
    report = asyncio.run(world.station.tick(write=True))
    assert report.error is None, report.error
    world.now_ms += 1300
    [decision] = report.decisions.values()
    return decision


def verified(world: World) -> Verified:
    clone = PlainClone(world.origin)
    try:
        ownership = trust(WHO, [("keys", world.keys.read_text())], ())
        scope = Scope(tip=clone.resolve("main"), evidence=clone.resolve(EVIDENCE), sealed=True)
        return verify(clone, ownership, scope)
    finally:
        clone.close()


def test_a_rollout_goes_on_from_a_commit_the_forge_wrote(tmp_path: pathlib.Path) -> None:
    world = begun(tmp_path)
    world.roll()

    log = git(world.origin, "log", "--reverse", "--format=%an %(trailers:key=Canary-Step)", "main")
    found = verified(world)
    world.close()

    assert "Hub Canary-Step: 2/5" in log
    assert "gitops-canary Canary-Step: 3/5" in log
    assert found.findings == []
    assert found.commits == 8


def test_a_commit_that_a_newer_version_sealed_is_gone_on_from_and_not_proven(
    tmp_path: pathlib.Path,
) -> None:
    world = begun(tmp_path, newer=True)
    world.roll()
    world.close()

    log = git(world.origin, "log", "--reverse", "--format=%an %(trailers:key=Canary-Step)", "main")
    assert "Hub Canary-Step: 2/5" in log
    assert "gitops-canary Canary-Step: 3/5" in log
    found = verified(world)
    assert found.differences == []
    [one] = found.of(Kind.NEWER)
    assert f"judged by rule {RULE + 1}" in one.problem
    assert found.commits == 8


def test_without_being_asked_a_seal_vouches_for_nothing(tmp_path: pathlib.Path) -> None:
    world = begun(tmp_path, asked=False)
    decision = step(world)
    world.close()

    assert isinstance(decision, Hold)
    assert decision.wait is Wait.OVERRIDE


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("one more file", lambda f: f.files("main", {"README.md": b"hi\n"})),
        ("a link", lambda f: f.files("main", {"apps/checkout/more": b"services.yaml"}, "120000")),
        ("another weight", lambda f: weighs(f, b"weight: 50")),
        ("a comment beside it", lambda f: weighs(f, b"weight: 10 # or so")),
        ("another failure count", lambda _: lambda b: b.replace(b"Failed: 0/2", b"Failed: 1/2")),
        ("another evidence", lambda _: lambda b: b.replace(b"Evidence: sha256:", b"Evidence: x")),
    ],
)
def test_a_commit_that_does_more_than_was_sealed_is_a_persons(
    what: str, change: Change, tmp_path: pathlib.Path
) -> None:
    forge = Forge(tmp_path / "origin.git", generate_key(tmp_path / "unused"))
    world = begun(tmp_path, lambda body: change(forge)(by_the_forge(body)))
    decision = step(world)
    world.close()

    assert isinstance(decision, Hold), what
    assert decision.wait is Wait.OVERRIDE, what


def test_the_same_commit_a_second_time_counts_once(tmp_path: pathlib.Path) -> None:
    world = begun(tmp_path)
    forge = Forge(world.origin, world.key)
    body = forge.body("main")
    tree = git(forge.clone, "rev-parse", "main^{tree}")
    again = f"tree {tree}\nparent {forge.log()[0]}\n".encode() + body[body.index(b"author") :]
    forge.move("main", forge.put(again))
    world.roll()
    world.close()

    log = git(world.origin, "log", "--format=%an %(trailers:key=Canary-Step)", "main")
    assert log.count("Hub Canary-Step: 2/5") == 2
    assert log.count("gitops-canary Canary-Step: 3/5") == 1


def weighs(forge: Forge, weight: bytes) -> Callable[[bytes], bytes]:
    path = "apps/checkout/virtualservice.yaml"
    text = forge.read(path, "main")
    assert b"weight: 10" in text
    return forge.files("main", {path: text.replace(b"weight: 10", weight)})
