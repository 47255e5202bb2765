"""Whoever asks something of a canary does it by a commit of their own, and is obeyed."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import USERS
from console import CANARY, CANDIDATE, ROUTE, Ended, config, edited, example, run
from prometheus_server import prometheus

from gitops_canary.lab.loopback import basic_auth
from gitops_canary.lab.origin import Origin

MIRA = "Mira Okafor <mira@acme.example>"


@pytest.fixture
def clone(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's clone, with their name and their login; HOME is empty."""
    origin.commit(example(), "Begin\n")
    for key, value in {
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {basic_auth('ada', USERS['ada'])}",
        "GIT_CONFIG_KEY_1": "user.name",
        "GIT_CONFIG_VALUE_1": "Mira Okafor",
        "GIT_CONFIG_KEY_2": "user.email",
        "GIT_CONFIG_VALUE_2": "mira@acme.example",
    }.items():
        monkeypatch.setenv(key, value)
    subprocess.run(["git", "clone", "-q", origin.url, str(tmp_path / "clone")], check=True)
    return tmp_path / "clone"


@pytest.fixture
def settings(origin: Origin, tmp_path: Path) -> Iterator[Path]:
    """A controller.yaml beside a Prometheus that knows nothing."""
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(USERS["bot"])
    with prometheus(tmp_path, ()) as url:
        yield config(tmp_path, origin.url, url, password=password)


def release(origin: Origin, version: str) -> None:
    origin.commit(edited(origin, CANDIDATE, r"checkout:\S+", f"checkout:{version}"), "Release\n")


def changed(origin: Origin) -> list[str]:
    """List the lines that the newest commit takes out and puts in."""
    lines = origin.git("diff", "-U0", "main~1", "main").split("\n")
    return [one for one in lines if one[:1] in {"+", "-"} and one[:3] not in {"+++", "---"}]


def subject(origin: Origin) -> str:
    return origin.git("log", "-1", "--format=%s", "main")


def assert_told(origin: Origin, clone: Path, rollout: object, why: str) -> None:
    """Find the reason of the commit before the newest one wherever it is looked for."""
    asked = origin.git("rev-parse", "main~1")[:12]
    said = f"by control.abort in the Canary. Commit {asked} says: {why}"
    [entry] = run("quarantine", "list", "-C", clone, "-o", "json").rows()
    assert (entry["rollout"], entry["canary"]) == (rollout, "prod/checkout")
    assert str(entry["reason"]).endswith(said)
    subprocess.run(["git", "-C", str(clone), "fetch", "-q"], check=True)
    assert f"{said}\n" in run("report", "--clone", clone).err
    assert f"{said}\n" in run("explain", "prod/checkout", "--clone", clone).out


def test_a_rollout_is_paused_resumed_aborted_and_retried(
    origin: Origin, clone: Path, settings: Path
) -> None:
    def once() -> Ended:
        return run("once", "--config", settings)

    def ask(*words: str) -> Ended:
        ended = run(*words, "--checkout", clone)
        assert ended.code == 0, ended.err
        assert origin.git("log", "-1", "--format=%an <%ae>", "main") == MIRA
        return ended

    release(origin, "1.1.0")
    ask("pause", "prod/checkout", "--reason", "lunch")
    assert changed(origin) == ["+  annotations:", '+    gitops-canary.dev/paused: "true"']
    assert "lunch" in origin.git("log", "-1", "--format=%b", "main")
    held = once()
    assert (held.code, subject(origin)) == (4, "Pause prod/checkout"), held.err
    assert "waits" in held.err

    ask("resume", "prod/checkout")
    assert changed(origin)[1] == '+    gitops-canary.dev/paused: "false"'
    assert once().code == 3
    assert "start 1.1.0" in subject(origin)

    ask("pause", "prod/checkout")
    held = once()
    assert held.code == 4, "a pause shows while the start waits for sync"
    assert "it will not rise" in held.err
    ask("resume", "prod/checkout")

    [row] = run("status", "-o", "json", "--config", settings).rows()
    ask("abort", "prod/checkout", "--reason", "bad feeling")
    assert changed(origin) == [f"+    gitops-canary.dev/abort: {row['rollout']}"]
    assert once().code == 1
    assert "abort 1.1.0" in subject(origin)

    assert_told(origin, clone, row["rollout"], "bad feeling")
    release(origin, "1.1.0")
    kept_out = once()
    assert kept_out.code == 1
    assert "gitops-canary retry prod/checkout" in kept_out.err

    ask("retry", "prod/checkout")
    early = run("abort", "prod/checkout", "-C", clone)
    assert (early.code, "is asked for and not begun" in early.err) == (7, True), early.err
    assert once().code == 3
    assert "start 1.1.0" in subject(origin)


def test_a_source_that_is_away_is_named_where_the_exit_code_is_6(
    origin: Origin, settings: Path
) -> None:
    origin.commit(example(), "Begin\n")
    release(origin, "1.1.0")
    assert run("once", "--config", settings).code == 3
    text = re.sub(r"http://127\.0\.0\.1:\d+(?!.*git)", "http://127.0.0.1:9", settings.read_text())
    settings.write_text(text)

    for words in (["once"], ["plan"], ["explain", "prod/checkout"]):
        ended = run(*words, "--config", settings)
        assert ended.code == 6, ended.err
        told = ended.out + ended.err
        assert told.count("Metric source default cannot be reached") == 1, told


def test_a_gate_is_approved_and_a_promotion_asked_for(
    origin: Origin, clone: Path, settings: Path
) -> None:
    def ask(*words: str) -> Ended:
        ended = run(*words, "--checkout", clone)
        assert ended.code == 0, ended.err
        assert origin.git("log", "-1", "--format=%an <%ae>", "main") == MIRA
        return ended

    release(origin, "1.1.0")
    assert run("once", "--config", settings).code == 3
    [row] = run("status", "-o", "json", "--config", settings).rows()

    refused = run("approve", "prod/checkout", "--checkout", clone)
    assert (refused.code, "needs no approval at step 0" in refused.err) == (7, True)
    ask("promote", "prod/checkout", "--override", "--reason", "incident 4711")
    assert changed(origin)[1] == f"+    gitops-canary.dev/promote: {row['rollout']}"
    body = origin.git("log", "-1", "--format=%b", "main")
    assert "incident 4711" in body
    assert "Override: promotion of" in body
    again = run("promote", "prod/checkout", "--override", "--checkout", clone)
    assert (again.code, "nothing to change" in again.err) == (0, True)


def test_a_lifted_quarantine_lets_the_version_in(origin: Origin, clone: Path) -> None:
    line = (
        '{"canary": "prod/checkout", "digest": "sha256:%s", "version": "app=a:1", "rollout": '
        '"0123456789ab", "reason": "bad", "date": "2026-01-01T00:00:00Z", "expires": '
        '"2999-01-01T00:00:00Z"}\n'
    )
    text = line % ("0" * 64) + line.replace("0123456789ab", "ba9876543210") % ("1" * 64)
    origin.commit({".gitops-canary/quarantine": text.encode()}, "Condemn\n")

    ended = run("quarantine", "lift", "0123456789ab", "-C", clone, "-o", "json")

    assert ended.rows()[0]["branch"] == "main"
    assert origin.show(".gitops-canary/quarantine").decode() == text.split("\n")[1] + "\n"
    wrong = run("quarantine", "lift", "ba9876543211", "-C", clone)
    assert (wrong.code, wrong.out) == (1, "")
    assert "did you mean ba9876543210?" in wrong.err


def test_a_half_edited_clone_stays_as_it_is(origin: Origin, clone: Path) -> None:
    (clone / CANARY).write_text("half: done\n")
    (clone / "new").write_text("new\n")
    subprocess.run(["git", "-C", str(clone), "add", "new"], check=True)
    origin.commit({"other": b"other"}, "Meanwhile\n")

    assert run("pause", "prod/checkout", "--checkout", clone / "apps").code == 0

    status = ["git", "-C", str(clone), "status", "--porcelain"]
    told = subprocess.run(status, capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == [f" M {CANARY}", "A  new"]
    assert origin.git("show", "--stat", "--format=", "main").count("|") == 1


def test_whoever_pushes_first_is_not_lost(origin: Origin, clone: Path) -> None:
    origin.faults.before_push(lambda: origin.commit({"other": b"other"}, "Meanwhile\n"))

    assert run("pause", "prod/checkout", "--checkout", clone).code == 0

    assert origin.git("log", "-3", "--format=%s", "main").split("\n") == [
        "Pause prod/checkout", "Meanwhile", "Begin",
    ]  # fmt: skip


def test_a_change_is_only_shown_only_made_or_sent_to_a_branch(origin: Origin, clone: Path) -> None:
    before = origin.tip()

    shown = run("pause", "prod/checkout", "-C", clone, "--diff")
    made = run("pause", "prod/checkout", "-C", clone, "--no-push", "-o", "json")
    assert origin.tip() == before
    sent = run("pause", "prod/checkout", "-C", clone, "--to", "pause-it")

    assert '+    gitops-canary.dev/paused: "true"' in shown.out.splitlines()
    kind = ["git", "-C", str(clone), "cat-file", "-t", made.rows()[0]["revision"]]
    assert subprocess.run(kind, capture_output=True, check=True).stdout == b"commit\n"
    assert (origin.tip(), sent.code) == (before, 0)
    assert "once pause-it is merged" in sent.err
    assert origin.git("log", "-1", "--format=%s", "pause-it") == "Pause prod/checkout"


def test_what_is_so_already_is_not_committed_again(origin: Origin, clone: Path) -> None:
    assert run("pause", "prod/checkout", "-C", clone).code == 0
    tip = origin.tip()

    again = run("pause", "prod/checkout", "-C", clone)

    assert (again.code, again.out, origin.tip()) == (0, "", tip)
    assert "nothing to change" in again.err


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["abort", "prod/checkout"], 7, "Nothing of prod/checkout is rolling out"),
        (["retry", "prod/checkout"], 7, "nothing to retry"),
        (["approve", "prod/checkout"], 7, "Nothing of prod/checkout is rolling out"),
        (["promote", "prod/checkout"], 7, "leaves out every check"),
        (["promote", "prod/checkout", "--override"], 7, "Nothing of prod/checkout is rolling out"),
        (["pause", "prod/chekout"], 1, "did you mean prod/checkout?"),
        (["pause", "prod/checkout", "--branch", "nope"], 2, "The branch nope is not on origin"),
        (["pause", "prod/checkout", "--branch", "a..b"], 2, "branch"),
        (["pause"], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_asked_for_says_why(
    origin: Origin, clone: Path, argv: list[str], code: int, said: str
) -> None:
    tip = origin.tip()

    ended = run(*argv, "-C", clone)

    assert (ended.code, ended.out, origin.tip()) == (code, "", tip)
    assert said in ended.err


def test_a_protected_branch_names_the_way_round(origin: Origin, clone: Path) -> None:
    origin.protect("main", bypass=["bot"])

    ended = run("pause", "prod/checkout", "-C", clone)

    assert ended.code == 7
    assert "GH006" in ended.err
    assert "--to BRANCH" in ended.err


def test_no_clone_says_how_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    ended = run("pause", "prod/checkout", "-C", tmp_path)

    assert ended.code == 2
    assert "--checkout" in ended.err


def test_a_weight_that_no_move_set_is_answered_by_resume(
    origin: Origin, clone: Path, settings: Path
) -> None:
    release(origin, "1.1.0")
    some = edited(origin, ROUTE, "weight: 0 ", "weight: 30 ")[ROUTE]
    rest = some and some.replace(b"weight: 100", b"weight: 70")
    origin.commit({ROUTE: rest}, "Send a third there\n")
    held = run("once", "--config", settings)
    assert (held.code, "No move of ours set the weight" in held.err) == (4, True), held.err

    asked = run("resume", "prod/checkout", "-C", clone)

    assert asked.code == 0, asked.err
    assert "resumed from 30 %: nothing was under way, so the candidate starts" in asked.out
    assert run("once", "--config", settings).code == 3
    assert "start 1.1.0" in subject(origin)
    assert run("resume", "prod/checkout", "-C", clone).err.count("nothing to change") == 1
