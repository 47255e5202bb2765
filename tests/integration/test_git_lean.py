"""A clone that leaves out every file until it is read: all that a look needs by one fetch."""

import pathlib
import subprocess

import pytest
from git_plans import FILES, OpenRepository, plan, push_one

from gitops_canary.errors import Unavailable
from gitops_canary.git.repository import Repository
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision

MANY = {f"apps/n{n % 7}/a{n}.yaml": b"kind: A%d\n" % n for n in range(60)}


def asked(origin: Origin) -> int:
    """How often the server was asked for objects."""
    return sum(1 for one in origin.requests if one.startswith("POST") and "upload-pack" in one)


def absent(clone: pathlib.Path) -> int:
    """How many objects that the branch reaches a clone lacks."""
    argv = ["rev-list", "--objects", "--all", "--missing=print"]
    told = subprocess.run(
        ["git", f"--git-dir={clone / 'repo.git'}", *argv], check=True, capture_output=True
    )
    return told.stdout.count(b"\n?")


def bodies(repository: Repository, tip: Revision) -> dict[str, bytes]:
    files = repository.files(tip)
    read = repository.read([blob.id for blob in files.values()])
    return {path: read[blob.id] for path, blob in files.items()}


def test_files_come_when_they_are_read_all_by_one_fetch(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    tip = Revision(origin.commit({**FILES, **MANY}, "Begin\n"))
    repository = open_repository(lean=True, directory=tmp_path / "clone")
    repository.fetch()
    assert absent(tmp_path / "clone") == len(FILES) + len(MANY)
    before = asked(origin)
    assert bodies(repository, tip) == {**FILES, **MANY}
    assert asked(origin) - before == 1
    assert bodies(repository, tip) == {**FILES, **MANY}
    assert asked(origin) - before == 1


def test_what_is_searched_comes_first_and_nothing_else(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    tip = Revision(origin.commit({**FILES, **MANY, "big.bin": b"x" * 9999}, "Begin\n"))
    repository = open_repository(lean=True, directory=tmp_path / "clone")
    repository.fetch()
    before = asked(origin)
    assert set(repository.mentioning(tip, ["A3", "A33"], ["apps/n3", "apps/n5"])) == {
        "apps/n3/a3.yaml", "apps/n5/a33.yaml",
    }  # fmt: skip
    assert asked(origin) - before == 1
    assert set(repository.mentioning(tip, ["A4"], [])) == {"apps/n4/a4.yaml"}
    assert asked(origin) - before == 2
    assert absent(tmp_path / "clone") == 2  # README and big.bin


def test_a_lean_clone_pushes_moves_on_and_stays_small(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    origin.commit({**FILES, **MANY}, "Begin\n")
    repository = open_repository(lean=True, directory=tmp_path / "clone", packs_max=2)
    for number in range(3):
        files = {"apps/n0/a0.yaml": b"%d\n" % number, f"apps/n1/a{7 * number + 1}.yaml": None}
        made = push_one(repository, plan({**files, "new.yaml": b"%d\n" % number}))
        before = Revision(origin.commit({"README": b"%d" % number}, "By hand\n"))
        tip, _ = repository.fetch()
        changed = repository.changed(made, tip)
        assert tip == before
        assert set(changed) == {"README"}
        [blob] = changed.values()
        assert blob is not None
        assert repository.read([blob.id]) == {blob.id: b"%d" % number}
    assert origin.git("fsck", "--strict", "--no-dangling") == ""
    assert absent(tmp_path / "clone") >= len(MANY) - 4
    assert bodies(repository, tip)["apps/n0/a0.yaml"] == b"2\n"


def test_a_lean_clone_that_lost_files_fetches_them_again(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    tip = Revision(origin.commit({**FILES, **MANY}, "Begin\n"))
    repository = open_repository(lean=True, directory=tmp_path / "clone")
    repository.fetch()
    packs = tmp_path / "clone" / "repo.git" / "objects" / "pack"
    first = set(packs.iterdir())
    bodies(repository, tip)
    repository._reader.close()
    for file in set(packs.iterdir()) - first:
        file.unlink()
    assert bodies(repository, tip) == {**FILES, **MANY}


def test_a_server_that_leaves_nothing_out_makes_a_whole_clone(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    origin.git("config", "uploadpack.allowFilter", "false")
    tip = Revision(origin.commit({**FILES, **MANY}, "Begin\n"))
    repository = open_repository(lean=True, directory=tmp_path / "clone")
    repository.fetch()
    assert absent(tmp_path / "clone") == 0
    before = asked(origin)
    assert bodies(repository, tip) == {**FILES, **MANY}
    assert asked(origin) == before


def test_a_file_the_server_has_lost_is_its_own_fault_and_no_other_files(
    origin: Origin, open_repository: OpenRepository
) -> None:
    tip = Revision(origin.commit({**FILES, **MANY}, "Begin\n"))
    repository = open_repository(lean=True)
    repository.fetch()
    files = repository.files(tip)
    lost, other = files[Path("apps/n3/a3.yaml")].id, files[Path("apps/n4/a4.yaml")].id
    (origin.path / "objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(Unavailable):
        repository.read([lost])
    assert repository.read([other]) == {other: b"kind: A4\n"}


def test_a_silent_server_is_unavailable_when_a_file_is_read(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository(lean=True)
    repository.fetch()
    origin.faults.status(503, service="git-upload-pack", times=9)
    with pytest.raises(Unavailable, match="503"):
        bodies(repository, seeded)
    origin.faults.clear()
    assert bodies(repository, seeded) == FILES


def test_a_lean_clone_is_none_for_a_controller_that_wants_all(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    first = open_repository(lean=True, directory=tmp_path / "clone")
    first.fetch()
    first.close()
    second = open_repository(directory=tmp_path / "clone")
    assert second.fetch() == (seeded, None)
    assert absent(tmp_path / "clone") == 0
    assert origin.tip() == seeded
