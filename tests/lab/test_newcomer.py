"""A newcomer's first hour, by the commands of docs/tutorial/in-your-own-repository.md alone.

It begins with the example as it was before anybody thought of canaries, and ends with a version
rolled out: over a real Git server, a sync agent, Envoy and Prometheus.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_canary.app.places import CACHE
from gitops_canary.lab.agent import agent_url
from gitops_canary.lab.loopback import get
from gitops_canary.lab.patience import until
from gitops_canary.lab.story import CLUSTER
from gitops_canary.lab.world import HEALTHY, World, example

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/tutorial/in-your-own-repository.md").read_text()
FIRST = (ROOT / "docs/tutorial/first-rollout.md").read_text()
ANSWERS = "workload: prod/checkout\nrouter: istio\nserving: yes\n"
CANARY = "apps/checkout/canary.yaml"
PATIENCE_S = 90
pytestmark = pytest.mark.timeout(400)


def before_canaries(directory: Path) -> Path:
    """Copy the example without all that belongs to a canary."""
    shutil.copytree(example(), directory)
    app = directory / "apps" / "checkout"
    (app / "canary.yaml").unlink()
    (app / "deployment-primary.yaml").unlink()
    for name, old, new in (
        ("kustomization.yaml", r"  - deployment-primary\.yaml\n", ""),
        ("services.yaml", r"---(.*\n)+", ""),
        ("services.yaml", "app: checkout-primary", "app: checkout"),
        ("virtualservice.yaml", r"host: checkout-primary\n(.*\n)+", "host: checkout\n"),
    ):
        text = (app / name).read_text()
        assert re.search(old, text), (name, old)
        (app / name).write_text(re.sub(old, new, text))
    return directory


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("newcomer")
    begin = before_canaries(directory / "plain")
    with World.start(directory / "world", HEALTHY, rate=120, begin=begin) as made:
        made.measuring()
        yield made


def typed() -> Iterator[list[str]]:
    """Give the page's commands one after the other."""
    for line in re.findall(r"^    (gitops-canary [^\n]+)$", PAGE, re.MULTILINE):
        yield shlex.split(line)[1:]


class Newcomer:
    """Types commands at a terminal that answers no questions."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.home = world.directory / "newcomer"
        self.home.mkdir()
        (self.home / "answers.yaml").write_text(ANSWERS)

    def types(self, words: list[str], *more: str) -> subprocess.CompletedProcess[str]:
        argv = [one.replace("path/to/checkout", str(self.world.person.directory)) for one in words]
        return subprocess.run(
            [sys.executable, "-m", "gitops_canary", *argv, *more],
            cwd=self.home,
            env={**os.environ, CACHE: str(self.home / "cache")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def merge(self, command: str) -> None:
        """Push one commit as `init` says, and wait until it is live."""
        program, *argv = shlex.split(command, comments=True)
        assert program == "git"
        self.world.person._git(*argv)
        revision = self.world.person._git("rev-parse", argv[-1].partition(":")[0])
        until(lambda: self.applied(revision), what=command, timeout_s=PATIENCE_S)

    def applied(self, revision: str) -> bool | None:
        state = json.loads(get(f"{agent_url(self.world.synced())}/state")[1])
        ready = all(one["ready_ms"] for one in state["deployments"])
        return (ready and state["history"][-1][0] == revision) or None

    def settings(self) -> None:
        """Write the first tutorial's controller.yaml, told where this machine's servers are."""
        [text] = re.findall(r"```yaml\n(.*?)```", FIRST, re.DOTALL)
        text, secrets = textwrap.dedent(text), self.world.directory / "secrets"
        for told, here in {
            "https://git.example/acme/config.git": self.world.origin.url,
            '"http://prometheus:9090"': f'"{self.world.prometheus.url}", scrapeInterval: 500ms, '
            "lag: 300ms",
            "/run/secrets/git": str(secrets / "bot"),
            "/run/secrets/sign": str(secrets / "sign"),
            "    branch: main\n": "    branch: main\n    poll: 300ms\n",
            "{type: traffic}": "{type: traffic, settle: 2s}",
        }.items():
            assert told in text, told
            text = text.replace(told, here)
        (self.home / "controller.yaml").write_text(text)


def faster(text: str) -> str:
    """Make minutes seconds and four steps one, so that a test can wait for it."""
    judge = "  analysis:\n    judge: {type: threshold}\n"
    seconds = text.replace("interval: 1m", "interval: 1s").replace("  analysis:\n", judge)
    return re.sub(r"stepWeights: \[.*\]", "stepWeights: [50]", seconds)


def test_a_newcomer_gets_from_a_plain_repository_to_a_finished_rollout(world: World) -> None:
    newcomer, commands = Newcomer(world), typed()

    found = newcomer.types(next(commands))  # doctor --repo
    assert found.returncode == 0, found.stderr
    assert "could be" in found.stdout

    shown = newcomer.types(next(commands), "--answers", "answers.yaml")  # init
    assert shown.returncode == 0, shown.stderr
    assert world.person._git("branch", "--list", "init-*") == ""
    made = newcomer.types(next(commands), "--answers", "answers.yaml")  # init --commit
    assert made.returncode == 0, made.stderr
    assert shown.stdout in made.stdout
    pushes = re.findall(r"^  (git push .*)$", made.stderr, re.MULTILINE)
    assert len(pushes) == 3, made.stderr
    served = world.counts()
    for command in pushes:
        newcomer.merge(command)
    world.person.change(CANARY, faster, "Wait for less")

    newcomer.settings()
    world.person._git("checkout", "-q", "--detach", "origin/main")
    explained = newcomer.types(next(commands))  # lint --explain
    assert (explained.returncode, "50" in explained.stdout) == (0, True), explained.stderr
    well = newcomer.types(next(commands))  # doctor --config
    assert well.returncode == 0, well.stdout + well.stderr
    planned = newcomer.types(next(commands))  # plan
    assert (planned.returncode, "idle" in planned.stdout) == (0, True), planned.stderr

    rolls_out(newcomer, next(commands))  # run
    assert list(commands) == []
    assert "checkout:1.1.0" in world.person._git(
        "show", "origin/main:apps/checkout/deployment-primary.yaml"
    )
    end = world.end_load()
    assert not any(end.failed.values())
    assert end.transport_errors == served.transport_errors, "no request was lost on the way"


def rolls_out(newcomer: Newcomer, command: list[str]) -> None:
    """Run the controller until a release is finished, and live."""
    world = newcomer.world
    argv = [str(newcomer.home / one) if one == "controller.yaml" else one for one in command]
    run, cache = [sys.executable, "-m", "gitops_canary", *argv], str(newcomer.home / "run")
    controller = world.children.start("controller", run, env={CACHE: cache})
    begin = world.person.release("1.1.0")
    until(
        lambda: "finish 1.1.0" in log(world, begin) or None,
        what="finish 1.1.0",
        timeout_s=PATIENCE_S,
        meanwhile=world.children.require,
    )
    until(
        lambda: world.envoy.live().weights.get(CLUSTER) == 0 or None,
        what="weight 0 to be live",
        timeout_s=PATIENCE_S,
    )
    controller.ask()
    controller.end()
    world.children.forget(controller)


def log(world: World, since: str) -> str:
    world.person._git("fetch", "-q", "origin")
    return world.person._git("log", "--format=%s", f"{since}..origin/main")
