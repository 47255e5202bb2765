"""The Git port against servers that fail and clones that break."""

import contextlib
import os
import pathlib
import resource
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from conftest import USERS
from git_plans import FILES, OpenRepository, plan, processes_of, push_one

from gitops_canary.errors import ConfigError, Refused, Unavailable
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision


@pytest.mark.parametrize(
    "change", [{"username": "ada"}, {"url": "missing"}, {"username": None, "password_file": None}]
)
def test_a_refused_login_says_both_reasons(
    origin: Origin,
    open_repository: OpenRepository,
    git_identity: Mapping[str, Any],
    change: Mapping[str, str | None],
) -> None:
    url = origin.url.replace("origin.git", "missing.git" if "url" in change else "origin.git")
    with pytest.raises(Refused, match=r"password.*no such repository") as refused:
        open_repository(**{**change, "url": url}).poll()
    assert git_identity["password_file"].read_text().strip() not in str(refused.value)


def test_a_path_without_a_repository_is_told_as_that(
    open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    login: dict[str, Any] = {"username": None, "password_file": None}
    url = f"file://{tmp_path}/gone.git"
    with pytest.raises(Refused, match=r"no repository at .*/gone\.git") as refused:
        open_repository(url=url, allow_file=True, **login).poll()
    assert "password" not in str(refused.value)


def test_a_server_with_a_bad_day_is_unavailable_then_fine(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    origin.faults.status(503, times=1)
    with pytest.raises(Unavailable, match="503"):
        repository.fetch()
    assert repository.fetch() == (seeded, None)
    origin.faults.status(503, service="git-receive-pack")
    with pytest.raises(Unavailable, match="503"):
        push_one(repository, plan({"README": b"1"}))
    assert origin.tip() == seeded
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_a_cut_fetch_is_unavailable_and_leaves_the_old_tips(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    tip = origin.commit({"big": b"x" * 100_000}, "Big\n")
    origin.faults.drop(0, service="git-upload-pack")  # the question for the refs
    with pytest.raises(Unavailable):
        repository.fetch()
    assert set(repository.files(seeded)) == set(FILES)
    assert repository.fetch() == (tip, None)


@pytest.mark.parametrize(
    ("timeout_ms", "said"),
    [(1_500, "did not end before its deadline"), (6_000, "Operation too slow")],
)
def test_a_black_hole_ends_in_time_without_orphans(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path,
    timeout_ms: int, said: str,
) -> None:  # fmt: skip
    directory = tmp_path / "hole"
    repository = open_repository(timeout_ms=timeout_ms, directory=directory)
    repository.fetch()
    repository.files(seeded)
    assert any("cat-file" in process for process in processes_of(directory))
    origin.commit({"x": b"x"}, "Meanwhile\n")
    ask = repository.fetch if "slow" in said else repository.poll
    repository.poll()
    origin.faults.stall(times=10)
    began = time.monotonic()
    with pytest.raises(Unavailable, match=said):
        ask()
    assert time.monotonic() - began < timeout_ms / 1000 + 10
    assert not any(" fetch --quiet" in process for process in processes_of(directory))
    repository.close()
    assert processes_of(directory) == []


def test_a_push_into_silence_tells_that_it_does_not_know(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository(timeout_ms=1_500)
    repository.fetch()
    origin.faults.stall(service="git-receive-pack")
    with pytest.raises(Unavailable, match="did not end before its deadline"):
        push_one(repository, plan({"README": b"1"}))
    origin.faults.clear()
    assert origin.tip() == seeded
    assert push_one(open_repository(), plan({"README": b"1"})) == origin.tip()


def test_a_push_that_lands_after_its_deadline_is_found_later(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository(timeout_ms=1_500)
    repository.fetch()
    landed = threading.Event()
    origin.faults.before_push(lambda: landed.wait(60))
    with pytest.raises(Unavailable, match="did not end before its deadline"):
        push_one(repository, plan({"README": b"1"}))
    assert origin.tip() == seeded
    landed.set()
    deadline = time.monotonic() + 60
    while origin.tip() == seeded and time.monotonic() < deadline:
        time.sleep(0.02)
    second = open_repository()
    second.fetch()
    again = second.push(
        onto=seeded, commits=[plan({"README": b"1"})], evidence_onto=None, evidence=[]
    )
    assert again == (origin.tip(),)
    assert origin.git("rev-list", "--count", f"{seeded}..main") == "1"


def test_a_password_that_is_away_for_a_moment_costs_one_look(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    password = tmp_path / "password"
    password.write_text(USERS["bot"])
    repository = open_repository(password_file=password)
    assert repository.poll() == seeded
    password.rename(tmp_path / "away")
    with pytest.raises(Refused):
        repository.poll()
    (tmp_path / "away").rename(password)
    before = repository._runner.started
    assert repository.poll() == seeded
    assert repository._runner.started == before  # by a small request again, not by git
    assert origin.tip() == seeded


def test_an_unreachable_server_is_unavailable(open_repository: OpenRepository) -> None:
    with pytest.raises(Unavailable, match="ls-remote failed"):
        open_repository(url="http://127.0.0.1:1/origin.git").poll()


def cut_packs(directory: pathlib.Path) -> None:
    for pack in directory.glob("repo.git/objects/pack/*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:100])


def lose_head(directory: pathlib.Path) -> None:
    (directory / "repo.git" / "HEAD").unlink()


def lose_objects(directory: pathlib.Path) -> None:
    shutil.rmtree(directory / "repo.git" / "objects")


def lose_refs(directory: pathlib.Path) -> None:
    shutil.rmtree(directory / "repo.git" / "refs")


def lose_power(directory: pathlib.Path) -> None:
    """Nothing is flushed: a file may have its name and no bytes."""
    for file in [*directory.glob("repo.git/refs/remotes/origin/*"),
                 *directory.glob("repo.git/objects/pack/*")]:  # fmt: skip
        file.chmod(0o644)
        file.write_bytes(b"")


def leave_half_made(directory: pathlib.Path) -> None:
    (directory / "gitops-canary.json").write_text("incomplete\n")
    lose_objects(directory)


def leave_locks(directory: pathlib.Path) -> None:
    locks = directory / "repo.git" / "refs" / "remotes" / "origin"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "main.lock").touch()
    (directory / "repo.git" / "packed-refs.lock").touch()


@pytest.mark.parametrize(
    "damage",
    [cut_packs, lose_head, lose_objects, lose_refs, lose_power, leave_half_made, leave_locks],
)
def test_a_damaged_clone_heals_by_the_second_fetch(
    origin: Origin,
    open_repository: OpenRepository,
    tmp_path: pathlib.Path,
    damage: Callable[[pathlib.Path], None],
) -> None:
    for number in range(3):
        origin.commit({**FILES, "n": b"%d" % number}, "Begin\n")
    first = open_repository(directory=tmp_path / "clone")
    first.fetch()
    first.close()
    damage(tmp_path / "clone")
    tip = origin.commit({"n": b"3"}, "Meanwhile\n")
    repository = open_repository(directory=tmp_path / "clone")
    with contextlib.suppress(Unavailable):
        repository.files(repository.fetch()[0])
    fetched, _ = repository.fetch()
    files = repository.files(fetched)
    bodies = repository.read([blob.id for blob in files.values()])
    assert fetched == tip
    assert bodies[files[Path("n")].id] == b"3"
    assert len(list(repository.history(fetched))) == 4


def test_a_clone_damaged_while_in_use_heals(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    repository.fetch()
    shutil.rmtree(tmp_path / "clone" / "repo.git" / "objects")
    repository._reader.close()  # a running cat-file may still have the files open
    with pytest.raises(Unavailable, match="damaged"):
        repository.files(seeded)
    assert repository.fetch() == (seeded, None)
    assert set(repository.files(seeded)) == set(FILES)
    assert origin.tip() == seeded


def test_a_clone_deleted_while_in_use_is_made_again_and_is_ours_alone(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    repository.fetch()
    shutil.rmtree(tmp_path / "clone")
    tip = origin.commit({"n": b"1"}, "Meanwhile\n", parents=[seeded])
    assert repository.fetch() == (tip, None)
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()
    with pytest.raises(Unavailable, match="another process"):
        open_repository(directory=tmp_path / "clone")


def test_a_machine_without_descriptors_is_told_and_nothing_stays_open(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    tip = origin.commit({"n": b"1"}, "Meanwhile\n", parents=[seeded])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = len(list(pathlib.Path("/proc/self/fd").iterdir()))
    repository.poll()
    taken = [os.open("/dev/null", os.O_RDONLY) for _ in range(2)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 1, hard))
    try:
        with pytest.raises(Unavailable, match="git cannot be started: Too many open files"):
            repository.fetch()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)
    assert len(list(pathlib.Path("/proc/self/fd").iterdir())) <= held + 1
    assert repository.fetch() == (tip, None)


def test_a_clone_of_another_repository_is_made_anew(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    first = open_repository(directory=tmp_path / "clone")
    first.fetch()
    first.close()
    url = origin.url.replace("127.0.0.1", "localhost")
    second = open_repository(directory=tmp_path / "clone", url=url)
    assert second._local == {}
    assert second.fetch() == (seeded, None)


def test_a_directory_that_is_not_ours_is_left_alone(
    open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    precious = tmp_path / "mine" / "repo.git" / "thesis"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(ConfigError, match="not a clone"):
        open_repository(directory=tmp_path / "mine")
    assert precious.read_text() == "years of work"
