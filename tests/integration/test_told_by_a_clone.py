"""A reviewer with a plain clone: no settings, no server, the commits and the evidence branch."""

import subprocess
from pathlib import Path

import pytest
from console import run

BUNDLE = Path(__file__).parents[1] / "data" / "before-decision-18.bundle"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviewer") / "clone.git"
    subprocess.run(["git", "clone", "-q", "--mirror", str(BUNDLE), str(folder)], check=True)
    return folder


def run_git(clone: Path, *argv: str) -> str:
    finished = subprocess.run(
        ["git", "-C", str(clone), *argv], check=True, capture_output=True, text=True
    )
    return finished.stdout.strip()


def test_history_lists_every_move_of_a_clone(clone: Path) -> None:
    told = run("history", "-C", clone, "-o", "json")
    rows = told.rows()
    assert told.code == 0
    assert len(rows) == 8
    assert rows[0]["action"] == "abort"
    assert rows[-1]["action"] == "start"
    assert "abort" in run_git(clone, "log", "-1", "--format=%s", rows[0]["revision"])
    assert "verify" in told.err


def test_history_of_a_canary_that_never_moved_is_an_error(clone: Path) -> None:
    told = run("history", "-C", clone, "prod/chekout")
    assert (told.code, told.out) == (1, "")
    assert "No commit here is a move of prod/chekout" in told.err
    assert "try: did you mean" in told.err or "try: use one of" in told.err


def test_explain_says_from_a_clone_why_a_version_was_rolled_back(clone: Path) -> None:
    rows = run("history", "-C", clone, "-o", "json").rows()
    aborted, canary = rows[0]["rollout"], rows[0]["canary"]
    told = run("explain", "-C", clone, aborted)
    assert told.code == 0
    assert told.out == run("explain", "-C", clone, canary).out
    first, *rest = told.out.splitlines()
    assert first.startswith(f"{canary}: app=")
    assert "rolled back" in first
    assert any(line.strip().startswith("fail:") for line in rest)
    assert "Before the next try:" in rest
    [source] = [line.split(" ")[4].rstrip(";") for line in rest if "Asked for by commit" in line]
    who = run_git(clone, "log", "-1", "--format=%an <%ae>: %s", source)
    assert f"Asked for by {who}" in rest


def test_explain_of_what_is_not_there_names_what_is(clone: Path) -> None:
    told = run("explain", "-C", clone, "nothing")
    assert told.code == 1
    assert "The evidence branch tells nothing of nothing" in told.err


def test_a_plan_that_could_not_look_does_not_say_that_nothing_changes(tmp_path: Path) -> None:
    settings = tmp_path / "controller.yaml"
    settings.write_text(
        "repositories:\n"
        "  - {name: config, url: http://127.0.0.1:9/config.git, branch: main}\n"
        "sync: {type: traffic}\n"
        "metrics: {sources: {default: {type: prometheus, url: http://127.0.0.1:9}}}\n"
    )
    told = run("plan", "--sheet", "--config", settings)
    assert told.code != 0
    assert told.out == ""
    assert "error: config: git ls-remote failed" in told.err


def test_a_folder_inside_a_clone_will_do(clone: Path, tmp_path: Path) -> None:
    """As with git itself; the verbs that steer took it always."""
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "-q", "-n", str(clone), str(work)], check=True)
    inside = work / "apps" / "web"
    inside.mkdir(parents=True)
    told = run("history", "-C", inside, "-o", "json")
    assert (told.code, told.rows()) == (0, run("history", "-C", clone, "-o", "json").rows())
