"""The Git port against a real repository over HTTP."""

import base64
import os
import pathlib
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping

import pytest

from gitops_canary.errors import (
    ConfigError,
    Conflict,
    EditRefused,
    Refused,
    SpecError,
    Unavailable,
)
from gitops_canary.git.repository import Repository
from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path, Revision
from gitops_canary.ports import Git

USERS = {"bot": "b0t-pässword:with colon"}
OpenRepository = Callable[..., Repository]
EVIDENCE = "gitops-canary/evidence"
FILES: Mapping[str, bytes | None] = {
    "apps/web/vs.yaml": b"weight: 0\n",
    "apps/web/deploy.yaml": b"image: a:1\n",
    "apps/db.yaml": b"db\n",
    "README": b"hello\n",
}


def plan(
    files: Mapping[str, bytes | None],
    message: str = "canary(a/b): 0% -> 5%\n",
    at_ms: int = 1_750_000_000_999,
) -> PlannedCommit:
    named = {Path(name): content for name, content in files.items()}
    return PlannedCommit(files=named, message=message, at_ms=at_ms)


def push_one(
    repository: Repository, commit: PlannedCommit, proof: PlannedCommit | None = None
) -> Revision:
    tip, evidence = repository.fetch()
    [made] = repository.push(
        onto=tip, commits=[commit], evidence_onto=evidence, evidence=[proof] if proof else []
    )
    return made


@pytest.fixture
def seeded(origin: Origin) -> Revision:
    return Revision(origin.commit(FILES, "Begin\n"))


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
    assert len(origin.requests) - before == 2  # discovery and ls-refs


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
    assert len(origin.requests) - before == 2
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
    revisions = [seeded]
    for files in (
        {"apps/web/vs.yaml": b"weight: 5\n"},
        {"apps/web/vs.yaml": None, "apps/web/deploy.yaml": None, "apps/web": b"now a file\n"},
        {"apps/web": None, "apps/web/deep/er.yaml": b"x", "README": None},
        {"apps/db.yaml": None, "apps/web/deep/er.yaml": None, "z": b"z"},
    ):
        revisions.append(Revision(origin.commit(files, "Change\n")))
    repository.fetch()
    for revision in revisions + revisions[::-1] + revisions[::2]:
        listed = origin.git("ls-tree", "-r", "-z", "--name-only", revision).split("\0")
        assert set(repository.files(revision)) == set(filter(None, listed))


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


def test_push_dates_never_run_backwards(origin: Origin, open_repository: OpenRepository) -> None:
    origin.commit(FILES, "From the future\n", at=2_000_000_000)
    made = push_one(open_repository(), plan({"README": b"1"}))
    assert origin.git("show", "-s", "--format=%ct", made) == "2000000000"


def test_push_whose_answer_is_lost_is_a_success(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    origin.faults.lose_acknowledgement()
    made = push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == made
    assert origin.git("rev-list", "--count", f"{seeded}..main") == "1"


@pytest.mark.parametrize("moved", ["main", EVIDENCE])
def test_push_that_loses_the_race_changes_nothing(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, moved: str
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


def test_push_to_a_server_without_atomic_sends_evidence_first(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    origin.git("config", "receive.advertiseAtomic", "false")
    repository = open_repository()
    repository.fetch()
    made = push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == made
    assert origin.show("p", EVIDENCE) == b"{}"
    origin.protect("main")
    with pytest.raises(Refused):
        push_one(repository, plan({"README": b"2"}), plan({"p": b"2"}))
    assert origin.tip() == made
    assert origin.show("p", EVIDENCE) == b"2"
    assert seeded != made


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


def test_push_in_the_way_of_a_lock_is_not_refused_for_good(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
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
    index = {"GIT_INDEX_FILE": str(origin.path / "scratch")}
    origin.git("read-tree", "main", env=index)
    origin.git("update-index", "--index-info", stdin=f"100755 {blob}\trun.sh\n".encode(), env=index)
    tree = origin.git("write-tree", env=index)
    who = {f"GIT_{r}_{k}": "a@b" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    origin.git("update-ref", "refs/heads/main", origin.git("commit-tree", tree, env=who))
    before = origin.git("ls-tree", "-r", "main").splitlines()
    repository = open_repository()
    push_one(repository, plan({"run.sh": b"#!/bin/sh\nexit\n", "new": b""}))
    after = origin.git("ls-tree", "-r", "main").splitlines()
    assert [line for line in after if "run.sh" in line][0].startswith("100755")
    assert [line for line in after if "\tnew" in line][0].startswith("100644")
    assert {line for line in before if "run.sh" not in line} < set(after)
    assert repository.files(repository.fetch()[0])[Path("run.sh")].executable


def hostile(origin: Origin) -> None:
    """A revision with a link, a submodule and a directory where files are expected."""
    origin.commit(FILES, "Begin\n")
    link = origin.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    index = {"GIT_INDEX_FILE": str(origin.path / "scratch")}
    origin.git("read-tree", "main", env=index)
    lines = f"120000 {link}\tlink.yaml\n160000 {'1' * 40}\tmodule\n120000 {link}\tlinkdir\n"
    origin.git("update-index", "--index-info", stdin=lines.encode(), env=index)
    tree = origin.git("write-tree", env=index)
    who = {f"GIT_{r}_{k}": "a@b" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    origin.git("update-ref", "refs/heads/main", origin.git("commit-tree", tree, env=who))


@pytest.mark.parametrize(
    "path",
    ["link.yaml", "module", "linkdir/x", "module/x", "apps", "README/x", "../x", "/x", "a//b", "",
     "a/./b", "a/", ".git/config", "a/.GIT/x", "x\ny", "\u202ex", "x" * 5000, "a\0b", "apps/web/.."],
)  # fmt: skip
def test_push_refuses_what_is_no_regular_file(
    origin: Origin, open_repository: OpenRepository, path: str
) -> None:
    hostile(origin)
    before = origin.tip()
    with pytest.raises(EditRefused):
        push_one(open_repository(), plan({path: b"x"}))
    assert origin.tip() == before


def test_files_lists_neither_links_nor_submodules(
    origin: Origin, open_repository: OpenRepository
) -> None:
    hostile(origin)
    repository = open_repository()
    assert set(repository.files(repository.fetch()[0])) == set(FILES)


def test_push_deletes_and_leaves_no_empty_directory(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
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
    assert seeded


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


def test_history_may_be_left_early_and_the_reader_still_answers(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
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
    assert seeded


def test_ours_needs_the_key_not_the_words(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
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


@pytest.mark.parametrize(
    "change", [{"username": "ada"}, {"url": "/missing.git"}, {"username": None}]
)
def test_a_refused_login_says_both_reasons(
    origin: Origin, open_repository: OpenRepository, change: dict[str, str | None]
) -> None:
    if "url" in change:
        change = {"url": origin.url.replace("/origin.git", "/missing.git")}
    if change.get("username", "") is None:
        change = {"username": None, "password_file": None}
    with pytest.raises(Refused, match="password.*no such repository") as refused:
        open_repository(**change).poll()
    assert USERS["bot"] not in str(refused.value)


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


def processes_of(directory: pathlib.Path) -> list[str]:
    """What /proc shows to others of every process that knows a directory: argv, environment."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            shown = (path / "cmdline").read_bytes() + b"\0" + (path / "environ").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        if str(directory).encode() in shown and path.name != str(os.getpid()):
            found.append(shown.replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.mark.parametrize(
    ("timeout_ms", "said"),
    [(800, "did not end before its deadline"), (3_000, "Operation too slow")],
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
    origin.faults.stall(times=10)
    began = time.monotonic()
    with pytest.raises(Unavailable, match=said):
        repository.poll()
    assert time.monotonic() - began < timeout_ms / 1000 + 1.5
    assert not any("ls-remote" in process for process in processes_of(directory))
    repository.close()
    assert processes_of(directory) == []


def test_a_push_into_silence_tells_that_it_does_not_know(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository(timeout_ms=900)
    repository.fetch()
    origin.faults.stall(service="git-receive-pack")
    with pytest.raises(Unavailable, match="did not end before its deadline"):
        push_one(repository, plan({"README": b"1"}))
    origin.faults.clear()
    assert origin.tip() == seeded
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_an_unreachable_server_is_unavailable(open_repository: OpenRepository) -> None:
    with pytest.raises(Unavailable, match="ls-remote failed"):
        open_repository(url="http://127.0.0.1:1/origin.git").poll()


def test_no_secret_is_in_any_command_line_or_environment(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    seen: list[str] = []
    directory = tmp_path / "watched"
    repository = open_repository(directory=directory)
    repository.fetch()

    origin.faults.before_push(lambda: seen.extend(processes_of(directory)))
    push_one(repository, plan({"README": b"1"}))
    assert any(" push --porcelain" in line for line in seen)
    assert any("git-remote-http" in line for line in seen)
    for secret in (USERS["bot"], base64.b64encode(f"bot:{USERS['bot']}".encode()).decode()):
        assert not any(secret in text for text in seen)
        assert not any(
            secret.encode() in path.read_bytes() for path in directory.rglob("*") if path.is_file()
        )
    assert seeded


def test_nothing_of_the_repository_or_the_machine_runs(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pwned = tmp_path / "pwned"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f"[core]\n fsmonitor = touch {pwned}\n sshCommand = touch {pwned}\n"
        f"[alias]\n push = !touch {pwned}\n[credential]\n helper = !touch {pwned}\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.pager")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {pwned}")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {pwned}")
    monkeypatch.setenv("GIT_TRACE", str(pwned))
    origin.commit(
        {
            "hooks/pre-push": f"#!/bin/sh\ntouch {pwned}\n".encode(),
            ".gitattributes": b"* filter=evil\n",
            ".gitmodules": b'[submodule "x"]\n\tpath = x\n\turl = https://example.com/x\n',
            "HEAD": b"ref: refs/heads/main\n",
            "config": f"[core]\n\tfsmonitor = touch {pwned}\n".encode(),
        },
        "Hostile\n",
    )
    repository = open_repository(directory=tmp_path / "clone")
    for hook in ("pre-push", "reference-transaction", "post-checkout"):
        path = tmp_path / "clone" / "repo.git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {pwned}\n")
        path.chmod(0o755)
    made = push_one(repository, plan({"config": b"harmless\n"}))
    assert origin.tip() == made
    assert not pwned.exists()


def test_replaced_objects_are_ignored(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    made = push_one(repository, plan({"README": b"1"}))
    repository.fetch()
    for git_dir in (origin.path, tmp_path / "clone" / "repo.git"):
        subprocess.run(["git", f"--git-dir={git_dir}", "replace", made, seeded], check=True)
    assert repository.read([repository.files(made)[Path("README")].id])
    assert [commit.ours for commit in repository.history(made)] == [True, False]
    second = open_repository()
    second.fetch()
    assert [commit.ours for commit in second.history(made)] == [True, False]


@pytest.mark.parametrize("damage", ["HEAD", "objects", "pack", "refs", "mark", "url"])
def test_a_damaged_clone_is_made_anew(
    origin: Origin, open_repository: OpenRepository, tmp_path: pathlib.Path, damage: str
) -> None:
    directory = tmp_path / "clone"
    for number in range(3):
        seeded = origin.commit({**FILES, "n": b"%d" % number}, "Begin\n")
    first = open_repository(directory=directory)
    first.fetch()
    first.close()
    git_dir = directory / "repo.git"
    if damage == "HEAD":
        (git_dir / "HEAD").unlink()
    elif damage in {"objects", "refs"}:
        shutil.rmtree(git_dir / damage)
    elif damage == "mark":
        (directory / "gitops-canary.json").write_text("incomplete\n")
    elif damage == "url":
        (directory / "gitops-canary.json").write_text('{"format": 1, "url": "sha256:0"}\n')
    else:
        for pack in git_dir.glob("objects/pack/*.pack"):
            pack.chmod(0o644)
            pack.write_bytes(pack.read_bytes()[:100])
    repository = open_repository(directory=directory)
    for _ in range(2):
        try:
            tip, _ = repository.fetch()
            files = repository.files(tip)
            bodies = repository.read([blob.id for blob in files.values()])
            break
        except Unavailable as error:
            assert "damaged" in error.problem
    assert tip == seeded
    assert bodies[files[Path("n")].id] == b"2"
    assert len(list(repository.history(tip))) == 3


def test_a_directory_that_is_not_ours_is_left_alone(
    open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    precious = tmp_path / "mine" / "repo.git" / "thesis"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(ConfigError, match="not a clone"):
        open_repository(directory=tmp_path / "mine")
    assert precious.read_text() == "years of work"


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
