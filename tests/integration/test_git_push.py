"""The Git port writes to a real repository over HTTP, all or nothing."""

import pathlib

import pytest
from git_plans import EVIDENCE, FILES, OpenRepository, commit_entries, plan, push_one

from gitops_canary.errors import Conflict, EditRefused, Refused, Unavailable
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision


def test_push_writes_both_branches_at_once(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    before = len(origin.requests)
    made = push_one(repository, plan({"README": b"new\n"}), plan({"a/b": b"{}"}, "Proof\n"))
    assert len(origin.requests) - before <= 9
    assert origin.tip() == made
    assert origin.show("README") == b"new\n"
    assert origin.show("a/b", EVIDENCE) == b"{}"
    assert origin.git("rev-parse", "main^") == seeded
    shown = origin.git("show", "-s", "--format=%an <%ae> %cn <%ce> %ad %cd", "--date=raw", made)
    who = "gitops-canary <canary@example.com>"
    assert shown == f"{who} {who} 1750000000 +0000 1750000000 +0000"
    assert origin.git("fsck", "--strict", "--no-dangling") == ""
    assert repository.fetch()[0] == made
    assert repository.read([repository.files(made)[Path("README")].id])


def test_what_was_pushed_is_not_fetched_again(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    made = push_one(repository, plan({"README": b"new\n"}), plan({"a/b": b"{}"}, "Proof\n"))
    before, started = len(origin.requests), repository._runner.started
    assert repository.fetch() == (made, origin.tip(EVIDENCE))
    assert len(origin.requests) - before == 1
    assert repository._runner.started == started
    next_one = push_one(repository, plan({"README": b"newer\n"}))
    assert origin.git("rev-parse", f"{next_one}^") == made
    repository.close()
    again = open_repository(directory=tmp_path / "clone")
    before = len(origin.requests)
    assert again.fetch()[0] == next_one
    assert len(origin.requests) - before == 1
    origin.git("update-ref", "refs/heads/main", seeded)  # taken back by a person
    assert again.fetch()[0] == seeded


def test_push_gives_the_same_ids_anywhere_and_twice_is_once(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    commits = [plan({"README": b"1\n"}), plan({"new/er": b"2\n"}, at_ms=0), plan({})]
    proof = [plan({"p.json": b"{}"})]
    one, other = open_repository(), open_repository()
    one.fetch()
    other.fetch()
    made = one.push(onto=seeded, commits=commits, evidence_onto=None, evidence=proof)
    tips = origin.git("for-each-ref")
    for repository in (other, one):
        again = repository.push(onto=seeded, commits=commits, evidence_onto=None, evidence=proof)
        assert again == made
        assert origin.git("for-each-ref") == tips
    assert len(made) == 3
    assert origin.git("rev-list", "--count", f"{seeded}..main") == "3"
    origin.commit({"x": b"x"}, "Somebody builds on it\n")
    assert other.push(onto=seeded, commits=commits, evidence_onto=None, evidence=proof) == made


@pytest.mark.parametrize(
    ("now_ms", "date"), [(None, "2000000000"), (1_900_000_000_999, "1900000000"), (9, "1750000000")]
)
def test_push_dates_never_run_backwards_but_from_a_date_that_is_still_to_come(
    origin: Origin, open_repository: OpenRepository, now_ms: int | None, date: str
) -> None:
    origin.commit(FILES, "From the future\n", at=2_000_000_000)
    made = push_one(open_repository(), plan({"README": b"1"}, now_ms=now_ms))
    assert origin.git("show", "-s", "--format=%ct", made) == date


def test_push_whose_answer_is_lost_is_a_success(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    origin.faults.lose_acknowledgement()
    made = push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == made
    assert origin.git("rev-list", "--count", f"{seeded}..main") == "1"


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("moved", ["main", EVIDENCE])
def test_push_that_loses_the_race_changes_nothing(
    origin: Origin, open_repository: OpenRepository, moved: str
) -> None:
    repository = open_repository()
    origin.commit({"p": b""}, "Proof\n", branch=EVIDENCE)
    repository.fetch()
    origin.faults.before_push(lambda: origin.commit({"x": b"x"}, "First\n", branch=moved))
    with pytest.raises(Conflict, match="somebody else moved"):
        push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert (
        origin.git("log", "--format=%s", "main") == ("First\n" if moved == "main" else "") + "Begin"
    )
    made = push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == made
    assert origin.git("fsck", "--strict", "--no-dangling") == ""


def test_push_onto_an_old_tip_is_a_conflict(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    origin.commit({"x": b"x"}, "Meanwhile\n")
    with pytest.raises(Conflict):
        repository.push(
            onto=seeded, commits=[plan({"README": b"1"})], evidence_onto=None, evidence=[]
        )
    with pytest.raises(Conflict, match="never fetched"):
        repository.push(
            onto=Revision("1" * 40), commits=[plan({})], evidence_onto=None, evidence=[]
        )
    assert origin.git("log", "--format=%s", "main") == "Meanwhile\nBegin"


def named(origin: Origin) -> str:
    """Read the commit of the config branch that the newest evidence names."""
    return origin.git("log", "-1", "--format=%(trailers:key=Canary-Tip,valueonly)", EVIDENCE)


def test_push_to_a_server_without_atomic_sends_evidence_first(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    origin.git("config", "receive.advertiseAtomic", "false")
    repository = open_repository()
    repository.fetch()
    made = push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == made
    assert origin.show("p", EVIDENCE) == b"{}"
    assert named(origin) == f"{seeded} main\n"  # what may never land is not named
    origin.protect("main")
    with pytest.raises(Refused):
        push_one(repository, plan({"README": b"2"}), plan({"p": b"2"}))
    assert origin.tip() == made
    assert origin.show("p", EVIDENCE) == b"2"


def test_push_to_a_protected_branch_is_refused_with_the_servers_words(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    origin.protect("main")
    hook = origin.path / "hooks" / "pre-receive"
    hook.write_text(hook.read_text().replace("GH006:", "\\033[31mGH006:"))
    with pytest.raises(Refused, match=r"GH006: Protected branch update failed") as refused:
        push_one(open_repository(), plan({"README": b"1"}), plan({"p": b"{}"}))
    assert "pre-receive hook declined" in refused.value.problem
    assert str(refused.value.problem).isprintable()
    assert origin.tip() == seeded
    assert origin.tip(EVIDENCE) is None


@pytest.mark.usefixtures("seeded")
def test_push_in_the_way_of_a_lock_is_not_refused_for_good(
    origin: Origin, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    lock = origin.path / "refs" / "heads" / "main.lock"
    lock.touch()
    with pytest.raises(Unavailable):
        push_one(repository, plan({"README": b"1"}))
    lock.unlink()
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_push_keeps_modes_and_other_files(origin: Origin, open_repository: OpenRepository) -> None:
    origin.commit(FILES, "Begin\n")
    blob = origin.git("hash-object", "-w", "--stdin", stdin=b"#!/bin/sh\n")
    commit_entries(origin, f"100755 {blob}\trun.sh\n")
    before = origin.git("ls-tree", "-r", "main").splitlines()
    repository = open_repository()
    push_one(repository, plan({"run.sh": b"#!/bin/sh\nexit\n", "new": b""}))
    after = origin.git("ls-tree", "-r", "main").splitlines()
    assert next(line for line in after if "\trun.sh" in line).startswith("100755")
    assert next(line for line in after if "\tnew" in line).startswith("100644")
    assert {line for line in before if "\trun.sh" not in line} < set(after)
    assert repository.files(repository.fetch()[0])[Path("run.sh")].executable


@pytest.mark.usefixtures("seeded")
def test_push_deletes_and_leaves_no_empty_directory(
    origin: Origin, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    push_one(repository, plan({"apps/web/vs.yaml": None, "apps/web/deploy.yaml": None}))
    assert origin.git("ls-tree", "-r", "-t", "--name-only", "main").splitlines() == [
        "README", "apps", "apps/db.yaml",
    ]  # fmt: skip
    push_one(repository, plan({"apps/db.yaml": None, "README": None}))
    assert origin.git("ls-tree", "main") == ""
    with pytest.raises(EditRefused, match="no such file"):
        push_one(repository, plan({"README": None}))
    assert origin.git("fsck", "--strict", "--no-dangling") == ""


def test_push_onto_a_tip_that_was_taken_back_does_not_bring_it_back(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    taken_back = Revision(origin.commit({"README": b"mistake"}, "Mistake\n"))
    repository.fetch()
    origin.git("update-ref", "refs/heads/main", seeded)
    with pytest.raises(Conflict):
        repository.push(
            onto=taken_back, commits=[plan({"README": b"1"})], evidence_onto=None, evidence=[]
        )
    assert origin.tip() == seeded
