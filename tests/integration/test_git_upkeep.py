"""The clone stays small, and nobody waits for it."""

import os
import pathlib
import subprocess
import time

import pytest
from git_plans import EVIDENCE, OpenRepository, plan, push_one

from gitops_canary.git.repository import Repository
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision


def held(clone: pathlib.Path) -> tuple[int, int]:
    """How many packs and loose objects a clone has."""
    objects = clone / "repo.git" / "objects"
    return len(list(objects.glob("pack/*.pack"))), len(list(objects.glob("[0-9a-f][0-9a-f]/*")))


def tidied(repository: Repository) -> None:
    """Let what is due of the upkeep end, one child after another."""
    upkeep = repository._clone._upkeep
    upkeep.go_on()
    while upkeep._child is not None:
        upkeep._child.process.wait()
        if not upkeep._due:
            upkeep._see()
            return
        upkeep.go_on()


def quiet(repository: Repository) -> None:
    """Let the child that is under way end, and begin none: it takes files from who lists them."""
    child = repository._clone._upkeep._child
    if child is not None:
        child.process.wait()


def check(clone: pathlib.Path) -> None:
    settings = ["-c", "remote.origin.promisor=true"]
    git_dir = f"--git-dir={clone / 'repo.git'}"
    subprocess.run(["git", git_dir, *settings, "fsck", "--strict"], check=True)


def test_packs_and_loose_objects_are_joined_beside_everything_else(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    """Also those of ours that others have built on, which `git repack` passes over."""
    repository = open_repository(directory=tmp_path / "clone", packs_max=3)
    made, rounds = [seeded], 14
    for number in range(rounds):
        origin.commit({"people": f"{number}\n".encode()}, "By hand\n")
        change, proof = plan({"README": b"%d" % number}), plan({"p": b"%d" % number})
        made.append(push_one(repository, change, proof))
        assert repository.read([repository.files(made[-1])[Path("README")].id])
    quiet(repository)
    packs, loose = held(tmp_path / "clone")
    assert packs < rounds  # each fetch left one
    assert loose < 6 * rounds  # each push left so many
    assert len(list(repository.history(made[-1]))) == 2 * rounds + 1
    assert all(repository.commit(one) for one in made)
    assert repository.fetch() == (made[-1], origin.tip(EVIDENCE))
    check(tmp_path / "clone")


def test_nothing_is_lost_that_others_built_on_long_ago(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    """A pack of ours that is older than what is cleared away, below commits that were fetched."""
    repository = open_repository(directory=tmp_path / "clone")
    repository.fetch()
    made = repository.push(
        onto=seeded, evidence_onto=None, evidence=[],
        commits=[plan({"README": b"%d" % n}, message=f"{n}\n") for n in range(20)],
    )  # fmt: skip
    repository.fetch()  # brings nothing, as all is there
    for number in range(3):
        origin.commit({"people": b"%d" % number}, "By hand\n")
    tip, _ = repository.fetch()
    repository.close()
    long_ago = time.time() - 60 * 86_400
    for file in (tmp_path / "clone" / "repo.git" / "objects").rglob("*"):
        os.utime(file, (long_ago, long_ago))
    repository = open_repository(directory=tmp_path / "clone", packs_max=1)
    for _ in range(3):
        tidied(repository)
    assert held(tmp_path / "clone") == (1, 0)
    assert [commit.revision for commit in repository.history(tip)][3:-1] == list(made[::-1])
    assert repository.read([repository.files(made[7])[Path("README")].id])
    check(tmp_path / "clone")


def test_upkeep_that_fails_is_told_once_and_left_for_a_while(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    repository = open_repository(directory=tmp_path / "clone", packs_max=3)
    repository.fetch()
    broken = tmp_path / "clone" / "repo.git" / "refs" / "other" / "x"
    broken.parent.mkdir()
    broken.write_text("1" * 40 + "\n")
    for number in range(6):
        tip = origin.commit({"people": b"%d" % number}, "By hand\n", parents=[seeded])
        assert repository.fetch() == (tip, None)
        tidied(repository)
    [told] = [record.getMessage() for record in caplog.records]
    assert "git repack could not tidy the clone, which works but grows: " in told
    assert "bad object" in told
    broken.unlink()
    for number in range(3):
        origin.commit({"people": b"+%d" % number}, "By hand\n", parents=[seeded])
        repository.fetch()
        tidied(repository)
    assert held(tmp_path / "clone")[0] <= 3


def test_few_objects_are_files_and_many_are_a_pack(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    repository.fetch()
    packs = tmp_path / "clone" / "repo.git" / "objects" / "pack"
    before = set(packs.glob("*.pack"))
    tip = push_one(repository, plan({"README": b"1"}))
    assert set(packs.glob("*.pack")) == before
    for count, made in ((20, 1), (30, 3)):  # many commits are a pack of their own
        commits = [plan({"README": b"%d" % n}, message=f"{n}\n") for n in range(count)]
        *_, tip = repository.push(onto=tip, commits=commits, evidence_onto=None, evidence=[])
        assert len(set(packs.glob("*.pack")) - before) == made
    assert origin.git("rev-list", "--count", f"{seeded}..main") == "51"
    assert origin.git("fsck", "--strict", "--no-dangling") == ""
