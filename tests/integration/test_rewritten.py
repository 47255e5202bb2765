"""A branch that was rewritten halts its repository, for a controller that remembers nothing too."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from console import CANDIDATE, edited, run
from test_steering import clone, settings  # noqa: F401 - fixtures

from gitops_canary.lab.origin import Origin

EVIDENCE = "gitops-canary/evidence"
FILE = ".gitops-canary/history"


@pytest.fixture
def moved(origin: Origin, settings: Path, request: pytest.FixtureRequest) -> str:  # noqa: F811
    """A repository with one move of the controller, whose id this is."""
    request.getfixturevalue("clone")  # it is cloned before anything happens
    origin.commit(edited(origin, CANDIDATE, r"checkout:\S+", "checkout:1.1.0"), "Release\n")
    assert run("once", "--config", settings).code == 3
    tip = origin.tip()
    assert tip is not None
    assert "start 1.1.0" in origin.git("log", "-1", "--format=%s", tip)
    named = origin.git("log", "-1", "--format=%(trailers:key=Canary-Tip,valueonly)", EVIDENCE)
    assert named.strip() == f"{tip} main"
    return tip


def point(origin: Origin, revision: str | None) -> None:
    ref = "refs/heads/main"
    origin.git(*(["update-ref", ref, revision] if revision else ["update-ref", "-d", ref]))


def forced_back(origin: Origin) -> None:
    point(origin, origin.git("rev-parse", "main~1"))


def replaced(origin: Origin) -> None:
    """Squash everything into one root, as an orphan branch that was pushed over it does."""
    tree = origin.git("rev-parse", "main^{tree}")
    who = {f"GIT_{r}_{k}": "a@b" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    point(origin, origin.git("commit-tree", tree, "-m", "Squashed", env=who))


def deleted_and_begun_anew(origin: Origin) -> None:
    base = origin.git("rev-parse", "main~2")
    point(origin, None)
    origin.commit({"apps/new.yaml": b"a: 1\n"}, "Begin again\n", parents=[base])


@pytest.mark.parametrize("rewrite", [forced_back, replaced, deleted_and_begun_anew])
@pytest.mark.parametrize("stateless", [True, False])
def test_nothing_is_written_until_a_person_accepts(
    origin: Origin, clone: Path, settings: Path, moved: str, tmp_path: Path,  # noqa: F811
    rewrite: Callable[[Origin], None], stateless: bool,
) -> None:  # fmt: skip
    rewrite(origin)
    origin.git("reflog", "expire", "--expire=now", "--all")
    tips = origin.tip(), origin.tip(EVIDENCE)
    for _ in range(2):
        if stateless:
            shutil.rmtree(tmp_path / "cache")
            origin.git("gc", "-q", "--prune=now")
        halted = run("once", "--config", settings)
        assert halted.code == 4
        assert f"The history of main was rewritten: {moved[:12]}" in halted.err
        assert run("status", "--config", settings).code == 4
        assert (origin.tip(), origin.tip(EVIDENCE)) == tips

    # Who may not have looked is refused; what is accepted is what the controller misses.
    elsewhere = run("resume", "--accept-history", moved, "--checkout", clone)
    assert elsewhere.code == 7, elsewhere.err
    command = halted.err.partition("`gitops-canary ")[2].partition("`")[0].split()
    assert command[:2] == ["resume", "--accept-history"]
    accepted = run(*command, "--checkout", clone)
    assert accepted.code == 0, accepted.err
    line = json.loads(origin.show(FILE))
    assert line == {"accepted": tips[0], "lost": moved}
    assert origin.git("log", "-1", "--format=%an", "main") == "Mira Okafor"
    gone_on = run("once", "--config", settings)
    assert "was accepted" in gone_on.err
    assert "was rewritten" not in gone_on.err
    committer = origin.git("log", "-1", "--format=%cn <%ce>", EVIDENCE).strip()
    told = run("verify", "main", "-C", origin.path, "--committer", committer)
    assert f"The loss of {moved[:12]} was accepted on " in told.out
    assert "by Mira Okafor <" in told.out
    assert (told.code, "; 0 differences," in told.err) == (0, True), told.out
    assert ("start 1.1.0" in gone_on.err) == (rewrite is forced_back)
    again = run(*command, "--checkout", clone)
    assert (again.code, "nothing that was built on is lost" in again.err) in {(0, False), (7, True)}


@pytest.mark.usefixtures("moved")
def test_an_accepted_loss_accepts_no_other(
    origin: Origin, clone: Path, settings: Path,  # noqa: F811
) -> None:  # fmt: skip
    forced_back(origin)
    tip = origin.tip()
    assert tip
    assert run("resume", "--accept-history", tip, "-C", clone).code == 0
    assert run("once", "--config", settings).code == 3
    again = origin.tip()
    assert again
    assert "start 1.1.0" in origin.git("log", "-1", "--format=%s", again)
    forced_back(origin)
    halted = run("once", "--config", settings)
    assert halted.code == 4
    assert again[:12] in halted.err
    point(origin, again)  # put back: nobody has to accept anything
    assert "was rewritten" not in run("once", "--config", settings).err


def test_a_deleted_branch_is_told_with_the_way_back(
    origin: Origin, settings: Path, moved: str,  # noqa: F811
) -> None:  # fmt: skip
    point(origin, None)
    gone = run("once", "--config", settings)
    assert gone.code == 4
    assert f"git push origin {moved}:refs/heads/main" in gone.err
    point(origin, moved)
    gone_on = run("once", "--config", settings)
    assert "prod/checkout" in gone_on.err
    assert "deleted" not in gone_on.err


@pytest.mark.usefixtures("moved")
def test_without_evidence_the_clone_remembers_and_says_so(
    origin: Origin, clone: Path, settings: Path,  # noqa: F811
) -> None:  # fmt: skip
    run("once", "--config", settings)
    origin.git("update-ref", "-d", f"refs/heads/{EVIDENCE}")
    lost = origin.tip()
    assert lost
    forced_back(origin)
    halted = run("once", "--config", settings)
    assert halted.code == 4
    assert "the evidence branch was deleted" in halted.err
    command = halted.err.rpartition("`gitops-canary ")[2].partition("`")[0].split()
    assert command[-2:] == ["--lost", lost]
    assert run(*command[:-2], "-C", clone).code == 7
    assert run(*command[:-1], lost[:12], "-C", clone).code == 7
    assert run(*command, "-C", clone).code == 0
    assert run("once", "--config", settings).code == 3


@pytest.mark.usefixtures("settings")
def test_resume_takes_a_canary_or_a_commit(clone: Path) -> None:  # noqa: F811
    assert run("resume", "-C", clone).code == 2
    assert run("resume", "prod/checkout", "--accept-history", "main", "-C", clone).code == 2
    assert run("resume", "prod/checkout", "--lost", "a" * 40, "-C", clone).code == 2
    unmoved = run("resume", "--accept-history", "HEAD", "-C", clone)
    assert unmoved.code == 7
    assert "does not say what was lost" in unmoved.err
