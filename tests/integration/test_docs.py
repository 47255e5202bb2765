"""What the documentation tells to type is typed here, and what it points at is there."""

import os
import re
import shlex
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import USERS
from console import CANDIDATE, EXAMPLE, edited, run, watched
from prometheus_server import prometheus

from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
TUTORIAL = (ROOT / "docs/tutorial/first-rollout.md").read_text()
SCREEN = 50
"""Lines of a large terminal window."""


def typed(text: str) -> list[str]:
    """List the commands in indented blocks, without what they say about themselves."""
    lines = re.findall(r"^    (\./\w+|gitops-canary [^\n]*?)(?: +#[^\n]*)?$", text, re.MULTILINE)
    return [line.strip() for line in lines]


@pytest.fixture
def home(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the tutorial's controller.yaml, told where this machine's servers are."""
    for path in EXAMPLE.rglob("*.yaml"):
        target = tmp_path / "checkout" / path.relative_to(EXAMPLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    files = {p.relative_to(EXAMPLE).as_posix(): p.read_bytes() for p in EXAMPLE.rglob("*.yaml")}
    origin.commit(files, "Begin\n")
    password, key = tmp_path / "password", tmp_path / "sign"
    password.touch(mode=0o600)
    password.write_text(USERS["bot"])
    generate_key(key)
    monkeypatch.chdir(tmp_path)
    with prometheus(tmp_path, ()) as url:
        [text] = re.findall(r"```yaml\n(.*?)```", TUTORIAL, re.DOTALL)
        for told, here in {
            "https://git.example/acme/config.git": origin.url,
            "http://prometheus:9090": url,
            "/run/secrets/git": str(password),
            "/run/secrets/sign": str(key),
        }.items():
            assert told in text
            text = text.replace(told, here)
        (tmp_path / "controller.yaml").write_text(text)
        yield tmp_path


def test_the_readme_fits_on_two_screens() -> None:
    assert len(README.splitlines()) <= 2 * SCREEN
    assert max(map(len, README.splitlines())) <= 120


def test_every_command_of_the_readme_does_what_it_says(home: Path) -> None:
    """`./demo` is run by tests/lab/test_demo.py, `./test` is what runs these tests."""
    commands = typed(README)
    assert commands[:2] == ["./demo", "./test"]
    for script in commands[:2]:
        assert os.access(ROOT / script, os.X_OK)
    assert 'ROOT / "demo"' in (ROOT / "tests/lab/test_demo.py").read_text()
    assert "exec ./test" in (ROOT / ".ci/run").read_text()

    for command in commands[2:]:
        words = shlex.split(command.replace("path/to/checkout", str(home / "checkout")))[1:]
        if words[0] == "run":
            assert watched("prod/checkout: idle", *words)[0] == 0
        else:
            ended = run(*words)
            assert (ended.code, "prod/checkout" in ended.out) == (0, True), ended.err


def test_the_tutorial_leads_to_a_first_rollout(home: Path, origin: Origin) -> None:
    commands = re.findall(r"`gitops-canary ([^`]+)`", TUTORIAL)
    assert [c.split()[0] for c in commands] == ["lint", "plan", "run", "explain"]
    look, plan, _, explain = (shlex.split(command) for command in commands)

    os.chdir(home / "checkout")
    assert run(*look).code == 0
    os.chdir(home)
    assert "idle" in run(*plan).out
    files = edited(origin, CANDIDATE, r"checkout:\S+", "checkout:1.1.0")
    origin.commit(files, "Release 1.1.0\n", at=int(time.time()))
    assert run("once", *plan[1:]).code == 3
    assert "start 1.1.0" in origin.git("log", "-1", "--format=%s", "main")

    told = run(*explain)

    assert told.code == 3
    assert "5% -> 10% -> 25%" in told.out
    assert "start" in told.out
