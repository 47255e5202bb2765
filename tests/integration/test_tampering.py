"""Every way to alter history, evidence or signatures is found, and the commit named."""

import asyncio
import pathlib
import re
import shutil
from collections.abc import Iterator

import pytest
from every_byte import Original
from hypothesis import given, settings
from hypothesis import strategies as some
from recorded_world import EVIDENCE, Table, World, git, two_rollouts
from tampering import ADA, Forge, message, unsigned
from tampering_cases import CASES, on_disk

from gitops_canary.app.replaying import Decided, replay
from gitops_canary.app.verifying import Scope, Verified, decided, verify
from gitops_canary.core.requery import Agreement
from gitops_canary.errors import VerificationError
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, parse_trusted
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.finding import Kind


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = two_rollouts(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture
def forge(world: World, tmp_path: pathlib.Path) -> Forge:
    path = tmp_path / "clone.git"
    shutil.copytree(world.origin, path)
    return Forge(path, world.key)


NOBODY = Identity(name="nobody", email="nobody@example.com")


def check(
    forge: Forge, keys: str, revoked: str = "", processes: int = 1, **scope: object
) -> Verified:
    opened = PlainClone(forge.clone)
    try:
        revoked_keys = parse_trusted(revoked) if revoked else ()
        ownership = Ownership(NOBODY, parse_trusted(keys), revoked_keys)
        return verify(opened, ownership, scope_of(opened, **scope), processes=processes)
    finally:
        opened.close()


def decisions_of(forge: Forge, keys: str) -> list[Decided]:
    opened = PlainClone(forge.clone)
    try:
        scope = scope_of(opened)
        found = verify(opened, Ownership(NOBODY, parse_trusted(keys)), scope)
        return list(decided(opened, scope, found))
    finally:
        opened.close()


def scope_of(opened: PlainClone, **more: object) -> Scope:
    evidence = opened.refs.get(f"refs/heads/{EVIDENCE}")
    known = {"tip": opened.resolve("main"), "evidence": evidence, **more}
    return Scope(**known)  # type: ignore[arg-type] # by its names


def told(found: Verified) -> str:
    return "\n".join(f"{one.revision} {one.problem}" for one in found.differences)


def test_what_the_controller_wrote_verifies(forge: Forge, world: World) -> None:
    found = check(forge, world.keys.read_text())

    assert found.findings == []
    assert (found.rollouts, found.commits, found.verdicts) == (2, 11, 11)


@pytest.mark.parametrize("name", CASES)
def test_every_alteration_is_found(name: str, forge: Forge, world: World) -> None:
    alter, expected = CASES[name]
    alter(forge)

    found = check(forge, world.keys.read_text())

    assert re.search(expected, told(found)), told(found)
    assert re.match(r"[0-9a-f]{40}|None", told(found))


@pytest.mark.parametrize("processes", [1, 2])
def test_bytes_changed_under_their_name_are_found(
    processes: int, forge: Forge, world: World
) -> None:
    on_disk(forge)

    with pytest.raises(VerificationError, match="not what its name stands for"):
        check(forge, world.keys.read_text(), processes=processes)


def test_two_processes_find_what_one_finds(forge: Forge, world: World) -> None:
    CASES["a page"][0](forge)
    CASES["the tree"][0](forge)
    keys = world.keys.read_text()

    assert check(forge, keys, processes=2) == check(forge, keys)


def test_the_commit_that_was_cut_off_is_named(forge: Forge, world: World) -> None:
    gone = forge.log()[0]
    forge.move("main", forge.log()[1])

    [lost] = check(forge, world.keys.read_text()).differences

    assert lost.revision == gone


def test_a_range_limits_what_is_reported(forge: Forge, world: World) -> None:
    CASES["no signature"][0](forge)
    opened = PlainClone(forge.clone)
    since, tip = opened.resolve("main~3"), opened.resolve("main")
    opened.close()
    keys = world.keys.read_text()

    assert check(forge, keys, since=since).commits == 2
    assert "it is not signed" in told(check(forge, keys, since=since))
    assert "it is not signed" not in told(check(forge, keys, since=tip))


def test_cutting_both_branches_shows_only_against_a_known_tip(forge: Forge, world: World) -> None:
    known = forge.log()[0]
    forge.move("main", forge.log()[2])
    forge.move(EVIDENCE, forge.log(EVIDENCE)[2])
    keys = world.keys.read_text()

    assert check(forge, keys).differences == []
    assert "last known tip" in told(check(forge, keys, known_tip=known))


def test_a_revoked_or_outdated_key_counts_no_more(forge: Forge, world: World) -> None:
    line = world.key.public_line
    outdated = f'gitops-canary valid-before="20200101Z" {line}\n'

    assert "key that was revoked" in told(check(forge, f"a {line}\n", revoked=f"a {line}\n"))
    assert "outside the time" in told(check(forge, outdated))


def test_replacements_and_grafts_hide_nothing(forge: Forge, world: World) -> None:
    tip, older = forge.log()[0], forge.log()[4]
    git(forge.clone, "update-ref", f"refs/replace/{tip}", older)
    (forge.clone / "info").mkdir(exist_ok=True)
    (forge.clone / "info" / "grafts").write_text(f"{tip}\n")

    found = check(forge, world.keys.read_text())

    assert (found.differences, found.commits) == ([], 11)


def test_a_shallow_clone_says_what_it_lacks(world: World, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "shallow.git"
    git(tmp_path, "clone", "-q", "--bare", "--depth", "2", f"file://{world.origin}", str(path))
    git(path, "fetch", "-q", f"file://{world.origin}", f"{EVIDENCE}:{EVIDENCE}")

    found = check(Forge(path, world.key), world.keys.read_text())

    unread = [one.problem for one in found.findings if one.kind is Kind.UNREADABLE]
    assert any("not in this clone" in text for text in unread)


def test_a_squashed_history_is_recomputed_as_far_as_it_goes(forge: Forge, world: World) -> None:
    tree = git(forge.clone, "rev-parse", "main^{tree}")
    stamp = f"{ADA.decode()} 1770000000 +0000"
    whole = f"tree {tree}\nauthor {stamp}\ncommitter {stamp}\n\nSquash all\n\n{message(forge)}"
    forge.move("main", forge.put(whole.encode()))
    keys = world.keys.read_text()

    strict, lenient = check(forge, keys), check(forge, keys, rewritten=True)

    assert "it is not signed" in told(strict)
    assert lenient.differences == []
    assert sum("verdicts were recomputed" in one.problem for one in lenient.findings) == 11


def test_a_seal_vouches_for_the_same_commit_written_by_the_forge(
    forge: Forge, world: World
) -> None:
    ours, theirs = b"author gitops-canary <canary@example.com>", b"author Hub <hub@example.com>"
    forge.alter(0, lambda body: unsigned(body).replace(ours, theirs))
    keys = world.keys.read_text()

    assert "it is not signed" in told(check(forge, keys))
    assert check(forge, keys, sealed=True).findings == []

    forge.alter(0, forge.files("main", {"README.md": b"more\n"}))
    assert "it is not signed" in told(check(forge, keys, sealed=True))


def test_pages_that_another_version_worded_are_told_and_not_compared(
    forge: Forge, world: World
) -> None:
    forge.decide(lambda document: document.update(pages=1))

    found = check(forge, world.keys.read_text())

    unread = [one.problem for one in found.findings if one.kind is Kind.UNREADABLE]
    assert any("worded by another version (1, here" in text for text in unread)
    assert "when rebuilt" not in told(found)


def test_asking_again_gives_the_same_or_says_what_differs(forge: Forge, world: World) -> None:
    decisions = decisions_of(forge, world.keys.read_text())
    same, healed = Table({"checkout": 7}), Table()

    told_same, all_match = asyncio.run(replay(decisions[-1:], same))
    told_otherwise, drifted = asyncio.run(replay(decisions[-1:], healed))

    assert told_same == []
    assert {name: set(own) for name, own in all_match.items()} == {"default": {Agreement.MATCH}}
    assert {name: set(own) for name, own in drifted.items()} == {"default": {Agreement.DRIFT}}
    [otherwise] = told_otherwise
    assert otherwise.kind is Kind.DIFFERENCE
    assert "verdict of request-success-rate is pass, not fail" in otherwise.problem


@pytest.fixture(scope="module")
def original(world: World) -> Original:
    made = Original(world.origin, world.key)
    assert made.verifies(made.tips, {})
    return made


@settings(max_examples=100)
@given(data=some.data())
def test_any_byte_under_a_signature_or_digest_counts(
    original: Original, data: some.DataObject
) -> None:
    """`every_byte.py` changes them all."""
    target = data.draw(some.sampled_from(original.targets), label="target")
    at = data.draw(some.integers(0, len(target.data) - 1), label="byte")
    mask = data.draw(some.integers(1, 255), label="mask")

    assert not original.survives(target, at, mask)
