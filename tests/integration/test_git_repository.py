"""The Git port reads a real repository over HTTP."""

import pathlib
import time
from collections.abc import Mapping

import pytest
from git_plans import EVIDENCE, FILES, OpenRepository, plan, push_one

from gitops_canary.errors import ConfigError, SpecError, Unavailable
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision
from gitops_canary.ports import Git


def test_repository_is_the_git_port(open_repository: OpenRepository) -> None:
    port: Git = open_repository()
    assert port.poll() is None


def test_poll_names_exactly_the_branch(origin: Origin, open_repository: OpenRepository) -> None:
    repository = open_repository()
    origin.commit({"a": b"a"}, "Other\n", branch="refs/heads/main")  # ends like ours
    origin.commit({"a": b"a"}, "Other\n", branch="not/main")
    assert repository.poll() is None
    tip = origin.commit(FILES, "Begin\n")
    origin.git("tag", "-f", "main", origin.commit({"a": b"a"}, "Tagged\n", branch="x", parents=()))
    assert repository.poll() == tip
    assert repository.clock_ms is not None
    assert abs(repository.clock_ms - time.time_ns() // 1_000_000) < 60_000
    assert repository.fetch() == (tip, None)


def test_fetch_says_when_there_is_no_branch(open_repository: OpenRepository) -> None:
    with pytest.raises(SpecError, match="no branch main"):
        open_repository().fetch()


def test_fetch_asks_for_nothing_when_nothing_moved(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    assert repository.fetch() == (seeded, None)
    before = len(origin.requests)
    assert repository.fetch() == (seeded, None)
    assert len(origin.requests) - before == 1  # ls-refs, nothing else


def test_fetch_brings_both_branches(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    proof = origin.commit({"x.json": b"{}"}, "Proof\n", branch=EVIDENCE)
    assert repository.fetch() == (seeded, proof)
    assert set(repository.files(Revision(proof))) == {"x.json"}
    origin.git("update-ref", "-d", f"refs/heads/{EVIDENCE}")
    assert repository.fetch() == (seeded, None)


def test_clone_survives_a_restart_and_a_force_push(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    first = open_repository(directory=tmp_path / "one")
    first.fetch()
    with pytest.raises(Unavailable, match="another process"):
        open_repository(directory=tmp_path / "one")
    first.close()
    second = open_repository(directory=tmp_path / "one")
    before = len(origin.requests)
    assert second.fetch() == (seeded, None)
    assert len(origin.requests) - before == 1
    rewritten = origin.commit({"new": b"1"}, "Rewritten\n", parents=())
    assert second.fetch() == (rewritten, None)


def test_files_and_read_show_every_regular_file(
    seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    files = repository.files(seeded)
    assert set(files) == set(FILES)
    assert not any(blob.executable for blob in files.values())
    ids = [blob.id for blob in files.values()]
    bodies = repository.read(ids + ids)
    assert {path: bodies[blob.id] for path, blob in files.items()} == FILES


def test_files_follows_every_kind_of_change(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    changes: tuple[Mapping[str, bytes | None], ...] = (
        {"apps/web/vs.yaml": b"weight: 5\n"},
        {"apps/web/vs.yaml": None, "apps/web/deploy.yaml": None, "apps/web": b"now a file\n"},
        {"apps/web": None, "apps/web/deep/er.yaml": b"x", "README": None},
        {"apps/db.yaml": None, "apps/web/deep/er.yaml": None, "z": b"z"},
    )
    revisions = [seeded, *(Revision(origin.commit(files, "Change\n")) for files in changes)]
    repository.fetch()
    for revision in revisions + revisions[::-1] + revisions[::2]:
        listed = origin.git("ls-tree", "-r", "-z", "--name-only", revision).split("\0")
        assert set(repository.files(revision)) == set(filter(None, listed))


def test_history_is_newest_first_and_children_before_parents(
    origin: Origin, open_repository: OpenRepository
) -> None:
    root = origin.commit({"a": b"0"}, "root\n", at=1_700_000_000)
    left = origin.commit({"a": b"1"}, "left\n", at=1_700_000_100)
    right = origin.commit(
        {"b": b"1"}, "right, dated before its parent\n", parents=[root], at=1_600_000_000
    )
    merge = origin.commit({"b": b"1"}, "merge\n", parents=[left, right], at=1_700_000_300)
    foxtrot = origin.commit({"c": b"1"}, "foxtrot\n", parents=[right, merge], at=1_700_000_200)
    repository = open_repository()
    made = push_one(repository, plan({"a": b"2"}, "canary(a/b): \u00fc\n\nCanary-Format: 1\n"))
    commits = list(repository.history(made))
    order = [commit.revision for commit in commits]
    assert set(order) == {made, foxtrot, merge, left, right, root}
    assert order[0] == made
    for commit in commits:
        assert all(order.index(p) > order.index(commit.revision) for p in commit.parents)
    assert [commit.ours for commit in commits] == [True, *[False] * 5]
    assert commits[0].message == "canary(a/b): \u00fc\n\nCanary-Format: 1\n"
    assert commits[0].committer == "gitops-canary <canary@example.com>"
    assert commits[0].date_ms == 1_750_000_000_000
    assert commits[order.index(Revision(merge))].parents == (left, right)
    for one in order:
        ancestors = set(origin.git("rev-list", one).split())
        for other in order:
            assert repository.contains(one, other) == (other in ancestors)
    assert not repository.contains(made, Revision("1" * 40))
    assert not repository.contains(Revision("--help"), made)


@pytest.mark.usefixtures("seeded")
def test_history_may_be_left_early_and_the_reader_still_answers(
    origin: Origin, open_repository: OpenRepository
) -> None:
    for number in range(80):
        tip = Revision(origin.commit({"n": b"%d" % number}, f"{number}\n"))
    repository = open_repository()
    repository.fetch()
    walk = repository.history(tip)
    assert next(walk).message == "79\n"
    assert set(repository.files(tip)) == {*FILES, "n"}
    assert next(walk).message == "78\n"
    walk.close()  # type: ignore[attr-defined]
    assert [commit.message for commit in repository.history(tip)][-1] == "Begin\n"


@pytest.mark.usefixtures("seeded")
def test_ours_needs_the_key_not_the_words(
    open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository()
    push_one(repository, plan({"README": b"1"}))
    generate_key(tmp_path / "other")
    push_one(open_repository(signing_key=tmp_path / "other"), plan({"README": b"2"}))
    push_one(open_repository(signing_key=None), plan({"README": b"3"}))
    tip, _ = repository.fetch()
    assert [commit.ours for commit in repository.history(tip)] == [False, False, True, False]
    unsigned = open_repository(signing_key=None)
    unsigned.fetch()
    assert [commit.ours for commit in unsigned.history(tip)] == [True, True, True, False]


def test_a_large_file_is_neither_fetched_nor_read(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    zeros = b"\0" * 5_000_000  # deflates to nothing
    origin.commit({"zeros": zeros, "edge": b"x" * 1000, "ok": b"ok"}, "Large\n")
    repository = open_repository(blob_bytes_max=1000)
    tip, _ = repository.fetch()
    files = repository.files(tip)
    assert repository.read([files[Path("edge")].id, files[Path("ok")].id])
    with pytest.raises(Unavailable, match="missing"):
        repository.read([files[Path("zeros")].id])
    assert repository.fetch()[0] == tip
    with pytest.raises(SpecError, match="larger than 1000 bytes"):
        repository.read([files[Path("zeros")].id])
    made = push_one(repository, plan({"ok": b"better"}))
    assert origin.show("zeros", made) == zeros
    assert origin.git("fsck", "--strict", "--no-dangling") == ""
    origin.git("config", "uploadpack.allowFilter", "false")
    full = open_repository(blob_bytes_max=1000, directory=tmp_path / "full")
    assert full.fetch()[0] == made
    with pytest.raises(SpecError, match="larger than 1000 bytes"):
        full.read([files[Path("zeros")].id])


def test_file_urls_work_where_allowed(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    url = origin.path.as_uri()
    with pytest.raises(ConfigError):
        open_repository(url=url)
    repository = open_repository(url=url, allow_file=True, username=None, password_file=None)
    assert repository.fetch() == (seeded, None)
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_answers_nobody_read_are_not_taken_for_others(
    seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    ids = [ObjectId(blob.id) for blob in repository.files(seeded).values()]
    left = repository._reader.read(ids, "blob")
    next(left)
    del left
    assert dict(repository._reader.read(ids[-1:], "blob")).keys() == {ids[-1]}


def test_a_revision_is_searched_and_compared_without_listing_it(
    origin: Origin, open_repository: OpenRepository
) -> None:
    first = Revision(origin.commit({**FILES, "big.yaml": b"web\n" * 400_000}, "Begin\n"))
    second = Revision(
        origin.commit({"apps/web/vs.yaml": None, "apps/db.yaml": b"web\n", "n": b"web"}, "Next\n")
    )
    repository = open_repository()
    repository.fetch()
    files, old = repository.files(second), repository.files(first)
    assert repository.changed(first, second) == {
        Path("apps/web/vs.yaml"): None, Path("apps/db.yaml"): files[Path("apps/db.yaml")],
        Path("n"): files[Path("n")],
    }  # fmt: skip
    assert repository.changed(second, first) == {
        Path("apps/web/vs.yaml"): old[Path("apps/web/vs.yaml")],
        Path("apps/db.yaml"): old[Path("apps/db.yaml")], Path("n"): None,
    }  # fmt: skip
    assert repository.changed(first, first) == {}
    assert set(repository.mentioning(second, ["web", "nowhere"], [])) == {"apps/db.yaml"}
    assert repository.mentioning(second, ["nowhere"], []) == {}


def test_history_is_narrowed_by_what_is_known_and_what_is_said(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    side = origin.commit({"s": b"s"}, "Side\n\nCanary-Format: 1\n", branch="side", parents=[seeded])
    main = Revision(origin.commit({"m": b"m"}, "Main\n"))
    tip = Revision(origin.commit({"t": b"t"}, "Merge\n", parents=[main, side]))
    repository = open_repository()
    repository.fetch()
    subjects = [c.message.partition("\n")[0] for c in repository.history(tip, since=main)]
    assert subjects == ["Merge", "Side"]
    told = repository.history(tip, mentioning="Canary-Format:")
    assert [commit.revision for commit in told] == [side]
    assert repository.commit(main).message == "Main\n"
