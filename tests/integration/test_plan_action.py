"""The Action of `.github/actions/plan`, its steps run here as a runner runs them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from console import CANARY, CANDIDATE, ROUTE, edited, example
from forge_server import TOKEN, ForgeServer

from gitops_canary.lab.origin import Origin
from gitops_canary.manifest.document import data, parse

ACTION = Path(__file__).resolve().parents[2] / ".github" / "actions" / "plan"
MARK = "<!-- gitops-canary plan -->"


@pytest.fixture
def forge() -> Iterator[ForgeServer]:
    with ForgeServer() as server:
        yield server
    assert server.violations == []


def action() -> dict[str, Any]:
    node = parse((ACTION / "action.yml").read_text(), file="action.yml")[0]
    assert node is not None
    found = data(node, file="action.yml")
    assert isinstance(found, dict)
    return found


def filled(text: str, known: Mapping[str, str]) -> str:
    """Put values in the place of a workflow's expressions."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: known[found[1]], text)


class Runner:
    """A checkout of a pull request, and the last steps of the Action on it."""

    def __init__(self, origin: Origin, forge: ForgeServer, directory: Path) -> None:
        self.origin = origin
        self.summary = directory / "summary.md"
        self.checkout = directory / "checkout"
        self.forge = forge
        self.directory = directory

    def run(self, base: str, head: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        self.summary.write_text("")
        if not self.checkout.exists():
            clone = ["clone", "-q", str(self.origin.path), str(self.checkout)]
            subprocess.run(["git", *clone], check=True)
        subprocess.run(["git", "-C", str(self.checkout), "fetch", "-q"], check=True)
        subprocess.run(["git", "-C", str(self.checkout), "checkout", "-q", head], check=True)
        known = {f"inputs.{name}": one["default"] for name, one in action()["inputs"].items()}
        known |= {
            "inputs.token": TOKEN,
            "github.event.pull_request.base.sha": base,
            "github.event.pull_request.number": "7",
            "github.sha": head,
        }
        known |= {f"inputs.{name}": one for name, one in inputs.items()}
        (step,) = [one for one in action()["runs"]["steps"] if one.get("name") == "plan"]
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.directory),
            "RUNNER_TEMP": str(self.directory),
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_REPOSITORY": "acme/config",
        }
        environment |= {name: filled(text, known) for name, text in step["env"].items()}
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def runner(origin: Origin, forge: ForgeServer, tmp_path: Path) -> Runner:
    return Runner(origin, forge, tmp_path)


def begun(origin: Origin) -> str:
    return origin.commit(example(), "Begin\n")


def test_request_is_told_what_merging_it_starts_and_the_comment_follows(
    runner: Runner, origin: Origin, forge: ForgeServer
) -> None:
    base = begun(origin)
    head = origin.commit(edited(origin, CANDIDATE, r":1\.0\.0", ":1.1.0"), "Release 1.1.0\n")
    done = runner.run(base, head, paths="apps/")
    assert done.returncode == 0, done.stdout + done.stderr
    (comment,) = forge.comments
    assert comment["body"].startswith(f"{MARK}\n# Go or no-go: prod/checkout\n")
    assert "app&#61;ghcr.io/acme/checkout:1.1.0" in comment["body"].replace("=", "&#61;")
    assert "## Stop conditions" in comment["body"]
    assert runner.summary.read_text().strip() == comment["body"].removeprefix(MARK).strip()
    assert TOKEN not in done.stdout + done.stderr + comment["body"]

    back = origin.commit(edited(origin, CANDIDATE, ":1.1.0", ":1.0.0"), "Take it back\n")
    assert runner.run(base, back).returncode == 0
    assert [one["body"] for one in forge.comments] == [
        f"{MARK}\nMerging this changes nothing for any canary.\n"
    ]
    assert list(runner.directory.glob("gitops-canary.*")) == [], "the token is gone again"


def test_request_brings_no_code_and_no_commands_to_the_runner(
    runner: Runner, origin: Origin
) -> None:
    base = begun(origin)
    proof = runner.directory / "proof"
    code = f"open({str(proof)!r}, 'a').write('ran')\n".encode()
    bad = edited(origin, CANARY, "threshold:", '"::add-mask::e ##[add-mask]e":')
    names = ("json.py", "re.py", "typing.py", "pip.py", "sitecustomize.py")
    head = origin.commit({**bad, **dict.fromkeys(names, code)}, "Bring code\n")
    done = runner.run(base, head)
    assert done.returncode == 1, done.stdout + done.stderr
    assert not proof.exists()
    told = done.stdout.replace("::warning::", "").replace("::error::", "")
    assert "::" not in told
    assert "##[" not in told
    (install,) = [one for one in action()["runs"]["steps"] if one.get("name") == "install"]
    assert install["run"].startswith("python -I -m pip ")


def test_broken_canary_fails_the_check_and_says_why(
    runner: Runner, origin: Origin, forge: ForgeServer
) -> None:
    base = begun(origin)
    head = origin.commit(edited(origin, CANARY, "threshold:", "treshold:"), "Break\n")
    done = runner.run(base, head)
    assert done.returncode == 1
    (comment,) = forge.comments
    assert "# No-go: prod/checkout" in comment["body"]
    assert "did you mean threshold&#63;" in comment["body"]


def test_fork_without_rights_gets_the_summary_and_no_failure(
    runner: Runner, origin: Origin, forge: ForgeServer
) -> None:
    forge.denies = "/issues/"
    base = begun(origin)
    head = origin.commit(edited(origin, ROUTE, "weight: 0 ", "weight: 5 "), "Odd\n")
    done = runner.run(base, head)
    assert "::warning::the pull request was not told" in done.stdout
    assert "Resource not accessible" in done.stdout
    assert "# Go or no-go: prod/checkout" in runner.summary.read_text()


def test_checkout_without_the_history_says_how_to_get_it(runner: Runner, origin: Origin) -> None:
    base = begun(origin)
    head = origin.commit({"README.md": b"Words.\n"}, "Write\n")
    missing = runner.run("f" * 40, head)
    assert missing.returncode == 2
    assert "The base commit of the pull request is not in the checkout" in missing.stdout
    shutil.rmtree(runner.checkout)
    shallow = ["clone", "-q", "--depth", "1", f"file://{origin.path}", str(runner.checkout)]
    subprocess.run(["git", *shallow], check=True)
    done = runner.run(base, head)
    assert done.returncode == 2
    assert "::error::The checkout has no history: set fetch-depth: 0" in done.stdout


@pytest.mark.parametrize(
    ("base", "inputs", "problem"),
    [
        ("", {}, "There is no base to compare with"),
        (None, {"committer": "bot"}, "The input committer is not like"),
    ],
)
def test_odd_inputs_are_told(
    runner: Runner, origin: Origin, base: str | None, inputs: Mapping[str, str], problem: str
) -> None:
    head = begun(origin)
    done = runner.run(head if base is None else base, head, **inputs)
    assert (done.returncode, problem in done.stdout) == (2, True), done.stdout + done.stderr


def test_action_installs_this_project_and_puts_no_foreign_text_into_a_script() -> None:
    steps = action()["runs"]["steps"]
    (install,) = [one for one in steps if one.get("name") == "install"]
    assert "$GITHUB_ACTION_PATH/../../.." in install["run"]
    assert (ACTION / "../../../pyproject.toml").resolve().is_file()
    assert not [one for one in steps if "${{" in one.get("run", "")]
