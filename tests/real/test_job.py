"""The controller as a job: it ends with the rollouts, and says with its exit code how."""

import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gitops_canary.manifest.document import data, parse
from gitops_canary.model.rollout import Action

from .stage import CANARY, DEPLOYMENT, PASSWORD, Stage, kill, stage

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/how-to/run-as-a-job.md"


@pytest.fixture
def place(tmp_path: pathlib.Path) -> Iterator[Stage]:
    with stage(tmp_path) as made:
        yield made


def ended(place: Stage, *options: str) -> int:
    """Run the controller to its end; its exit code."""
    process = place.start(0, "--until-settled", *options)
    try:
        return process.wait(90)
    finally:
        kill(process)


def test_job_ends_at_once_where_nothing_is_to_be_done(place: Stage) -> None:
    assert ended(place) == 0, place.tail()
    assert place.records() == []


def test_job_ends_red_once_the_version_is_rolled_back(place: Stage) -> None:
    place.numbers.failing = True
    place.release()
    assert ended(place) == 1, place.tail()
    assert place.records()[-1].action is Action.ABORT
    assert "2.0.1" not in place.origin.show(DEPLOYMENT).decode()


def test_job_ends_where_only_a_person_can_go_on(place: Stage) -> None:
    paused = '  annotations: {gitops-canary.dev/paused: "true"}\nspec:\n'
    text = place.origin.show(CANARY).decode().replace("spec:\n", paused, 1)
    place.origin.commit({CANARY: text.encode()}, "Pause\n", at=int(time.time()))
    place.release()
    assert ended(place) == 4, place.tail()


def test_job_ends_in_time_with_the_rollout_in_progress(place: Stage) -> None:
    place.release()
    assert ended(place, "--for", "1s") == 3, place.tail()


def test_workflow_of_the_documentation_rolls_a_version_out(
    place: Stage, tmp_path: pathlib.Path
) -> None:
    workflow, config = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for told, here in {
        "https://github.com/acme/config.git": place.origin.url,
        "username: x-access-token": "username: bot",
        "http://prometheus:9090": f"http://127.0.0.1:{place.numbers.port}",
        "{type: prometheus,": "{type: prometheus, scrapeInterval: 100ms, lag: 100ms,",
        "{type: traffic}": "{type: none, delay: 100ms}",
        "    paths: [apps/]\n": "    paths: [apps/]\n    poll: 200ms\n    pushesPerMinute: 600\n",
    }.items():
        assert config.count(told) == 1
        config = config.replace(told, here)
    folder = tmp_path / "checkout" / "ci"
    folder.mkdir(parents=True)
    (folder / "controller.yaml").write_text(config)
    (folder / "allowed_signers").write_text((tmp_path / "signers").read_text())
    runner = tmp_path / "runner"
    runner.mkdir()
    node = parse(workflow, file="rollout.yaml")[0]
    assert node is not None
    document: Any = data(node, file="rollout.yaml")
    script = document["jobs"]["rollout"]["steps"][-1]["run"]
    tag = place.release()
    log = tmp_path / "controller.log"
    with log.open("w") as said:
        ran = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=tmp_path / "checkout",
            env={
                "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "RUNNER_TEMP": str(runner),
                "TOKEN": PASSWORD,
                "SIGNING_KEY": (tmp_path / "key").read_text(),
            },
            stderr=said,
            timeout=90,
            check=False,
        )
    assert ran.returncode == 0, place.tail()
    assert place.records()[-1].version.endswith(f":{tag}")
    assert place.check()["rollouts"] == 1
