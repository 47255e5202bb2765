"""`verify` knows the losses that a person accepted, says what went, and takes no other for one."""

import pathlib
import re
from collections.abc import Callable

import pytest
from recorded_world import EVIDENCE, World, git

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import trust
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest import accepted
from gitops_canary.model.names import Revision

WHO = Identity(name="gitops-canary", email="canary@example.com")


def verified(world: World, tip: str = "", processes: int = 1) -> Verified:
    clone = PlainClone(world.origin)
    known = Revision(tip) if tip else None
    scope = Scope(tip=clone.resolve("main"), evidence=clone.resolve(EVIDENCE), known_tip=known)
    keys = trust(WHO, [("keys", world.keys.read_text())], ())
    try:
        return verify(clone, keys, scope, processes=processes)
    finally:
        clone.close()


def problems(found: Verified) -> list[str]:
    return [re.sub(r"[0-9a-f]{12}", "ID", f"{f.kind.value}: {f.problem}") for f in found.findings]


def force_back(world: World, to: str) -> str:
    """Push main back over some commits; which commit is gone?"""
    lost = git(world.origin, "rev-parse", "main")
    git(world.origin, "update-ref", "refs/heads/main", git(world.origin, "rev-parse", to))
    git(world.person, "fetch", "-q", "origin")
    git(world.person, "reset", "-q", "--hard", "origin/main")
    return lost


def accept(world: World, lost: str) -> None:
    """Write the line that `resume --accept-history` writes."""
    seen = git(world.origin, "rev-parse", "main")
    file = world.person / accepted.FILE
    file.parent.mkdir(exist_ok=True)
    one = accepted.Acceptance(accepted=Revision(seen), lost=Revision(lost))
    file.write_text(accepted.add(file.read_text() if file.exists() else "", one))
    git(world.person, "add", "-A")
    date_s = world.now_ms // 1000
    git(world.person, "commit", "-q", "-m", "Accept what was lost", date_s=date_s)
    git(world.person, "push", "-q", "origin", "main")


@pytest.fixture
def rolled(tmp_path: pathlib.Path) -> World:
    world = World(tmp_path)
    world.release("1.1.0")
    world.roll()
    world.close()
    return world


def to_the_release(world: World) -> str:
    return git(world.origin, "log", "--format=%H", "--grep=Release checkout", "main")


def in_the_middle(world: World) -> str:
    return git(world.origin, "log", "--format=%H", "--grep=Canary-Step: 3/5", "main").split()[-1]


@pytest.mark.parametrize(
    ("to", "gone"), [(to_the_release, "01, 02, 03"), (in_the_middle, "05, 06, 07, 08")]
)
def test_what_a_person_accepted_is_told_and_is_no_difference(
    rolled: World, to: Callable[[World], str], gone: str
) -> None:
    lost = force_back(rolled, to(rolled))
    before = verified(rolled, lost)
    accept(rolled, lost)
    after = verified(rolled, lost)

    assert all("No commit of this branch carries" in f.problem for f in before.differences[1:])
    assert "last known tip is not part" in before.differences[0].problem
    assert "--accept-history" in before.differences[1].remedy
    assert after.differences == []
    known, went = after.findings
    assert known.problem.startswith("The last known tip is gone. The loss of")
    assert went.problem.startswith(f"The loss of {lost[:12]} was accepted on 2026-02-02 by Ada <")
    assert gone in went.problem
    assert problems(verified(rolled, lost, processes=2)) == problems(after)


def test_it_goes_on_after_the_loss_and_the_record_holds(rolled: World) -> None:
    lost = force_back(rolled, to_the_release(rolled))
    accept(rolled, lost)
    rolled.start("another")
    rolled.roll()
    rolled.close()
    found = verified(rolled)

    assert found.differences == []
    assert found.commits == 8
    assert any("went with a loss that was accepted" in f.problem for f in found.findings)


def test_a_later_loss_is_none_that_was_accepted(rolled: World) -> None:
    lost = force_back(rolled, to_the_release(rolled))
    accept(rolled, lost)
    rolled.start("another")
    rolled.roll()
    rolled.close()
    force_back(rolled, in_the_middle(rolled))
    found = verified(rolled)

    assert found.differences
    assert all("No commit of this branch carries" in f.problem for f in found.differences[:4])


def test_a_line_of_another_loss_or_a_broken_one_accepts_nothing(rolled: World) -> None:
    force_back(rolled, in_the_middle(rolled))
    accept(rolled, "1" * 40)
    other = verified(rolled)
    (rolled.person / accepted.FILE).write_text("{}\n")
    git(rolled.person, "commit", "-qam", "Break it")
    git(rolled.person, "push", "-q", "origin", "main")
    broken = verified(rolled)

    assert other.differences
    assert broken.differences
    assert any(".gitops-canary/history: This line about lost" in p for p in problems(broken))
