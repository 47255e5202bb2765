"""`init` in a real clone: commits as the person, in order, and a controller behind them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import USERS
from console import config, run
from first_canary import BASE, DEPLOYMENT, overlay, plain
from prometheus_server import prometheus

from gitops_canary.lab.origin import Origin

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "remove-a-canary.md"
MIRA = "Mira Okafor <mira@acme.example>"
WHO = {"user.name": "Mira Okafor", "user.email": "mira@acme.example"}


def git(clone: Path, *argv: str) -> str:
    settings = [word for key, value in WHO.items() for word in ("-c", f"{key}={value}")]
    done = subprocess.run(
        ["git", *settings, *argv], cwd=clone, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of plain manifests, with its person's name; HOME is empty."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    made = tmp_path / "clone"
    made.mkdir()
    git(made, "init", "-q", "-b", "main")
    for key, value in WHO.items():
        git(made, "config", key, value)
    commit(made, plain("istio"))
    return made


def commit(clone: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_bytes(text.encode())
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "Begin")


def test_a_canary_is_taken_out_as_its_page_says(clone: Path) -> None:
    assert run("init", "-C", clone, "--commit").code == 0
    before = {path: (clone / path).read_text() for path in git(clone, "ls-files").splitlines()}
    git(clone, "merge", "-q", "--ff-only", "init-web")
    for path in ("apps/deploy.yaml", "apps/deploy-primary.yaml"):
        text = (clone / path).read_text()
        (clone / path).write_text(text.replace(":1.0.0", ":1.1.0"))
    canary = clone / "apps/canary.yaml"
    canary.write_text(canary.read_text().replace("interval: 1m", "interval: 30s", 1))
    git(clone, "commit", "-q", "-a", "-m", "A version went out, and somebody changed the pace")

    commands = re.findall(r"```sh\n(.+?)```", PAGE.read_text(), re.DOTALL)
    for words in commands:
        done = subprocess.run(["bash", "-c", words], cwd=clone, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
    assert len(commands) == 3

    after = {path: (clone / path).read_text() for path in git(clone, "ls-files").splitlines()}
    assert after == {path: text.replace(":1.0.0", ":1.1.0") for path, text in before.items()}


def test_nothing_is_written_unless_it_is_said(clone: Path) -> None:
    before = git(clone, "status", "--porcelain"), git(clone, "for-each-ref")
    shown = run("init", "-C", clone)

    assert shown.code == 0, shown.err
    assert "Initialise prod/web 3/3: let the canary rest" in shown.out
    assert "+  replicas: 0" in shown.out
    assert "nothing is written yet" in shown.err
    assert (git(clone, "status", "--porcelain"), git(clone, "for-each-ref")) == before


def test_three_commits_of_the_person_and_then_lint_is_content(clone: Path, tmp_path: Path) -> None:
    made = run("init", "-C", clone, "--commit", "--patches", tmp_path / "patches")
    assert made.code == 0, made.err
    log = git(clone, "log", "--reverse", "--format=%an <%ae>|%s", "main..init-web").splitlines()
    assert log == [
        f"{MIRA}|Initialise prod/web 1/3: add the primary",
        f"{MIRA}|Initialise prod/web 2/3: send users to it",
        f"{MIRA}|Initialise prod/web 3/3: let the canary rest",
    ]
    assert git(clone, "status", "--porcelain") == "", "the work tree stays as it was"
    again = run("init", "-C", clone, "--commit")
    assert (again.code, "There is a branch init-web already" in again.err) == (7, True)
    assert "try: merge what it holds" in again.err

    for patch in sorted((tmp_path / "patches").iterdir()):
        git(clone, "am", "-q", str(patch))
    assert git(clone, "diff", "main", "init-web") == ""
    assert run("lint", clone).code == 0
    assert "everything is there already" in run("init", "-C", clone).out


def test_what_is_half_edited_is_not_committed(clone: Path) -> None:
    (clone / "apps/deploy.yaml").write_text("# mine\n" + (clone / "apps/deploy.yaml").read_text())
    refused = run("init", "-C", clone, "--commit")
    assert refused.code == 7
    assert "apps/deploy.yaml" in refused.err
    assert "init-web" not in git(clone, "branch")


def test_without_a_terminal_a_question_names_its_answers(clone: Path, tmp_path: Path) -> None:
    commit(clone, BASE | overlay("live") | overlay("staging"))
    asked = run("init", "-C", clone)
    assert asked.code == 2
    assert "it may be: prod/web, web" in asked.err
    answers = tmp_path / "answers.yaml"
    answers.write_text("workload: web\noverlay: overlays/live\n")
    done = run("init", "-C", clone, "--answers", answers, "-o", "json")
    assert done.code == 0, done.err
    assert [row["step"] for row in done.rows()] == ["1/3", "2/3", "3/3"]
    inside = clone / "answers.yaml"
    inside.write_text(answers.read_text())
    assert run("init", "-C", clone, "--answers", inside, "--commit").code == 0
    inside.unlink()
    assert (
        git(clone, "branch", "--list", "--format=%(refname:short)", "init-*") == "init-web-live\n"
    )
    for wrong in (
        "workload: wep\n",
        "worklod: web\n",
        "workload: [[1]]\noverlay: {}\n",
        "- a\n",
        "a: [",
        "a: &b\n",
    ):
        answers.write_text(wrong)
        refused = run("init", "-C", clone, "--answers", answers)
        assert refused.code == 2, refused.err
        assert "try: " in refused.err


def test_at_a_terminal_it_asks_and_asks_again(clone: Path) -> None:
    commit(clone, {"apps/more.yaml": DEPLOYMENT.replace("web", "shop")})
    ours, theirs = os.openpty()
    program = [sys.executable, "-m", "gitops_canary", "init", "-C", str(clone)]
    with subprocess.Popen(
        program, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        os.close(theirs)
        os.write(ours, b"prod/wep\nprod/web\nyes\ny\n")
        assert process.stdout is not None
        told = process.stdout.read()
    os.close(ours)

    assert process.returncode == 0, told
    assert "Which workload? prod/web, prod/shop" in told
    assert "'prod/wep' is no answer to: Which workload?" in told
    assert "Which Service do users call? web" in told
    assert "Make these commits on a new local branch? [y/N]" in told
    assert "git push origin" in told
    assert len(git(clone, "log", "--format=%s", "main..init-web").splitlines()) == 3


def test_a_controller_takes_it_as_idle_and_rolls_out_what_comes(
    clone: Path, origin: Origin, tmp_path: Path
) -> None:
    run("init", "-C", clone, "--commit")
    paths = git(clone, "ls-tree", "-r", "--name-only", "init-web").splitlines()
    files = {path: git(clone, "show", f"init-web:{path}").encode() for path in paths}
    origin.commit({**files}, "Begin\n")
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(USERS["bot"])
    with prometheus(tmp_path, ()) as url:
        settings = config(tmp_path, origin.url, url, password=password)
        assert run("once", "--config", settings).code == 0
        assert "idle" in run("plan", "--config", settings).out
        newer = files["apps/deploy.yaml"].replace(b"acme/web:1.0.0", b"acme/web:1.1.0")
        origin.commit({"apps/deploy.yaml": newer}, "Release\n")
        run("once", "--config", settings)
    assert origin.git("log", "-1", "--format=%s", "main") == (
        "canary(prod/web): start 1.1.0 at 0% (step 0/4)"
    )
    assert b"replicas: 3" in origin.show("apps/deploy.yaml")


@pytest.mark.parametrize("told_too", [False, True])
def test_who_stops_reading_loses_no_commit(clone: Path, tmp_path: Path, told_too: bool) -> None:
    """As in `gitops-canary init --commit | head -1`, and in `... 2>&1 | head -1`."""
    patches = tmp_path / "patches"
    read, write = os.pipe()
    os.close(read)
    program = [sys.executable, "-m", "gitops_canary", "init", "-C", str(clone), "--commit",
               "--patches", str(patches)]  # fmt: skip
    try:
        done = subprocess.run(
            program, stdin=subprocess.DEVNULL, stdout=write,
            stderr=write if told_too else subprocess.PIPE, check=False,
        )  # fmt: skip
    finally:
        os.close(write)
    assert done.returncode == 0, done.stderr
    assert len(git(clone, "log", "--format=%s", "main..init-web").splitlines()) == 3
    assert sorted(one.name for one in patches.iterdir()) == [
        f"000{number}-init-web.patch" for number in (1, 2, 3)
    ]
    assert told_too or b"git push origin" in done.stderr


def test_patches_go_through_no_link_and_into_no_file(clone: Path, tmp_path: Path) -> None:
    """A folder may be a link; what lies in it under a patch's name is no way to elsewhere."""
    real, precious = tmp_path / "real", tmp_path / "precious"
    real.mkdir()
    precious.write_text("mine")
    (real / "0001-init-web.patch").symlink_to(precious)
    (tmp_path / "link").symlink_to(real)
    done = run("init", "-C", clone, "--patches", tmp_path / "link")
    assert done.code == 0, done.err
    assert precious.read_text() == "mine"
    assert len(list(real.iterdir())) == 3
    for nowhere in (precious, tmp_path / "dangling", precious / "below"):
        if nowhere.name == "dangling":
            nowhere.symlink_to(tmp_path / "not" / "there")
        refused = run("init", "-C", clone, "--patches", nowhere)
        assert (refused.code, "cannot be written" in refused.err) == (2, True), refused.err
